"""A look at everything that can be wrong, from the outside in; it changes nothing."""

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
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked, whether it is well, and what was found or has to be done."""

    name: str
    fine: bool
    detail: str


# A worker says every 10 s that it lives.
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

_UNSETTLED: LiteralString = """
SELECT sg.uuid, sg.state
FROM security_groups AS sg
WHERE sg.state NOT IN ('OK', 'ERRED') AND sg.modified < now() - interval '15 minutes'
ORDER BY sg.id
"""

_NOT_COMPARED: LiteralString = """
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

_STORED: LiteralString = "SELECT count(*) FROM security_group_documents"

# As `index_security_group_texts` names and makes them; those of substrings need nothing
TRIGRAM_INDEXES = 4
_INDEXED: LiteralString = """
SELECT count(*)
FROM pg_index AS found
INNER JOIN pg_class AS class ON found.indexrelid = class.oid
WHERE class.relname LIKE '%\\_contains' AND found.indisvalid
"""

_UUIDS: LiteralString = "SELECT sg.uuid FROM security_groups AS sg WHERE sg.id = ANY(%(ids)s)"


async def examine(settings: Settings) -> list[Check]:
    """Make every check that can be made; a database that is away leaves only its own line."""
    return [*await _of_database(settings), *_modes(settings)]


def _modes(settings: Settings) -> list[Check]:
    """Look at who may read or change the data directory, and change the files that are named."""
    is_embedded = settings.database_url is None and settings.home.is_dir()
    looked_at = list(_allowed_modes(settings.home)) if is_embedded else []
    for variable in (FILE_VARIABLE, CLOUDS_VARIABLE):
        path = Path(os.environ.get(variable) or os.devnull)
        looked_at += [(path, 0o755)] if path.is_file() else []
    if not looked_at:
        return []
    found = [
        f"{path} ({mode:o}): run chmod {mode & allowed:o} {path}"
        for path, allowed in looked_at
        if (mode := path.stat().st_mode & 0o777) & ~allowed
    ]
    detail = f"others may do too much: {_few(found)}" if found else "closed to others"
    return [Check("files", fine=not found, detail=detail)]


def _allowed_modes(home: Path) -> Iterator[tuple[Path, int]]:
    """Give the paths of a data directory, with the most that each may allow."""
    # What is in it is closed by itself.
    yield home, 0o755
    for name, allowed in (("data", 0o750), ("run", 0o700), ("postgresql.log", 0o600)):
        if (home / name).exists():
            yield home / name, allowed
    # Its rules, and its programs, are read by that user.
    for name in ("pg_hba.conf", "pg_ident.conf", "postgresql"):
        if (home / name).exists():
            yield home / name, 0o755 if name == "postgresql" else 0o644


async def _of_database(settings: Settings) -> list[Check]:
    try:
        with running(settings) as conninfo:
            return [check async for check in _checks(roles.serving(settings, conninfo))]
    except OperatorError as error:
        return [Check("database", fine=False, detail=str(error))]
    except psycopg.OperationalError:
        return [Check("database", fine=False, detail="it went away; run this again")]


async def _checks(conninfo: str) -> AsyncIterator[Check]:
    # It says what is wrong with a database that cannot be used, or reached.
    missing = await pending(conninfo)
    async with await Session.connect(conninfo, autocommit=True) as connection:
        yield _server(connection)
        yield _migrations(missing)
        if missing:
            return
        yield await _jobs(connection, "jobs of dead workers", _ABANDONED, "start a worker")
        yield await _jobs(connection, "jobs that wait", _WAITING, "start a worker, or more of them")
        yield await _groups(connection)
        yield await _comparisons(connection)
        async for check in _clouds(conninfo):
            yield check
        yield await _documents(connection)
        yield await _counts(connection)
        yield await _searches(connection)


def _server(connection: Connection) -> Check:
    version = connection.info.server_version
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    return Check("database", fine=True, detail=f"{shown} answers")


def _migrations(missing: list[str]) -> Check:
    if missing:
        detail = f"not applied: {', '.join(missing)}; run ringfence migrate"
        return Check("migrations", fine=False, detail=detail)
    return Check("migrations", fine=True, detail="all applied")


async def _jobs(connection: Connection, name: str, query: LiteralString, fix: str) -> Check:
    rows = await (await connection.execute(query)).fetchall()
    found = [f"{task} ({job})" for job, task in rows]
    return Check(name, fine=not found, detail=f"{_few(found)}; {fix}" if found else "none")


async def _groups(connection: Connection) -> Check:
    rows = await (await connection.execute(_UNSETTLED)).fetchall()
    found = [f"{uuid.hex} {state}" for uuid, state in rows]
    detail = f"for more than 15 minutes: {_few(found)}; see the worker's log"
    return Check("groups in transition", fine=not found, detail=detail if found else "none is late")


async def _comparisons(connection: Connection) -> Check:
    rows = await (await connection.execute(_NOT_COMPARED)).fetchall()
    found = [f"{name} ({message or 'ERRED'})" for name, message in rows]
    detail = f"failed or stopped for {_few(found)}; correct it, then run ringfence sync pull"
    shown = detail if found else "none failed"
    return Check("comparisons with clouds", fine=not found, detail=shown)


async def _documents(connection: Connection) -> Check:
    stale = await documents.stale(connection)
    if stale:
        rows = await (await connection.execute(_UUIDS, {"ids": stale})).fetchall()
        shown = _few([uuid.hex for (uuid,) in rows] or [str(number) for number in stale])
        detail = f"{len(stale)} differ from their sources: {shown}; report this as a defect"
        return Check("stored answers", fine=False, detail=detail)
    row = await (await connection.execute(_STORED)).fetchone()
    return Check("stored answers", fine=True, detail=f"{row[0] if row else 0} equal their sources")


async def _counts(connection: Connection) -> Check:
    wrong = await documents.miscounted(connection)
    detail = f"wrong for {wrong} places or states; report this as a defect" if wrong else "right"
    return Check("numbers of groups", fine=not wrong, detail=detail)


async def _searches(connection: Connection) -> Check:
    row = await (await connection.execute(_INDEXED)).fetchone()
    if row and row[0] == TRIGRAM_INDEXES:
        return Check("searches by a part of a text", fine=True, detail="indexed")
    detail = (
        "those by less than five characters read all groups in scope: let the database's owner run "
        "CREATE EXTENSION pg_trgm, then run SELECT index_security_group_texts()"
    )
    # It is slow at many groups, and nothing is wrong.
    return Check("searches by a part of a text", fine=True, detail=detail)


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
        return Check(name, fine=False, detail=f"no answer within {CLOUD_SECONDS:.0f} s")
    except CloudError as error:
        return Check(name, fine=False, detail=str(error))
    return Check(name, fine=True, detail="reachable, rights suffice")


def _few(items: list[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more
