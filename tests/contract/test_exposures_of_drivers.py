"""A port is open to the internet if it is so with any of Neutron's firewall drivers."""

import pytest
from tests.contract.test_exposures import rows
from tests.factories.exposed import port_with, pulled

ANY = {"direction": "ingress", "ethertype": "IPv4"}


async def exposed(client, world, rule, **query):
    group = await world.group("web", rules=[ANY | rule])
    await port_with(world, group)
    await pulled(world)
    found = await rows(client, **query)
    ids = [await world.value("SELECT id FROM security_group_rules")]
    assert [each["rules"] for row in found for each in row["groups"]] == [ids] * len(found)
    return [(row["protocol"], row["from_port"]) for row in found]


async def test_the_icmp_of_ipv6_over_ipv4_is_icmp_with_ovn(client, world):
    found = await exposed(client, world, {"protocol": "58"})
    assert sorted(found) == [("58", None), ("icmp", None)]


async def test_ports_of_dccp_are_matched_by_iptables_only(client, world):
    rule = {"protocol": "33", "from_port": 80, "to_port": 80}
    assert await exposed(client, world, rule) == [("33", None)]


async def test_type_255_of_icmp_may_be_every_type_with_iptables(client, world):
    assert await exposed(client, world, {"protocol": "icmp", "from_port": 255}) == [("icmp", None)]


@pytest.mark.parametrize("word", ["icmp", "1", "58", "icmpv6"])
async def test_icmp_of_ipv6_is_found_as_icmp(client, world, word):
    rule = {"protocol": "icmp", "ethertype": "IPv6"}
    assert await exposed(client, world, rule, protocol=word) == [("icmp", None)]
