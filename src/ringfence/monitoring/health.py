"""Whether this process can do its work: its database, its schema, somebody who runs jobs."""

import asyncio
import time
from collections.abc import Collection
from typing import LiteralString

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringfence.database.migrate import migrations
from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable

# Whoever asks more often gets the same answer again: asking costs the database nothing.
FRESH_SECONDS = 1.0
ANSWER_SECONDS = 3.0
WORKER_SECONDS = 30

DATABASE = "database"
MIGRATIONS = "migrations"
WORKER = "worker"

_STATE: LiteralString = """
SELECT
    ARRAY(SELECT schema_migrations.name FROM schema_migrations),
    EXISTS (
        SELECT 1 FROM procrastinate_workers AS worker
        WHERE worker.last_heartbeat > now() - make_interval(secs => %(seconds)s)
    )
"""


class Readiness:
    """The last answer of the database, and what was wrong by it."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._known: dict[str, str] = {}
        self._asked = float("-inf")
        self._expected = frozenset(migration.name for migration in migrations())

    async def faults(self, database: Database) -> dict[str, str]:
        """Give what is wrong, by the part; nothing secret is in it, since anyone may ask."""
        async with self._asking:
            if time.monotonic() - self._asked > FRESH_SECONDS:
                self._known = await self._look(database)
                self._asked = time.monotonic()
            return self._known

    async def _look(self, database: Database) -> dict[str, str]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                row = await database.read(_state)
        except psycopg.errors.UndefinedTable:
            return {MIGRATIONS: "none is applied; run ringfence migrate"}
        except (Unavailable, TimeoutError, psycopg.Error):
            return {DATABASE: "it does not answer"}
        applied, works = row or ([], False)
        return self._lacking(applied) | ({} if works else {WORKER: _NO_WORKER})

    def _lacking(self, applied: Collection[str]) -> dict[str, str]:
        # More than are known here is no fault: a newer release may run beside this one.
        missing = self._expected.difference(applied)
        if not missing:
            return {}
        return {MIGRATIONS: f"not applied: {', '.join(sorted(missing))}; run ringfence migrate"}


async def _state(connection: Connection) -> tuple[list[str], bool] | None:
    cursor = await connection.execute(_STATE, {"seconds": WORKER_SECONDS})
    return await cursor.fetchone()


_NO_WORKER = f"none was heard of for {WORKER_SECONDS} s; start one"


async def show_live(_request: Request) -> Response:
    """Answer, which is all that is asked: the process takes requests."""
    return JSONResponse({"status": "live"})


async def show_ready(request: Request) -> Response:
    """Tell whether the service can work, and if not, why (503); `exclude` names what not to judge.

    A machine in front of several processes excludes the worker: without one, reads go on and
    changes are kept.
    """
    readiness: Readiness = request.app.state.readiness
    excluded = set(request.query_params.getlist("exclude"))
    found = await readiness.faults(request.app.state.database)
    faults = {part: fault for part, fault in found.items() if part not in excluded}
    if faults:
        return JSONResponse({"status": "not ready", "reasons": faults}, 503)
    return JSONResponse({"status": "ready"})
