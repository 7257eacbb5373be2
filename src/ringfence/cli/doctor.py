"""`ringfence doctor`: check database, jobs, clouds, documents and file modes; change nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

import psycopg

from ringfence.clouds.placement import Placement, placement_of
from ringfence.database.connect import Session
from ringfence.database.embedded import roles
from ringfence.database.embedded.server import running
from ringfence.database.migrate import pending
from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError
from ringfence.security_groups.read_model import documents
from ringfence.service.clouds_file import VARIABLE as CLOUDS_VARIABLE
from ringfence.settings import FILE_VARIABLE, Settings

if TYPE_CHECKING:
    from ringfence.sync.drivers import Clouds

CLOUD_SECONDS = 35.0
CLOUDS_AT_ONCE = 8
SHOWN_ITEMS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check; `detail` is what it shows and, if it failed, the fix."""

    name: str
    passed: bool
    detail: str


# Workers send a heartbeat every 10 s.
_ABANDONED: LiteralString = """
SELECT job.id, job.task_name
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON job.worker_id = worker.id
WHERE job.status = 'doing'
    AND coalesce(worker.last_heartbeat, '-infinity') < now() - interval '1 minute'
ORDER BY job.id
"""

_WAITING: LiteralString = """
SELECT job.id, job.task_name
FROM procrastinate_jobs AS job
INNER JOIN procrastinate_events AS event ON job.id = event.job_id AND event.type = 'deferred'
WHERE job.status = 'todo'
    AND greatest(event.at, job.scheduled_at) < now() - interval '5 minutes'
ORDER BY job.id
"""

_IN_TRANSITION: LiteralString = """
SELECT sg.uuid, sg.state
FROM security_groups AS sg
WHERE sg.state NOT IN ('OK', 'ERRED') AND sg.modified < now() - interval '15 minutes'
ORDER BY sg.id
"""

_FAILED_PULLS: LiteralString = """
SELECT tenant.name, tenant.error_message
FROM tenants AS tenant
WHERE tenant.state = 'ERRED' OR tenant.error_message <> ''
ORDER BY tenant.name, tenant.id
"""

_TENANTS: LiteralString = """
SELECT cloud.name, tenant.uuid
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
ORDER BY cloud.name, tenant.name, tenant.id
"""

_DOCUMENTS: LiteralString = "SELECT count(*) FROM security_group_documents"

# `index_security_group_texts` creates this many; the 5-character indexes need no extension.
TRIGRAM_INDEXES = 4
_TRIGRAM_INDEXES: LiteralString = """
SELECT count(*)
FROM pg_index AS index
INNER JOIN pg_class AS class ON index.indexrelid = class.oid
WHERE class.relname LIKE '%\\_contains' AND index.indisvalid
"""

_UUIDS: LiteralString = "SELECT sg.uuid FROM security_groups AS sg WHERE sg.id = ANY(%(ids)s)"


async def examine(settings: Settings) -> list[Check]:
    """Run every check that is possible; without a database, these are two."""
    return [*await _of_database(settings), *_modes(settings)]


def _modes(settings: Settings) -> list[Check]:
    """Check file modes: of the data directory, and of the configuration files."""
    is_embedded = settings.database_url is None and settings.home.is_dir()
    checked = list(_allowed_modes(settings.home)) if is_embedded else []
    for variable in (FILE_VARIABLE, CLOUDS_VARIABLE):
        path = Path(os.environ.get(variable) or os.devnull)
        checked += [(path, 0o755)] if path.is_file() else []
    if not checked:
        return []
    found = [
        f"{path} ({mode:o}): run chmod {mode & allowed:o} {path}"
        for path, allowed in checked
        if (mode := path.stat().st_mode & 0o777) & ~allowed
    ]
    detail = f"too permissive: {_few(found)}" if found else "no access for other users"
    return [Check("file modes", passed=not found, detail=detail)]


def _allowed_modes(home: Path) -> Iterator[tuple[Path, int]]:
    """Yield the paths of a data directory with the most permissive mode allowed for each."""
    # Its contents have modes of their own.
    yield home, 0o755
    for name, allowed in (("data", 0o750), ("run", 0o700), ("postgresql.log", 0o600)):
        if (home / name).exists():
            yield home / name, allowed
    # The user that runs the server reads these.
    for name in ("pg_hba.conf", "pg_ident.conf", "postgresql"):
        if (home / name).exists():
            yield home / name, 0o755 if name == "postgresql" else 0o644


async def _of_database(settings: Settings) -> list[Check]:
    try:
        with running(settings) as conninfo:
            return [check async for check in _checks(roles.serving(settings, conninfo))]
    except OperatorError as error:
        return [Check("database", passed=False, detail=str(error))]
    except psycopg.OperationalError:
        return [Check("database", passed=False, detail="the connection was lost; run this again")]


async def _checks(conninfo: str) -> AsyncIterator[Check]:
    # Raises `OperatorError` if the database cannot be reached or used.
    missing = await pending(conninfo)
    async with await Session.connect(conninfo, autocommit=True) as connection:
        yield _server(connection)
        yield _migrations(missing)
        if missing:
            return
        yield await _jobs(connection, "jobs of dead workers", _ABANDONED, "start a worker")
        yield await _jobs(connection, "waiting jobs", _WAITING, "start more workers")
        yield await _groups(connection)
        yield await _pulls(connection)
        async for check in _clouds(conninfo):
            yield check
        yield await _documents(connection)
        yield await _counts(connection)
        yield await _searches(connection)


def _server(connection: Connection) -> Check:
    version = connection.info.server_version
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    return Check("database", passed=True, detail=f"{shown} is available")


def _migrations(missing: list[str]) -> Check:
    if missing:
        detail = f"not applied: {', '.join(missing)}; run ringfence migrate"
        return Check("migrations", passed=False, detail=detail)
    return Check("migrations", passed=True, detail="all applied")


async def _jobs(connection: Connection, name: str, query: LiteralString, fix: str) -> Check:
    rows = await (await connection.execute(query)).fetchall()
    found = [f"{task} ({job})" for job, task in rows]
    return Check(name, passed=not found, detail=f"{_few(found)}; {fix}" if found else "none")


async def _groups(connection: Connection) -> Check:
    rows = await (await connection.execute(_IN_TRANSITION)).fetchall()
    found = [f"{uuid.hex} {state}" for uuid, state in rows]
    detail = f"for more than 15 minutes: {_few(found)}; see the worker's log"
    return Check("groups in transition", passed=not found, detail=detail if found else "none")


async def _pulls(connection: Connection) -> Check:
    rows = await (await connection.execute(_FAILED_PULLS)).fetchall()
    found = [f"{name} ({message or 'ERRED'})" for name, message in rows]
    detail = f"failed or stopped: {_few(found)}; fix the cause, then run ringfence sync pull"
    shown = detail if found else "none failed"
    return Check("pulls", passed=not found, detail=shown)


async def _documents(connection: Connection) -> Check:
    stale = await documents.stale(connection)
    if stale:
        rows = await (await connection.execute(_UUIDS, {"ids": stale})).fetchall()
        shown = _few([uuid.hex for (uuid,) in rows] or [str(number) for number in stale])
        detail = f"{len(stale)} are stale: {shown}; report this as a bug"
        return Check("documents", passed=False, detail=detail)
    row = await (await connection.execute(_DOCUMENTS)).fetchone()
    return Check("documents", passed=True, detail=f"{row[0] if row else 0} are up to date")


async def _counts(connection: Connection) -> Check:
    wrong = await documents.miscounted(connection)
    detail = f"wrong for {wrong} ancestors or states; report this as a bug" if wrong else "correct"
    return Check("group counts", passed=not wrong, detail=detail)


async def _searches(connection: Connection) -> Check:
    row = await (await connection.execute(_TRIGRAM_INDEXES)).fetchone()
    if row and row[0] == TRIGRAM_INDEXES:
        return Check("substring search", passed=True, detail="indexed")
    detail = (
        "fewer than five characters read all groups in scope: let the database owner run "
        "CREATE EXTENSION pg_trgm, then run SELECT index_security_group_texts()"
    )
    # Slow with many groups, but not an error.
    return Check("substring search", passed=True, detail=detail)


async def _clouds(conninfo: str) -> AsyncIterator[Check]:
    from ringfence.sync.drivers import Clouds  # noqa: PLC0415 - the OpenStack SDK is slow to load

    async with Database.open(conninfo, size=2) as database:
        async with database.connection() as connection:
            rows = await (await connection.execute(_TENANTS)).fetchall()
            placements = [(name, await placement_of(connection, uuid)) for name, uuid in rows]
        clouds = Clouds(database)
        at_once = asyncio.Semaphore(CLOUDS_AT_ONCE)
        try:
            made = [
                asyncio.create_task(_cloud(clouds, at_once, name, placement))
                for name, placement in placements
                if placement is not None
            ]
            for task in made:
                yield await task
        finally:
            await clouds.close()


async def _cloud(
    clouds: "Clouds", at_once: asyncio.Semaphore, cloud: str, placement: Placement
) -> Check:
    from ringfence.neutron.port import CloudError  # noqa: PLC0415
    from ringfence.sync.drivers import project_of  # noqa: PLC0415

    name = f"cloud {cloud}, tenant {placement.tenant_name}"
    try:
        async with at_once, asyncio.timeout(CLOUD_SECONDS):
            await clouds.of(placement).check(project_of(placement))
    except TimeoutError:
        return Check(name, passed=False, detail=f"no response within {CLOUD_SECONDS:.0f} s")
    except CloudError as error:
        return Check(name, passed=False, detail=str(error))
    return Check(name, passed=True, detail="reachable, permissions are sufficient")


def _few(items: list[str]) -> str:
    more = f" and {len(items) - SHOWN_ITEMS} more" if len(items) > SHOWN_ITEMS else ""
    return ", ".join(items[:SHOWN_ITEMS]) + more
