"""`create_security_group` of a tenant."""

from uuid import UUID, uuid4

from tests.contract.paths import GROUPS, TENANTS, a_rule, group_at, tenant_at, to_group
from tests.contract.test_representation import FIELDS
from tests.factories.world import set_quotas

TAKEN = {"non_field_errors": ["Security group name should be unique."]}
DEFAULT = {"name": ["Default security group is managed by OpenStack itself."]}


async def create(client, world, body, **query):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    return await client.post(path, json=body, params=query)


async def count(world):
    return await world.value("SELECT count(*) FROM security_groups")


async def test_the_response_is_the_whole_group_before_the_cloud_has_it(client, world):
    remote = await world.group("db")
    body = {"name": " web ", "description": "x", "rules": [a_rule(), to_group(remote)]}
    response = await create(client, world, body)
    assert response.status_code == 201
    group = response.json()
    assert list(group) == list(FIELDS)
    assert (group["name"], group["description"]) == ("web", "x")
    assert (group["state"], group["backend_id"]) == ("CREATION_SCHEDULED", "")
    assert [rule.get("remote_group_uuid") for rule in group["rules"]] == [None, remote.hex]
    assert (await client.get(group_at(UUID(group["uuid"])))).json() == group
    job = await world.one("SELECT task_name, args->>'security_group' FROM procrastinate_jobs")
    assert job == ("push_group", group["uuid"])


async def test_the_response_is_the_group_as_created_however_soon_it_changes(client, world):
    # Change it at the commit, before any worker or user could.
    await world.execute(
        """
        CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN DELETE FROM security_groups WHERE id = NEW.id; RETURN NULL; END $$
        """
    )
    await world.execute(
        "CREATE CONSTRAINT TRIGGER vanish AFTER INSERT ON security_groups"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION vanish()"
    )
    response = await create(client, world, {"name": "web"})
    assert (response.status_code, response.json()["state"]) == (201, "CREATION_SCHEDULED")


async def test_rules_and_description_may_be_left_out(client, world):
    # Waldur requires `rules`, but its own clients omit it.
    response = await create(client, world, {"name": "web"})
    assert response.status_code == 201
    assert (response.json()["rules"], response.json()["description"]) == ([], "")


async def test_field_selects_fields_of_the_response_and_filters_have_no_effect(client, world):
    response = await create(client, world, {"name": "web"}, field=["name", "state"], state="OK")
    assert response.status_code == 201
    assert response.json() == {"name": "web", "state": "CREATION_SCHEDULED"}


async def test_unknown_keys_of_a_group_are_ignored(client, world):
    body = {"name": "web", "tags": ["x"], "uuid": "y", "state": "OK", "rules": [a_rule()]}
    response = await create(client, world, body)
    assert response.status_code == 201
    assert response.json()["state"] == "CREATION_SCHEDULED"


NEW = "to new security group"

WRONG = [
    ({"name": "taken"}, TAKEN),
    ({"name": "default"}, DEFAULT),
    ({"name": " default "}, DEFAULT),
    ({}, {"name": ["This field is required."]}),
    ({"name": None}, {"name": ["This field may not be null."]}),
    ({"name": ""}, {"name": ["This field may not be blank."]}),
    ({"name": "x" * 151}, {"name": ["Ensure this field has no more than 150 characters."]}),
    (
        {"name": "x", "description": None, "rules": [a_rule(), a_rule(from_port=0)]},
        {
            "description": ["This field may not be null."],
            "rules": [{}, {"from_port": ["Value should be in range [1, 65535], found 0"]}],
        },
    ),
    ({"name": "x", "rules": None}, {"rules": ["This field may not be null."]}),
    (
        {"name": "x", "rules": {}},
        {"rules": {"non_field_errors": ['Expected a list of items but got type "dict".']}},
    ),
    (
        {"name": "x", "rules": [a_rule(id=1)]},
        {"rules": [[f"Cannot add existed rule with id 1 {NEW}"]]},
    ),
    (
        {"name": "x", "rules": [a_rule(id=None)]},
        {"rules": [[f"Cannot add existed rule with id None {NEW}"]]},
    ),
    (
        {"name": "x", "rules": [a_rule(), a_rule(protocol="6")]},
        ["Duplicate security group rules are not allowed."],
    ),
    (
        {"name": "x", "rules": [to_group(uuid4())]},
        {"rules": [{"remote_group": ["Invalid hyperlink - Object does not exist."]}]},
    ),
    ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    (None, {"non_field_errors": ["No data provided"]}),
]


async def test_errors_are_waldurs_messages_and_nothing_is_created(client, world):
    await world.group("taken")
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    for body, expected in WRONG:
        content = b"null" if body is None else None
        headers = {"Content-Type": "application/json"}
        response = (
            await client.post(path, content=content, headers=headers)
            if content
            else await client.post(path, json=body)
        )
        assert (response.status_code, response.json()) == (400, expected), body
    assert await count(world) == 1
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0


async def test_a_name_is_taken_in_its_own_tenant_alone(client, world):
    await world.group("web", tenant_id=world.foreign_tenant_id)
    assert (await create(client, world, {"name": "web"})).status_code == 201
    assert (await create(client, world, {"name": "WEB"})).status_code == 201
    assert (await create(client, world, {"name": "web"})).json() == TAKEN


async def test_quotas_of_groups_and_rules_are_said_as_a_list(client, world):
    await set_quotas(world, security_group_count=1, security_group_rule_count=1)
    body = {"name": "web", "rules": [a_rule(), a_rule(protocol="udp")]}
    assert (await create(client, world, body)).json() == [
        "One or more quotas were exceeded: security_group_rule_count quota limit: 1, requires 2"
    ]
    assert (await create(client, world, {"name": "web"})).status_code == 201
    assert (await create(client, world, {"name": "db"})).json() == [
        "One or more quotas were exceeded: security_group_count quota limit: 1, requires 2"
    ]


async def test_a_tenant_that_is_not_ok_takes_no_group(client, world):
    for state in ("ERRED", "UPDATE_SCHEDULED", "CREATING"):
        await world.execute("UPDATE tenants SET state = %s", state)
        response = await create(client, world, {})
        assert (response.status_code, response.json()) == (
            409,
            {"detail": "Valid states for operation: OK.", "hint": f"The tenant is {state}."},
        )


async def test_a_tenant_that_is_unknown_or_out_of_scope_is_a_404(client, world):
    for path in (tenant_at(uuid4()), tenant_at(world.foreign_tenant_uuid), f"{TENANTS}x/"):
        response = await client.post(f"{path}create_security_group/", json={"name": "x"})
        assert response.status_code == 404
        assert response.json() == {"detail": "No Tenant matches the given query."}
    assert await count(world) == 0


async def test_a_host_that_is_not_allowed_creates_nothing(client, world):
    for host in ("a b", "x/y", "<script>", ""):
        response = await client.post(
            tenant_at(world.tenant_uuid, "create_security_group/"),
            json={"name": "x"},
            headers={"Host": host},
        )
        assert response.status_code == 400
        assert (await client.get(GROUPS, headers={"Host": host})).status_code == 400
    assert await count(world) == 0


async def test_a_creation_records_an_event_and_the_first_version(client, world):
    group = UUID((await create(client, world, {"name": "web"})).json()["uuid"])
    event = await world.one("SELECT event_type, username, security_group_uuid FROM events")
    assert event == ("resource_creation_scheduled", "admin", group)
    version = await world.one("SELECT number, cause, name FROM security_group_versions")
    assert version == (1, "user", "web")
