"""Migrate the database's schema to this release; forward only.

Migrations (`migrations/*.sql`) hold tables, indexes and functions. Each is applied once, in one
transaction with its row in `schema_migrations`. A migration that reads a large table has several
transactions, of which all but the last can be repeated. The views (`views/*.sql`) are replaced
together whenever their text changes; their row names the release and the digest of the text. A
session lock keeps other processes from migrating at the same time.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import distribution, version
from importlib.resources import files
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ringfence.database import connect
from ringfence.database.connect import Connection, Session
from ringfence.database.requirements import (
    DatabaseProperties,
    examine,
    require_creation,
    require_grants,
)
from ringfence.errors import OperatorError

RELEASE = version("ringfence")
CONNECT_SECONDS = 10
# How long to wait for another process that is migrating
LOCK_WAIT_SECONDS = 60
# A statement that waits for a table lock blocks every request behind it.
TABLE_LOCK_SECONDS = 5
# Attempts of a migration that deadlocks with requests
TRIES = 5
RETRY_SECONDS = 0.5
# Any number, the same in all releases
SESSION_LOCK = 7_413_082_951

CREATE_HISTORY: LiteralString = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text,
    applied timestamptz NOT NULL DEFAULT now()
)
"""
_RECORDED: LiteralString = "SELECT name, checksum FROM schema_migrations"
_RECORD: LiteralString = "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)"
# Rows of other releases stay: their processes may still run and look for theirs.
_FORGET_VIEWS: LiteralString = "DELETE FROM schema_migrations WHERE starts_with(name, %s)"

_NEXT_TRANSACTION = re.compile(r"^-- Next transaction\b.*$", re.MULTILINE)
_VIEWS = re.compile(r"views_([0-9]+(?:\.[0-9]+)*)\S*_[0-9a-f]{12}")


@dataclass(frozen=True)
class Migration:
    """A step of the schema; `checksum` is None if its text may change after it was applied."""

    name: str
    sql: str
    checksum: str | None

    @property
    def transactions(self) -> list[str]:
        """The text of each transaction."""
        return _NEXT_TRANSACTION.split(self.sql)

    @property
    def is_views(self) -> bool:
        """Whether this replaces the views."""
        return _VIEWS.fullmatch(self.name) is not None


def migrations() -> list[Migration]:
    """Return all migrations of this release in the order in which they apply, the views last."""
    found = [Migration("0001_job_queue", _job_queue(), None)]
    for name, text in _texts("migrations"):
        checksum = hashlib.sha256(text.encode()).hexdigest()
        found.append(Migration(name, text, checksum))
    return [*found, _views()]


def _job_queue() -> str:
    """Return Procrastinate's text, whose spaces and comments may change: its version is pinned."""
    # Metadata only: every command that uses the database comes here, and few need the package.
    file = distribution("procrastinate").locate_file("procrastinate/sql/schema.sql")
    return Path(str(file)).read_text(encoding="utf-8")


def _views() -> Migration:
    text = "\n".join(text for _, text in _texts("views"))
    code = "\n".join(line for line in text.splitlines() if line and not line.startswith("--"))
    digest = hashlib.sha256(code.encode()).hexdigest()
    return Migration(f"views_{RELEASE}_{digest[:12]}", text, None)


def _texts(folder: str) -> list[tuple[str, str]]:
    """Return names and texts of the SQL files of a folder, in the order of their names."""
    found = (files("ringfence.database") / folder).iterdir()
    return sorted(
        (file.name.removesuffix(".sql"), file.read_bytes().decode())
        for file in found
        if file.name.endswith(".sql")
    )


def newer_than_known(names: Iterable[str]) -> list[str]:
    """Return those of the names of applied migrations that only a newer release can have."""
    known = {migration.name for migration in migrations()}
    return sorted(name for name in names if name not in known and not _is_of_known_views(name))


def _is_of_known_views(name: str) -> bool:
    views = _VIEWS.fullmatch(name)
    return views is not None and _numbers(views[1]) <= _numbers(RELEASE)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", release)[:3])


async def migrate(conninfo: str) -> list[str]:
    """Apply pending migrations; return their names.

    Raises `OperatorError` if the database cannot be reached, is too old, is newer than this
    release, or a migration fails.
    """
    async with alone(conninfo, "migration") as (connection, _):
        return await apply_missing(conninfo, connection)


@asynccontextmanager
async def alone(conninfo: str, purpose: str) -> AsyncIterator[tuple[Session, DatabaseProperties]]:
    """Connect while no other process migrates or restores the database; see `connected`."""
    async with connected(conninfo, purpose) as (connection, _):
        await _lock(connection)
        # Examine again: another process may have migrated while this one waited for the lock.
        yield connection, await examine(conninfo, connection)


async def apply_missing(
    conninfo: str, connection: Session, *, only: Collection[str] | None = None
) -> list[str]:
    """Apply pending migrations, or those of them in `only`; return the names of the applied ones.

    Call it inside `alone`.
    """
    properties = await examine(conninfo, connection)
    missing = [
        migration
        for migration in await _missing(connection, properties)
        if only is None or migration.name in only
    ]
    if missing:
        require_creation(properties)
    else:
        await require_grants(connection, properties)
    # Without CREATE on the schema, even CREATE TABLE IF NOT EXISTS of an existing table fails.
    if not properties.has_history:
        await connection.execute(CREATE_HISTORY)
    for migration in missing:
        await _apply_with_retries(connection, migration)
    return [migration.name for migration in missing]


async def pending(conninfo: str) -> list[str]:
    """Return the names of pending migrations; raises like `migrate`."""
    async with connected(conninfo, "migration") as (connection, properties):
        missing = await _missing(connection, properties)
        if not missing:
            await require_grants(connection, properties)
        return [migration.name for migration in missing]


@asynccontextmanager
async def connected(
    conninfo: str, purpose: str
) -> AsyncIterator[tuple[Session, DatabaseProperties]]:
    """Connect to a database that Ringfence can use.

    Raises `OperatorError` if there is none, or it fails; the message names the `purpose`.
    """
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
            # Before any SET: behind a pooler it could reach another client's session.
            properties = await examine(conninfo, connection)
            await connection.set_up()
            yield connection, properties
        except psycopg.OperationalError as error:
            raise OperatorError(
                f"the database failed during the {purpose}: {connect.one_line(error)}"
            ) from None
        except psycopg.Error as error:
            raise OperatorError(
                f"the database refuses the {purpose}: {connect.one_line(error)}"
            ) from None


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


async def refuse_newer(connection: Connection) -> dict[str, str | None]:
    """Raise `OperatorError` if the schema is newer than this release.

    Returns the checksums of the applied migrations by name.
    """
    cursor = await connection.execute(_RECORDED)
    recorded: dict[str, str | None] = dict(await cursor.fetchall())
    if newer := newer_than_known(recorded):
        raise OperatorError(
            f"the database is newer than this release (it has {', '.join(newer)}): "
            "upgrade Ringfence"
        )
    return recorded


async def limit_lock_waits(connection: Connection) -> None:
    """Let a statement of this transaction that waits too long for a table fail."""
    await connection.execute(
        "SELECT set_config('lock_timeout', %s, true)", [f"{TABLE_LOCK_SECONDS}s"]
    )


async def _missing(connection: Connection, properties: DatabaseProperties) -> list[Migration]:
    known = migrations()
    if not properties.has_history:
        return known
    recorded = await refuse_newer(connection)
    for migration in known:
        if recorded.get(migration.name, migration.checksum) != migration.checksum:
            raise OperatorError(
                f"migration {migration.name} was changed after it was applied: "
                "install the release unmodified, and put changes into a new migration"
            )
    return [migration for migration in known if migration.name not in recorded]


async def _apply_with_retries(connection: Connection, migration: Migration) -> None:
    """Apply a migration; retry after a deadlock with a request of a running release.

    A migration and a request may lock tables in different orders. PostgreSQL ends one of the two,
    and rolls back all of it.
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
    *first, last = migration.transactions
    try:
        for text in first:
            await _run(connection, text)
        async with connection.transaction():
            await _run(connection, last)
            if migration.is_views:
                await connection.execute(_FORGET_VIEWS, [f"views_{RELEASE}_"])
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


async def _run(connection: Connection, text: str) -> None:
    async with connection.transaction():
        await limit_lock_waits(connection)
        # The text is a file of this package or of Procrastinate: never input.
        await connection.execute(text)
