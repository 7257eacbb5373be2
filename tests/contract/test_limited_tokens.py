"""Restricted tokens: read-only, or for one project."""

from uuid import uuid4

import pytest
from tests.factories.world import USERS

from ringfence.access.authentication import token_digest
from ringfence.app import OPERATIONS

GROUPS = "/api/openstack-security-groups/"
ME = "/api/users/me/"


@pytest.fixture
def issue(world, api):
    """Return a function that creates a client with a new token."""

    async def issued(user, **columns):
        secret = uuid4().hex
        values = {"user_id": world.users[user], "digest": token_digest(secret)} | columns
        await world.execute(
            f"INSERT INTO tokens ({', '.join(values)})"  # noqa: S608 - columns of this test
            f" VALUES ({', '.join(['%s'] * len(values))})",
            *values.values(),
        )
        return api(None, Authorization=f"Token {secret}")

    return issued


@pytest.fixture
async def other_project(world):
    """Return another project of the same customer, with a tenant and a group."""
    project, tenant = uuid4(), uuid4()
    await world.execute(
        "INSERT INTO projects (uuid, customer_id, name) VALUES (%s, %s, 'Shop')",
        project,
        world.customer_id,
    )
    await world.execute(
        "INSERT INTO tenants (uuid, project_id, cloud_id, name, backend_id)"
        " SELECT %s, id, %s, 'shop', 'shop' FROM projects WHERE uuid = %s",
        tenant,
        world.cloud_id,
        project,
    )
    tenant_id = await world.value("SELECT id FROM tenants WHERE uuid = %s", tenant)
    return await world.group("shop", tenant_id=tenant_id)


async def test_a_token_that_may_only_read_changes_nothing(world, issue):
    group = await world.group()
    before = await world.value("SELECT to_jsonb(g)::text FROM security_groups AS g")
    client = await issue("staff", is_read_only=True)
    assert (await client.get(f"{GROUPS}{group.hex}/")).status_code == 200
    uuids = {"uuid": group.hex, "user_id": str(world.users["staff"]), "number": "1"}
    tried = 0
    for operation in OPERATIONS:
        if not operation.changes:
            continue
        path = operation.path
        for name, value in uuids.items():
            path = path.replace(f"{{{name}}}", value)
        response = await client.request(operation.method, path, json={})
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "This token may only read; use one that may write."},
        ), operation.id
        tried += 1
    assert tried > 10
    assert await world.value("SELECT to_jsonb(g)::text FROM security_groups AS g") == before
    assert await world.value("SELECT count(*) FROM events") == 0


@pytest.mark.parametrize("user", [name for name, role in USERS.items() if role])
async def test_a_token_for_a_project_reaches_what_is_in_it(world, issue, api, other_project, user):
    inside = await world.group("inside")
    outside = await world.group("outside", tenant_id=world.foreign_tenant_id)
    client = await issue(user, project_id=world.project_id)

    listed = await client.get(GROUPS, params={"field": "name", "page_size": 100})
    assert listed.json() == [{"name": "inside"}]
    for group, status in ((inside, 200), (outside, 404), (other_project, 404)):
        assert (await client.get(f"{GROUPS}{group.hex}/")).status_code == status
        whole = await api(user).patch(f"{GROUPS}{group.hex}/", json={"description": "x"})
        limited = await client.patch(f"{GROUPS}{group.hex}/", json={"description": "x"})
        # Within the project, the token has the permissions of its user.
        expected = whole.status_code if group == inside else 404
        # The first request has changed it.
        assert limited.status_code == (409 if expected == 200 else expected)
    for path, count in (("/api/projects/", 1), ("/api/openstack-tenants/", 1)):
        counted = await client.head(path)
        assert counted.headers["X-Result-Count"] == str(count)


async def test_a_token_for_a_project_shows_no_role_elsewhere(world, issue, other_project):
    await world.execute(
        "INSERT INTO role_grants (user_id, role, project_id)"
        " SELECT %s, 'PROJECT.MEMBER', project_id FROM tenants WHERE id ="
        " (SELECT tenant_id FROM security_groups WHERE uuid = %s)",
        world.users["admin"],
        other_project,
    )
    for columns, roles in (({}, 2), ({"project_id": world.project_id}, 1)):
        client = await issue("admin", **columns)
        for path in (ME, "/api/users/?username=admin"):
            shown = (await client.get(path)).json()
            [user] = shown if isinstance(shown, list) else [shown]
            assert len(user["permissions"]) == roles, path


async def test_a_token_for_a_project_is_nothing_where_its_user_is_nobody(world, issue):
    await world.group()
    client = await issue("unrelated", project_id=world.project_id)
    assert (await client.get(GROUPS)).json() == []


async def test_staff_confined_to_a_project_is_not_staff_beyond_it(world, issue):
    group = await world.group()
    client = await issue("staff", project_id=world.project_id)
    for action in ("unlink", "set_ok", "set_erred"):
        assert (await client.post(f"{GROUPS}{group.hex}/{action}/")).status_code == 403
    shown = await client.get("/api/users/", params={"field": "username"})
    assert shown.json() == [{"username": "staff"}]
    for path in ("/api/events/",):
        assert (await client.get(path)).json() == []


async def test_a_token_for_a_project_does_not_show_the_account_of_its_user(world, issue, api):
    """Sign-ins, tokens and sessions belong to a user and to no project."""
    group = await world.group()
    browser = api(None, **{"X-Ringfence-Console": "1", "Origin": "http://api.example.com"})
    assert (await browser.post("/console/session/", json={"token": "admin-token"})).is_success
    assert (await api("admin").patch(f"{GROUPS}{group.hex}/", json={"name": "x"})).is_success
    kinds = {}
    for name, client in (
        ("whole", api("admin")),
        ("limited", await issue("admin", project_id=world.project_id)),
    ):
        kinds[name] = [each["event_type"] for each in (await client.get("/api/events/")).json()]
        count = (await client.get("/api/events/count/")).json()["count"]
        assert count == len(kinds[name])
    inside = "resource_update_scheduled"
    assert kinds == {"whole": [inside, "auth_session_started"], "limited": [inside]}
    event = await world.value("SELECT uuid FROM events WHERE event_type LIKE 'auth_%%'")
    limited = await issue("admin", project_id=world.project_id)
    assert (await limited.get(f"/api/events/{event.hex}/")).status_code == 404
    assert (await limited.get("/api/console-sessions/")).json() == []


async def test_a_limited_token_makes_and_ends_no_other(world, issue, api):
    uuid = (await api("admin").get(ME)).json()["uuid"]
    client = await issue("admin", project_id=world.project_id)
    limited = "Managing tokens requires a token without restrictions."
    for method, path in (
        ("POST", f"/api/users/{uuid}/refresh_token/"),
        ("DELETE", f"/api/auth-tokens/{world.users['admin']}/"),
    ):
        response = await client.request(method, path)
        assert (response.status_code, response.json()) == (403, {"detail": limited})
    assert (await api("admin").get(ME)).status_code == 200


async def test_a_token_goes_with_the_project_that_it_is_for(world, issue):
    project = await world.value(
        "INSERT INTO projects (customer_id, name) VALUES (%s, 'Brief') RETURNING id",
        world.customer_id,
    )
    client = await issue("staff", project_id=project)
    assert (await client.get(ME)).status_code == 200
    await world.execute("DELETE FROM projects WHERE id = %s", project)
    assert (await client.get(ME)).status_code == 401


async def test_uses_are_counted_in_memory_and_written_in_one_statement(world, app, api, database):
    for _ in range(3):
        await api("admin").get(ME)
    await api("staff").get(ME)
    await api(None, Authorization="Token nobody").get(ME)
    assert await world.value("SELECT sum(use_count) FROM tokens") == 0

    await app.state.token_uses.write(database)

    used = await world.one(
        "SELECT array_agg(use_count ORDER BY use_count), min(host(last_used_address)),"
        " max(now() - last_used) < interval '10 minutes'"
        " FROM tokens WHERE last_used IS NOT NULL"
    )
    assert used == ([1, 3], "127.0.0.1", True)
    await app.state.token_uses.write(database)
    assert await world.value("SELECT sum(use_count) FROM tokens") == 4
