"""PUT and PATCH of a group's name and description."""

import pytest
from tests.contract.paths import group_at

DEFAULT = "Default security group is managed by OpenStack itself."


async def jobs(world):
    return await world.value("SELECT count(*) FROM procrastinate_jobs")


async def state_of(world, group):
    return await world.one("SELECT state, version FROM security_groups WHERE uuid = %s", group)


async def test_put_sets_both_fields_and_returns_only_them(client, world):
    group = await world.group(description="old")
    response = await client.put(group_at(group), json={"name": "new", "description": "newer"})
    assert response.status_code == 200
    assert response.json() == {"name": "new", "description": "newer"}
    shown = (await client.get(group_at(group))).json()
    assert (shown["name"], shown["description"]) == ("new", "newer")
    assert shown["state"] == "UPDATE_SCHEDULED"
    assert await state_of(world, group) == ("UPDATE_SCHEDULED", 2)
    task = await world.one(
        "SELECT task_name, args - 'request_id' - 'asked_by', lock FROM procrastinate_jobs"
    )
    assert task == ("push_group", {"security_group": group.hex}, f"security_group:{group}")


async def test_omitted_fields_do_not_change(client, world):
    group = await world.group("web", description="old")
    response = await client.put(group_at(group), json={"name": "new"})
    assert response.json() == {"name": "new", "description": "old"}
    await world.execute("UPDATE security_groups SET state = 'OK'")
    response = await client.patch(group_at(group), json={"description": ""})
    assert response.json() == {"name": "new", "description": ""}


async def test_an_update_that_changes_nothing_schedules_nothing(client, world):
    # Waldur schedules an update, even for an empty PATCH.
    group = await world.group("web", description="old")
    for method, body in {
        "PATCH": {},
        "PUT": {"name": "web"},
        "patch": {"name": " web ", "description": "old", "unknown": 1},
    }.items():
        response = await client.request(method.upper(), group_at(group), json=body)
        assert response.status_code == 200
        assert response.json() == {"name": "web", "description": "old"}
    assert (await client.patch(group_at(group))).status_code == 200
    assert await state_of(world, group) == ("OK", 1)
    assert await jobs(world) == 0


BLANK = "This field may not be blank."
NULL = "This field may not be null."
NO_STRING = "Not a valid string."
LONG_NAME = "Ensure this field has no more than 150 characters."
LONG_DESCRIPTION = "Ensure this field has no more than 255 characters."
NO_NULL = "Null characters are not allowed."

WRONG = [
    ("PUT", b"{}", {"name": ["This field is required."]}),
    ("PUT", b'{"description": "x"}', {"name": ["This field is required."]}),
    ("PATCH", b'{"name": ""}', {"name": [BLANK]}),
    ("PATCH", b'{"name": "  "}', {"name": [BLANK]}),
    ("PATCH", b'{"name": null}', {"name": [NULL]}),
    ("PATCH", b'{"name": true}', {"name": [NO_STRING]}),
    ("PATCH", b'{"name": []}', {"name": [NO_STRING]}),
    ("PATCH", b'{"name": {}}', {"name": [NO_STRING]}),
    ("PATCH", b'{"name": "%s"}' % (b"x" * 151), {"name": [LONG_NAME]}),
    ("PATCH", b'{"name": "a\\u0000"}', {"name": [NO_NULL]}),
    ("PATCH", b'{"name": "\\ud800"}', {"name": [NO_STRING]}),
    ("PATCH", b'{"description": null}', {"description": [NULL]}),
    ("PATCH", b'{"description": false}', {"description": [NO_STRING]}),
    ("PATCH", b'{"description": "\\u0000"}', {"description": [NO_NULL]}),
    ("PATCH", b'{"description": "%s"}' % (b"x" * 256), {"description": [LONG_DESCRIPTION]}),
    ("PUT", b'{"name": "", "description": null}', {"name": [BLANK], "description": [NULL]}),
    ("PUT", b'{"name": "default"}', {"name": [DEFAULT]}),
    ("PUT", b'{"name": " default "}', {"name": [DEFAULT]}),
    ("PUT", b'{"name": "Default"}', {"name": [DEFAULT]}),
    ("PUT", b'{"name": "taken"}', {"name": ["Security group name should be unique."]}),
    *(
        (
            method,
            body,
            {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]},
        )
        for method in ("PUT", "PATCH")
        for body, kind in ((b"[]", "list"), (b'"x"', "str"), (b"1", "int"), (b"true", "bool"))
    ),
    ("PUT", b"null", {"non_field_errors": ["No data provided"]}),
]


async def test_errors_of_name_and_description_are_waldurs_messages(client, world):
    await world.group("taken")
    group = await world.group("web")
    headers = {"Content-Type": "application/json"}
    for method, content, expected in WRONG:
        response = await client.request(method, group_at(group), content=content, headers=headers)
        assert (response.status_code, response.json()) == (400, expected), content[:80]
    assert await state_of(world, group) == ("OK", 1)
    assert await jobs(world) == 0


RIGHT = [
    ({"name": " new "}, {"name": "new", "description": ""}),
    ({"name": 5}, {"name": "5", "description": ""}),
    ({"name": 1.5}, {"name": "1.5", "description": ""}),
    ({"name": "TAKEN"}, {"name": "TAKEN", "description": ""}),
    ({"name": "foreign"}, {"name": "foreign", "description": ""}),
    ({"name": "é" * 150}, {"name": "é" * 150, "description": ""}),
    ({"description": " " + "x" * 255}, {"name": "web", "description": "x" * 255}),
    ({"description": 0}, {"name": "web", "description": "0"}),
    ({"name": "<b>&\\"}, {"name": "<b>&\\", "description": ""}),
]


async def test_text_is_trimmed_numbers_become_strings_and_names_differ_by_case(client, world):
    await world.group("taken")
    await world.group("foreign", tenant_id=world.foreign_tenant_id)
    group = await world.group("web")
    for body, expected in RIGHT:
        await world.execute(
            "UPDATE security_groups SET state = 'OK', name = 'web', description = '' "
            "WHERE uuid = %s",
            group,
        )
        response = await client.patch(group_at(group), json=body)
        assert (response.status_code, response.json()) == (200, expected)


async def test_the_default_group_is_not_renamed(client, world):
    group = await world.group("default")
    for body in ({"name": "x"}, {"name": "default"}, {"name": ""}, {}):
        response = await client.put(group_at(group), json=body)
        assert (response.status_code, response.json()) == (400, {"name": DEFAULT})


STATES = ["CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING", "ERRED"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_update_needs_a_group_that_is_ok(client, world, method):
    for state in [*STATES, "DELETION_SCHEDULED", "DELETING"]:
        group = await world.group(state, state=state)
        # The state is checked before the body is validated.
        response = await client.request(method, group_at(group), content=b"{")
        assert response.status_code == 409
        assert response.json()["detail"] == "Valid states for operation: OK."
        assert f"The security group is {state}" in response.json()["hint"]


async def test_permission_comes_before_state_and_body(api, world):
    group = await world.group(state="UPDATING")
    response = await api("member").put(group_at(group), content=b"{")
    assert response.status_code == 403
    assert response.json() == {"detail": "You do not have permission to perform this action."}


async def test_a_twin_changes_its_description_and_may_take_a_name_of_its_own(client, world):
    await world.group("web")
    twin = await world.group("web", is_duplicate_name=True)
    assert (await client.patch(group_at(twin), json={"description": "x"})).status_code == 200
    await world.execute("UPDATE security_groups SET state = 'OK'")
    assert (await client.patch(group_at(twin), json={"name": "web2"})).status_code == 200
    is_duplicate_name = await world.value(
        "SELECT is_duplicate_name FROM security_groups WHERE uuid = %s", twin
    )
    assert is_duplicate_name is False


async def test_a_rename_shows_in_the_rules_that_name_the_group(client, world):
    remote = await world.group("db")
    remote_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", remote)
    group = await world.group(
        rules=[{"ethertype": "IPv4", "direction": "ingress", "remote_group_id": remote_id}]
    )
    await client.patch(group_at(remote), json={"name": "database"})
    (rule,) = (await client.get(group_at(group))).json()["rules"]
    assert rule["remote_group_name"] == "database"


async def test_a_change_records_an_event_with_old_and_new_values(client, world):
    group = await world.group("web")
    await client.patch(group_at(group), json={"name": "new"})
    event = await world.one(
        "SELECT event_type, username, security_group_uuid, tenant_uuid, context FROM events"
    )
    assert event == (
        "resource_update_scheduled",
        "admin",
        group,
        world.tenant_uuid,
        {
            "from": {"name": "web", "description": ""},
            "to": {"name": "new", "description": ""},
            "version": 2,
        },
    )
