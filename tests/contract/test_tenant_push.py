"""`push_security_groups` of a tenant: replaces its groups by those in the request."""

from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at, tenant_at, to_group
from tests.factories.world import set_quotas

from ringfence.security_groups.read_model import documents

NEWER = {"Accept": "application/json; version=2026-10"}
RULE_ROW = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "cidr": "10.0.0.0/8"}


@pytest.fixture
def push(client, world):
    async def send(body, **options):
        path = tenant_at(world.tenant_uuid, "push_security_groups/")
        return await client.post(path, json=body, **options)

    return send


async def states(client):
    groups = (await client.get(GROUPS, params={"page_size": 100})).json()
    return {group["name"]: group["state"] for group in groups}


async def jobs(world):
    async with world.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT job.task_name, sg.name FROM procrastinate_jobs AS job"
            " JOIN security_groups AS sg ON hex(sg.uuid) = job.args ->> 'security_group'"
        )
        return sorted(await cursor.fetchall())


async def test_groups_are_created_replaced_and_scheduled_for_deletion(client, world, push):
    web = await world.group("web", rules=[RULE_ROW])
    await world.group("old")
    await world.group("default")
    response = await push(
        [
            {"uuid": str(web), "name": "front", "description": "new", "rules": [a_rule()]},
            {"name": "db", "rules": [{**a_rule(cidr=None), "remote_group_name": "front"}]},
        ]
    )
    assert (response.status_code, response.content) == (200, b"")
    assert await states(client) == {
        "front": "UPDATE_SCHEDULED",
        "db": "CREATION_SCHEDULED",
        "old": "DELETION_SCHEDULED",
        "default": "OK",
    }
    assert await jobs(world) == [
        ("delete_group", "old"),
        ("push_group", "db"),
        ("push_group", "front"),
    ]
    (db,) = (await client.get(GROUPS, params={"name": "db"})).json()
    assert [rule["remote_group_uuid"] for rule in db["rules"]] == [web.hex]
    front = (await client.get(group_at(web))).json()
    assert (front["description"], len(front["rules"])) == ("new", 1)
    versions = await world.value(
        "SELECT array_agg((sg.name, version.number)::text ORDER BY sg.name, version.number)"
        " FROM security_group_versions AS version"
        " JOIN security_groups AS sg ON version.security_group_id = sg.id"
        " WHERE version.author_id IS NOT NULL"
    )
    assert versions == ["(db,1)", "(front,2)"]
    events = await world.value("SELECT array_agg(event_type ORDER BY event_type) FROM events")
    assert events == [
        "openstack_security_group_rules_changed",
        "resource_creation_scheduled",
        "resource_deletion_scheduled",
    ]
    async with world.database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_the_newer_contract_returns_202_with_a_status(push):
    response = await push([], headers=NEWER)
    assert response.status_code == 202
    assert response.json() == {"status": "Security groups update has been scheduled."}


async def test_groups_that_equal_the_desired_state_do_not_change(client, world, push):
    web = await world.group("web", rules=[RULE_ROW | {"from_port": 22, "to_port": 22}])
    broken = await world.group("broken", state="ERRED", error_message="no")
    shown = (await client.get(group_at(web))).json()
    # As a portal sends it back, including ids.
    same = {"uuid": web.hex, "name": "web", "rules": shown["rules"]}
    assert (await push([same, {"uuid": broken.hex, "name": "broken"}])).status_code == 200
    assert (await client.get(group_at(web))).json() == shown
    # Failed groups are pushed again.
    assert await jobs(world) == [("push_group", "broken")]


async def test_groups_may_name_each_other_and_the_default_group(client, world, push):
    default = await world.group("default")
    rule = a_rule(cidr=None)
    response = await push(
        [
            {"name": "a", "rules": [{**rule, "remote_group_name": "b"}]},
            {"name": "b", "rules": [{**rule, "remote_group_name": "a"}, to_group(default)]},
        ]
    )
    assert response.status_code == 200, response.text
    groups = (await client.get(GROUPS, params={"o": "name"})).json()
    found = {g["name"]: [rule["remote_group_name"] for rule in g["rules"]] for g in groups}
    assert found == {"a": ["b"], "b": ["a", "default"], "default": []}


async def test_a_group_that_is_to_go_cannot_be_named(world, push):
    going = await world.group("going")
    named = {**a_rule(cidr=None), "remote_group_name": "going"}
    response = await push([{"name": "a", "rules": [named]}, {"name": "b"}])
    message = "There will be no security group with name going in the tenant."
    assert response.status_code == 400
    # Waldur would drop the remote group and open the rule to any address.
    assert response.json() == [{"rules": [{"remote_group_name": [message]}]}, {}]
    response = await push([{"name": "a", "rules": [to_group(going)]}])
    missing = {"remote_group": ["Invalid hyperlink - Object does not exist."]}
    assert response.json() == [{"rules": [missing]}]


DEFAULT = "Default security group is managed by OpenStack itself."
WRONG = [
    ({}, {"non_field_errors": ['Expected a list of items but got type "dict".']}),
    (
        ["x", {"name": "ok"}],
        [{"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}, {}],
    ),
    ([{}], [{"name": ["This field is required."]}]),
    ([{"name": "default"}], [{"name": [DEFAULT]}]),
    ([{"name": "a", "uuid": "x"}], [{"uuid": ["Must be a valid UUID."]}]),
    ([{"name": "a", "uuid": None}], [{"uuid": ["This field may not be null."]}]),
    ([{"name": "a", "uuid": 5}], [{"uuid": ["Must be a valid UUID."]}]),
    (
        [{"name": " ", "description": None, "rules": {}}],
        [
            {
                "name": ["This field may not be blank."],
                "description": ["This field may not be null."],
                "rules": {
                    "non_field_errors": ['Expected a list of items but got type "dict".'],
                },
            }
        ],
    ),
    (
        [{"name": "a", "rules": [a_rule(), a_rule(direction="in")]}],
        [{"rules": [{}, {"direction": ['"in" is not a valid choice.']}]}],
    ),
    (
        [{"name": "a", "rules": [a_rule(remote_group_name=None)]}],
        [{"rules": [{"remote_group_name": ["This field may not be null."]}]}],
    ),
    (
        [{"name": "a", "rules": [a_rule(), a_rule()]}],
        [{"rules": ["Duplicate security group rules are not allowed."]}],
    ),
    (
        [{"name": "a"}, {"name": "a"}],
        {"security_groups": ["Security group names must be unique."]},
    ),
    (
        [{"name": "a"}, {"name": "web"}],
        {"name": ["Security group with this name already exists."]},
    ),
]


async def test_mistakes_are_named_group_by_group_and_nothing_changes(world, push):
    await world.group("web")
    for body, expected in WRONG:
        response = await push(body)
        assert (response.status_code, response.json()) == (400, expected), body
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0
    assert await world.value("SELECT count(*) FROM events") == 0


async def test_a_cidr_and_a_remote_group_by_name_exclude_each_other(push):
    response = await push([{"name": "a", "rules": [a_rule(remote_group_name="a")]}])
    message = "You can specify either the remote_group_id or cidr attribute, not both."
    assert (response.status_code, message in response.text) == (400, True)


async def test_a_group_of_another_tenant_is_not_the_tenants(world, push):
    foreign = await world.group("foreign", tenant_id=world.foreign_tenant_id)
    for uuid in (foreign, uuid4()):
        response = await push([{"uuid": uuid.hex, "name": "mine"}])
        message = f"Security group with UUID {uuid} does not belong to the tenant."
        assert response.status_code == 400
        assert response.json() == {"non_field_errors": [message]}


async def test_the_default_group_is_neither_renamed_nor_given_rules(world, push):
    default = await world.group("default")
    response = await push([{"uuid": default.hex, "name": "other"}])
    assert (response.status_code, response.json()) == (400, {"name": [DEFAULT]})


async def test_a_group_under_change_is_named_in_a_409(client, world, push):
    busy = await world.group("busy", state="UPDATING")
    await world.group("new", state="CREATING")
    await world.group("going", state="DELETING")
    for body in ([], [{"uuid": busy.hex, "name": "busy"}]):
        response = await push(body)
        assert response.status_code == 409
        assert response.json() == {
            "detail": "Valid states for operation: OK, ERRED."
            " Security groups in other states: busy, new.",
            "hint": "Wait until they are OK or ERRED.",
        }
    assert await states(client) == {"busy": "UPDATING", "new": "CREATING", "going": "DELETING"}


async def test_a_tenant_that_is_not_ok_is_a_409(world, push):
    await world.execute("UPDATE tenants SET state = 'UPDATING'")
    response = await push([])
    assert (response.status_code, response.json()) == (
        409,
        {"detail": "Valid states for operation: OK.", "hint": "The tenant is UPDATING."},
    )


async def test_a_group_counts_until_it_has_gone(world, push):
    web = await world.group("web", rules=[RULE_ROW])
    await set_quotas(world, security_group_count=1, security_group_rule_count=2)
    response = await push([{"name": "other"}])
    assert response.status_code == 400
    assert response.json() == [
        "One or more quotas were exceeded: security_group_count quota limit: 1, requires 2"
    ]
    two = [a_rule(), a_rule(to_port=23)]
    assert (await push([{"uuid": web.hex, "name": "web", "rules": two}])).status_code == 200
    await world.execute("UPDATE security_groups SET state = 'OK'")
    three = [*two, a_rule(to_port=24)]
    response = await push([{"uuid": web.hex, "name": "web", "rules": three}])
    assert response.json() == [
        "One or more quotas were exceeded: security_group_rule_count quota limit: 2, requires 3"
    ]
