"""Where the neighbours of groups are, and every address that an answer contains."""

import json
import re
from collections.abc import Iterator

TENANTS = "/api/openstack-tenants/"
CUSTOMERS = "/api/customers/"
PROJECTS = "/api/projects/"
CLOUDS = "/api/service-settings/"

COLLECTIONS = (TENANTS, CUSTOMERS, PROJECTS, CLOUDS)

_ADDRESS = re.compile(r'"http://api\.example\.com(/[^"]*)"')


def addresses_in(answer: object) -> Iterator[str]:
    """Give the path of each address in an answer."""
    yield from _ADDRESS.findall(json.dumps(answer))


async def names(client, path: str, **query) -> list[str]:
    """Give the names of what a list shows, once its count is known to be right."""
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    counted = await client.head(path, params=query)
    assert counted.headers["X-Result-Count"] == response.headers["X-Result-Count"]
    assert response.headers["X-Result-Count"] == str(len(response.json()))
    assert not counted.content
    return [found["name"] for found in response.json()]
