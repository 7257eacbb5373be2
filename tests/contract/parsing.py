"""The published client over the application in process: its models parse what is answered."""

import httpx
from waldur_api_client import AuthenticatedClient


def client_over(http: httpx.AsyncClient) -> AuthenticatedClient:
    """Give a client for `asyncio` calls that speaks through `http`, as that one's user."""
    client = AuthenticatedClient(str(http.base_url), "unused")
    client.set_async_httpx_client(http)
    return client
