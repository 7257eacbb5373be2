"""A cached identity decides nothing: each read checks it again in the database."""

import pytest
from tests.contract.paths import GROUPS, group_at


async def list_status(client):
    response = await client.get(GROUPS)
    return response.status_code, response.headers.get("X-Result-Count")


@pytest.fixture
async def remembered(client, world):
    """Return a client whose identity is cached and whose user can see one of two groups."""
    await world.group("own")
    await world.group("foreign", tenant_id=world.foreign_tenant_id)
    assert await list_status(client) == (200, "1")
    assert await list_status(client) == (200, "1")
    return client


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("DELETE FROM tokens", "Invalid token."),
        ("UPDATE tokens SET expires = now()", "Token has expired."),
        ("UPDATE users SET is_active = false", "User inactive or deleted."),
    ],
)
async def test_a_token_that_ends_opens_nothing_at_the_very_next_read(
    remembered, world, change, detail
):
    group = await world.value("SELECT uuid FROM security_groups WHERE name = 'own'")
    await world.execute(change)
    for ask, path in (
        (remembered.get, GROUPS),
        (remembered.head, GROUPS),
        (remembered.get, group_at(group)),
        # Errors of a request are returned only to authenticated clients.
        (remembered.get, GROUPS + "?state=bogus"),
        (remembered.get, GROUPS + "?page=0"),
        (remembered.get, GROUPS + "no-such-thing/"),
    ):
        response = await ask(path)
        assert response.status_code == 401, path
        if ask == remembered.get:
            assert response.json() == {"detail": detail}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ("DELETE FROM role_grants", "0"),
        ("UPDATE users SET is_staff = true", "2"),
        (
            (
                "INSERT INTO role_grants (user_id, role, project_id) "
                "SELECT users.id, 'PROJECT.MEMBER', projects.id FROM users, projects "
                "ON CONFLICT DO NOTHING"
            ),
            "2",
        ),
        ("UPDATE tokens SET project_id = (SELECT max(id) FROM projects)", "0"),
    ],
)
async def test_the_scope_of_a_user_changes_with_the_next_read(remembered, world, change, count):
    await world.execute(change)
    assert await list_status(remembered) == (200, count)
    group = await world.value("SELECT uuid FROM security_groups WHERE name = 'own'")
    status = (await remembered.get(group_at(group))).status_code
    assert status == (200 if count != "0" else 404)


async def test_tracebacks_go_with_the_flag_that_shows_them(api, world):
    await world.group(state="ERRED", error_message="oh", error_traceback="line 1")
    staff = api("staff")
    for is_staff, shown in ((True, "line 1"), (False, ""), (True, "line 1")):
        await world.execute(
            "UPDATE users SET is_staff = %s, is_support = true WHERE username = 'staff'", is_staff
        )
        (group,) = (await staff.get(GROUPS)).json()
        assert group["error_traceback"] == shown


async def test_several_roles_in_one_scope_show_each_group_once(client, world):
    await world.group()
    grant = """
        INSERT INTO role_grants (user_id, role, project_id, customer_id)
        SELECT users.id, %s, %s, %s FROM users WHERE username = 'admin'
    """
    await world.execute(grant, "PROJECT.MANAGER", world.project_id, None)
    await world.execute(grant, "CUSTOMER.OWNER", None, world.customer_id)
    response = await client.get(GROUPS)
    assert (len(response.json()), response.headers["X-Result-Count"]) == (1, "1")
