"""Keep the embedded server running while processes use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from ringfence.background import in_background, pause
from ringfence.database.embedded import roles
from ringfence.database.embedded.server import LOCK_SECONDS, START_SECONDS, revive, running
from ringfence.errors import OperatorError
from ringfence.settings import Settings

CHECK_SECONDS = 1.0
# The longest time to start a server: waiting for the lock, and until it is ready
REVIVE_SECONDS = LOCK_SECONDS + START_SECONDS

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_running(settings: Settings) -> AsyncIterator[str]:
    """Yield the connection string of the serving role, and restart the embedded server if it dies.

    The first process that notices restarts it. If that fails (the disk is full), it is retried.
    """
    with running(settings) as conninfo:
        # Wait for the thread: it could start the server again that was just stopped.
        keep = partial(_keep, settings)
        async with in_background(keep, "database keep-alive", grace_seconds=REVIVE_SECONDS):
            yield roles.serving(settings, conninfo)


async def _keep(settings: Settings, stop: asyncio.Event) -> None:
    # An external server is the operator's to keep running.
    while settings.database_url is None:
        await pause(stop, CHECK_SECONDS)
        if stop.is_set():
            return
        try:
            if await asyncio.to_thread(revive, settings):
                log.warning("embedded_database_started_again")
        except OperatorError as error:
            log.error("embedded_database_does_not_start", reason=str(error))  # noqa: TRY400
