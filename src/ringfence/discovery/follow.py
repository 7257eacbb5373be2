"""The part of a worker that runs discoveries: those that staff requested, and those to follow.

`service` passes `run_discoveries` to the worker, which runs it beside its jobs. One run at a time:
it takes minutes in a large cloud, and several workers share the discoveries by their leases.
"""

import asyncio
from functools import partial
from uuid import uuid4

import structlog

from ringfence.background import in_background, pause
from ringfence.database.pool import Database
from ringfence.discovery import runs
from ringfence.discovery.commands import AdvanceImport, Outcome, discover, load_nothing
from ringfence.discovery.report import Report
from ringfence.discovery.runs import Discovery, Request
from ringfence.discovery.scan import Advance as AdvanceScan
from ringfence.errors import OperatorError, Unavailable
from ringfence.ports.observations import observation_time
from ringfence.settings import Settings
from ringfence.sync.compare import MassRemovalGuard

POLL_SECONDS = 5.0
BEAT_SECONDS = 2.0

logger = structlog.get_logger(__name__)


async def run_discoveries(settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Run the discoveries that are due, one after the other, until `stop` is set."""
    guard = MassRemovalGuard(settings.missing_count, settings.missing_share)
    every = min(POLL_SECONDS, settings.pull_interval / 4)
    while not stop.is_set():
        try:
            discovery = await runs.claim(database, settings.pull_interval)
            if discovery is not None:
                await run(database, discovery, guard)
                continue
        except Unavailable:
            logger.warning("database_away")
        except Exception:
            logger.exception("discovery_failed")
        await pause(stop, every)


async def run_now(
    database: Database,
    request: Request,
    guard: MassRemovalGuard,
    advance_scan: AdvanceScan,
    advance_import: AdvanceImport,
) -> Outcome:
    """Run a discovery here, and store it with its report; raises `OperatorError`."""
    async with database.connection() as connection:
        started = await observation_time(connection)
    outcome = await discover(database, request.selection, advance_scan, advance_import, guard)
    async with database.transaction() as connection:
        discovery = await runs.save(connection, request)
    await runs.finish(database, discovery, started, report=outcome.report, error=outcome.stopped)
    return outcome


async def run(database: Database, discovery: Discovery, guard: MassRemovalGuard) -> None:
    """Run a claimed discovery and store how it ended."""
    progress = _Progress()
    async with database.connection() as connection:
        started = await observation_time(connection)
    async with in_background(partial(_beat, database, discovery, progress), "lease"):
        report, error = await _outcome(database, discovery, guard, progress)
    await runs.finish(database, discovery, started, report=report, error=error)
    logger.info("discovered", cloud=discovery.cloud, error=error or None)


class _Progress:
    """How far a run is, as text."""

    def __init__(self) -> None:
        self.text = ""

    def show_list(self, kind: str, number: int) -> None:
        self.text = f"{number:,} {kind.replace('_', ' ')}"

    def show_import(self, done: int, total: int, groups: int) -> None:
        self.text = f"{done:,} of {total:,} tenants, {groups:,} security groups"


async def _outcome(
    database: Database, discovery: Discovery, guard: MassRemovalGuard, progress: _Progress
) -> tuple[Report | None, str]:
    """Return the report, and an error that the run ended with."""
    try:
        if discovery.only_reports:
            return await load_nothing(discovery.selection, progress.show_list), ""
        outcome = await discover(
            database, discovery.selection, progress.show_list, progress.show_import, guard
        )
    except OperatorError as error:
        return None, str(error)
    except Unavailable:
        raise
    except Exception:
        reference = uuid4().hex[:12]
        logger.exception("discovery_crashed", reference=reference)
        return None, f"Internal error, reference {reference}."
    return outcome.report, outcome.stopped


async def _beat(
    database: Database, discovery: Discovery, progress: _Progress, stop: asyncio.Event
) -> None:
    """Extend the lease while the run goes on."""
    while not stop.is_set():
        await pause(stop, BEAT_SECONDS)
        if stop.is_set():
            return
        try:
            await runs.extend(database, discovery, progress.text)
        except Unavailable:
            logger.warning("database_away")
