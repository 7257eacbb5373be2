"""What rules open to the internet, judged together, and the warnings about it."""

import json
from ipaddress import ip_address, ip_network
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.security_groups.exposure import Code, warnings_of
from ringfence.security_groups.internet import NOT_INTERNET, is_open
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.well_known_ports import SENSITIVE_PORTS, SERVICES, services_in

CASES = json.loads(Path(__file__).with_name("internet_cases.json").read_text())
OPEN = {Code.EVERYTHING_OPEN, Code.SENSITIVE_PORT_OPEN}


def ssh(cidr=None, **values):
    values = {"protocol": "tcp", "from_port": 22, "to_port": 22} | values
    return Rule(cidr=cidr, **values)


def said(*rules):
    return [(each.rule, each.message) for each in warnings_of(rules) if each.code in OPEN]


def messages_of(*rules):
    return [message for _, message in said(*rules)]


@pytest.mark.parametrize(("ethertype", "cidr", "expected"), CASES)
def test_a_rule_reaches_the_internet_unless_one_of_the_ranges_holds_it(ethertype, cidr, expected):
    assert is_open(Rule(ethertype=ethertype, cidr=cidr)) is expected
    assert not is_open(Rule(ethertype=ethertype, cidr=cidr, direction="egress"))


@given(st.integers(0, 2**32 - 1))
def test_every_single_address_is_of_the_internet_or_in_a_range(number):
    address = ip_address(number)
    inside = any(address in ip_network(each) for each in NOT_INTERNET["IPv4"])
    assert is_open(Rule(cidr=str(address))) is not inside


def test_symbolic_ends_are_not_the_internet_and_what_cannot_be_read_is_not_known_to_be_confined():
    assert not is_open(Rule(remote_group="g"))
    assert not is_open(Rule(remote_address_group="a"))
    assert is_open(Rule(cidr="anything"))
    assert is_open(Rule(cidr="2000::/3"))
    assert not is_open(Rule(cidr="fc00::/7"))


PART = "Addresses of the internet in"
ANYBODY = "Anybody can reach SSH (22)."


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([ssh("0.0.0.0/1"), ssh("128.0.0.0/1")], [(0, ANYBODY)]),
        ([ssh("2000::/3", ethertype="IPv6")], [(0, ANYBODY)]),
        ([ssh("0.0.0.0/0", protocol="udp")], [(0, ANYBODY)]),
        ([ssh("10.0.0.0/8"), ssh("192.168.0.0/16")], []),
        ([ssh("8.0.0.0/8")], [(0, f"{PART} 8.0.0.0/8 can reach SSH (22).")]),
        (
            [ssh("10.0.0.0/8"), ssh("192.168.0.0/15")],
            [(1, f"{PART} 192.168.0.0/15 can reach SSH (22).")],
        ),
        (
            [ssh("8.0.0.0/9"), ssh("8.128.0.0/9"), ssh("10.0.0.0/8")],
            [(0, f"{PART} 8.0.0.0/8 can reach SSH (22).")],
        ),
        (
            [ssh(f"{first}.0.0.0/16") for first in (8, 20, 30, 40, 50)],
            [
                (
                    0,
                    f"{PART} 8.0.0.0/16, 20.0.0.0/16, 30.0.0.0/16 and 2 more can reach SSH (22).",
                )
            ],
        ),
        ([Rule(protocol="sctp")], [(0, "Anybody can reach every port with sctp.")]),
        ([Rule(protocol="132")], [(0, "Anybody can reach every port with sctp.")]),
        ([Rule(protocol="dccp")], [(0, "Anybody can reach every port with dccp.")]),
        ([Rule(protocol="47")], [(0, "Anybody can reach members of the group with protocol gre.")]),
        ([Rule(protocol="99")], [(0, "Anybody can reach members of the group with protocol 99.")]),
        (
            [Rule(cidr="0.0.0.0/1"), Rule(cidr="128.0.0.0/1")],
            [(0, "Anybody can reach every port with every protocol.")],
        ),
        (
            [Rule(cidr="0.0.0.0/1"), Rule(cidr="128.0.0.0/1", protocol="tcp")],
            [
                (
                    0,
                    f"{PART} 0.0.0.0/1 can reach every port with every protocol.",
                ),
                (1, "Anybody can reach every port with tcp."),
            ],
        ),
        ([Rule(protocol="icmp")], []),
        ([Rule(protocol="icmp", ethertype="IPv6")], []),
        ([ssh(remote_group="g"), ssh(remote_address_group="a")], []),
        ([ssh("0.0.0.0/0", direction="egress")], []),
        ([ssh("0.0.0.0/0", from_port=8000, to_port=8000)], []),
    ],
)
def test_warnings_judge_the_union_of_the_rules(rules, expected):
    assert said(*rules) == expected


def test_port_ranges_that_split_all_ports_are_all_ports():
    parts = [ssh(from_port=first, to_port=last) for first, last in ((1, 21), (22, 65535))]
    assert (0, "Anybody can reach every port with tcp.") in said(*parts)
    holed = [ssh(from_port=first, to_port=last) for first, last in ((1, 20), (22, 65535))]
    assert "Anybody can reach every port with tcp." not in dict(said(*holed)).values()
    narrow = ssh("8.0.0.0/8", from_port=22, to_port=65535)
    assert (
        0,
        f"{PART} 8.0.0.0/8 can reach every port with tcp.",
    ) in said(parts[0], narrow)


def test_hundreds_of_prefixes_that_make_up_all_addresses_are_anybody():
    prefixes = [ssh(f"{number}.0.0.0/8") for number in range(256)]
    assert said(*prefixes) == [(1, ANYBODY)]
    without_one = [rule for rule in prefixes if rule.cidr != "8.0.0.0/8"]
    [(_, message)] = said(*without_one)
    assert message.startswith(PART)
    private = {"0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8"}
    assert said(*(rule for rule in prefixes if rule.cidr not in private)) == [(1 - 1, ANYBODY)]


def test_the_order_of_the_rules_changes_no_message():
    rules = [ssh("0.0.0.0/1"), ssh("128.0.0.0/2"), ssh("192.0.0.0/2"), Rule(protocol="sctp")]
    messages = {
        tuple(sorted(message for _, message in said(*each))) for each in permutations(rules)
    }
    assert messages == {("Anybody can reach SSH (22).", "Anybody can reach every port with sctp.")}


@given(st.integers(1, 24), st.randoms())
def test_splitting_a_prefix_changes_no_message(length, random):
    whole = ip_network("8.0.0.0/8")
    parts = [ssh(str(part)) for part in whole.subnets(new_prefix=min(8 + length, 14))]
    random.shuffle(parts)
    assert [message for _, message in said(*parts)] == [
        message for _, message in said(ssh(str(whole)))
    ]


def test_services_have_one_table():
    assert SENSITIVE_PORTS[22] == SERVICES["ssh"].name == "SSH"
    assert [each.word for each in services_in((6, 6), (22, 22))] == ["ssh"]
    assert [each.word for each in services_in((17, 17), (22, 22))] == []
    assert {"ssh", "rdp", "dns"} <= {each.word for each in services_in((0, 255), (0, 65535))}
