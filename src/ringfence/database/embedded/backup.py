"""Back up the embedded database to one file, and restore it.

A backup is a consistent dump of PostgreSQL, taken while the database is in use. A restore loads it
into a new database, checks it, migrates it to this release, and only then replaces the present
database in one step.
"""

import asyncio
import itertools
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ringfence.database.connect import connect_now
from ringfence.database.embedded import backup_file, binaries, dump_script, roles
from ringfence.database.embedded.backup_file import Contents
from ringfence.database.embedded.server import NAME, running
from ringfence.database.migrate import migrate, newer_than_known
from ringfence.errors import OperatorError
from ringfence.settings import Settings

RELEASE = version("ringfence")
INCOMING, OUTGOING = f"{NAME}_restored", f"{NAME}_before"

# A session that was closed, our own too, is still shown for a moment.
LEAVE_SECONDS = 5.0

_TABLES: LiteralString = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_APPLIED: LiteralString = "SELECT name FROM schema_migrations ORDER BY name"
_OTHERS: LiteralString = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def backup(settings: Settings, file: Path, *, overwrite: bool = False) -> Contents:
    """Write all that the embedded database holds at one moment into a file.

    Others may use the database meanwhile. Raises `OperatorError`, and leaves no file then.
    """
    _require_embedded(settings, "pg_dump --format=custom --file=FILE URL")
    backup_file.refuse_existing(file, overwrite=overwrite)
    if not (settings.home / "data").exists():
        raise OperatorError(f"there is no database in {settings.home}: set RINGFENCE_HOME to yours")
    with (
        running(settings) as administering,
        _moment(conninfo := roles.owning(settings, administering)) as (connection, snapshot),
    ):
        contents = _contents(connection)
        command = ["--format=custom", f"--snapshot={snapshot}", f"--dbname={conninfo}"]

        def dump(output: BinaryIO) -> None:
            with _program(settings, "pg_dump", command) as program:
                while piece := program.stdout.read(backup_file.CHUNK):  # type: ignore[union-attr]
                    output.write(piece)

        backup_file.write(file, contents, dump, overwrite=overwrite, key=settings.key_of_backups)
    return contents


def restore(settings: Settings, file: Path, *, overwrite: bool = False) -> Contents:
    """Replace the embedded database by that of a backup, completely or not at all.

    Raises `OperatorError` where the file is damaged or of a newer release, where the database holds
    anything and may not be overwritten, and where somebody else uses it.
    """
    _require_embedded(settings, "pg_restore --exit-on-error --single-transaction --dbname=URL FILE")
    with backup_file.reading(file, settings.key_of_backups) as (contents, pieces):
        _require_known(contents, file)
        with running(settings) as conninfo:
            _refuse_what_is_there(conninfo, overwrite=overwrite)
            with _connection(make_conninfo(conninfo, dbname="postgres")) as postgres:
                _refuse_others(postgres)
                try:
                    _load(settings, conninfo, contents, pieces)
                    _swap(postgres)
                finally:
                    _drop(postgres, INCOMING)
                _drop(postgres, OUTGOING)
    return contents


def _require_embedded(settings: Settings, instead: str) -> None:
    if settings.database_url is not None:
        raise OperatorError(
            "this is for the embedded database, and RINGFENCE_DATABASE_URL names another: "
            f"use PostgreSQL's own `{instead}`"
        )


def _require_known(contents: Contents, file: Path) -> None:
    if newer := newer_than_known(contents.migrations):
        raise OperatorError(
            f"{file} was made by Ringfence {contents.release} and is newer than this release "
            f"(it has {', '.join(newer)}): upgrade Ringfence"
        )


def _refuse_what_is_there(conninfo: str, *, overwrite: bool) -> None:
    with _connection(conninfo) as connection:
        holds = bool(connection.execute(_TABLES).fetchall())
    if holds and not overwrite:
        raise OperatorError(
            "the database is not empty: use --overwrite to lose its content, "
            "or set RINGFENCE_HOME to a new folder"
        )


def _refuse_others(postgres: psycopg.Connection) -> None:
    deadline = time.monotonic() + LEAVE_SECONDS
    while (row := postgres.execute(_OTHERS, [NAME]).fetchone()) and row[0]:
        if time.monotonic() > deadline:
            raise OperatorError(
                "the database is in use: stop `ringfence serve` and every worker of this data "
                "directory, then run this again"
            )
        time.sleep(0.1)


def _load(settings: Settings, conninfo: str, contents: Contents, pieces: Iterator[bytes]) -> None:
    """Create the database that replaces the present one.

    Nothing in the file is run: the migrations of this release that the backup had create the
    tables, and the rows are copied into them.
    """
    pieces = _checked(settings, pieces)
    with _connection(make_conninfo(conninfo, dbname="postgres")) as postgres:
        _drop(postgres, INCOMING)
        postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(INCOMING)))
    incoming = make_conninfo(conninfo, dbname=INCOMING)
    owner = roles.owning(settings, incoming)
    with _connection(incoming) as connection:
        roles.prepare(connection)
    asyncio.run(migrate(owner, only=set(contents.migrations)))
    with _connection(owner) as connection:
        with _script(settings, pieces) as script:
            dump_script.load(connection, script)
        rows = _rows(connection)
    if rows != contents.rows:
        different = sorted(
            table for table in rows | contents.rows if rows.get(table) != contents.rows.get(table)
        )
        raise OperatorError(f"not all of the backup could be loaded: {', '.join(different)}")
    asyncio.run(migrate(owner))
    with _connection(incoming) as connection:
        roles.restrict(connection)


def _checked(settings: Settings, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Refuse a dump with entries that no backup has; return the dump from its beginning."""
    begun: list[bytes] = []
    with (
        tempfile.TemporaryFile() as listing,
        _program(settings, "pg_restore", ["--list"], stdout=listing) as program,
    ):
        # The list is at the beginning; after it, the program reads no more.
        with suppress(BrokenPipeError):
            for piece in pieces:
                begun.append(piece)
                program.stdin.write(piece)  # type: ignore[union-attr]
        with suppress(BrokenPipeError):
            program.stdin.close()  # type: ignore[union-attr]
        program.wait()
        listing.seek(0)
        dump_script.require_known_entries(listing.read().decode(errors="replace"))
    return itertools.chain(begun, pieces)


@contextmanager
def _script(settings: Settings, pieces: Iterator[bytes]) -> Iterator[BinaryIO]:
    """Yield the rows of a dump as the script of `pg_restore`."""
    command = ["--data-only", "--no-owner", "--no-privileges", "--file=-"]
    with _program(settings, "pg_restore", command) as program:

        def feed() -> None:
            with suppress(BrokenPipeError):
                for piece in pieces:
                    program.stdin.write(piece)  # type: ignore[union-attr]
                program.stdin.close()  # type: ignore[union-attr]

        feeding = threading.Thread(target=feed)
        feeding.start()
        try:
            yield program.stdout  # type: ignore[misc]
        except BaseException:
            program.kill()
            raise
        finally:
            feeding.join()


def _swap(postgres: psycopg.Connection) -> None:
    _drop(postgres, OUTGOING)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    try:
        with postgres.transaction():
            for old, new in ((NAME, OUTGOING), (INCOMING, NAME)):
                postgres.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
    except psycopg.errors.ObjectInUse:
        raise OperatorError(
            "somebody began to use the database meanwhile, so nothing was changed: "
            "stop `ringfence serve` and every worker of this data directory, then run this again"
        ) from None


def _drop(postgres: psycopg.Connection, name: str) -> None:
    postgres.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _connection(conninfo: str) -> Iterator[psycopg.Connection]:
    try:
        with connect_now(conninfo) as connection:
            yield connection
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()
        raise OperatorError(
            f"the database failed meanwhile: {reason[-1] if reason else ''}"
        ) from None


@contextmanager
def _moment(conninfo: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """Yield a connection with a snapshot of the database, and the id of the snapshot."""
    with _connection(conninfo) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection, str(row[0]) if row else ""


def _contents(connection: psycopg.Connection) -> Contents:
    rows = _rows(connection)
    if "schema_migrations" not in rows:
        raise OperatorError("the database is empty: there is nothing to back up")
    return Contents(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        release=RELEASE,
        server=connection.info.server_version,
        migrations=[name for (name,) in connection.execute(_APPLIED).fetchall()],
        rows=rows,
    )


def _rows(connection: psycopg.Connection) -> dict[str, int]:
    counted = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
        row = connection.execute(statement).fetchone()
        counted[str(table)] = int(row[0]) if row else 0
    return counted


@contextmanager
def _program(
    settings: Settings, name: str, arguments: list[str], stdout: BinaryIO | int = subprocess.PIPE
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of the server; raises `OperatorError` with its message if it fails."""
    path = binaries.in_use(settings.home) / name
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - a program and words of ours
            [path, *arguments],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=said,
            env={"LC_ALL": "C"},
        ) as program,
    ):
        try:
            yield program
        except BrokenPipeError:
            # It has given up; why, it says below.
            program.wait()
        except BaseException:
            program.kill()
            raise
        if program.wait() != 0:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise OperatorError(f"{name} failed: {words[-1] if words else 'it says nothing'}")
