"""Loops that run beside the rest of a process, and how they end.

A loop looks at its stop event. Cancelling it is the last resort, and is repeated: before Python
3.12 `asyncio.wait_for` loses a cancellation that arrives just as its wait completes, and libraries
wait with it. No wait here is without a limit.
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
    """Run a loop until the block ends; the loop returns once the event it is given is set.

    One that has not returned after `grace_seconds` is cancelled, as `end` does it.
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
    """Wait for a task that was told to stop, then cancel it until it is done.

    One that ignores that for `END_SECONDS` is left behind. How it ended is logged, never raised:
    what it runs beside ends all the same.
    """
    if grace_seconds:
        await asyncio.wait({task}, timeout=grace_seconds)
    deadline = asyncio.get_running_loop().time() + END_SECONDS
    while not task.done() and asyncio.get_running_loop().time() < deadline:
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
    if not task.done():
        log.error("background_task_left_behind", task=task.get_name())
    elif not task.cancelled() and (error := task.exception()) is not None:
        log.error("background_task_failed", task=task.get_name(), exc_info=error)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the event, `seconds` at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
