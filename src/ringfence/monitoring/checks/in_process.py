"""Run the checks that an API process can do, over its own pool and in bounded time.

Such a process has no credentials of clouds, so what needs them is said to be skipped. Each check
is a read-only transaction with a time limit; what fails there is a result like any other.
"""

import asyncio
import time
from collections.abc import Mapping
from functools import partial

import psycopg
import structlog

from ringfence.database.embedded import binaries
from ringfence.database.embedded.binaries import Majors
from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable
from ringfence.monitoring.checks import database as of_database
from ringfence.monitoring.checks import sync_state
from ringfence.monitoring.checks.check import Check, Outcome, Run, failed, skipped
from ringfence.settings import Settings

CHECK_SECONDS = 3.0
TOTAL_SECONDS = 12.0

_BESIDE = "Run `ringfence doctor` beside the worker"

log = structlog.get_logger(__name__)


async def examine(database: Database, settings: Settings) -> list[Check]:
    """Return the results of all checks, in the order of `ringfence doctor`; changes nothing."""
    deadline = time.monotonic() + TOTAL_SECONDS
    majors = None
    if not settings.database_url:
        majors = await asyncio.to_thread(binaries.majors, settings.home)
    first: dict[str, Run] = {
        "database": partial(_server, majors=majors),
        "migrations": of_database.applied,
    }
    found = await _run(database, first, deadline)
    if any(check.outcome is not Outcome.PASSED for check in found[1:]):
        return found
    found += await _run(database, sync_state.checks(settings.pull_interval), deadline)
    found.append(skipped("clouds", "an API process has no credentials", "nothing", _BESIDE))
    found += await _run(database, of_database.checks(), deadline)
    found.append(skipped("file modes", "files are those of another process", "nothing", _BESIDE))
    return found


async def _run(database: Database, runs: Mapping[str, Run], deadline: float) -> list[Check]:
    checks = [await _limited(database, name, run, deadline) for name, run in runs.items()]
    return [check for check in checks if check is not None]


async def _server(connection: Connection, majors: Majors | None) -> Check:
    return of_database.server(connection, majors)


async def _limited(database: Database, name: str, run: Run, deadline: float) -> Check | None:
    seconds = max(0.0, min(CHECK_SECONDS, deadline - time.monotonic()))
    tested = f"a read-only transaction of at most {CHECK_SECONDS:.0f} s"
    try:
        async with (
            asyncio.timeout(seconds),
            database.connection() as connection,
            connection.transaction(),
        ):
            await connection.execute("SET TRANSACTION READ ONLY")
            return await run(connection)
    except TimeoutError:
        return skipped(name, "it took too long here", tested, _BESIDE)
    except Unavailable:
        return failed(name, "the database is not available", tested, "see the log of this process")
    except psycopg.Error as error:
        # The message may quote values.
        log.warning("doctor_check_failed", check=name, kind=type(error).__name__)
        found = f"the database refused it ({type(error).__name__})"
        return failed(name, found, tested, _BESIDE)
