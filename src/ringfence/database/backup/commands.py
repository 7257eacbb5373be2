"""Back up a database to one file, and restore it into the same or another one.

Both work on the embedded database and on the server that `RINGFENCE_DATABASE_URL` names, and on
all versions of PostgreSQL that Ringfence runs on: a file has rows, and tables come from the
migrations of this release. A restore is one transaction: if it fails or is killed, the database is
as before.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, LiteralString

import psycopg
from psycopg import sql

from ringfence.database import audit_partitions, connect, migrate
from ringfence.database.backup import archive, replacement, rows
from ringfence.database.backup.file import Backup, Contents, reading, refuse_existing, write
from ringfence.database.connect import Connection, connect_now
from ringfence.database.embedded import binaries, roles
from ringfence.database.embedded.server import running
from ringfence.errors import OperatorError
from ringfence.settings import Settings

RELEASE = version("ringfence")

_APPLIED: LiteralString = "SELECT name FROM schema_migrations ORDER BY name"
# Limits of the role are for requests.
_WITHOUT_LIMITS: LiteralString = """
SELECT
    set_config('statement_timeout', '0', false),
    set_config('idle_in_transaction_session_timeout', '0', false),
    CASE
        WHEN current_setting('transaction_timeout', true) IS NOT NULL
            THEN set_config('transaction_timeout', '0', false)
    END
"""
# Positions in the log of the server that wrote them
_FORGET_POSITIONS: LiteralString = "TRUNCATE user_write_positions"


@dataclass(frozen=True, slots=True)
class Written:
    """A new backup; `in_use` if others could change the database meanwhile."""

    contents: Contents
    in_use: bool


def backup(settings: Settings, file: Path, *, overwrite: bool = False) -> Written:
    """Write all that the database holds at one moment into a file.

    Others may use the database meanwhile. Raises `OperatorError`, and leaves no file then.
    """
    refuse_existing(file, overwrite=overwrite)
    if settings.database_url is None and not (settings.home / "data").exists():
        raise OperatorError(f"there is no database in {settings.home}: set RINGFENCE_HOME to yours")
    with running(settings) as conninfo:
        return back_up(
            roles.owning(settings, conninfo),
            file,
            overwrite=overwrite,
            key=settings.key_of_backups,
        )


def back_up(conninfo: str, file: Path, *, overwrite: bool, key: bytes | None) -> Written:
    """Write the backup of one database; see `backup`."""
    in_use = asyncio.run(_is_in_use(conninfo))
    with _snapshot(conninfo) as connection:
        tables = rows.to_back_up(connection)
        contents = Contents(
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            release=RELEASE,
            server=connection.info.server_version,
            migrations=[name for (name,) in connection.execute(_APPLIED).fetchall()],
            rows={table.name: _count(connection, table) for table in tables},
            partitions=rows.partitions(connection),
        )
        write(
            file,
            contents,
            lambda output: rows.dump(connection, tables, output),
            overwrite=overwrite,
            key=key,
        )
    return Written(contents, in_use)


async def _is_in_use(conninfo: str) -> bool:
    """Return whether others use the database; raises `OperatorError` if it is not Ringfence's."""
    async with migrate.connected(conninfo, "backup") as (connection, properties):
        if not properties.has_history:
            raise OperatorError("the database is empty: there is nothing to back up")
        # Tables that only a newer release knows would be left out.
        await migrate.refuse_newer(connection)
        return bool(await replacement.sessions(connection))


@contextmanager
def _snapshot(conninfo: str) -> Iterator[psycopg.Connection]:
    """Yield a connection that sees the database as it is at one moment."""
    try:
        with connect_now(conninfo) as connection:
            connection.execute(_WITHOUT_LIMITS)
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield connection
    except psycopg.OperationalError as error:
        raise OperatorError(f"the database failed meanwhile: {connect.one_line(error)}") from None


def _count(connection: psycopg.Connection, table: rows.Table) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.identifier)).fetchone()
    return int(row[0]) if row else 0


def restore(settings: Settings, file: Path, *, overwrite: bool = False) -> Contents:
    """Replace the database by that of a backup, completely or not at all.

    Raises `OperatorError` where the file is damaged or of a newer release, where the database holds
    anything and may not be overwritten, and where somebody else uses it.
    """
    with opened(file, settings.key_of_backups) as backup, running(settings) as conninfo:
        replace_by(
            backup,
            roles.owning(settings, conninfo),
            settings.home,
            services=[roles.SERVICE] if settings.database_url is None else [],
            overwrite=overwrite,
        )
    return backup.contents


@contextmanager
def opened(file: Path, key: bytes | None) -> Iterator[Backup]:
    """Yield a backup that this release can restore; raises `OperatorError`."""
    with reading(file, key) as backup:
        _require_known(backup.contents, file)
        yield backup


def replace_by(
    backup: Backup, conninfo: str, home: Path, *, services: list[str], overwrite: bool
) -> None:
    """Replace one database by that of a backup; `services` are roles that serve it if it is new."""
    script = partial(_script, home, backup)
    asyncio.run(_restore(conninfo, backup.contents, script, services, overwrite=overwrite))


def _require_known(contents: Contents, file: Path) -> None:
    if newer := migrate.newer_than_known(contents.migrations):
        raise OperatorError(
            f"{file} was made by Ringfence {contents.release} and is newer than this release "
            f"(it has {', '.join(newer)}): upgrade Ringfence"
        )


@contextmanager
def _script(home: Path, backup: Backup) -> Iterator[BinaryIO]:
    if backup.format == 1:
        with archive.script(binaries.reader(home), backup.pieces) as script:
            yield script
    else:
        yield rows.unpacked(backup.pieces)


async def _restore(
    conninfo: str,
    contents: Contents,
    script: Callable[[], AbstractContextManager[BinaryIO]],
    services: list[str],
    *,
    overwrite: bool,
) -> None:
    """Replace the tables in one transaction.

    Nothing in the file is run: the migrations of this release that the backup had create the
    tables, and the rows are copied into them.
    """
    async with migrate.alone(conninfo, "restore") as (connection, properties):
        await replacement.refuse_existing(connection, properties, overwrite=overwrite)
        if properties.has_history:
            await replacement.refuse_users(connection)
        await connection.execute(_WITHOUT_LIMITS)
        async with connection.transaction():
            await migrate.limit_lock_waits(connection)
            former = await replacement.clear(connection, properties)
            await migrate.apply_missing(conninfo, connection, only=set(contents.migrations))
            await audit_partitions.replace_all(connection, contents.partitions)
            with script() as opened:
                await rows.load(connection, opened)
            await _require_all(connection, contents)
            await migrate.apply_missing(conninfo, connection)
            await connection.execute(_FORGET_POSITIONS)
            schema = properties.schema or ""
            await replacement.grant_again(connection, schema, former, former.services or services)
            await _analyze(connection)


async def _require_all(connection: Connection, contents: Contents) -> None:
    """Raise `OperatorError` unless the tables have what the backup says that it has."""
    found = {}
    for table in await rows.existing(connection):
        statement = sql.SQL("SELECT count(*) FROM {}").format(table.identifier)
        row = await (await connection.execute(statement)).fetchone()
        found[table.name] = row[0] if row else 0
    cursor = await connection.execute(_APPLIED)
    different = {
        table
        for table in found | contents.rows
        if found.get(table, -1) != contents.rows.get(table, 0)
    }
    if {name for (name,) in await cursor.fetchall()} != set(contents.migrations):
        different.add("schema_migrations")
    if different:
        listed = ", ".join(sorted(different))
        raise OperatorError(f"not all of the backup could be loaded: {listed}")


async def _analyze(connection: Connection) -> None:
    tables = [table.identifier for table in await rows.existing(connection)]
    await connection.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(tables)))
