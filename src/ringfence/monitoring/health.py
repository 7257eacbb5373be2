"""Health checks: liveness of the process; readiness of database, migrations and workers."""

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

# More frequent requests get the same result, without a query.
FRESH_SECONDS = 1.0
TIMEOUT_SECONDS = 3.0
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
    """The last result of the readiness check, reused for FRESH_SECONDS."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._failures: dict[str, str] = {}
        self._checked_at = float("-inf")
        self._expected = frozenset(migration.name for migration in migrations())

    async def failures(self, database: Database) -> dict[str, str]:
        """Return what fails, by part; without secrets, since the endpoint is public."""
        async with self._lock:
            if time.monotonic() - self._checked_at > FRESH_SECONDS:
                self._failures = await self._check(database)
                self._checked_at = time.monotonic()
            return self._failures

    async def _check(self, database: Database) -> dict[str, str]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                row = await database.read(_state)
        except psycopg.errors.UndefinedTable:
            return {MIGRATIONS: "none applied; run ringfence migrate"}
        except (Unavailable, TimeoutError, psycopg.Error):
            return {DATABASE: "not available"}
        applied, works = row or ([], False)
        return self._missing_migrations(applied) | ({} if works else {WORKER: _NO_WORKER})

    def _missing_migrations(self, applied: Collection[str]) -> dict[str, str]:
        # Unknown migrations are no error: a newer release may run beside this one.
        missing = self._expected.difference(applied)
        if not missing:
            return {}
        return {MIGRATIONS: f"not applied: {', '.join(sorted(missing))}; run ringfence migrate"}


async def _state(connection: Connection) -> tuple[list[str], bool] | None:
    cursor = await connection.execute(_STATE, {"seconds": WORKER_SECONDS})
    return await cursor.fetchone()


_NO_WORKER = f"no heartbeat for {WORKER_SECONDS} s; start a worker"


async def show_live(_request: Request) -> Response:
    """Respond: the process accepts requests."""
    return JSONResponse({"status": "live"})


async def show_ready(request: Request) -> Response:
    """Return whether the service can work, or the reasons why not (503).

    `exclude` names parts to ignore. A load balancer excludes the worker: without one, reads
    continue and changes are queued.
    """
    readiness: Readiness = request.app.state.readiness
    excluded = set(request.query_params.getlist("exclude"))
    failures = await readiness.failures(request.app.state.database)
    reasons = {part: reason for part, reason in failures.items() if part not in excluded}
    if reasons:
        return JSONResponse({"status": "not ready", "reasons": reasons}, 503)
    return JSONResponse({"status": "ready"})
