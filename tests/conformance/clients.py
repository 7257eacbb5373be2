"""Environments of the clients: one for each, outside the tree, created on first use.

The name of an environment is a digest of its pins, so that a changed pin creates a new one and
concurrent runs keep theirs.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOCKS = Path(__file__).with_name("locks")
TYPESCRIPT = Path(__file__).parents[2] / "clients" / "typescript"
INSTALL_SECONDS = 300


def cache() -> Path:
    """Return the folder of all environments."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ringfence" / "clients"


def python_client(name: str) -> Path:
    """Return the folder of the programs of a PyPI client, pinned in `locks/<name>.lock`."""
    lock = LOCKS / f"{name}.lock"
    version = "{}.{}".format(*sys.version_info)
    folder = _folder_of(name, version.encode(), lock.read_bytes())
    _once(folder, lambda: _install_python(folder, lock))
    return folder / "bin"


def node_packages() -> Path:
    """Return the folder whose `node_modules` has what `clients/typescript` pins."""
    files = [TYPESCRIPT / "package.json", TYPESCRIPT / "package-lock.json"]
    folder = _folder_of("typescript", *(file.read_bytes() for file in files))
    _once(folder, lambda: _install_node(folder, files))
    return folder


def _folder_of(name: str, *contents: bytes) -> Path:
    digest = hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
    return cache() / f"{name}-{digest}"


def _once(folder: Path, install: Callable[[], None]) -> None:
    """Install unless complete; of concurrent processes, one installs and the others wait."""
    complete = folder / ".complete"
    if complete.exists():
        return
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            install()
            complete.touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install_python(folder: Path, lock: Path) -> None:
    python = folder / "bin" / "python"
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, folder)
        _run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock)
    else:
        venv.create(folder, with_pip=True, symlinks=True)
        _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock)


def _install_node(folder: Path, files: list[Path]) -> None:
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
