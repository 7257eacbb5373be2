"""The suite that every driver passes: a real Neutron and the sandbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.neutron.pairs import icmp, tcp, v4, v6

from ringfence.neutron.port import (
    CloudRule,
    GroupInUse,
    GroupNotFound,
    Outdated,
    PortNotFound,
    RemoteNotFound,
    RequestRefused,
    RuleExists,
)
from ringfence.neutron.sandbox.cloud import SandboxCloud

NOBODY = "00000000-0000-4000-8000-000000000000"


def content(rules):
    """Rules without ids, sorted."""
    return sorted((replace(rule, id="") for rule in rules), key=repr)


FIRST_RULES = content([CloudRule("IPv4", "egress"), CloudRule("IPv6", "egress")])


async def test_a_new_group_has_two_egress_rules(cloud, project):
    before = datetime.now(UTC) - timedelta(seconds=2)
    group = await cloud.create_group(project, "web", "for the web")
    assert (group.name, group.description) == ("web", "for the web")
    assert group.project_id == project
    assert content(group.rules) == FIRST_RULES
    assert before <= group.created_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert await cloud.get_group(group.id) == group


async def test_groups_are_listed_with_their_rules_and_the_default_group(cloud, project):
    created = [await cloud.create_group(project, name, "") for name in ("one", "two")]
    listed = {group.name: group for group in await cloud.list_groups(project)}
    assert sorted(listed) == ["default", "one", "two"]
    assert content(listed["one"].rules) == content(created[0].rules)
    assert listed["default"].description == "Default security group"


async def test_the_first_list_of_a_project_has_its_default_group_only(cloud, project):
    (default,) = await cloud.list_groups(project)
    own = [CloudRule(e, "ingress", remote_group_id=default.id) for e in ("IPv4", "IPv6")]
    assert default.name == "default"
    assert content(default.rules) == content([*FIRST_RULES, *own])
    assert [group.id for group in await cloud.list_groups(project)] == [default.id]


async def test_groups_are_listed_by_name(cloud, project):
    first = await cloud.create_group(project, "one", "")
    await cloud.create_group(project, "two", "")
    assert [group.id for group in await cloud.list_groups(project, name="one")] == [first.id]
    assert await cloud.list_groups(project, name="none") == []


async def test_two_groups_may_have_one_name(cloud, project):
    created = {(await cloud.create_group(project, "twin", "")).id for _ in range(2)}
    assert {group.id for group in await cloud.list_groups(project, name="twin")} == created


async def test_another_projects_groups_are_not_listed(cloud, project):
    await cloud.create_group(project, "web", "")
    others = await cloud.list_groups(uuid4().hex)
    assert {group.name for group in others} <= {"default"}


async def test_a_group_is_renamed_and_its_revision_grows(cloud, project):
    group = await cloud.create_group(project, "web", "old")
    changed = await cloud.update_group(group.id, name="mail", description="new")
    assert (changed.name, changed.description) == ("mail", "new")
    assert changed.revision_number > group.revision_number
    assert (await cloud.get_group(group.id)).name == "mail"


async def test_a_group_is_deleted_with_its_rules(cloud, project):
    group = await cloud.create_group(project, "web", "")
    await cloud.create_rules(project, group.id, [tcp(80, 80)])
    await cloud.delete_group(group.id)
    with pytest.raises(GroupNotFound, match=f"Security group {group.id} does not exist"):
        await cloud.get_group(group.id)


@pytest.mark.parametrize("group_id", [NOBODY, "not-a-uuid"])
async def test_a_missing_group_is_not_found(cloud, project, group_id):
    calls = (
        cloud.get_group(group_id),
        cloud.update_group(group_id, name="a", description=""),
        cloud.delete_group(group_id),
        cloud.create_rules(project, group_id, [tcp(80, 80)]),
    )
    for call in calls:
        with pytest.raises(GroupNotFound):
            await call


async def test_a_text_that_is_too_long_is_refused(cloud, project):
    group = await cloud.create_group(project, "n" * 255, "d" * 255)
    for name, description in (("n" * 256, ""), ("n", "d" * 256)):
        with pytest.raises(RequestRefused):
            await cloud.create_group(project, name, description)
        with pytest.raises(RequestRefused):
            await cloud.update_group(group.id, name=name, description=description)
    with pytest.raises(RequestRefused):
        await cloud.create_rules(project, group.id, [tcp(1, 2, description="d" * 256)])


async def test_the_default_group_is_not_renamed_and_there_is_no_second_one(cloud, project):
    (default,) = await cloud.list_groups(project)
    group = await cloud.create_group(project, "web", "")
    calls = (
        cloud.update_group(default.id, name="other", description=""),
        cloud.update_group(group.id, name="default", description=""),
        cloud.create_group(project, "default", ""),
        cloud.create_group(project, "Default", ""),
    )
    for call in calls:
        with pytest.raises(RequestRefused):
            await call


async def test_the_default_group_takes_rules(cloud, project):
    (default,) = await cloud.list_groups(project)
    await cloud.create_rules(project, default.id, [tcp(22, 22)])
    assert len((await cloud.get_group(default.id)).rules) == len(default.rules) + 1


async def test_rules_are_created_in_one_call_and_given_in_their_order(cloud, project):
    group = await cloud.create_group(project, "web", "")
    asked = [tcp(80, 80), icmp(8, 0), v6(protocol="udp", description="dns")]
    created = await cloud.create_rules(project, group.id, asked)
    assert [replace(rule, id="") for rule in created] == asked
    changed = await cloud.get_group(group.id)
    assert set(created) < set(changed.rules)
    assert changed.revision_number > group.revision_number


async def test_no_rules_make_no_call(cloud, project):
    assert await cloud.create_rules(project, NOBODY, []) == []


async def test_of_rules_with_a_bad_one_none_is_created(cloud, project):
    group = await cloud.create_group(project, "web", "")
    with pytest.raises(RequestRefused):
        await cloud.create_rules(project, group.id, [tcp(80, 80), tcp(2, 1)])
    with pytest.raises(RuleExists):
        await cloud.create_rules(project, group.id, [tcp(80, 80), tcp(81, 81), tcp(80, 80)])
    assert content((await cloud.get_group(group.id)).rules) == FIRST_RULES


async def test_an_existing_rule_is_not_created_twice(cloud, project):
    group = await cloud.create_group(project, "web", "")
    (rule,) = await cloud.create_rules(project, group.id, [tcp(80, 80, description="a")])
    with pytest.raises(RuleExists, match=rule.id):
        await cloud.create_rules(project, group.id, [tcp(81, 81), tcp(80, 80, description="b")])
    assert len((await cloud.get_group(group.id)).rules) == 3


async def test_a_rule_is_deleted_and_a_second_deletion_is_no_error(cloud, project):
    group = await cloud.create_group(project, "web", "")
    (rule,) = await cloud.create_rules(project, group.id, [tcp(80, 80)])
    before = await cloud.get_group(group.id)
    for rule_id in (rule.id, rule.id, NOBODY):
        await cloud.delete_rule(rule_id)
    after = await cloud.get_group(group.id)
    assert content(after.rules) == FIRST_RULES
    assert after.revision_number > before.revision_number


async def test_a_deleted_group_silently_takes_the_rules_that_name_it(cloud, project):
    group = await cloud.create_group(project, "web", "")
    remote = await cloud.create_group(project, "clients", "")
    await cloud.create_rules(project, group.id, [v4(remote_group_id=remote.id)])
    before = await cloud.get_group(group.id)
    await cloud.delete_group(remote.id)
    after = await cloud.get_group(group.id)
    assert content(after.rules) == FIRST_RULES
    assert after.revision_number > before.revision_number


async def test_a_group_may_name_itself_and_be_deleted(cloud, project):
    group = await cloud.create_group(project, "web", "")
    await cloud.create_rules(project, group.id, [v4(remote_group_id=group.id)])
    await cloud.delete_group(group.id)
    with pytest.raises(GroupNotFound):
        await cloud.get_group(group.id)


@pytest.mark.parametrize(
    "rule", [v4(remote_group_id=NOBODY), v4(remote_address_group_id=NOBODY)], ids=["group", "addr"]
)
async def test_a_missing_remote_group_is_distinguished_from_the_group_itself(cloud, project, rule):
    group = await cloud.create_group(project, "web", "")
    with pytest.raises(RemoteNotFound, match=NOBODY):
        await cloud.create_rules(project, group.id, [rule])


SPELLINGS = (
    tcp(80, 80),
    tcp(1, 65535),
    tcp(1, 65534),
    tcp(65535, 65535),
    v4(protocol="TCP", remote_ip_prefix="203.0.113.0/24"),
    v4(protocol="Udp", port_range_min=53, port_range_max=53),
    v4(protocol="6", port_range_min=443, port_range_max=443),
    v4(protocol="17"),
    v4(protocol="112"),
    v4(protocol="0"),
    v4(protocol="IP", remote_ip_prefix="203.0.113.0/24"),
    v4(protocol="hopopt"),
    v4(protocol="255"),
    v4(protocol="any", description="a"),
    v4(protocol="sctp", port_range_min=1, port_range_max=2),
    v4(protocol="132", port_range_min=3, port_range_max=4),
    v4(protocol="ospf", port_range_min=1, port_range_max=65535, description="no ports"),
    v4(port_range_min=1, port_range_max=65535, remote_ip_prefix="198.51.100.0/24"),
    icmp(None, None),
    icmp(8, None),
    icmp(8, 0),
    icmp(255, 255),
    v4(protocol="1", port_range_min=3, port_range_max=4),
    v6(protocol="icmp", description="v6"),
    v6(protocol="icmpv6", port_range_min=128),
    v6(protocol="ICMPv6", port_range_min=129, port_range_max=0),
    v6(protocol="ipv6-icmp", port_range_min=130),
    v6(protocol="1", port_range_min=131),
    v6(protocol="58", port_range_min=132),
    v6(protocol="ipv6-route"),
    v6(protocol="43", remote_ip_prefix="2001:db8::/32"),
    v4(remote_ip_prefix="192.0.2.7"),
    v4(remote_ip_prefix="192.0.2.77/24"),
    v4(remote_ip_prefix="192.0.2.0/024"),
    v4(remote_ip_prefix="10.0.0.1/0"),
    v4(remote_ip_prefix="192.168.0.0/255.255.0.0"),
    v4(protocol="dccp", remote_ip_prefix="0.0.0.0/0", description="all"),
    v4(remote_ip_prefix="", protocol="gre"),
    v6(remote_ip_prefix="2001:DB8::1"),
    v6(remote_ip_prefix="2001:0db8:0000::ABCD/64"),
    v6(remote_ip_prefix="::ffff:192.0.2.7/128"),
    v6(remote_ip_prefix="::192.0.2.7"),
    v6(remote_ip_prefix="64:ff9b::192.0.2.33/96"),
    v6(protocol="tcp", remote_ip_prefix="::/0"),
    CloudRule("ipv6", "egress", "udp"),
    CloudRule("IPV4", "egress", "tcp", 25, 25, "10.0.0.0/8", description="Größe ☂"),
)


async def test_many_spellings_are_stored_alike(lab_cloud, openstack_project, database):
    async def stored(cloud, project):
        group = await cloud.create_group(project, "spellings", "")
        created = await cloud.create_rules(project, group.id, SPELLINGS)
        kept = (await cloud.get_group(group.id)).rules
        return [replace(rule, id="") for rule in created], content(kept)

    at_neutron = await stored(lab_cloud, openstack_project)
    assert await stored(SandboxCloud(database), "p" * 32) == at_neutron


REFUSED = (
    tcp(0, 80),
    tcp(80, 0),
    tcp(70000, 70000),
    tcp(80, None),
    tcp(None, 80),
    tcp(81, 80),
    v4(port_range_min=80, port_range_max=80),
    v4(protocol="gre", port_range_min=80, port_range_max=80),
    v4(protocol="112", port_range_min=1, port_range_max=2),
    icmp(256, None),
    icmp(8, 256),
    icmp(None, 0),
    v6(protocol="ipv6-icmp", port_range_max=3),
    v4(protocol="icmpv6"),
    v4(protocol="ipv6-icmp"),
    v4(protocol="58"),
    v4(protocol="ipv6-frag"),
    v4(protocol="nonsense"),
    v4(protocol="256"),
    v4(protocol="-1"),
    v4(protocol=""),
    v4(remote_ip_prefix="2001:db8::/32"),
    v6(remote_ip_prefix="192.0.2.0/24"),
    v4(remote_ip_prefix="192.0.2.0/33"),
    v4(remote_ip_prefix="10/8"),
    v4(remote_ip_prefix="10.0/16"),
    v4(remote_ip_prefix="010.0.0.0/8"),
    v4(remote_ip_prefix="nonsense"),
    v6(remote_ip_prefix="2001:db8:::/32"),
    v6(remote_ip_prefix="fe80::1%eth0/64"),
    v4(remote_ip_prefix="192.0.2.0/24", remote_group_id=NOBODY),
    CloudRule("IPv5", "ingress"),
    CloudRule("IPv4", "sideways"),
)


async def test_nonsense_is_refused(cloud, project):
    # One test for all of them: a group in a real Neutron takes longer than a refusal.
    group = await cloud.create_group(project, "nonsense", "")
    taken = []
    for rule in REFUSED:
        try:
            await cloud.create_rules(project, group.id, [rule])
        except RequestRefused:
            continue
        taken.append(rule)
    assert taken == []


async def test_ports_are_listed_with_the_groups_that_they_carry(cloud, project, add_port):
    one, two = [await cloud.create_group(project, name, "") for name in ("one", "two")]
    port = await add_port(
        [one.id, two.id], name="eth0", device_id="vm-1", device_owner="compute:nova"
    )
    bare = await add_port([])
    found = {port.id: port for port in await cloud.list_ports(project)}
    assert set(found) == {port, bare}
    assert set(found[port].security_group_ids) == {one.id, two.id}
    shown = found[port]
    assert (shown.name, shown.device_id) == ("eth0", "vm-1")
    assert (shown.device_owner, shown.project_id) == ("compute:nova", project)
    assert len(shown.fixed_ips) == 1
    assert found[bare].security_group_ids == ()


async def test_another_projects_ports_are_not_listed(cloud, add_port):
    await add_port([])
    assert await cloud.list_ports(uuid4().hex) == []


async def test_one_port_is_read_as_in_the_list(cloud, project, add_port):
    group = await cloud.create_group(project, "web", "")
    port_id = await add_port([group.id], name="eth0")
    assert [await cloud.get_port(port_id)] == await cloud.list_ports(project)
    with pytest.raises(PortNotFound, match=NOBODY):
        await cloud.get_port(NOBODY)


async def test_a_port_takes_other_groups_and_its_revision_grows(cloud, project, add_port):
    one, two = [await cloud.create_group(project, name, "") for name in ("one", "two")]
    port_id = await add_port([one.id])
    for groups in ([one.id, two.id], [two.id], []):
        (before,) = await cloud.list_ports(project)
        await cloud.set_port_groups(port_id, groups, revision=before.revision_number)
        (after,) = await cloud.list_ports(project)
        assert set(after.security_group_ids) == set(groups)
        assert after.revision_number > before.revision_number


async def test_a_port_that_changed_since_it_was_read_is_left_as_it_is(cloud, project, add_port):
    one, two = [await cloud.create_group(project, name, "") for name in ("one", "two")]
    port_id = await add_port([one.id])
    (read,) = await cloud.list_ports(project)
    await cloud.set_port_groups(port_id, [one.id, two.id], revision=read.revision_number)
    with pytest.raises(Outdated):
        await cloud.set_port_groups(port_id, [], revision=read.revision_number)
    (port,) = await cloud.list_ports(project)
    assert set(port.security_group_ids) == {one.id, two.id}


async def test_a_missing_port_or_group_is_not_found(cloud, project, add_port):
    with pytest.raises(PortNotFound, match=NOBODY):
        await cloud.set_port_groups(NOBODY, [], revision=1)
    port_id = await add_port([])
    (port,) = await cloud.list_ports(project)
    with pytest.raises(GroupNotFound, match=NOBODY):
        await cloud.set_port_groups(port_id, [NOBODY], revision=port.revision_number)


async def test_a_group_that_a_port_carries_is_not_deleted(cloud, project, add_port):
    group = await cloud.create_group(project, "web", "")
    port_id = await add_port([group.id])
    with pytest.raises(GroupInUse, match=f"Security Group {group.id} in use"):
        await cloud.delete_group(group.id)
    (port,) = await cloud.list_ports(project)
    await cloud.set_port_groups(port_id, [], revision=port.revision_number)
    await cloud.delete_group(group.id)


async def test_a_cloud_without_floating_addresses_has_none(cloud, project):
    assert await cloud.list_floating_ips(project) == {}
