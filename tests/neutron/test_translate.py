from datetime import UTC, datetime

import pytest

from ringfence.neutron import translate
from ringfence.neutron.port import CloudGroup, CloudRule, CloudUnreachable
from ringfence.neutron.read_rule import read_rule

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
# A rule from anywhere in a Neutron without optional extensions
ANY = dict.fromkeys(
    ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
)
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
    assert translate.group_from_body({"security_group": GROUP}) == CloudGroup(
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
    rule = {**ANY, "id": "r", "ethertype": "IPv6", "direction": "egress"}
    assert read_rule(rule) == CloudRule("IPv6", "egress", id="r")
    old = {"id": "g", "tenant_id": "p", "name": None, "security_group_rules": []}
    group = translate.read_group(old)
    assert (group.project_id, group.name, group.revision_number) == ("p", "", 0)
    assert group.created_at == translate.UNKNOWN_TIME


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"port_range_min": "80"}, ("port_range_min", 80)),
        ({"port_range_min": "", "port_range_max": ""}, ("port_range_min", None)),
        ({"protocol": 6}, ("protocol", "6")),
        ({"protocol": "any", "port_range_min": None, "port_range_max": None}, ("protocol", None)),
        ({"remote_ip_prefix": "", "remote_group_id": "g2"}, ("remote_group_id", "g2")),
        (
            {"remote_ip_prefix": None, "remote_address_group_id": "a1"},
            ("remote_address_group_id", "a1"),
        ),
    ],
)
def test_two_spellings_are_read_as_one(sent, read):
    name, value = read
    assert getattr(read_rule({**RULE, **sent}), name) == value


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
    {**RULE, "port_range_max": None},
    {**RULE, "port_range_max": 79},
    {**RULE, "protocol": None},
    {**RULE, "protocol": "teleport"},
    {**RULE, "protocol": "256"},
    {**RULE, "protocol": "9" * 5000},
    {**RULE, "remote_ip_prefix": "anywhere"},
    {**RULE, "remote_ip_prefix": "::/0"},
    {**RULE, "remote_ip_prefix": "10.0.0.0/8\0"},
    {**RULE, "remote_group_id": "g2"},
    {**RULE, "id": "r\ud800"},
    {**RULE, "remote_ip_prefix": 10},
    {**RULE, "remote_group_id": {"id": "g2"}},
    {**RULE, "security_group_id": "g2"},
)


@pytest.mark.parametrize("rule", NONSENSE_RULES)
def test_a_rule_that_cannot_be_read_stays_visible_and_spoils_nothing_around_it(rule):
    group = {
        **GROUP,
        "id": "g3",
        "security_group_rules": [rule, {**RULE, "security_group_id": "g3"}],
    }
    whole, partial = translate.groups_from_body({"security_groups": [GROUP, group]})
    assert (len(whole.rules), whole.unreadable) == (1, ())
    assert [found.id for found in partial.rules] == ["r1"]
    assert len(partial.unreadable) == 1


@pytest.mark.parametrize("missing", [*ANY, "id", "ethertype", "direction"])
def test_a_rule_without_one_of_its_keys_is_not_guessed_at(missing):
    rule = {name: value for name, value in RULE.items() if name != missing}
    with pytest.raises(CloudUnreachable, match=f"{missing} is"):
        read_rule(rule)


@pytest.mark.parametrize(
    "answer", [None, [], "<html>", {}, *({"security_groups": v} for v in (None, {}, 7))]
)
def test_a_response_that_is_not_neutrons_is_never_an_empty_list(answer):
    with pytest.raises(CloudUnreachable, match="not Neutron's"):
        translate.groups_from_body(answer)


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        {**GROUP, "id": ""},
        {**GROUP, "id": "g\0"},
        {**GROUP, "id": "g" * 3000},
        {**GROUP, "project_id": None, "tenant_id": None},
    ],
)
def test_a_group_without_identity_is_skipped_and_reported(item):
    reported = []
    found = translate.groups_from_body(
        {"security_groups": [item, GROUP]}, lambda *said: reported.append(said)
    )
    assert [group.id for group in found] == ["g1"]
    assert [kind for kind, _, _ in reported] == ["security_groups"]


@pytest.mark.parametrize("rules", [None, {}, "many"])
def test_a_group_whose_rules_are_no_list_is_not_a_group_without_rules(rules):
    group = translate.read_group({**GROUP, "security_group_rules": rules})
    assert (group.rules, [rule.reason for rule in group.unreadable]) == (
        (),
        [translate.UNKNOWN_RULES],
    )


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"name": "a\0b"}, "name", "a\ufffdb"),
        ({"name": "\ud800"}, "name", "\ufffd"),
        ({"description": "x" * 1_000_000}, "description", "x" * 254 + "…"),
        ({"description": ["a", 1]}, "description", '["a", 1]'),
        ({"name": 7}, "name", "7"),
        ({"revision_number": "many"}, "revision_number", 0),
        ({"revision_number": 10**12}, "revision_number", 0),
        ({"created_at": "yesterday"}, "created_at", translate.UNKNOWN_TIME),
        ({"created_at": 7}, "created_at", translate.UNKNOWN_TIME),
    ],
)
def test_what_only_describes_a_group_is_made_storable(change, name, value):
    assert getattr(translate.read_group({**GROUP, **change}), name) == value


def test_a_rule_is_written_without_what_is_any():
    rule = CloudRule("IPv4", "ingress", remote_address_group_id="a1")
    assert translate.write_rule("p1", "g1", rule) == {
        "project_id": "p1",
        "security_group_id": "g1",
        "ethertype": "IPv4",
        "direction": "ingress",
        "remote_address_group_id": "a1",
    }


# A response of Neutron without what is not read
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
    "description": "first",
    "network_id": "n1",
    "mac_address": "fa:16:3e:a4:21:07",
    "status": "ACTIVE",
    "dns_name": "vm-1",
    "binding:vnic_type": "normal",
    "port_security_enabled": True,
    "admin_state_up": True,
    "allowed_address_pairs": [
        {"ip_address": "192.0.2.64/26", "mac_address": "fa:16:3e:a4:21:07"},
        {"ip_address": "2001:db8::5"},
    ],
}
# The shape that Neutron's API reference shows: the lab has no router, so it has no floating IPs.
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


def test_floating_ips_on_ports_of_the_project_are_read():
    unused = FLOATING | {"floating_ip_address": "203.0.113.8", "port_id": None}
    foreign = FLOATING | {"floating_ip_address": "203.0.113.9", "project_id": "p2"}
    answer = {"floatingips": [FLOATING, unused, foreign]}
    assert translate.floating_ips_from_body(answer, "p1") == {"203.0.113.7": PORT["id"]}
    bad = {"floatingips": [FLOATING | {"port_id": 7}, FLOATING]}
    assert translate.floating_ips_from_body(bad, "p1") == {"203.0.113.7": PORT["id"]}
    for unusable in ({}, {"floatingips": None}):
        with pytest.raises(CloudUnreachable):
            translate.floating_ips_from_body(unusable, "p1")
