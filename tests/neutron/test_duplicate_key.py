import pytest
from tests.neutron.pairs import PAIRS

from ringfence.neutron.port import RuleExists
from ringfence.neutron.sandbox.stored_rule import stored
from ringfence.security_groups.rules import Rule, canonical


def key(rule):
    return canonical(
        Rule(
            ethertype=rule.ethertype,
            direction=rule.direction,
            protocol=rule.protocol or "",
            from_port=rule.port_range_min,
            to_port=rule.port_range_max,
            cidr=rule.remote_ip_prefix,
        )
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_the_key_distinguishes_pairs_as_neutron_does(pair):
    assert (key(pair.one) == key(pair.other)) is pair.same
    assert (key(stored(pair.one)) == key(stored(pair.other))) is pair.same
    assert key(pair.one) == key(stored(pair.one))


async def test_neutron_itself_distinguishes_the_pairs(lab_cloud, openstack_project):
    group = await lab_cloud.create_group(openstack_project, "pairs", "")

    async def takes_for_one(one, other):
        try:
            created = await lab_cloud.create_rules(openstack_project, group.id, [one, other])
        except RuleExists:
            return True
        for rule in created:
            await lab_cloud.delete_rule(rule.id)
        return False

    found = {pair.what: await takes_for_one(pair.one, pair.other) for pair in PAIRS}
    assert found == {pair.what: pair.same for pair in PAIRS}
