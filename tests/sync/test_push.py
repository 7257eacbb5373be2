import pytest
from tests.lab.proxy import Cut
from tests.sync.conftest import cloud_tcp, tcp

from ringfence.neutron.port import (
    CloudUnreachable,
    GiveUp,
    GroupInUse,
    GroupNotFound,
    RemoteNotFound,
    Retry,
)
from ringfence.security_groups.rules import Rule, canonical
from ringfence.sync.pull import pull_group
from ringfence.sync.push import delete_group, push_group

WEB = tcp(443, cidr="0.0.0.0/0")
SSH = tcp(22)
PING = {"ethertype": "IPv6", "direction": "ingress", "protocol": "icmp"}


def keys(*rules):
    return {canonical(Rule(**rule)) for rule in rules}


async def push(place, uuid):
    return await push_group(place.database, place.clouds, uuid)


async def remove(place, uuid):
    return await delete_group(place.database, place.clouds, uuid)


async def test_a_new_group_gets_exactly_the_desired_rules(place):
    uuid = await place.ask(rules=[WEB, SSH, PING])

    assert await push(place, uuid)

    state, backend_id, version, applied, error, _ = await place.row(uuid)
    assert (state, version, applied, error) == ("OK", 1, 1, "")
    assert backend_id
    assert await place.keys(uuid) == keys(WEB, SSH, PING)
    assert await place.events() == ["security_group_created"]
    assert await place.documents_are_fresh()


async def test_a_rule_that_names_its_own_group_is_pushed(place):
    uuid = await place.ask(rules=[SSH])
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id = security_group_id"
    )

    await push(place, uuid)

    group = await place.found(uuid)
    assert [rule.remote_group_id for rule in group.rules] == [group.id]


async def test_keep_one_drop_one_add_two_is_one_bulk_post_and_one_delete(neutron, calls):
    uuid = await neutron.ask(rules=[WEB, SSH])
    await push(neutron, uuid)
    await neutron.change_rules(uuid, [WEB, tcp(80), tcp(8080)])
    calls.calls.clear()

    await push(neutron, uuid)

    made = [(call.method, call.path.split("/")[2].split("?")[0]) for call in calls.changes()]
    assert made == [("POST", "security-group-rules"), ("DELETE", "security-group-rules")]
    assert await neutron.keys(uuid) == keys(WEB, tcp(80), tcp(8080))
    assert (await neutron.row(uuid))[:4:2] == ("OK", 2)


async def test_what_is_equal_makes_one_read_and_no_other_call(neutron, calls):
    uuid = await neutron.ask(rules=[WEB, PING, tcp(1, to_port=65535)])
    await push(neutron, uuid)
    await neutron.change_rules(uuid, [tcp(1, to_port=65535, protocol="6"), PING, WEB])
    calls.calls.clear()

    await push(neutron, uuid)

    assert [call.method for call in calls.calls if "security-group" in call.path] == ["GET"]
    assert (await neutron.row(uuid))[0] == "OK"


async def test_a_group_is_renamed_and_described(place):
    uuid = await place.ask()
    await push(place, uuid)
    await place.world.execute("UPDATE security_groups SET name = 'new', description = 'why'")
    await place.schedule(uuid, "UPDATE_SCHEDULED")

    await push(place, uuid)

    group = await place.found(uuid)
    assert (group.name, group.description) == ("new", "why")


async def test_descriptions_longer_than_the_cloud_keeps_stay_whole_here(place):
    long = "why this door is open " * 50
    uuid = await place.ask(description=long, rules=[SSH | {"description": long}])

    await push(place, uuid)
    assert (await place.found(uuid)).description == long[:255]
    await place.schedule(uuid, "UPDATE_SCHEDULED")
    await pull_group(place.database, place.clouds, uuid)

    columns = "sg.description, rule.description, sg.state, sg.version"
    joined = "security_groups AS sg INNER JOIN security_group_rules AS rule"
    assert await place.world.one(
        f"SELECT {columns} FROM {joined} ON sg.id = rule.security_group_id"  # noqa: S608 - ours
    ) == (long, long, "OK", 1)


async def test_a_description_that_is_only_cut_makes_no_call(neutron, calls):
    long = "d" * 2000
    uuid = await neutron.ask(description=long, rules=[SSH | {"description": long}])
    await push(neutron, uuid)
    calls.calls.clear()
    await neutron.schedule(uuid, "UPDATE_SCHEDULED")

    await push(neutron, uuid)

    assert calls.changes() == []


async def test_a_creation_without_a_response_is_found_and_leaves_no_duplicate(neutron, calls):
    calls.fault("POST", "/security-groups", Cut(after=True))
    uuid = await neutron.ask(rules=[WEB])

    with pytest.raises(CloudUnreachable):
        await push(neutron, uuid)
    assert (await neutron.row(uuid))[0] == "CREATING"
    await push(neutron, uuid)

    named = await neutron.cloud.list_groups(neutron.project, name="web")
    assert [group.id for group in named] == [(await neutron.row(uuid))[1]]
    assert await neutron.keys(uuid) == keys(WEB)


async def test_a_creation_that_arrives_after_giving_up_leaves_no_duplicate(place, monkeypatch):
    create = place.cloud.create_group
    rules = place.cloud.create_rules
    late = []

    async def given_up(project, name, description, **_options):
        late.append((project, name, description))
        raise CloudUnreachable("The cloud did not respond in time.")

    async def arriving_meanwhile(project, group, asked):
        await create(*late[0])
        return await rules(project, group, asked)

    uuid = await place.ask(rules=[WEB])
    with monkeypatch.context() as patch:
        patch.setattr(place.cloud, "create_group", given_up)
        with pytest.raises(CloudUnreachable):
            await push(place, uuid)
    monkeypatch.setattr(place.cloud, "create_rules", arriving_meanwhile)

    await push(place, uuid)

    named = await place.cloud.list_groups(place.project, name="web")
    assert [group.id for group in named] == [(await place.row(uuid))[1]]
    assert await place.keys(uuid) == keys(WEB)


async def test_of_two_workers_that_create_one_group_the_slower_takes_its_own_away(
    place, monkeypatch
):
    uuid = await place.ask(rules=[WEB])
    create = place.cloud.create_group

    async def overtaken(project, name, description, **_options):
        monkeypatch.setattr(place.cloud, "create_group", create)
        found = await create(project, name, description)
        # The other one neither waits for this response nor finds its group.
        await place.world.execute("UPDATE security_groups SET creation_started = NULL")
        with monkeypatch.context() as patch:
            patch.setattr(place.cloud, "list_groups", nothing)
            await push(place, uuid)
        return found

    async def nothing(_project, *, name=None):  # noqa: ARG001 - the driver's face
        return []

    monkeypatch.setattr(place.cloud, "create_group", overtaken)

    with pytest.raises(Retry, match="changed while"):
        await push(place, uuid)

    named = await place.cloud.list_groups(place.project, name="web")
    assert [group.id for group in named] == [(await place.row(uuid))[1]]
    assert (await place.row(uuid))[0] == "OK"


async def test_a_foreign_group_of_the_same_name_is_not_taken_for_ours(place):
    foreign = await place.cloud.create_group(place.project, "web", "")
    await place.ask("known", backend_id=foreign.id, state="OK", applied_version=1)
    uuid = await place.ask("web", creation_started="2020-01-01")

    await push(place, uuid)

    assert (await place.row(uuid))[1] != foreign.id


async def test_rule_calls_without_a_response_are_found_by_reading_the_group(neutron, calls):
    uuid = await neutron.ask(rules=[WEB])
    calls.fault("POST", "/security-group-rules", Cut(after=True))
    with pytest.raises(CloudUnreachable):
        await push(neutron, uuid)
    calls.fault("DELETE", "/security-group-rules", Cut(after=True))
    with pytest.raises(CloudUnreachable):
        await push(neutron, uuid)

    await push(neutron, uuid)

    assert await neutron.keys(uuid) == keys(WEB)
    assert calls.count("POST", "/security-group-rules") == 1


async def test_a_rule_that_somebody_else_made_at_the_same_time_is_adopted(place, monkeypatch):
    uuid = await place.ask(rules=[WEB, SSH])
    create = place.cloud.create_rules
    met = []

    async def beaten_to_it(project, group, rules):
        if not met:
            met.append(await create(project, group, [cloud_tcp(22)]))
        return await create(project, group, rules)

    monkeypatch.setattr(place.cloud, "create_rules", beaten_to_it)

    await push(place, uuid)

    assert await place.keys(uuid) == keys(WEB, SSH)


async def test_a_remote_group_that_is_not_in_the_cloud_yet_is_waited_for(place):
    other = await place.ask("db")
    uuid = await place.ask("web", rules=[tcp(5432)])
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id ="
        " (SELECT id FROM security_groups WHERE name = 'db')"
    )

    with pytest.raises(Retry, match="db, which is not in the cloud yet"):
        await push(place, uuid)
    await push(place, other)
    await push(place, uuid)

    rules = (await place.found(uuid)).rules
    assert [rule.remote_group_id for rule in rules] == [(await place.row(other))[1]]


@pytest.mark.parametrize("backend_id", ["", "0123456789abcdef0123456789abcdef"])
async def test_an_unresolved_remote_group_is_never_pushed_as_any(place, backend_id):
    uuid = await place.ask(rules=[SSH])
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, unresolved_group_backend_id = %s,"
        " unresolved_group_name = 'gone'",
        backend_id,
    )

    with pytest.raises(RemoteNotFound if backend_id else GiveUp):
        await push(place, uuid)

    found = await place.found(uuid)
    assert all(rule.direction == "egress" for rule in found.rules)


async def test_a_group_that_is_missing_in_the_cloud_is_marked_as_missing(place):
    uuid = await place.ask(rules=[WEB])
    await push(place, uuid)
    await place.cloud.delete_group((await place.row(uuid))[1])
    await place.change_rules(uuid, [SSH])

    with pytest.raises(GroupNotFound, match="not found in the cloud"):
        await push(place, uuid)


async def test_the_default_group_gets_rules_and_is_neither_renamed_nor_deleted(place):
    await place.cloud.create_group(place.project, "web", "")
    default = (await place.cloud.list_groups(place.project, name="default"))[0]
    uuid = await place.ask(
        "default",
        rules=[WEB],
        backend_id=default.id,
        description=default.description,
        state="UPDATE_SCHEDULED",
    )

    await push(place, uuid)
    assert await place.keys(uuid) == keys(WEB)
    await place.schedule(uuid, "DELETION_SCHEDULED")
    with pytest.raises(GiveUp, match="managed by OpenStack"):
        await remove(place, uuid)


async def test_a_deleted_group_goes_from_both_and_rules_that_named_it_stay_unresolved(place):
    uuid = await place.ask("db")
    await push(place, uuid)
    backend_id = (await place.row(uuid))[1]
    other = await place.ask("web", rules=[tcp(5432)])
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id ="
        " (SELECT id FROM security_groups WHERE name = 'db')"
    )
    await place.schedule(uuid, "DELETION_SCHEDULED")

    await remove(place, uuid)

    assert await place.row(uuid) is None
    with pytest.raises(GroupNotFound):
        await place.cloud.get_group(backend_id)
    unresolved = await place.world.one(
        "SELECT unresolved_group_backend_id, unresolved_group_name FROM security_group_rules"
    )
    assert unresolved == (backend_id, "db")
    assert (await place.row(other))[0] == "CREATION_SCHEDULED"
    assert (await place.events())[-1] == "security_group_deleted"
    assert await place.documents_are_fresh()


async def test_deleting_whin_the_cloud_does_not_have_succeeds(place):
    uuid = await place.ask()
    await push(place, uuid)
    await place.cloud.delete_group((await place.row(uuid))[1])
    await place.schedule(uuid, "DELETION_SCHEDULED")

    await remove(place, uuid)

    assert await place.row(uuid) is None


async def test_a_group_in_use_is_not_deleted_and_the_cloud_says_why(neutron, lab):
    uuid = await neutron.ask()
    await push(neutron, uuid)
    backend_id = (await neutron.row(uuid))[1]
    owner = {"project_id": neutron.project}
    network = lab.neutron("POST", "/v2.0/networks", {"network": owner})["network"]["id"]
    port = owner | {"network_id": network, "security_groups": [backend_id]}
    lab.neutron("POST", "/v2.0/ports", {"port": port})
    await neutron.schedule(uuid, "DELETION_SCHEDULED")

    with pytest.raises(GroupInUse, match="in use"):
        await remove(neutron, uuid)

    assert (await neutron.row(uuid))[0] == "DELETING"


async def test_more_rules_than_one_call_takes_go_in_several(sandbox):
    rules = [tcp(port) for port in range(1000, 1250)]
    uuid = await sandbox.ask(rules=rules)

    await push(sandbox, uuid)

    assert await sandbox.keys(uuid) == keys(*rules)
