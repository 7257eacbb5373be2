"""Bring the database's tables to what this release expects; forward only.

Each migration commits together with its row in `schema_migrations`, or not at all. A session lock
keeps several processes from applying the same one.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ringfence.database import connect
from ringfence.database.connect import Connection, Session
from ringfence.database.requirements import Place, examine, require_creation, require_grants
from ringfence.errors import OperatorError

CONNECT_SECONDS = 10
# How long another process may be migrating before this one gives up.
LOCK_WAIT_SECONDS = 60
# A statement that waits longer for a table holds up every request behind it.
TABLE_LOCK_SECONDS = 5
# How often a migration is tried that deadlocks with requests; PostgreSQL ends one of the two.
TRIES = 5
RETRY_SECONDS = 0.5
# Any number, the same for all releases.
SESSION_LOCK = 7_413_082_951

_BOOK: LiteralString = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text,
    applied timestamptz NOT NULL DEFAULT now()
)
"""
_RECORDED: LiteralString = "SELECT name, checksum FROM schema_migrations"
_RECORD: LiteralString = "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)"


@dataclass(frozen=True)
class Migration:
    """A step of the schema; `checksum` is None where the text is not ours to hold still."""

    name: str
    sql: str
    checksum: str | None


def migrations() -> list[Migration]:
    """Give all migrations of this release, in the order in which they apply."""
    # Another package's text, which may change in space and comment: its version is pinned.
    found = [Migration("0001_job_queue", SchemaManager.get_schema(), None)]
    folder = files("ringfence.database") / "migrations"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            content = file.read_bytes()
            checksum = hashlib.sha256(content).hexdigest()
            found.append(Migration(file.name.removesuffix(".sql"), content.decode(), checksum))
    return found


async def migrate(conninfo: str, *, only: Collection[str] | None = None) -> list[str]:
    """Apply what is missing, or what is missing of `only`; give the names of what was applied.

    Raises `OperatorError` when the database cannot be reached, is too old, is newer than this
    release, or refuses a migration.
    """
    async with _connection(conninfo) as (connection, _):
        await _lock(connection)
        # As it is now that nobody else migrates
        place = await examine(conninfo, connection)
        missing = [
            migration
            for migration in await _missing(connection, place)
            if only is None or migration.name in only
        ]
        if missing:
            require_creation(place)
        else:
            await require_grants(connection, place)
        # A role that only serves may make no table, not even one that is there.
        if not place.has_book:
            await connection.execute(_BOOK)
        for migration in missing:
            await _apply_despite_requests(connection, migration)
        return [migration.name for migration in missing]


async def pending(conninfo: str) -> list[str]:
    """Give the names of the migrations that the database lacks; raises as `migrate` does."""
    async with _connection(conninfo) as (connection, place):
        missing = await _missing(connection, place)
        if not missing:
            await require_grants(connection, place)
        return [migration.name for migration in missing]


@asynccontextmanager
async def _connection(conninfo: str) -> AsyncIterator[tuple[Session, Place]]:
    try:
        # The connection string's own time limit wins.
        limited = make_conninfo(
            "", **({"connect_timeout": CONNECT_SECONDS} | conninfo_to_dict(conninfo))
        )
        connection = await Session.connect_bare(
            limited, fallback_application_name="ringfence migrate"
        )
    except (psycopg.Error, ValueError, OSError) as error:
        raise OperatorError(connect.unreachable(conninfo, error)) from None
    async with connection:
        try:
            # Before anything is set: behind a pooler it might be set for others.
            place = await examine(conninfo, connection)
            await connection.set_up()
            yield connection, place
        except psycopg.OperationalError as error:
            raise OperatorError(f"the database went away: {connect.one_line(error)}") from None
        except psycopg.Error as error:
            raise OperatorError(f"the database refuses it: {connect.one_line(error)}") from None


async def _lock(connection: Connection) -> None:
    await connection.execute(
        "SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_WAIT_SECONDS}s"]
    )
    try:
        await connection.execute("SELECT pg_advisory_lock(%s)", [SESSION_LOCK])
    except psycopg.errors.LockNotAvailable:
        raise OperatorError(
            f"another process has been migrating this database for {LOCK_WAIT_SECONDS} s: "
            "wait until it is done, then run this again"
        ) from None


async def _missing(connection: Connection, place: Place) -> list[Migration]:
    known = migrations()
    if not place.has_book:
        return known
    cursor = await connection.execute(_RECORDED)
    recorded: dict[str, str | None] = dict(await cursor.fetchall())
    unknown = sorted(recorded.keys() - {migration.name for migration in known})
    if unknown:
        raise OperatorError(
            f"the database is newer than this release (it has {', '.join(unknown)}): "
            "upgrade Ringfence"
        )
    for migration in known:
        if recorded.get(migration.name, migration.checksum) != migration.checksum:
            raise OperatorError(
                f"migration {migration.name} was changed after it was applied: "
                "install the release unmodified, and put changes into a new migration"
            )
    return [migration for migration in known if migration.name not in recorded]


async def _apply_despite_requests(connection: Connection, migration: Migration) -> None:
    """Apply a migration, again after a deadlock with a request of a release that is serving.

    A migration locks tables in the order of its statements, a request in its own. Whichever of the
    two PostgreSQL ends, nothing of it was done.
    """
    for left in reversed(range(TRIES)):
        try:
            await _apply(connection, migration)
        except psycopg.errors.DeadlockDetected:
            if not left:
                raise OperatorError(
                    f"migration {migration.name} deadlocked with requests {TRIES} times: "
                    "run it again at a quieter time"
                ) from None
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{TABLE_LOCK_SECONDS}s"]
            )
            # Its text is a file of this package or of the job queue's: never input.
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, [migration.name, migration.checksum])
    except psycopg.errors.LockNotAvailable:
        raise OperatorError(
            f"migration {migration.name} waited too long for a table that is in use: "
            "run it again at a quieter time"
        ) from None
    except psycopg.OperationalError:
        raise
    except psycopg.errors.InsufficientPrivilege as error:
        raise OperatorError(
            f"migration {migration.name} failed: {connect.one_line(error)}; "
            "run `ringfence migrate` as the owner of the tables"
        ) from None
    except psycopg.Error as error:
        raise OperatorError(
            f"migration {migration.name} failed: {connect.one_line(error)}"
        ) from None
