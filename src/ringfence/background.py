"""Background tasks of a process: run a loop, and end it in bounded time.

A loop checks its stop event. Cancellation is the last resort, and is repeated: before Python 3.12,
`asyncio.wait_for` loses a cancellation that arrives just as its wait completes, and libraries use
it. Every wait here has a limit.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

GRACE_SECONDS = 1.0
END_SECONDS = 15.0
CANCEL_AGAIN_SECONDS = 0.1

log = structlog.get_logger(__name__)


@asynccontextmanager
async def in_background(
    loop: Callable[[asyncio.Event], Awaitable[None]],
    name: str,
    *,
    grace_seconds: float = GRACE_SECONDS,
) -> AsyncIterator[None]:
    """Run a loop until the block ends, which sets the event that the loop receives.

    If the loop does not return within `grace_seconds`, `end` cancels it.
    """

    async def run() -> None:
        await loop(stop)

    stop = asyncio.Event()
    task = asyncio.create_task(run(), name=name)
    try:
        yield
    finally:
        stop.set()
        await end(task, grace_seconds=grace_seconds)


async def end(task: asyncio.Task[None], *, grace_seconds: float = 0.0) -> None:
    """Wait for a task whose stop event is set, then cancel it until it is done.

    A task that ignores cancellation for `END_SECONDS` is abandoned. Its failure is logged, never
    raised, so that the process ends anyway.
    """
    if grace_seconds:
        await asyncio.wait({task}, timeout=grace_seconds)
    deadline = asyncio.get_running_loop().time() + END_SECONDS
    while not task.done() and asyncio.get_running_loop().time() < deadline:
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
    if not task.done():
        log.error("background_task_abandoned", task=task.get_name())
    elif not task.cancelled() and (error := task.exception()) is not None:
        log.error("background_task_failed", task=task.get_name(), exc_info=error)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the event for at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
