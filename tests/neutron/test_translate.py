from datetime import UTC, datetime

import pytest

from ringfence.neutron import translate
from ringfence.neutron.port import CloudGroup, CloudPort, CloudRule, CloudUnreachable

RULE = {
    "id": "r1",
    "security_group_id": "g1",
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "port_range_min": 80,
    "port_range_max": 81,
    "remote_ip_prefix": "192.0.2.0/24",
    "remote_group_id": None,
    "remote_address_group_id": None,
    "description": "web",
    "normalized_cidr": "192.0.2.0/24",
    "standard_attr_id": 7,
}
GROUP = {
    "id": "g1",
    "project_id": "p1",
    "tenant_id": "p1",
    "name": "web",
    "description": "for the web",
    "revision_number": 3,
    "created_at": "2026-11-23T15:27:59Z",
    "security_group_rules": [RULE],
}


def test_a_group_is_read_whole():
    assert translate.group_from_answer({"security_group": GROUP}) == CloudGroup(
        id="g1",
        project_id="p1",
        name="web",
        description="for the web",
        revision_number=3,
        created_at=datetime(2026, 11, 23, 15, 27, 59, tzinfo=UTC),
        rules=(
            CloudRule("IPv4", "ingress", "tcp", 80, 81, "192.0.2.0/24", description="web", id="r1"),
        ),
    )


def test_what_a_real_neutron_leaves_out_is_any_or_empty():
    rule = {"id": "r", "ethertype": "IPv6", "direction": "egress", "description": None}
    assert translate.read_rule(rule) == CloudRule("IPv6", "egress", id="r")
    old = {"id": "g", "tenant_id": "p", "name": None, "security_group_rules": []}
    group = translate.read_group(old)
    assert (group.project_id, group.name, group.revision_number) == ("p", "", 0)
    assert group.created_at == translate.EPOCH


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"port_range_min": "80"}, ("port_range_min", 80)),
        ({"port_range_min": ""}, ("port_range_min", None)),
        ({"protocol": 6}, ("protocol", "6")),
        ({"protocol": "any"}, ("protocol", None)),
        ({"remote_ip_prefix": "", "remote_group_id": "g2"}, ("remote_group_id", "g2")),
        ({"remote_address_group_id": "a1"}, ("remote_address_group_id", "a1")),
    ],
)
def test_two_spellings_are_read_as_one(sent, read):
    name, value = read
    assert getattr(translate.read_rule({**RULE, **sent}), name) == value


NONSENSE_RULES = (
    [],
    None,
    {**RULE, "id": None},
    {**RULE, "id": 7},
    {**RULE, "ethertype": "IPv5"},
    {**RULE, "ethertype": None},
    {**RULE, "direction": "sideways"},
    {**RULE, "direction": ["ingress"]},
    {**RULE, "protocol": ["tcp"]},
    {**RULE, "protocol": True},
    {**RULE, "port_range_min": "http"},
    {**RULE, "port_range_min": 80.5},
    {**RULE, "port_range_min": True},
    {**RULE, "port_range_max": 65536},
    {**RULE, "port_range_max": -1},
    {**RULE, "remote_ip_prefix": 10},
    {**RULE, "remote_group_id": {"id": "g2"}},
    {**RULE, "security_group_id": "g2"},
)


@pytest.mark.parametrize("rule", NONSENSE_RULES)
def test_one_rule_that_is_none_spoils_the_answer(rule):
    group = {**GROUP, "security_group_rules": [RULE, rule]}
    with pytest.raises(CloudUnreachable, match="not Neutron's"):
        translate.groups_from_answer({"security_groups": [GROUP, group]})


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "<html>",
        {},
        {"security_groups": None},
        {"security_groups": {}},
        {"security_groups": [None]},
        {"security_groups": [{**GROUP, "id": ""}]},
        {"security_groups": [{**GROUP, "project_id": None, "tenant_id": None}]},
        {"security_groups": [{**GROUP, "security_group_rules": None}]},
        {"security_groups": [{**GROUP, "security_group_rules": {}}]},
        {"security_groups": [{**GROUP, "revision_number": "many"}]},
        {"security_groups": [{**GROUP, "created_at": "yesterday"}]},
        {"security_groups": [{k: v for k, v in GROUP.items() if k != "security_group_rules"}]},
    ],
)
def test_an_answer_that_is_not_neutrons_is_never_a_partial_group(answer):
    with pytest.raises(CloudUnreachable, match="not Neutron's"):
        translate.groups_from_answer(answer)


def test_a_rule_is_written_without_what_is_any():
    rule = CloudRule("IPv4", "ingress", remote_address_group_id="a1")
    assert translate.write_rule("p1", "g1", rule) == {
        "project_id": "p1",
        "security_group_id": "g1",
        "ethertype": "IPv4",
        "direction": "ingress",
        "remote_address_group_id": "a1",
        "description": "",
    }


# As Neutron answers, without what is not read.
PORT = {
    "id": "18822455-ecfe-49be-ac7b-98160cad5497",
    "name": "vm",
    "project_id": "p1",
    "tenant_id": "p1",
    "device_id": "i1",
    "device_owner": "compute:nova",
    "fixed_ips": [{"subnet_id": "s1", "ip_address": "192.0.2.38"}],
    "security_groups": ["g1", "g2"],
    "revision_number": 4,
}
# The shape that Neutron's API reference shows: the lab has no router, so no floating addresses.
FLOATING = {
    "id": "2f245a7b-796b-4f26-9cf9-9e82d248fda7",
    "router_id": "d23abc8d-2991-4a55-ba98-2aaea84cc72f",
    "status": "ACTIVE",
    "description": "",
    "tenant_id": "p1",
    "project_id": "p1",
    "floating_network_id": "376da547-b977-4cfe-9cba-275c80debf57",
    "fixed_ip_address": "10.0.0.3",
    "floating_ip_address": "203.0.113.7",
    "port_id": "18822455-ecfe-49be-ac7b-98160cad5497",
    "port_details": {"device_owner": "compute:nova", "device_id": "i1"},
    "revision_number": 3,
}


def test_a_port_is_read_with_its_groups():
    assert translate.ports_from_answer({"ports": [PORT]}) == [
        CloudPort(PORT["id"], "p1", "vm", "i1", "compute:nova", ("192.0.2.38",), ("g1", "g2"), 4)
    ]


def test_a_port_that_has_nothing_is_read():
    bare = {"id": "x", "tenant_id": "p1", "fixed_ips": None, "device_id": None}
    assert translate.read_port(bare) == CloudPort("x", "p1", "", "", "", (), (), 0)


@pytest.mark.parametrize(
    "change", [{"id": ""}, {"security_groups": [None]}, {"fixed_ips": [{}]}, {"project_id": 7}]
)
def test_a_port_that_is_not_neutrons_makes_the_answer_unusable(change):
    with pytest.raises(CloudUnreachable):
        translate.ports_from_answer({"ports": [PORT | change]})


def test_floating_addresses_are_read_where_they_lead_to_a_port_of_the_project():
    unused = FLOATING | {"floating_ip_address": "203.0.113.8", "port_id": None}
    foreign = FLOATING | {"floating_ip_address": "203.0.113.9", "project_id": "p2"}
    answer = {"floatingips": [FLOATING, unused, foreign]}
    assert translate.floating_from_answer(answer, "p1") == {"203.0.113.7": PORT["id"]}
    for unusable in ({}, {"floatingips": None}, {"floatingips": [FLOATING | {"port_id": 7}]}):
        with pytest.raises(CloudUnreachable):
            translate.floating_from_answer(unusable, "p1")
