"""Background loops end, whatever becomes of a cancellation."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ringfence import background
from ringfence.background import end, in_background, pause


async def deaf(ignored):
    """A loop that loses its first cancellations, as `asyncio.wait_for` may before Python 3.12."""
    while ignored:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ignored -= 1
    await asyncio.sleep(3600)


async def test_a_loop_ends_by_itself_when_its_event_is_set():
    ended = []

    async def loop(stop):
        while not stop.is_set():
            await pause(stop, 3600)
        ended.append("by itself")

    async with in_background(loop, "loop"):
        await asyncio.sleep(0)
    assert ended == ["by itself"]


async def test_a_loop_that_does_not_look_at_its_event_is_cancelled():
    async def loop(_):
        await asyncio.sleep(3600)

    async with in_background(loop, "loop", grace_seconds=0.01):
        await asyncio.sleep(0)
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "loop")
    assert task.cancelled()


@pytest.mark.parametrize("ignored", [0, 1, 2, 5])
async def test_a_task_that_loses_cancellations_ends_all_the_same(ignored):
    task = asyncio.create_task(deaf(ignored))
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()


async def test_a_task_that_never_ends_is_left_behind_and_named(monkeypatch):
    monkeypatch.setattr(background, "END_SECONDS", 0.3)
    task = asyncio.create_task(deaf(20), name="deaf")
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await end(task)
    was_done = task.done()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert not was_done
    assert [(log["event"], log["task"]) for log in logs] == [("background_task_abandoned", "deaf")]


async def test_a_loop_that_fails_is_logged_and_ends_nothing_else():
    async def loop(_):
        raise RuntimeError("out of order")

    with capture_logs() as logs:
        async with in_background(loop, "loop"):
            await asyncio.sleep(0.01)
    assert [(log["event"], str(log["exc_info"])) for log in logs] == [
        ("background_task_failed", "out of order")
    ]


async def test_a_pause_ends_early_when_the_event_is_set():
    stop = asyncio.Event()
    stop.set()
    await pause(stop, 3600)


async def test_a_pause_ends_when_its_time_is_up():
    await pause(asyncio.Event(), 0.01)
