"""Read from the API what an upgrade must keep: lists, versions and events."""

from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from ringfence.app import create_app
from ringfence.database.pool import Database
from ringfence.settings import Settings
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms

READER = "staff"
GROUPS = "/api/openstack-security-groups/"
LISTS = (
    GROUPS,
    "/api/openstack-tenants/",
    "/api/service-settings/",
    "/api/customers/",
    "/api/projects/",
    "/api/users/",
    "/api/events/",
)


@asynccontextmanager
async def staff_client(database: Database):
    """Yield a client of the application with a new token of a staff user."""
    app = create_app(Settings(allowed_hosts="api.example.com"))
    app.state.database = database
    token = await issue_token(database, READER, Terms(timedelta(days=1)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://api.example.com",
        headers={"Authorization": f"Token {token}"},
    ) as client:
        yield client


async def read_all(client: httpx.AsyncClient) -> dict[str, dict[str, dict]]:
    """Return objects by UUID by path of their list, and the versions of each group by number."""
    found = {}
    for path in LISTS:
        objects = await _list(client, path)
        # Its token is new each time, and shown.
        found[path] = {each["uuid"]: each for each in objects if each.get("username") != READER}
    for uuid in list(found[GROUPS]):
        path = f"{GROUPS}{uuid}/versions/"
        found[path] = {}
        for version in await _list(client, path):
            number = version["number"]
            response = await client.get(f"{path}{number}/")
            assert response.status_code == 200, response.text
            found[path][str(number)] = response.json()
    return found


async def _list(client: httpx.AsyncClient, path: str) -> list[dict]:
    objects, page = [], 1
    while True:
        response = await client.get(path, params={"page": page, "page_size": 100})
        assert response.status_code == 200, response.text
        objects += response.json()
        if len(objects) >= int(response.headers["X-Result-Count"]):
            return objects
        page += 1
