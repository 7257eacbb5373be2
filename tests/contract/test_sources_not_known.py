"""Who can reach a port, where members are of the internet or not known, or drivers differ."""

import pytest
from tests.contract.verdict_requests import group_with, observed_rule, port_with

INTO = observed_rule(remote_address_group_id="ag")


async def sources(client, world, *rules, port=443):
    await group_with(world, *rules)
    uuid = await port_with(world, "g1")
    path = f"/api/openstack-ports/{uuid}/who_can_reach/?protocol=tcp&port={port}"
    return (await client.get(path)).json()


async def address_group(world, *addresses):
    await world.execute(
        "INSERT INTO cloud_address_groups (tenant_id, backend_id, addresses, observed_at)"
        " VALUES (%s, 'ag', %s, now())",
        world.tenant_id,
        list(addresses),
    )


async def driver(world, name):
    await world.execute("UPDATE clouds SET firewall_driver = %s", name)


@pytest.mark.parametrize(
    ("members", "expected"),
    [(["10.0.0.0/8", "8.8.8.0/24"], True), (["10.0.0.0/8"], False), (["2a00::/32"], False)],
)
async def test_members_of_an_address_group_may_be_addresses_of_the_internet(
    client, world, members, expected
):
    await address_group(world, *members)
    await driver(world, "ovn")
    assert (await sources(client, world, INTO))["internet"] is expected


async def test_an_address_group_whose_members_are_not_known_may_be_the_internet(client, world):
    await driver(world, "ovn")
    shown = await sources(client, world, INTO)
    assert (shown["internet"], shown["not_known"]) == (None, ["ADDRESS_GROUP_NOT_KNOWN"])
    assert [each["addresses"] for each in shown["address_groups"]] == [None]


async def test_an_address_group_that_may_be_ignored_may_be_the_internet(client, world):
    await address_group(world, "10.0.0.0/8")
    assert (await sources(client, world, INTO))["internet"] is None


async def test_a_rule_of_protocol_0_admits_the_internet_in_some_clouds(client, world):
    zero = observed_rule(protocol="0", port_range_min=None, port_range_max=None)
    shown = await sources(client, world, zero)
    assert (shown["internet"], shown["prefixes"]) == (None, [])
    assert "DRIVERS_DIFFER" in shown["not_known"]


async def test_a_remote_group_whose_members_are_not_known_is_named(client, world):
    shown = await sources(client, world, observed_rule(remote_group_id="unseen"))
    assert [(each["uuid"], each["members_known"]) for each in shown["groups"]] == [(None, False)]
    assert (shown["internet"], shown["not_known"]) == (False, ["REMOTE_GROUP_NOT_KNOWN"])


async def effective(client, world, *rules):
    await group_with(world, *rules)
    uuid = await port_with(world, "g1")
    return (await client.get(f"/api/openstack-ports/{uuid}/effective_rules/")).json()


@pytest.mark.parametrize(
    ("members", "expected"), [(["8.8.8.8"], True), (["10.0.0.1"], False), (None, None)]
)
async def test_a_piece_of_an_address_group_is_the_internet_if_a_member_is(
    client, world, members, expected
):
    if members:
        await address_group(world, *members)
    (piece,) = (await effective(client, world, INTO))["pieces"]
    assert piece["internet"] is expected


async def test_pieces_that_drivers_read_differently_are_not_exact(client, world):
    assert (await effective(client, world, observed_rule(protocol="dccp")))["exact"] is False
