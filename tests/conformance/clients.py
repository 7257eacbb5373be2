"""Where the clients live: each in an environment of its own, outside the tree, made on first use.

An environment is named by what it is made from, so that a changed pin makes a new one and runs
that are under way keep theirs.
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
    """Return the folder that all environments are in."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ringfence" / "clients"


def python_client(name: str) -> Path:
    """Return the programs of a client from PyPI, as pinned in `locks/<name>.lock`."""
    lock = LOCKS / f"{name}.lock"
    version = "{}.{}".format(*sys.version_info)
    place = _place(name, version.encode(), lock.read_bytes())
    _once(place, lambda: _install_python(place, lock))
    return place / "bin"


def node_packages() -> Path:
    """Return the folder whose `node_modules` holds what `clients/typescript` pins."""
    files = [TYPESCRIPT / "package.json", TYPESCRIPT / "package-lock.json"]
    place = _place("typescript", *(file.read_bytes() for file in files))
    _once(place, lambda: _install_node(place, files))
    return place


def _place(name: str, *contents: bytes) -> Path:
    digest = hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
    return cache() / f"{name}-{digest}"


def _once(place: Path, install: Callable[[], None]) -> None:
    """Install, unless it is there in full; of several processes one does, the others wait."""
    complete = place / ".complete"
    if complete.exists():
        return
    with _locked(place.with_name(f"{place.name}.lock")):
        if not complete.exists():
            shutil.rmtree(place, ignore_errors=True)
            install()
            complete.touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install_python(place: Path, lock: Path) -> None:
    python = place / "bin" / "python"
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, place)
        _run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock)
    else:
        venv.create(place, with_pip=True, symlinks=True)
        _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock)


def _install_node(place: Path, files: list[Path]) -> None:
    place.mkdir()
    for file in files:
        shutil.copy(file, place)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", place)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
