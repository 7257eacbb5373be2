"""The embedded server, kept running by the processes that use it."""

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

LOOK_SECONDS = 1.0
# What starting a server may take: until others have decided, and until it is ready.
REVIVE_SECONDS = LOCK_SECONDS + START_SECONDS

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_running(settings: Settings) -> AsyncIterator[str]:
    """Give the connection string of who serves; the embedded server is started when it dies.

    Whichever process of the home notices first does it. Where it cannot be done (the disk is
    full), it is tried again until it can.
    """
    with running(settings) as conninfo:
        # Not cut off early: a thread that is about to look would start what was just stopped.
        keep = partial(_keep, settings)
        async with in_background(keep, "keeping the database", grace_seconds=REVIVE_SECONDS):
            yield roles.serving(settings, conninfo)


async def _keep(settings: Settings, stop: asyncio.Event) -> None:
    # A server of the operator's own is theirs to keep.
    while settings.database_url is None:
        await pause(stop, LOOK_SECONDS)
        if stop.is_set():
            return
        try:
            if await asyncio.to_thread(revive, settings):
                log.warning("embedded_database_started_again")
        except OperatorError as error:
            log.error("embedded_database_does_not_start", reason=str(error))  # noqa: TRY400
