"""Paths of the ancestors of groups, and every URL in a response."""

import json
import re
from collections.abc import Iterator

TENANTS = "/api/openstack-tenants/"
CUSTOMERS = "/api/customers/"
PROJECTS = "/api/projects/"
CLOUDS = "/api/service-settings/"

COLLECTIONS = (TENANTS, CUSTOMERS, PROJECTS, CLOUDS)

_URL = re.compile(r'"http://api\.example\.com(/[^"]*)"')


def urls_in(response: object) -> Iterator[str]:
    """Return the path of each URL in a response."""
    yield from _URL.findall(json.dumps(response))


async def names(client, path: str, **query) -> list[str]:
    """Return the names in a list, after checking its count."""
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    counted = await client.head(path, params=query)
    assert counted.headers["X-Result-Count"] == response.headers["X-Result-Count"]
    assert response.headers["X-Result-Count"] == str(len(response.json()))
    assert not counted.content
    return [found["name"] for found in response.json()]
