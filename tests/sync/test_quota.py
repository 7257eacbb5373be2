"""Pushes near the quota of rules of a real Neutron."""

import pytest
from tests.sync.conftest import tcp

from ringfence.neutron.port import QuotaExceeded
from ringfence.sync.push import push_group

PORTS = range(1000, 1010)
FULL = [tcp(port) for port in PORTS]


async def push(place, uuid):
    return await push_group(place.database, place.clouds, uuid)


async def holding(place, lab, *, free_quota):
    """A group with ten rules in a project with so much free quota."""
    uuid = await place.ask(rules=FULL)
    await push(place, uuid)
    # The default group has four.
    lab.set_quota(place.project, rules=len(FULL) + 4 + free_quota)
    return uuid


async def ports(place, uuid):
    return {rule.port_range_min for rule in (await place.found(uuid)).rules}


def made(calls):
    return [call.method for call in calls.calls if "/security-group-rules" in call.path]


async def quota_requests(calls):
    return calls.count("GET", "/quotas/")


async def test_without_free_quota_just_enough_rules_are_removed_first(neutron, lab, calls):
    uuid = await holding(neutron, lab, free_quota=1)
    await neutron.change_rules(uuid, [*FULL[3:], tcp(1), tcp(2), tcp(3)])
    calls.calls.clear()

    await push(neutron, uuid)

    assert made(calls) == ["POST", "DELETE", "DELETE", "POST", "DELETE"]
    assert await ports(neutron, uuid) == {1, 2, 3, *PORTS[3:]}
    assert (await neutron.row(uuid))[0] == "OK"
    context = await neutron.world.value("SELECT context FROM events ORDER BY id DESC LIMIT 1")
    assert context["removed_first"] == 2


async def test_with_free_quota_nothing_is_removed_first_and_no_quota_is_requested(
    neutron, lab, calls
):
    uuid = await holding(neutron, lab, free_quota=3)
    await neutron.change_rules(uuid, [*FULL[3:], tcp(1), tcp(2), tcp(3)])
    calls.calls.clear()

    await push(neutron, uuid)

    assert made(calls) == ["POST", "DELETE", "DELETE", "DELETE"]
    assert await quota_requests(calls) == 0


async def test_rules_above_the_quota_are_refused_and_none_is_removed(neutron, lab, calls):
    uuid = await holding(neutron, lab, free_quota=0)
    await neutron.change_rules(uuid, [*FULL[1:], tcp(1), tcp(2)])
    calls.calls.clear()

    with pytest.raises(QuotaExceeded, match="security_group_rule"):
        await push(neutron, uuid)

    assert made(calls) == ["POST"]
    assert await ports(neutron, uuid) == set(PORTS)
