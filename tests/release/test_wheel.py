"""The release: the sdist and the wheel hold what they need, and the wheel works when installed."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
import yaml
from tests.cli.operating import CHECKOUT, operating
from tests.patience import PATIENCE_SECONDS

INSTALL_SECONDS = 240
GROUPS = "/api/openstack-security-groups/"


def uv(*arguments, **settings):
    subprocess.run(
        ["uv", *arguments],
        cwd=CHECKOUT,
        env=os.environ | index() | settings,
        timeout=INSTALL_SECONDS,
        check=True,
        stdin=subprocess.DEVNULL,
    )


def index() -> dict[str, str]:
    """Return the package index that pip uses: uv does not read pip's settings."""
    url = os.environ.get("PIP_INDEX_URL")
    return {"UV_DEFAULT_INDEX": url} if url and "UV_DEFAULT_INDEX" not in os.environ else {}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


def version() -> str:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]


def packaged() -> set[str]:
    """Return the files of the package in this checkout, relative to `src`."""
    source = CHECKOUT / "src"
    files = (path for path in (source / "ringfence").rglob("*") if path.is_file())
    return {str(path.relative_to(source)) for path in files if "__pycache__" not in path.parts}


def test_the_wheel_is_the_package_and_its_licence(wheel):
    assert wheel.name == f"ringfence-{version()}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    metadata = f"ringfence-{version()}.dist-info"
    assert {name for name in names if not name.startswith(metadata)} == packaged()
    assert f"{metadata}/licenses/LICENSE" in names


def test_the_sdist_is_what_builds_the_wheel(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {name.removeprefix("src/") for name in names if name.startswith("src/")} == packaged()
    assert {name for name in names if not name.startswith("src/")} == {
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "SECURITY.md",
        ".gitignore",
        "pyproject.toml",
        "requirements.lock",
        "requirements-container.lock",
    }


def test_the_changelog_has_a_section_of_the_version():
    assert f"\n## [{version()}] - " in (CHECKOUT / "CHANGELOG.md").read_text()


def test_the_chart_installs_the_image_of_the_version():
    chart = yaml.safe_load((CHECKOUT / "deploy/helm/ringfence/Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version(), version())


def install(wheel, folder) -> Path:
    """Install the wheel into an empty environment, all of it by hash; return its program."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pinned = folder / "wheel.lock"
    pinned.write_text(f"ringfence @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    environment = folder / "environment"
    uv("venv", "--quiet", "--python", sys.executable, environment)
    arguments = ["--quiet", "--require-hashes", "-r", "requirements.lock", "-r", pinned]
    uv("pip", "install", "--python", environment / "bin" / "python", *arguments)
    return environment / "bin" / "ringfence"


def groups(address: str, token: str) -> list[object]:
    query = "?page_size=100&o=name&field=uuid&field=name&field=rules&field=tenant_name"
    request = urllib.request.Request(  # noqa: S310 - loopback
        address + GROUPS + query, headers={"Authorization": f"Token {token}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310 - the same
        # Another service has another port, which its URLs show.
        return json.loads(response.read().replace(address.encode(), b""))


def test_the_installed_wheel_serves_a_demonstration_and_restores_its_backup(wheel):
    with operating(migrated=False) as operator:
        operator.program = [str(install(wheel, operator.folder))]
        assert operator.run("--version").stdout == f"ringfence {version()}\n"

        operator.environment["RINGFENCE_HOME"] = str(operator.folder / "first")
        process, address = operator.serve("demo")
        process.stdout.readline()
        token = process.stdout.readline().split()[1]
        before = groups(address, token)
        assert "shop-staging" in {group["tenant_name"] for group in before}
        backup = operator.run("backup", str(operator.folder / "backup"))
        assert backup.returncode == 0, backup.stderr
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)

        operator.environment["RINGFENCE_HOME"] = str(operator.folder / "second")
        restored = operator.run("restore", str(operator.folder / "backup"))
        assert restored.returncode == 0, restored.stderr
        assert restored.stdout.startswith(f"restored: the data of Ringfence {version()} at ")
        _, address = operator.serve("serve", "--workers", "1")
        assert groups(address, token) == before
