"""The application, with clients of different IP addresses."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.factories.world import World, make_world

from ringfence.app import create_app
from ringfence.settings import Settings


@pytest.fixture
async def world(database) -> World:
    return await make_world(database)


@pytest.fixture
async def at(database):
    """Yield a function that creates a client of an application with these settings."""
    clients = []

    def client_of(client_ip="127.0.0.1", **settings):
        app = create_app(Settings(**settings))
        app.state.database = database
        transport = httpx.ASGITransport(app=app, client=(client_ip, 4711))
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://localhost"))
        return clients[-1]

    yield client_of
    for client in clients:
        await client.aclose()


def samples(text):
    """Return each sample by name and labels, as Prometheus' parser returns them."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
