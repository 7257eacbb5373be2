"""Deleting, pulling and unlinking a group."""

from uuid import uuid4

from tests.contract.paths import GROUPS, group_at

from ringfence.security_groups.read_model import documents

DEFAULT = {"name": "Default security group is managed by OpenStack itself."}


def not_at_rest(state):
    return {
        "detail": "Valid states for operation: OK, ERRED.",
        "hint": f"The security group is {state}: wait until it is OK or ERRED.",
    }


UNDER_WAY = [
    *("CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"),
    *("DELETION_SCHEDULED", "DELETING"),
]
PULLED = {"detail": "Pull operation was successfully scheduled."}


async def jobs(world):
    return await world.value("SELECT array_agg(task_name ORDER BY id) FROM procrastinate_jobs")


async def naming(world, remote, name="naming", **columns):
    """Create a group with one rule that refers to another group."""
    remote_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", remote)
    rule = {"ethertype": "IPv4", "direction": "ingress", "remote_group_id": remote_id}
    return await world.group(name, rules=[rule], **columns)


async def test_delete_returns_204_and_the_group_waits_for_the_cloud(client, world):
    # Waldur returns 202, which clients of the documented release reject.
    for state in ("OK", "ERRED"):
        group = await world.group(state, state=state, error_message="no")
        response = await client.delete(group_at(group))
        assert (response.status_code, response.content) == (204, b"")
        shown = (await client.get(group_at(group))).json()
        assert (shown["state"], shown["error_message"]) == ("DELETION_SCHEDULED", "")
    assert await jobs(world) == ["delete_group"] * 2


async def test_delete_of_a_group_under_way_is_a_409(client, world):
    for state in UNDER_WAY:
        group = await world.group(state, state=state)
        response = await client.delete(group_at(group))
        assert (response.status_code, response.json()) == (409, not_at_rest(state))
    assert await jobs(world) is None


async def test_the_default_group_is_not_deleted(client, world):
    group = await world.group("default")
    response = await client.delete(group_at(group))
    assert (response.status_code, response.json()) == (400, DEFAULT)
    assert await jobs(world) is None


async def test_pull_of_a_stable_group_schedules_it_and_a_second_one_is_a_409(client, world):
    for state in ("OK", "ERRED"):
        group = await world.group(state, state=state, error_message="no", error_traceback="x")
        response = await client.post(group_at(group, "pull/"))
        assert (response.status_code, response.json()) == (202, PULLED)
        shown = (await client.get(group_at(group))).json()
        # A new operation clears the error of the last one.
        assert (shown["state"], shown["error_message"]) == ("UPDATE_SCHEDULED", "")
        response = await client.post(group_at(group, "pull/"))
        assert (response.status_code, response.json()) == (409, not_at_rest("UPDATE_SCHEDULED"))
    assert await jobs(world) == ["pull_group"] * 2
    versions = await world.value("SELECT max(version) FROM security_groups")
    assert versions == 1


async def test_pull_works_on_the_default_group_and_ignores_a_body(client, world):
    group = await world.group("default")
    response = await client.post(group_at(group, "pull/"), content=b"{")
    assert response.status_code == 202


async def test_pull_of_a_group_that_is_not_in_the_cloud_is_a_409(client, world):
    # Waldur returns 400, which clients of the documented release reject: they accept 202 and 409.
    group = await world.group(backend_id="")
    response = await client.post(group_at(group, "pull/"))
    assert response.status_code == 409
    assert "nothing to pull" in response.json()["detail"]
    assert "rollback/" in response.json()["hint"]
    assert await jobs(world) is None


async def test_pull_of_a_group_under_way_is_a_409(client, world):
    for state in UNDER_WAY:
        group = await world.group(state, state=state)
        response = await client.post(group_at(group, "pull/"))
        assert (response.status_code, response.json()) == (409, not_at_rest(state))


async def test_unlink_removes_a_group_in_any_state_without_the_cloud(api, world):
    staff = api("staff")
    for state in ["OK", "ERRED", *UNDER_WAY]:
        name = "default" if state == "OK" else state
        rule = {"ethertype": "IPv4", "direction": "ingress"}
        group = await world.group(name, state=state, rules=[rule])
        response = await staff.post(group_at(group, "unlink/"))
        assert (response.status_code, response.content) == (204, b"")
        assert (await staff.get(group_at(group))).status_code == 404
    assert await world.value("SELECT count(*) FROM security_group_rules") == 0
    assert await world.value("SELECT count(*) FROM security_group_documents") == 0
    assert await jobs(world) is None


async def test_unlink_is_refused_before_the_group_is_looked_up(api, world):
    group = await world.group()
    for user in ("support", "owner", "admin", "member", "unrelated"):
        for path in (group_at(group), group_at(uuid4()), f"{GROUPS}garbage/"):
            assert (await api(user).post(f"{path}unlink/")).status_code == 403


async def test_unlink_leaves_the_rules_that_name_the_group_unresolved_and_never_open(api, world):
    # Waldur deletes these rules silently.
    remote = await world.group("db", backend_id="f" * 32)
    group = await naming(world, remote)
    await api("staff").post(group_at(remote, "unlink/"))
    (rule,) = (await api("admin").get(group_at(group))).json()["rules"]
    assert (rule["remote_group"], rule["remote_group_name"]) == (None, "db")
    assert "remote_group_uuid" not in rule
    row = await world.one(
        "SELECT cidr, remote_group_id, unresolved_group_backend_id, unresolved_group_name "
        "FROM security_group_rules"
    )
    assert row == (None, None, "f" * 32, "db")
    async with world.database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_unlink_of_a_group_that_never_reached_the_cloud_leaves_no_open_rule(api, world):
    remote = await world.group("db", backend_id="", state="ERRED")
    await naming(world, remote)
    await api("staff").post(group_at(remote, "unlink/"))
    row = await world.one(
        "SELECT unresolved_group_backend_id, unresolved_group_name FROM security_group_rules"
    )
    assert row == ("", "db")


async def test_unlink_of_a_group_that_names_itself_takes_its_rules_along(api, world):
    group = await world.group("self")
    await world.execute(
        "INSERT INTO security_group_rules "
        "(security_group_id, position, ethertype, direction, remote_group_id) "
        "SELECT id, 0, 'IPv4', 'ingress', id FROM security_groups"
    )
    assert (await api("staff").post(group_at(group, "unlink/"))).status_code == 204
    assert await world.value("SELECT count(*) FROM security_group_rules") == 0
