"""One worker: it takes jobs, beats its heart, and looks after what others left lying."""

import asyncio
import logging
import os
import signal
import sys
from functools import partial
from typing import NoReturn

import structlog
from procrastinate.worker import Worker

from ringfence.background import end, in_background, pause
from ringfence.database.pool import Database
from ringfence.errors import Unavailable
from ringfence.settings import Settings
from ringfence.sync import recovery
from ringfence.sync.drivers import Clouds
from ringfence.sync.jobs import JobHandlers, jobs_app
from ringfence.sync.missing_bound import MassRemovalGuard
from ringfence.sync.reachability import Contacts
from ringfence.telemetry import metrics, tracing

CONCURRENCY = 8
# A job whose lock was held, or that waited for its next try, is noticed by looking.
POLL_SECONDS = 0.5
LOOK_SECONDS = 5.0
# Below what a service manager and the parent process allow.
FINISH_SECONDS = 10.0
PAUSE_SECONDS = 1.0
FORGET_HOURS = 7 * 24
TIDY_SECONDS = 3600.0

logger = structlog.get_logger(__name__)


async def run_worker(
    settings: Settings,
    conninfo: str,
    *,
    concurrency: int = CONCURRENCY,
    stop: asyncio.Event | None = None,
) -> None:
    """Work until `stop` is set, or without one until SIGTERM or SIGINT.

    A database that is away ends nothing: the worker begins anew when it is back.
    """
    if stop is None:
        stop = _stopped_by_signals()
    async with tracing.sending(), Database.open(conninfo, size=concurrency + 2) as database:
        clouds = Clouds(database)
        desk = JobHandlers(
            database, clouds, MassRemovalGuard(settings.missing_count, settings.missing_share)
        )
        look_after = partial(_look_after, settings, database, clouds.contacts)
        try:
            async with in_background(look_after, "jobs of others"):
                while not stop.is_set():
                    await _work(conninfo, database, desk, concurrency, stop)
        finally:
            await clouds.close()
    logger.info("worker_ended")


def end_process(code: int) -> NoReturn:
    """End now: an ordinary exit waits for threads, and those for a silent cloud, up to 30 s."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


async def _work(
    conninfo: str, database: Database, desk: JobHandlers, concurrency: int, stop: asyncio.Event
) -> None:
    """Be one worker, until asked to stop or until its database fails it."""
    app = jobs_app(conninfo)
    desk.register(app)
    try:
        async with app.open_async():
            worker = Worker(
                app,
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=FINISH_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=recovery.HEARTBEAT_SECONDS,
                stalled_worker_timeout=recovery.STALLED_SECONDS,
            )
            ending = asyncio.create_task(_end_with(worker, stop), name="end of the worker")
            logger.info("worker_started", concurrency=concurrency)
            try:
                look_after = partial(_look_after_own, worker, database, desk)
                async with in_background(look_after, "own jobs"):
                    await worker.run()  # type: ignore[no-untyped-call]
            finally:
                await end(ending)
    except Exception as error:  # noqa: BLE001 - whatever it was, the next worker may do better
        logger.warning("worker_failed", error=str(error), kind=type(error).__name__)
        await pause(stop, PAUSE_SECONDS)


async def _end_with(worker: Worker, stop: asyncio.Event) -> None:
    await stop.wait()
    worker.stop()  # type: ignore[no-untyped-call]


async def _look_after_own(
    worker: Worker, database: Database, desk: JobHandlers, stop: asyncio.Event
) -> None:
    """Every few seconds, take up what is this worker's by the database alone."""
    suspected: set[int] = set()
    while not stop.is_set():
        await pause(stop, LOOK_SECONDS)
        if stop.is_set() or worker.worker_id is None:
            continue
        running = {job for job in desk.running if job is not None}
        try:
            suspected = await recovery.retake_abandoned(
                database, worker.worker_id, running, suspected
            )
        except Unavailable:
            logger.warning("database_away")


async def _look_after(
    settings: Settings, database: Database, contacts: Contacts, stop: asyncio.Event
) -> None:
    """Every few seconds, take up what nobody works on, and tell how it goes."""
    interval = settings.pull_interval
    every = min(LOOK_SECONDS, interval / 4)
    since_tidied = TIDY_SECONDS
    while not stop.is_set():
        try:
            await recovery.retake_stalled(database)
            await recovery.ask_again(database)
            await recovery.compare_due_tenants(database, interval)
            await contacts.write(database)
            if since_tidied >= TIDY_SECONDS:
                await recovery.forget_old_jobs(database, FORGET_HOURS)
                since_tidied = 0.0
        except Unavailable:
            logger.warning("database_away")
        except Exception:
            logger.exception("rescue_failed")
        metrics.current().pool(**database.usage())
        await pause(stop, every)
        since_tidied += every


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
