"""Validation compared with Neutron's own, over a small domain of rules, names and descriptions.

What Ringfence accepts, Neutron accepts. What only Ringfence refuses is what the API's contract
refuses. `RINGFENCE_DIFFERENTIAL=all` tries every protocol number.
"""

import os
import urllib.error
from dataclasses import replace

import pytest

from ringfence.errors import Invalid
from ringfence.security_groups.rule_input.refused_input import TABLE
from ringfence.security_groups.rule_input.rule_requests import RuleProblem
from ringfence.security_groups.rule_input.validation import check_rule
from ringfence.security_groups.rules import ETHERTYPES, Rule, canonical
from ringfence.security_groups.schemas import clean_creation
from ringfence.sync.plan import rule_for_cloud
from ringfence.sync.push import RULES_PER_CALL

ALL = os.environ.get("RINGFENCE_DIFFERENTIAL") == "all"
# One of each kind: named by Neutron, with ports, ICMP, of IPv6 alone, without a name.
SELECTED = (0, 41, 43, 44, 58, 59, 60, 132, 200)
PROTOCOLS = ("", "tcp", "icmp", *map(str, range(256) if ALL else SELECTED))
SHAPES = ((-1, -1), (0, 0), (8, -1), (-1, 8), (3, 1), (80, 300), (1, 65535))
PREFIXES = (
    *("10.0.0.0/8", "10.0.0.0/09", "10.1.2.3/8", "192.0.2.7", "10.0.0.0/33", "10/8", "0.0.0.0/0"),
    *("::/0", "2001:db8::/32", "2001:DB8::1/64", "::ffff:192.0.2.7/96", "2001:db8::/129"),
    *("fe80::1%eth0/64", "2001:db8:::/32", "10.0.0.0/255.0.0.0", "010.0.0.0/8", "all", "1"),
)
# What netaddr reads besides: short forms, netmasks, octets with a zero before them.
OTHER_SPELLINGS = {"10/8", "10.0.0.0/255.0.0.0", "010.0.0.0/8"}


def domain():
    """Yield each rule of the domain, with ports as on the wire."""
    for ethertype in ETHERTYPES:
        for protocol in PROTOCOLS:
            for first, last in SHAPES:
                yield Rule(ethertype, "ingress", protocol, first, last)
        for prefix in PREFIXES:
            yield Rule(ethertype, "egress", "tcp", 1, 2, cidr=prefix)
    yield Rule("IPv4", "egress", "udp", 53, 53, description="\U0001f600" * 255)


def is_taken(rule):
    try:
        check_rule(rule)
    except RuleProblem:
        return False
    return True


def without_wire_ports(rule):
    ports = [None if port == -1 else port for port in (rule.from_port, rule.to_port)]
    return replace(rule, from_port=ports[0], to_port=ports[1])


def is_of_the_contract_alone(rule):
    """Return whether only Waldur's contract refuses the rule, and Neutron may accept it."""
    # Neutron turns the whole range into "any" before it checks the protocol.
    return (rule.from_port, rule.to_port) == (1, 65535) or rule.cidr in OTHER_SPELLINGS


def thinned(rules):
    """Leave out rules that differ in the protocol number only: each request takes time."""
    kinds = {"", "tcp", "icmp", "58", "132", "200"}
    return [rule for rule in rules if rule.cidr or rule.protocol in kinds]


@pytest.fixture
def refuses(lab, openstack_project):
    """Return a function that returns whether Neutron refuses a POST; what it creates is deleted."""

    def ask(kind, values):
        path = f"/v2.0/{kind.replace('_', '-')}s"
        try:
            made = lab.neutron("POST", path, {kind: values | {"project_id": openstack_project}})
        except urllib.error.HTTPError as error:
            return error.code in {400, 409, 500}
        lab.neutron("DELETE", f"{path}/{made[kind]['id']}")
        return False

    return ask


async def test_neutron_takes_every_rule_that_we_take(lab_cloud, openstack_project):
    group = await lab_cloud.create_group(openstack_project, "taken", "")
    rules = [without_wire_ports(rule) for rule in domain() if is_taken(rule)]
    # Duplicates can exist once only.
    distinct = list({canonical(rule): rule_for_cloud(rule) for rule in rules}.values())
    assert len(distinct) > len(PROTOCOLS)
    for start in range(0, len(distinct), RULES_PER_CALL):
        chunk = distinct[start : start + RULES_PER_CALL]
        assert len(await lab_cloud.create_rules(openstack_project, group.id, chunk)) == len(chunk)


def test_what_we_refuse_and_neutron_takes_is_of_the_contract_alone(lab, refuses, openstack_project):
    values = {"name": "refused", "project_id": openstack_project}
    group = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    group_id = group["security_group"]["id"]
    found = []
    refused = [rule for rule in domain() if not is_taken(rule)]
    for wire in refused if ALL else thinned(refused):
        rule = without_wire_ports(wire)
        sent = {
            "security_group_id": group_id,
            "ethertype": rule.ethertype,
            "direction": rule.direction,
            "protocol": rule.protocol or None,
            "port_range_min": rule.from_port,
            "port_range_max": rule.to_port,
            "remote_ip_prefix": rule.cidr,
        }
        if not is_of_the_contract_alone(wire) and not refuses("security_group_rule", sent):
            found.append(wire)
    assert found == []


NAMES = (
    *("default", "DEFAULT", "dEFAULT", "default.", "d\u00e9fault", "x" * 150, "\u00e9" * 150),
    *("a\nb", "\u202eabc", "\x7f", "<b>", "\U0001f600", "\ud800"),
)
DESCRIPTIONS = ("", *(letter * size for letter in ("x", "\u00e9") for size in (255, 256)), "\ud800")


@pytest.mark.parametrize(
    "values",
    [
        *({"name": name} for name in NAMES),
        *({"name": "described", "description": text} for text in DESCRIPTIONS),
    ],
    ids=lambda values: f"{max(values.values(), key=len)[:8]!a} {len(max(values.values()))}",
)
def test_neutron_refuses_the_names_and_descriptions_that_we_refuse(refuses, values):
    try:
        clean_creation(values, ())
    except Invalid:
        assert refuses("security_group", values)
    else:
        assert not refuses("security_group", values)


def test_neutron_refuses_the_examples_that_the_table_ascribes_to_it(
    lab, refuses, openstack_project
):
    values = {"name": "examples", "project_id": openstack_project}
    group = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    group_id = group["security_group"]["id"]
    for entry in TABLE:
        if not entry.is_from_neutron:
            continue
        if entry.about == "group":
            kind, sent = "security_group", dict(entry.refused)
        else:
            kind, sent = "security_group_rule", as_neutron_has_it(entry.refused, group_id)
        if entry.field != "remote_group":
            assert refuses(kind, sent), entry.condition


def as_neutron_has_it(rule, group_id):
    ports = [None if rule[name] == -1 else rule[name] for name in ("from_port", "to_port")]
    values = {
        "security_group_id": group_id,
        "ethertype": rule["ethertype"],
        "direction": rule["direction"],
        "protocol": rule.get("protocol") or None,
        "port_range_min": ports[0],
        "port_range_max": ports[1],
        "remote_ip_prefix": rule.get("cidr"),
        "remote_group_id": group_id if "remote_group" in rule else None,
        "description": rule.get("description", ""),
    }
    return {name: value for name, value in values.items() if value is not None}
