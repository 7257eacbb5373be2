import asyncio
import os

import httpx
import pytest
from tests.faults.site import Site
from tests.faults.worker_process import hasten
from tests.lab.fixtures import lab, neutron_proxy, openstack_project
from tests.patience import PATIENCE_SECONDS
from tests.sync.conftest import neutron

from ringfence.app import create_app
from ringfence.settings import Settings
from ringfence.sync.worker import run_worker

__all__ = ["lab", "neutron", "neutron_proxy", "openstack_project"]


@pytest.fixture
async def site(neutron, neutron_proxy, lab, database):
    """A tenant in the lab, and the API with its administrator's token."""
    app = create_app(Settings(allowed_hosts="api.example.com"))
    app.state.database = database
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://api.example.com",
        headers={"Authorization": "Token admin-token"},
    ) as client:
        yield Site(neutron, neutron_proxy, lab, client)


@pytest.fixture
async def worker(database, conninfo, neutron, monkeypatch):  # noqa: ARG001 - it starts the cloud
    """A worker with short delays in this process."""
    hasten(monkeypatch.setattr)
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(Settings(pull_interval=7200), conninfo, stop=stop))
    yield task
    stop.set()
    await asyncio.wait_for(task, PATIENCE_SECONDS)


@pytest.fixture
def clouds_file(neutron) -> str:  # noqa: ARG001 - it sets the variable
    return os.environ["OS_CLIENT_CONFIG_FILE"]


@pytest.fixture
def struck(record_property):
    """Record what was injected, for the summary at the end of the run."""

    def note(operation: str, trouble: str, outcome: str) -> None:
        record_property("fault", [operation, trouble, outcome])

    return note
