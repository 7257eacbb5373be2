"""Drift by drift mode, and what is stored of each observation."""

import pytest
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_pull import fingerprint, in_the_cloud, pull, pull_one, push, pushed

from ringfence.access.scope import Scope
from ringfence.errors import NotFound
from ringfence.security_groups import queries
from ringfence.security_groups.transaction_steps import delete_group
from ringfence.sync.drift import drift_of_group


async def set_mode(place, uuid, mode):
    await place.world.execute(
        "INSERT INTO security_group_drift_modes"
        " SELECT id, %s FROM security_groups WHERE uuid = %s"
        " ON CONFLICT (security_group_id) DO UPDATE SET drift_mode = excluded.drift_mode",
        mode,
        uuid,
    )


async def set_default(place, mode):
    await place.world.execute(
        "INSERT INTO tenant_drift_modes SELECT id, %s FROM tenants WHERE uuid = %s",
        mode,
        place.tenant,
    )


async def open_in_the_cloud(place, uuid, port=80):
    await place.cloud.create_rules(
        place.project, (await place.row(uuid))[1], [cloud_tcp(port, remote_ip_prefix="0.0.0.0/0")]
    )


async def looks(place):
    """All stored observations, to compare them later."""
    return await place.world.value(
        "SELECT md5(string_agg(t::text, ',' ORDER BY t::text))"
        " FROM security_group_observations AS t"
    )


async def observed(place, uuid):
    return await place.world.one(
        "SELECT observation.drift_digest <> '', observation.missing,"
        " jsonb_array_length(observation.rules)"
        " FROM security_group_observations AS observation"
        " INNER JOIN security_groups AS sg ON sg.id = observation.security_group_id"
        " WHERE sg.uuid = %s",
        uuid,
    )


async def compared_at(place, uuid):
    row = await place.world.value("SELECT id FROM security_groups WHERE uuid = %s", uuid)
    async with place.database.transaction() as connection:
        group = await queries.lock(connection, row)
    return (await drift_of_group(place.database, group, ""))["observed_at"]


async def jobs(place):
    return await place.world.value("SELECT count(*) FROM procrastinate_jobs")


async def test_a_push_keeps_what_it_saw_last(place):
    uuid = await pushed(place, rules=[tcp(22), tcp(80)])

    assert await observed(place, uuid) == (False, False, 2)


async def test_an_equal_observation_is_not_written(sandbox):
    await pushed(sandbox, rules=[tcp(22)])
    await in_the_cloud(sandbox, "db", cloud_tcp(1))
    await pull(sandbox)
    await pull(sandbox)
    before = await looks(sandbox)
    compared = await sandbox.world.value("SELECT pulled_at FROM tenant_pulls")

    await pull(sandbox)

    assert await looks(sandbox) == before
    assert await sandbox.world.value("SELECT pulled_at FROM tenant_pulls") > compared


async def test_a_pull_of_one_group_says_when_it_was_compared_even_if_nothing_changed(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await pull(sandbox)
    before = await compared_at(sandbox, uuid)
    await pull_one(sandbox, uuid)
    assert await compared_at(sandbox, uuid) > before


async def test_adopting_takes_the_cloud_for_right_and_keeps_what_it_replaced(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await open_in_the_cloud(sandbox, uuid)

    await pull(sandbox)

    assert len(await sandbox.rows(uuid)) == 2
    assert await observed(sandbox, uuid) == (False, False, 2)
    kept = await sandbox.world.value(
        "SELECT jsonb_array_length(rules) FROM security_group_versions WHERE number = 1"
    )
    assert kept == 1


async def test_enforce_reverts_to_the_desired_rules(place):
    uuid = await pushed(place, rules=[tcp(22)])
    await set_mode(place, uuid, "enforce")
    await open_in_the_cloud(place, uuid)

    assert (await pull(place))["reverted"] == 1

    assert (await place.row(uuid))[:4:2] == ("UPDATE_SCHEDULED", 1)
    assert (await place.events())[-2:] == ["security_group_drift_enforced", "tenant_pulled"]
    assert await jobs(place) == 1
    await push(place, uuid)
    assert len((await place.found(uuid)).rules) == 1
    assert (await place.row(uuid))[0] == "OK"
    assert await observed(place, uuid) == (False, False, 1)
    assert await place.documents_are_fresh()


async def test_a_tenants_default_holds_for_groups_without_a_mode_of_their_own(sandbox):
    enforced, own = [await pushed(sandbox, name, [tcp(22)]) for name in ("one", "two")]
    await set_default(sandbox, "enforce")
    await set_mode(sandbox, own, "adopt")
    for uuid in (enforced, own):
        await open_in_the_cloud(sandbox, uuid)

    await pull(sandbox)

    assert (await sandbox.row(enforced))[0] == "UPDATE_SCHEDULED"
    assert len(await sandbox.rows(own)) == 2


@pytest.mark.parametrize("state", ["ERRED", "UPDATING", "DELETION_SCHEDULED"])
async def test_enforcing_leaves_a_group_in_any_other_state_alone(sandbox, state):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await set_mode(sandbox, uuid, "enforce")
    await open_in_the_cloud(sandbox, uuid)
    await sandbox.schedule(uuid, state)

    await pull(sandbox)

    assert (await sandbox.row(uuid))[0] == state
    assert await jobs(sandbox) == 0


async def test_pulling_an_enforced_group_puts_it_back_at_once(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await set_mode(sandbox, uuid, "enforce")
    await open_in_the_cloud(sandbox, uuid)

    await pull_one(sandbox, uuid)

    assert len((await sandbox.found(uuid)).rules) == 1
    assert len(await sandbox.rows(uuid)) == 1


async def test_report_changes_neither_side_and_reports_each_drift_once(place):
    uuid = await pushed(place, rules=[tcp(22)])
    await set_mode(place, uuid, "report")
    await open_in_the_cloud(place, uuid)

    assert (await pull(place))["drifted"] == 1
    before = await fingerprint(place)
    assert not any((await pull(place)).values())

    assert await fingerprint(place) == before
    assert (await place.events()).count("security_group_drifted") == 1
    assert len(await place.rows(uuid)) == 1
    assert len((await place.found(uuid)).rules) == 2
    assert await observed(place, uuid) == (True, False, 2)
    await open_in_the_cloud(place, uuid, 443)
    await pull(place)
    assert (await place.events()).count("security_group_drifted") == 2


@pytest.mark.parametrize(("mode", "event"), [("report", "drifted"), ("enforce", "drift_enforced")])
async def test_an_event_of_drift_names_the_rules_that_differ(sandbox, mode, event):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await set_mode(sandbox, uuid, mode)
    await open_in_the_cloud(sandbox, uuid, 3389)
    await pull(sandbox)
    context = await sandbox.world.value(
        "SELECT context FROM events WHERE event_type = %s",
        f"openstack_security_group_{event}",
    )
    [rule] = context["unexpected_rules"]
    assert (rule["direction"], rule["protocol"], rule["from_port"]) == ("ingress", "tcp", 3389)
    assert rule["cidr"] == "0.0.0.0/0"
    assert "remote_group_backend_id" not in rule
    assert context["missing_rules"] == []


async def test_pulling_a_reported_group_by_itself_touches_neither_side(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await set_mode(sandbox, uuid, "report")
    await open_in_the_cloud(sandbox, uuid)

    await pull_one(sandbox, uuid)

    assert (await sandbox.row(uuid))[:4:2] == ("OK", 1)
    assert len(await sandbox.rows(uuid)) == 1
    assert "security_group_drifted" in await sandbox.events()


async def test_rules_that_neutron_drops_with_their_remote_group_are_noticed(place):
    db = await pushed(place, "db")
    other = await pushed(place, "other")
    backend_id = (await place.row(db))[1]
    rule = cloud_tcp(5432, remote_ip_prefix=None, remote_group_id=backend_id)
    await place.cloud.create_rules(place.project, (await place.row(other))[1], [rule])
    await pull(place)
    await set_mode(place, other, "report")
    await place.cloud.delete_group(backend_id)

    await pull(place)

    context = await place.world.value(
        "SELECT context FROM events WHERE event_type = 'openstack_security_group_drifted'"
    )
    assert context["rules_lost_with_their_remote_group"] == 1
    assert await place.rows(other) == [("tcp", 5432, 5432, None)]
    assert await observed(place, db) == (True, True, 0)
    assert await observed(place, other) == (True, False, 0)


async def test_desired_rules_that_never_arrived_are_not_reported_as_drift(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await set_mode(sandbox, uuid, "report")
    await sandbox.change_rules(uuid, [tcp(80)])
    await sandbox.schedule(uuid, "ERRED")

    await pull(sandbox)

    assert "security_group_drifted" not in await sandbox.events()
    assert (await sandbox.row(uuid))[0] == "ERRED"


async def test_a_later_observation_is_not_overwritten_by_an_earlier_one(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await sandbox.world.execute(
        "UPDATE security_group_observations SET observed_at = now() + interval '1 hour'"
    )
    await set_mode(sandbox, uuid, "report")
    await open_in_the_cloud(sandbox, uuid)

    await pull(sandbox)

    assert await observed(sandbox, uuid) == (False, False, 1)


async def test_the_drift_of_a_group_that_was_just_deleted_is_not_found(sandbox):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    everything = Scope(everything=True, customers=[], projects=[])
    group = await queries.get(sandbox.database, everything, uuid)
    async with sandbox.database.transaction() as connection:
        await delete_group(connection, group.id)

    with pytest.raises(NotFound):
        await drift_of_group(sandbox.database, group, "")
