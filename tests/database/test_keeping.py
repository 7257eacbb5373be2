import asyncio
import threading

from tests.database.conftest import wait_until

from ringfence.database import keeping
from ringfence.database.embedded import server_process_id
from ringfence.settings import Settings


async def test_whoever_leaves_waits_for_a_look_that_has_begun(folder, monkeypatch):
    """Otherwise that look may find the server stopped, and start it for nobody."""
    looking, release = threading.Event(), threading.Event()
    found = []

    def look(settings):
        looking.set()
        release.wait()
        found.append(server_process_id(settings.home))
        return False

    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(keeping, "revive", look)
    settings = Settings(home=folder / "home")
    async with keeping.kept_running(settings):
        await asyncio.to_thread(wait_until, looking.is_set)
        threading.Timer(0.2, release.set).start()
    assert found[0] is not None
    assert server_process_id(settings.home) is None
