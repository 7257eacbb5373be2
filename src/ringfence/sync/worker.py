"""One worker: runs jobs, sends heartbeats and requeues the jobs of dead workers.

Jobs come from PostgreSQL, where the transaction of each change queues one; Procrastinate fetches
them and calls `jobs`. Beside them, every few seconds, the worker requeues lost work (`recovery`),
queues periodic pulls (`schedule`) and stores whether the clouds respond (`reachability`); every
hour it removes what has expired (`cleanup`).
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

import structlog
from procrastinate.worker import Worker

from ringfence.background import end, in_background, pause
from ringfence.database.pool import Database
from ringfence.errors import Unavailable
from ringfence.settings import Settings
from ringfence.sync import cleanup, recovery, schedule
from ringfence.sync.compare import MassRemovalGuard
from ringfence.sync.drivers import Clouds
from ringfence.sync.jobs import JobHandlers, jobs_app
from ringfence.sync.reachability import Reachability
from ringfence.telemetry import metrics, tracing

CONCURRENCY = 8
# PostgreSQL notifies of new jobs; a released lock or a due retry is found by polling only.
POLL_SECONDS = 0.5
RECOVERY_SECONDS = 5.0
# Less than a service manager and the parent process allow.
SHUTDOWN_SECONDS = 10.0
RESTART_SECONDS = 1.0
CLEANUP_SECONDS = 3600.0

# A loop that ends with the event
Beside = Callable[[Settings, Database, asyncio.Event], Coroutine[object, object, None]]

logger = structlog.get_logger(__name__)


async def run_worker(
    settings: Settings,
    conninfo: str,
    *,
    concurrency: int = CONCURRENCY,
    stop: asyncio.Event | None = None,
    beside: Sequence[Beside] = (),
) -> None:
    """Run jobs until `stop` is set, or without it until SIGTERM or SIGINT.

    `beside` are loops of higher layers that run with the worker's database. A lost database
    connection does not end it: the worker restarts when the database is back.
    """
    if stop is None:
        stop = _stopped_by_signals()
    async with tracing.sending(), Database.open(conninfo, size=concurrency + 2) as database:
        clouds = Clouds(database)
        guard = MassRemovalGuard(settings.missing_count, settings.missing_share)
        handlers = JobHandlers(database, clouds, guard)
        maintain = partial(_maintain, settings, database, clouds.reachability)
        clean_up = partial(_clean_up, settings, conninfo, database)
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(in_background(maintain, "recovery and schedule"))
                await stack.enter_async_context(in_background(clean_up, "cleanup"))
                for each in beside:
                    loop = partial(each, settings, database)
                    await stack.enter_async_context(in_background(loop, each.__name__))
                while not stop.is_set():
                    await _run(conninfo, database, handlers, concurrency, stop)
        finally:
            await clouds.close()
    logger.info("worker_ended")


def end_process(code: int) -> NoReturn:
    """End now: an ordinary exit waits up to 30 s for the threads of calls to a silent cloud."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


async def _run(
    conninfo: str, database: Database, handlers: JobHandlers, concurrency: int, stop: asyncio.Event
) -> None:
    """Run one Procrastinate worker until `stop` is set or it fails."""
    app = jobs_app(conninfo)
    handlers.register(app)
    try:
        async with app.open_async():
            worker = Worker(
                app,
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=SHUTDOWN_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=recovery.HEARTBEAT_SECONDS,
                stalled_worker_timeout=recovery.STALLED_SECONDS,
            )
            ending = asyncio.create_task(_end_with(worker, stop), name="end of the worker")
            logger.info("worker_started", concurrency=concurrency)
            try:
                recover = partial(_recover_own_jobs, worker, database, handlers)
                async with in_background(recover, "recovery of own jobs"):
                    await worker.run()  # type: ignore[no-untyped-call]
            finally:
                await end(ending)
    except Exception as error:  # noqa: BLE001 - any error: the next worker may do better
        logger.warning("worker_failed", error=str(error), kind=type(error).__name__)
        await pause(stop, RESTART_SECONDS)


async def _end_with(worker: Worker, stop: asyncio.Event) -> None:
    await stop.wait()
    worker.stop()  # type: ignore[no-untyped-call]


async def _recover_own_jobs(
    worker: Worker, database: Database, handlers: JobHandlers, stop: asyncio.Event
) -> None:
    """Requeue, every few seconds, jobs that are assigned to this worker and not running in it."""
    suspected: set[int] = set()
    while not stop.is_set():
        await pause(stop, RECOVERY_SECONDS)
        if stop.is_set() or worker.worker_id is None:
            continue
        running = {job for job in handlers.running if job is not None}
        try:
            suspected = await recovery.requeue_abandoned(
                database, worker.worker_id, running, suspected
            )
        except Unavailable:
            logger.warning("database_away")


async def _maintain(
    settings: Settings, database: Database, reachability: Reachability, stop: asyncio.Event
) -> None:
    """Requeue, every few seconds, lost work of all workers; queue pulls; store measurements."""
    interval = settings.pull_interval
    every = min(RECOVERY_SECONDS, interval / 4)
    while not stop.is_set():
        try:
            await recovery.requeue_stalled(database)
            await recovery.requeue_lost(database)
            await schedule.queue_due_pulls(database, interval)
            await reachability.write(database)
        except Unavailable:
            logger.warning("database_away")
        except Exception:
            logger.exception("recovery_failed")
        metrics.current().pool(**database.usage())
        await pause(stop, every)


async def _clean_up(
    settings: Settings, conninfo: str, database: Database, stop: asyncio.Event
) -> None:
    """Remove, every hour, what the settings no longer keep."""
    while not stop.is_set():
        try:
            await cleanup.clean_and_log(settings, conninfo, database)
        except Unavailable:
            logger.warning("database_away")
        except Exception:
            logger.exception("cleanup_failed")
        await pause(stop, CLEANUP_SECONDS)


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
