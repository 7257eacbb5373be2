"""What decides about traffic besides rules, by both drivers: ports, address groups, `stateful`."""

from uuid import uuid4

import pytest
from tests.neutron.pairs import v4

from ringfence.neutron.port import AddressPair, RemoteNotFound
from ringfence.neutron.sandbox.cloud import SandboxCloud


async def the_port(cloud, project):
    (port,) = await cloud.list_ports(project)
    assert await cloud.get_port(port.id) == port
    return port


async def test_a_port_shows_what_it_has_unless_set_otherwise(cloud, project, add_port):
    await add_port([])
    port = await the_port(cloud, project)
    assert (port.port_security_enabled, port.admin_state_up) == (True, True)
    assert (port.vnic_type, port.allowed_address_pairs) == ("normal", ())
    assert (port.description, port.dns_name) == ("", "")
    assert [fixed.ip_address.rpartition(".")[0] for fixed in port.fixed_ips] == ["192.0.2"]


async def test_a_port_shows_its_address_pairs_and_its_states(cloud, project, add_port):
    mac = "fa:16:3e:a4:21:07"
    pairs = [{"ip_address": "10.9.0.0/16", "mac_address": mac}]
    await add_port([], allowed_address_pairs=pairs, admin_state_up=False, description="first")
    port = await the_port(cloud, project)
    assert port.allowed_address_pairs == (AddressPair("10.9.0.0/16", mac),)
    assert (port.admin_state_up, port.description) == (False, "first")


async def test_a_port_without_port_security_says_so(cloud, project, add_port):
    await add_port([], port_security_enabled=False)
    port = await the_port(cloud, project)
    assert port.port_security_enabled is False
    assert port.security_group_ids == ()


async def test_address_groups_are_read_by_their_ids_with_all_members(cloud, add_address_group):
    office = await add_address_group(["192.0.2.0/24", "198.51.100.7/32"], "office")
    other = await add_address_group(["2001:db8::/32"])
    missing = str(uuid4())
    (found,) = await cloud.list_address_groups([office, missing])
    assert (found.id, found.name) == (office, "office")
    assert set(found.addresses) == {"192.0.2.0/24", "198.51.100.7/32"}
    both = await cloud.list_address_groups([other, office])
    assert {group.id for group in both} == {office, other}
    assert await cloud.list_address_groups([]) == []


async def test_a_rule_for_an_address_group_is_created_and_shown(cloud, project, add_address_group):
    office = await add_address_group(["192.0.2.0/24"])
    group = await cloud.create_group(project, "web", "")
    await cloud.create_rules(project, group.id, [v4(remote_address_group_id=office)])
    (rule,) = [
        rule for rule in (await cloud.get_group(group.id)).rules if rule.remote_address_group_id
    ]
    assert rule.remote_address_group_id == office
    missing = str(uuid4())
    with pytest.raises(RemoteNotFound, match=missing):
        await cloud.create_rules(project, group.id, [v4(remote_address_group_id=missing)])


async def test_a_group_is_stateful_unless_it_was_created_stateless(cloud, project):
    for name, stateful in (("usual", None), ("strict", True), ("loose", False)):
        made = await cloud.create_group(project, name, "", stateful=stateful)
        assert made.stateful is (stateful is not False)
        assert (await cloud.get_group(made.id)).stateful is made.stateful
    default = next(group for group in await cloud.list_groups(project) if group.name == "default")
    assert default.stateful is True


async def test_the_firewall_driver_of_a_cloud_without_agents_is_not_known(cloud):
    assert await cloud.firewall_driver() is None
    if not isinstance(cloud, SandboxCloud):
        # Read once, and then known for a while
        assert await cloud.firewall_driver() is None
