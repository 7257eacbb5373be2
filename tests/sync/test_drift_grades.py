"""What drift opens or closes, from a pull to overviews, events and `drift/`."""

from dataclasses import replace

import pytest
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_drift import looks, set_mode
from tests.sync.test_pull import in_the_cloud, pull, push, pushed

from ringfence.neutron.port import UnreadableRule


async def drifting(place, rules, mode="report"):
    """Return a group with rules in the cloud whose drift a pull does not adopt."""
    uuid = await pushed(place, rules=rules)
    await set_mode(place, uuid, mode)
    return uuid


async def stored(place, uuid):
    return await place.world.value(
        "SELECT observed.drift_grade FROM security_group_observations AS observed"
        " INNER JOIN security_groups AS sg ON sg.id = observed.security_group_id"
        " WHERE sg.uuid = %s",
        uuid,
    )


async def named(place, name):
    return await place.world.value("SELECT uuid FROM security_groups WHERE name = %s", name)


async def graded_events(place):
    rows = await place.world.value(
        "SELECT json_agg(json_build_array(event_type, context -> 'grade') ORDER BY id)"
        " FROM events WHERE event_type LIKE 'openstack_security_group_drift%%'"
    )
    return [(kind.removeprefix("openstack_security_group_"), grade) for kind, grade in rows or ()]


async def add(place, uuid, *rules):
    await place.cloud.create_rules(place.project, (await place.row(uuid))[1], list(rules))


async def remove(place, uuid, **values):
    for rule in (await place.found(uuid)).rules:
        if all(getattr(rule, name) == value for name, value in values.items()):
            await place.cloud.delete_rule(rule.id)


async def test_a_rule_that_was_added_in_the_cloud_opens(place):
    uuid = await drifting(place, [tcp(22)])
    assert await stored(place, uuid) == "none"
    await add(place, uuid, cloud_tcp(80))
    await pull(place)
    assert await stored(place, uuid) == "opens"
    assert await graded_events(place) == [("drifted", "opens")]


async def test_a_rule_that_was_removed_in_the_cloud_closes(place):
    uuid = await drifting(place, [tcp(22), tcp(80)])
    await remove(place, uuid, port_range_min=80)
    await pull(place)
    assert await stored(place, uuid) == "closes"
    assert await graded_events(place) == [("drifted", "closes")]


async def test_a_rule_that_was_replaced_opens(sandbox):
    uuid = await drifting(sandbox, [tcp(22)])
    await add(sandbox, uuid, cloud_tcp(80))
    await remove(sandbox, uuid, port_range_min=22)
    await pull(sandbox)
    assert await stored(sandbox, uuid) == "opens"


async def test_rules_that_admit_the_same_are_drift_of_grade_none(place):
    uuid = await drifting(place, [tcp(22, cidr="10.0.0.0/8")])
    await add(
        place,
        uuid,
        cloud_tcp(22, remote_ip_prefix="10.0.0.0/9"),
        cloud_tcp(22, remote_ip_prefix="10.128.0.0/9"),
    )
    await remove(place, uuid, remote_ip_prefix="10.0.0.0/8")
    assert (await pull(place))["drifted"] == 1
    assert await stored(place, uuid) == "none"
    assert await graded_events(place) == [("drifted", "none")]


async def test_enforced_drift_has_a_grade_in_its_event_and_none_after_the_push(place):
    uuid = await drifting(place, [tcp(22)], "enforce")
    await add(place, uuid, cloud_tcp(80))
    await pull(place)
    assert await stored(place, uuid) == "opens"
    assert await graded_events(place) == [("drift_enforced", "opens")]
    await push(place, uuid)
    assert await stored(place, uuid) == "none"


async def test_adopted_drift_leaves_none(sandbox):
    uuid = await drifting(sandbox, [tcp(22)], "adopt")
    await add(sandbox, uuid, cloud_tcp(80))
    await pull(sandbox)
    assert await stored(sandbox, uuid) == "none"


@pytest.mark.parametrize(("rules", "grade"), [([tcp(22)], "closes"), ([], "none")])
async def test_a_missing_group_closes_what_its_rules_admit(sandbox, rules, grade):
    uuid = await pushed(sandbox, rules=rules)
    await sandbox.cloud.delete_group((await sandbox.row(uuid))[1])
    await pull(sandbox)
    assert await stored(sandbox, uuid) == grade


async def test_a_rule_that_cannot_be_read_may_admit_anything(sandbox, monkeypatch):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    await in_the_cloud(sandbox, "imported", cloud_tcp(1))
    listed = sandbox.cloud.list_groups

    async def with_unreadable(*arguments, **options):
        unreadable = (UnreadableRule("r1", "protocol is unknown"),)
        return [
            replace(group, unreadable=unreadable) for group in await listed(*arguments, **options)
        ]

    monkeypatch.setattr(sandbox.cloud, "list_groups", with_unreadable)
    await pull(sandbox)
    assert await stored(sandbox, uuid) == "opens"
    assert await stored(sandbox, await named(sandbox, "imported")) == "opens"
    monkeypatch.undo()
    await pull(sandbox)
    assert await stored(sandbox, uuid) == "none"


async def test_drift_of_an_earlier_release_is_graded_by_the_next_pull_without_an_event(sandbox):
    uuid = await drifting(sandbox, [tcp(22)])
    await add(sandbox, uuid, cloud_tcp(80))
    await pull(sandbox)
    await sandbox.world.execute("UPDATE security_group_observations SET drift_grade = NULL")
    await pull(sandbox)
    assert await stored(sandbox, uuid) == "opens"
    assert len(await graded_events(sandbox)) == 1


async def test_equal_groups_of_an_earlier_release_are_not_written_again(sandbox):
    await pushed(sandbox, rules=[tcp(22)])
    await pull(sandbox)
    await sandbox.world.execute("UPDATE security_group_observations SET drift_grade = NULL")
    before = await looks(sandbox)
    await pull(sandbox)
    assert await looks(sandbox) == before
