"""The published client, connected to the application in process, whose models parse responses."""

import httpx
from waldur_api_client import AuthenticatedClient


def client_over(http: httpx.AsyncClient) -> AuthenticatedClient:
    """Return a client for `asyncio` calls that sends its requests through `http`."""
    client = AuthenticatedClient(str(http.base_url), "unused")
    client.set_async_httpx_client(http)
    return client
