import psycopg
import pytest
from tests.sync.conftest import cloud_tcp, tcp

from ringfence.neutron.port import CloudUnreachable, GroupNotFound
from ringfence.security_groups.states import NOT_FOUND
from ringfence.sync.pull import pull_group, pull_tenant
from ringfence.sync.push import delete_group, push_group


async def pull(place, *, requested=False):
    return await pull_tenant(place.database, place.clouds, place.tenant, requested=requested)


async def pull_one(place, uuid):
    await place.schedule(uuid, "UPDATE_SCHEDULED")
    return await pull_group(place.database, place.clouds, uuid)


async def push(place, uuid):
    await push_group(place.database, place.clouds, uuid)


async def pushed(place, name="web", rules=()):
    uuid = await place.ask(name, rules=list(rules))
    await push(place, uuid)
    return uuid


async def in_the_cloud(place, name, *rules):
    group = await place.cloud.create_group(place.project, name, "")
    for rule in group.rules:
        await place.cloud.delete_rule(rule.id)
    if rules:
        await place.cloud.create_rules(place.project, group.id, rules)
    return group.id


async def uuid_of(place, backend_id):
    return await place.world.value(
        "SELECT uuid FROM security_groups WHERE backend_id = %s", backend_id
    )


async def fingerprint(place):
    """Everything that a pull could write."""
    return [
        await place.world.value(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {t} t")  # noqa: S608 - names of tables
        for t in ("security_groups", "security_group_rules", "security_group_versions", "events")
    ]


async def test_a_rule_added_in_the_cloud_shows_after_a_pull(place):
    uuid = await pushed(place, rules=[tcp(22)])
    backend_id = (await place.row(uuid))[1]
    await place.cloud.create_rules(place.project, backend_id, [cloud_tcp(80)])

    await pull_one(place, uuid)

    assert await place.rows(uuid) == [
        ("tcp", 22, 22, "10.0.0.0/8"),
        ("tcp", 80, 80, "10.0.0.0/8"),
    ]
    assert (await place.row(uuid))[:4:2] == ("OK", 2)
    assert (await place.events())[-1] == "security_group_pulled"
    assert await place.documents_are_fresh()


async def test_a_pull_of_an_equal_group_makes_no_version(place):
    uuid = await pushed(place, rules=[tcp(22), tcp(1, to_port=65535, cidr="0.0.0.0/0")])

    await pull_one(place, uuid)

    assert (await place.row(uuid))[:4] == ("OK", (await place.row(uuid))[1], 1, 1)


async def test_a_pull_pushes_again_what_never_reached_the_cloud(place):
    uuid = await pushed(place, rules=[tcp(22)])
    await place.change_rules(uuid, [tcp(80)])
    await place.schedule(uuid, "ERRED")

    await pull_one(place, uuid)

    assert await place.rows(uuid) == [("tcp", 80, 80, "10.0.0.0/8")]
    assert [rule.port_range_min for rule in (await place.found(uuid)).rules] == [80]
    assert (await place.row(uuid))[:4:2] == ("OK", 2)


async def test_a_pull_of_a_missing_group_says_so(place):
    uuid = await pushed(place)
    await place.cloud.delete_group((await place.row(uuid))[1])

    with pytest.raises(GroupNotFound, match="not found in the cloud"):
        await pull_one(place, uuid)


async def test_new_groups_are_imported_with_their_remote_groups_in_any_order(place):
    web = await in_the_cloud(place, "web")
    db = await in_the_cloud(
        place, "db", cloud_tcp(5432, remote_ip_prefix=None, remote_group_id=web)
    )
    await place.cloud.create_rules(
        place.project, web, [cloud_tcp(80, remote_ip_prefix=None, remote_group_id=db)]
    )

    await pull(place)

    uuids = {name: await uuid_of(place, found) for name, found in (("web", web), ("db", db))}
    assert (await place.row(uuids["web"]))[0] == "OK"
    resolved = await place.world.value(
        "SELECT count(*) FROM security_group_rules"
        " WHERE remote_group_id <> security_group_id AND cidr IS NULL"
    )
    assert resolved == 2
    assert "security_group_imported" in await place.events()
    assert await place.documents_are_fresh()


async def test_an_unknown_remote_group_is_kept_by_its_backend_id_and_resolved_when_it_comes(place):
    web = await pushed(place, "web")
    db = await in_the_cloud(place, "db")
    backend_id = (await place.row(web))[1]
    await place.cloud.create_rules(
        place.project,
        backend_id,
        [cloud_tcp(80, remote_ip_prefix=None, remote_group_id=db)],
    )
    await pull_one(place, web)
    assert await place.world.one(
        "SELECT unresolved_group_backend_id, unresolved_group_name FROM security_group_rules"
    ) == (db, db)

    await pull(place)

    assert (
        await place.world.value(
            "SELECT remote.backend_id FROM security_group_rules AS rule"
            " INNER JOIN security_groups AS remote ON remote.id = rule.remote_group_id"
            " WHERE rule.from_port = 80"
        )
        == db
    )
    assert (await place.row(web))[2] == 2
    assert await place.documents_are_fresh()


async def test_pulling_what_is_equal_writes_nothing(place):
    await pushed(
        place, "web", [tcp(22), {"protocol": "icmp", "ethertype": "IPv6", "direction": "ingress"}]
    )
    await in_the_cloud(place, "db", cloud_tcp(1))
    await pull(place)
    before = await fingerprint(place)

    assert not any((await pull(place)).values())

    assert await fingerprint(place) == before


async def test_a_second_group_of_a_name_is_kept_as_a_duplicate_name(place):
    first = await in_the_cloud(place, "web")
    second = await in_the_cloud(place, "web")

    await pull(place)
    await pull(place)

    twins = [
        await place.world.value(
            "SELECT is_duplicate_name FROM security_groups WHERE backend_id = %s", found
        )
        for found in (first, second)
    ]
    assert sorted(twins) == [False, True]


async def test_a_known_group_that_is_missing_is_marked_and_not_deleted(place):
    uuid = await pushed(place, rules=[tcp(22)])
    other = await pushed(place, "other")
    await place.cloud.delete_group((await place.row(uuid))[1])

    assert (await pull(place))["missing"] == 1

    state, _, _, _, error, _ = await place.row(uuid)
    assert (state, error) == ("ERRED", NOT_FOUND)
    assert (await place.row(other))[0] == "OK"
    assert await place.rows(uuid)
    assert "security_group_removed_remotely" in await place.events()
    before = await fingerprint(place)
    await pull(place)
    assert await fingerprint(place) == before


async def test_an_empty_list_is_not_believed(place, monkeypatch):
    uuid = await pushed(place, rules=[tcp(22)])

    async def nothing(_project, *, name=None):  # noqa: ARG001 - the driver's face
        return []

    monkeypatch.setattr(place.cloud, "list_groups", nothing)
    before = await fingerprint(place)

    assert not any((await pull(place)).values())

    assert await fingerprint(place) == before
    assert (await place.row(uuid))[0] == "OK"


async def test_a_list_that_fails_changes_nothing(place, monkeypatch):
    await pushed(place, rules=[tcp(22)])

    async def fails(_project, *, name=None):  # noqa: ARG001 - the driver's face
        raise CloudUnreachable("away")

    monkeypatch.setattr(place.cloud, "list_groups", fails)
    before = await fingerprint(place)

    with pytest.raises(CloudUnreachable):
        await pull(place)

    assert await fingerprint(place) == before


async def test_too_many_missing_groups_at_once_stop_the_pull(sandbox):
    for number in range(8):
        await pushed(sandbox, f"web-{number}")
    await sandbox.world.execute("DELETE FROM sandbox_groups")

    await pull(sandbox)
    await pull(sandbox)

    states = await sandbox.world.value(
        "SELECT string_agg(DISTINCT state, ',') FROM security_groups"
    )
    assert states == "OK"
    assert (await sandbox.events()).count("tenant_pull_stopped") == 1


async def test_an_erred_group_that_equals_the_desired_one_becomes_ok(place):
    uuid = await pushed(place, rules=[tcp(22)])
    await place.world.execute("UPDATE security_groups SET state = 'ERRED', error_message = 'oh'")

    await pull(place)

    assert (await place.row(uuid))[0] == "OK"
    assert (await place.row(uuid))[4] == ""


async def test_desired_rules_that_failed_survive_a_pull(place):
    uuid = await pushed(place, rules=[tcp(22)])
    await place.change_rules(uuid, [tcp(80)])
    await place.world.execute("UPDATE security_groups SET state = 'ERRED', error_message = 'oh'")

    await pull(place)

    assert await place.rows(uuid) == [("tcp", 80, 80, "10.0.0.0/8")]
    assert (await place.row(uuid))[0] == "ERRED"


async def test_a_description_thin_the_cloud_could_not_take_is_not_lost(place):
    uuid = await pushed(place, rules=[tcp(22, description="old")])
    await place.change_rules(uuid, [tcp(22, description="new")])
    await push(place, uuid)

    await pull(place)

    assert await place.world.value("SELECT description FROM security_group_rules") == "new"


async def during_the_list(place, monkeypatch, act):
    """Run something after the response of the cloud and before it is used."""
    ask = place.cloud.list_groups

    async def slowly(project, *, name=None):
        listed = await ask(project, name=name)
        if name is None:
            await act()
        return listed

    with monkeypatch.context() as patch:
        patch.setattr(place.cloud, "list_groups", slowly)
        return await pull(place)


async def test_rules_set_while_a_pull_is_under_way_are_not_lost(place, monkeypatch):
    uuid = await pushed(place, rules=[tcp(22)])
    backend_id = (await place.row(uuid))[1]
    await place.cloud.create_rules(place.project, backend_id, [cloud_tcp(9)])

    async def set_rules():
        await place.change_rules(uuid, [tcp(80)])
        await push(place, uuid)

    await during_the_list(place, monkeypatch, set_rules)

    assert await place.rows(uuid) == [("tcp", 80, 80, "10.0.0.0/8")]
    assert [rule.port_range_min for rule in (await place.found(uuid)).rules] == [80]


async def test_a_group_created_while_a_pull_is_under_way_is_not_imported_as_a_ghost(
    place, monkeypatch
):
    uuid = await place.ask("web", creation_started="2020-01-01", state="CREATING")
    await place.cloud.create_group(place.project, "web", "")

    async def nothing():
        pass

    await during_the_list(place, monkeypatch, nothing)
    await push(place, uuid)
    await pull(place)

    assert await place.world.value("SELECT count(*) FROM security_groups WHERE name = 'web'") == 1


async def test_a_group_deleted_while_a_pull_is_under_way_does_not_come_back(place, monkeypatch):
    uuid = await pushed(place, rules=[tcp(22)])

    async def delete():
        await place.schedule(uuid, "DELETION_SCHEDULED")
        await delete_group(place.database, place.clouds, uuid)

    await during_the_list(place, monkeypatch, delete)

    assert await place.world.value("SELECT count(*) FROM security_groups WHERE name = 'web'") == 0


async def test_a_requested_pull_shows_in_the_tenant(sandbox):
    await sandbox.world.execute("UPDATE tenants SET state = 'UPDATE_SCHEDULED'")

    await pull(sandbox, requested=True)

    assert await sandbox.world.one(
        "SELECT state, error_message FROM tenants WHERE uuid = %s", sandbox.tenant
    ) == ("OK", "")


async def test_a_tenant_whose_requested_pull_failed_recovers_with_the_next_successful_one(sandbox):
    await sandbox.world.execute("UPDATE tenants SET state = 'ERRED', error_message = 'away'")

    await pull(sandbox)

    assert (
        await sandbox.world.value("SELECT state FROM tenants WHERE uuid = %s", sandbox.tenant)
        == "OK"
    )


async def test_a_pull_of_hundreds_of_equal_groups_is_a_handful_of_statements(sandbox):
    await sandbox.world.execute(
        "INSERT INTO sandbox_groups (project_id, name)"
        " SELECT %s, 'web-' || number FROM generate_series(1, 300) AS number",
        sandbox.project,
    )
    await sandbox.world.execute(
        "INSERT INTO sandbox_rules (group_id, ethertype, direction, protocol, port_range_min,"
        " port_range_max) SELECT id, 'IPv4', 'ingress', 'tcp', port, port"
        " FROM sandbox_groups CROSS JOIN generate_series(1, 10) AS port"
    )
    await pull(sandbox)
    listed = await sandbox.cloud.list_groups(sandbox.project)
    assert len(listed) >= 300

    statements = []
    execute = psycopg.AsyncCursor.execute

    async def counted(self, query, *args, **kwargs):
        statements.append(query)
        return await execute(self, query, *args, **kwargs)

    async def ready(_project, *, name=None):  # noqa: ARG001 - the driver's face
        return listed

    async def no_ports(_project):
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", counted)
        patch.setattr(sandbox.cloud, "list_groups", ready)
        patch.setattr(sandbox.cloud, "list_ports", no_ports)
        patch.setattr(sandbox.cloud, "list_floating_ips", no_ports)
        await pull(sandbox)

    # Six for groups, eleven for ports, two for address groups and three for exposures, however many
    # there are.
    assert len(statements) <= 22, len(statements)


async def test_adopted_changes_are_reported_rule_by_rule(place):
    uuid = await pushed(place, rules=[tcp(22), tcp(80)])
    other = await pushed(place, "db", rules=[tcp(5432)])
    found = await place.found(uuid)
    gone = next(rule.id for rule in found.rules if rule.port_range_min == 22)
    await place.cloud.create_rules(place.project, found.id, [cloud_tcp(443)])
    await place.cloud.delete_rule(gone)
    await place.cloud.create_rules(place.project, (await place.row(other))[1], [cloud_tcp(1)])

    await pull(place)

    async with place.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT security_group_uuid, change FROM events"
            " WHERE event_type = 'openstack_security_group_pulled'"
        )
        told = dict(await cursor.fetchall())

    def ports(key, group):
        return [(rule["cidr"], rule["from_port"]) for rule in told[group][key]]

    assert ports("rules_added", uuid) == [("10.0.0.0/8", 443)]
    assert ports("rules_removed", uuid) == [("10.0.0.0/8", 22)]
    assert ports("rules_added", other) == [("10.0.0.0/8", 1)]
    assert ports("rules_removed", other) == []
    assert told[uuid]["version"] == 2
