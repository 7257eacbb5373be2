import asyncio
import threading
from contextlib import contextmanager

from tests.database.conftest import wait_until

from ringfence.database.embedded import keepalive
from ringfence.settings import Settings


async def test_whoever_leaves_waits_for_a_look_that_has_begun(monkeypatch):
    """Otherwise that look may find the server stopped, and start it for nobody."""
    looking, left = threading.Event(), threading.Event()
    happened = []

    @contextmanager
    def held(_settings):
        yield "a connection string"
        happened.append("left")
        left.set()

    def look(_settings):
        looking.set()
        left.wait(0.5)
        happened.append("looked")
        return False

    monkeypatch.setattr(keepalive, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(keepalive, "running", held)
    monkeypatch.setattr(keepalive, "revive", look)
    async with keepalive.kept_running(Settings()):
        await asyncio.to_thread(wait_until, looking.is_set)
    assert happened == ["looked", "left"]
