"""A search finds a rule that admits what is searched for in some clouds only."""

import pytest
from tests.factories.ports import add_port

from ringfence.security_groups.rule_search.queries import RULES

ANYWHERE = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "cidr": None}


async def found(client, **query):
    response = await client.get(RULES.path, params=query)
    assert response.status_code == 200, response.text
    return [rule["security_group_name"] for rule in response.json()]


@pytest.mark.parametrize("protocol", ["1", "icmp", "58", "icmpv6"])
async def test_icmp_of_both_ip_versions_is_found_by_its_number_too(client, world, protocol):
    await world.group("v6", rules=[ANYWHERE | {"ethertype": "IPv6", "protocol": "icmp"}])
    assert await found(client, protocol=protocol) == ["v6"]


@pytest.mark.parametrize("protocol", ["1", "icmp", "58"])
async def test_icmpv6_over_ipv4_is_icmp_in_some_clouds(client, world, protocol):
    await world.group("v4", rules=[ANYWHERE | {"protocol": "58"}])
    assert await found(client, protocol=protocol) == ["v4"]


@pytest.mark.parametrize("protocol", ["33", "136"])
async def test_some_clouds_admit_the_whole_protocol_whatever_its_ports(client, world, protocol):
    await world.group(
        "some", rules=[ANYWHERE | {"protocol": protocol, "from_port": 80, "to_port": 80}]
    )
    assert await found(client, protocol=protocol, port="443") == ["some"]


async def test_an_allowed_address_pair_of_a_member_may_be_admitted(client, world):
    peers = await world.group("peers", backend_id="b-peers")
    remote = await world.value("SELECT id FROM security_groups WHERE uuid = %s", peers)
    await world.group("own", rules=[ANYWHERE | {"remote_group_id": remote}])
    unresolved = {"unresolved_group_backend_id": "b-far", "unresolved_group_name": "far"}
    await world.group("foreign", rules=[ANYWHERE | unresolved])
    pairs = [
        {"ip_address": "10.7.0.0/24", "mac_address": ""},
        {"ip_address": "?", "mac_address": ""},
    ]
    await add_port(world, groups=["b-peers", "b-far"], allowed_address_pairs=pairs)
    await add_port(world, groups=["b-peers"], allowed_address_pairs=None)
    assert await found(client, admits="10.7.0.9") == ["own", "foreign"]
    assert await found(client, admits="10.8.0.9") == []


async def test_a_pair_of_a_port_that_is_not_visible_is_not_shown(api, world):
    unresolved = {"unresolved_group_backend_id": "b-far", "unresolved_group_name": "far"}
    await world.group("foreign", rules=[ANYWHERE | unresolved])
    pairs = [{"ip_address": "10.7.0.0/24", "mac_address": ""}]
    await add_port(
        world, groups=["b-far"], allowed_address_pairs=pairs, tenant_id=world.foreign_tenant_id
    )
    assert await found(api("admin"), admits="10.7.0.9") == []
    assert await found(api("staff"), admits="10.7.0.9") == ["foreign"]
