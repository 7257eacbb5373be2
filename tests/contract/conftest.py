"""Clients of the application: over HTTP, on a real PostgreSQL."""

import httpx
import pytest
from tests.contract import described
from tests.factories.world import World, make_world

from ringfence.app import create_app
from ringfence.settings import Settings


@pytest.fixture
async def world(database) -> World:
    return await make_world(database)


@pytest.fixture
def app(database):
    app = create_app(Settings(allowed_hosts="api.example.com, other.example"))
    app.state.database = database
    return app


@pytest.fixture
async def api(app):
    """Return a function that creates a client for a user of the world (None: no credentials)."""
    clients: list[httpx.AsyncClient] = []

    def client_of(user: str | None = "admin", **headers: str) -> httpx.AsyncClient:
        if user is not None:
            headers = {"Authorization": f"Token {user}-token"} | headers
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://api.example.com",
            headers=headers,
            event_hooks={"response": [described.check]},
        )
        clients.append(client)
        return client

    yield client_of
    for client in clients:
        await client.aclose()


@pytest.fixture
def client(api) -> httpx.AsyncClient:
    """Return the client of a project administrator."""
    return api("admin")
