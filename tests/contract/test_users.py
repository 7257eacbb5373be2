"""Users: all see themselves, staff and support see all; secrets are never shown again."""

from uuid import UUID

import pytest
from tests.contract.parsing import client_over
from tests.factories.world import USERS
from waldur_api_client.api.users import users_me_retrieve, users_retrieve
from waldur_api_client.models.users_me_retrieve_field_item import UsersMeRetrieveFieldItem
from waldur_api_client.types import UNSET

ME = "/api/users/me/"
LIST = "/api/users/"
NOT_FOUND = {"detail": "No User matches the given query."}


async def uuid_of(world, name: str) -> UUID:
    return await world.value("SELECT uuid FROM users WHERE username = %s", name)


async def test_every_user_sees_itself(api, world):
    for user in USERS:
        shown = (await api(user).get(ME)).json()
        # Portals continue with the token of the request, which is shown here and nowhere else.
        assert shown.pop("token") == f"{user}-token"
        own = await uuid_of(world, user)
        assert shown["username"] == user
        assert shown["uuid"] == own.hex
        assert shown["url"] == f"http://api.example.com/api/users/{own.hex}/"
        assert (await api(user).get(shown["url"])).json() == shown
        assert (shown["is_staff"], shown["is_support"]) == (user == "staff", user == "support")
        assert f"{user}-token" not in str(shown)


async def test_a_user_is_shown_with_its_roles_and_their_scopes(api, world):
    project = (await api("admin").get(ME)).json()["permissions"]
    customer = (await api("owner").get(ME)).json()["permissions"]
    assert [(held["role_name"], held["scope_type"]) for held in project + customer] == [
        ("PROJECT.ADMIN", "project"),
        ("CUSTOMER.OWNER", "customer"),
    ]
    assert project[0]["scope_uuid"] == project[0]["project_uuid"] == world.project_uuid.hex
    assert customer[0]["scope_uuid"] == customer[0]["customer_uuid"] == world.customer_uuid.hex
    assert project[0]["customer_name"] == "Acme"
    assert (await api("unrelated").get(ME)).json()["permissions"] == []


async def test_the_published_client_reads_a_user(api, world):
    client = client_over(api("admin"))
    me = await users_me_retrieve.asyncio(client=client)
    assert me.username == "admin"
    assert me.permissions[0].role_name == "PROJECT.ADMIN"
    assert me.token == "admin-token"
    me.token = UNSET
    assert await users_retrieve.asyncio(me.uuid, client=client) == me
    fields = [UsersMeRetrieveFieldItem.USERNAME, UsersMeRetrieveFieldItem.UUID]
    few = await users_me_retrieve.asyncio(client=client, field=fields)
    assert (few.username, few.uuid, few.url) == ("admin", await uuid_of(world, "admin"), UNSET)


async def test_a_list_shows_itself_and_to_staff_and_support_all(api, world):
    for user in USERS:
        response = await api(user).get(LIST, params={"page_size": 100})
        wanted = set(USERS) if user in {"staff", "support"} else {user}
        assert [shown["username"] for shown in response.json()] == sorted(wanted)
        assert response.headers["X-Result-Count"] == str(len(wanted))
        assert 'rel="first"' in response.headers["Link"]
        counted = await api(user).head(LIST)
        assert (counted.headers["X-Result-Count"], counted.content) == (str(len(wanted)), b"")
        for name in USERS:
            found = await api(user).get(f"{LIST}{await uuid_of(world, name)}/")
            assert (found.status_code == 200) == (name in wanted)
            assert found.status_code == 200 or found.json() == NOT_FOUND


@pytest.mark.usefixtures("world")
async def test_a_list_is_narrowed_and_ordered(api):
    cases = [
        ({"username": "admin"}, ["admin"]),
        ({"username": "adm"}, []),
        ({"query": "ADM"}, ["admin"]),
        ({"full_name": "support"}, ["customer-support", "support"]),
        ({"is_staff": "true"}, ["staff"]),
        ({"is_support": "true"}, ["support"]),
        ({"is_active": "false"}, []),
        ({"query": "manager", "o": "-username"}, ["manager", "customer-manager"]),
        ({"query": "manager", "o": "email"}, ["customer-manager", "manager"]),
    ]
    for query, names in cases:
        shown = (await api("staff").get(LIST, params=query)).json()
        assert [user["username"] for user in shown] == names, query


@pytest.mark.usefixtures("world")
async def test_who_is_not_there_is_not_found(client):
    for path in ("nobody/", f"{UUID(int=1).hex}/", "me/token/"):
        response = await client.get(LIST + path)
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_without_a_token_nothing_is_returned(api):
    for path in (ME, LIST, "/api/auth-tokens/", "/api/events/", "/api/version/"):
        assert (await api(None).get(path)).status_code == 401
