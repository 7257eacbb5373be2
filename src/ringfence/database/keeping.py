"""The embedded server, kept running by the processes that use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from ringfence.database.embedded import revive, running
from ringfence.errors import OperatorError
from ringfence.settings import Settings

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_running(settings: Settings) -> AsyncIterator[str]:
    """Give the connection string as `running` does; the embedded server is started when it dies.

    Whichever process of the home notices first does it. Where it cannot be done (the disk is
    full), it is tried again until it can.
    """
    with running(settings) as conninfo:
        leaving = asyncio.Event()
        keeper = asyncio.create_task(_keep(settings, leaving))
        try:
            yield conninfo
        finally:
            # Never cut off: a thread that is about to look would start what was just stopped.
            leaving.set()
            await keeper


async def _keep(settings: Settings, leaving: asyncio.Event) -> None:
    # A server of the operator's own is theirs to keep.
    while settings.database_url is None:
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), LOOK_SECONDS)
        if leaving.is_set():
            return
        try:
            if await asyncio.to_thread(revive, settings):
                log.warning("embedded_database_started_again")
        except OperatorError as error:
            log.error("embedded_database_does_not_start", reason=str(error))  # noqa: TRY400
