"""Rules that no cloud accepts. Their messages are in tests/contract/test_set_rules.py."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.security_groups.rule_input.refused_input import ICMP_PROTOCOLS, PORT_PROTOCOLS
from ringfence.security_groups.rule_input.rule_requests import RuleProblem
from ringfence.security_groups.rule_input.validation import (
    ANY,
    check_rule,
    is_cidr,
    is_protocol,
)
from ringfence.security_groups.rules import Rule

PORTS = st.integers(-3, 300) | st.integers(65_000, 65_535)


def is_accepted(**values):
    try:
        check_rule(Rule(**values))
    except RuleProblem:
        return False
    return True


@given(st.sampled_from(sorted(PORT_PROTOCOLS)), PORTS, PORTS)
def test_ports_are_a_range_of_ports_or_any(protocol, first, last):
    expected = first == last == ANY or 1 <= first <= last
    assert is_accepted(protocol=protocol, from_port=first, to_port=last) is expected


@given(st.sampled_from(sorted(ICMP_PROTOCOLS)), PORTS, PORTS)
def test_icmp_type_and_code_are_bytes_or_any_and_a_code_needs_a_type(protocol, kind, code):
    expected = ANY <= kind <= 255 and ANY <= code <= 255 and (kind != ANY or code == ANY)
    rule = {"protocol": protocol, "from_port": kind, "to_port": code}
    assert is_accepted(ethertype="IPv6", **rule) is expected
    assert is_accepted(ethertype="IPv4", **rule) is (expected and protocol != "58")


@given(st.sampled_from(["", "0", "2", "47", "112", "255"]), PORTS, PORTS)
def test_other_protocols_have_no_ports(protocol, first, last):
    expected = first == last == ANY
    assert is_accepted(protocol=protocol, from_port=first, to_port=last) is expected


@pytest.mark.parametrize("missing", ["from_port", "to_port"])
@pytest.mark.parametrize("protocol", ["tcp", "icmp", "", "47"])
def test_ports_are_required(missing, protocol):
    ports = {"from_port": ANY, "to_port": ANY} | {missing: None}
    with pytest.raises(RuleProblem) as caught:
        check_rule(Rule(protocol=protocol, **ports))
    assert caught.value.field == missing


def test_a_protocol_is_a_known_name_or_a_byte():
    assert all(is_protocol(str(number)) for number in range(256))
    assert all(is_protocol(word) for word in ("tcp", "udp", "icmp", ""))
    for word in ("256", "-1", "06", "+6", " 6", "6.0", "TCP", "any", "ip", "\u0666", "1" * 5000):
        assert not is_protocol(word)


@given(st.ip_addresses(v=4), st.integers(0, 40))
def test_an_ipv4_prefix_is_an_address_with_at_most_32_bits(address, length):
    assert is_cidr(f"{address}", "IPv4")
    assert is_cidr(f"{address}/{length}", "IPv4") is (length <= 32)
    assert not is_cidr(f"{address}/{length}", "IPv6")


@given(st.ip_addresses(v=6), st.integers(0, 140))
def test_an_ipv6_prefix_is_an_address_with_at_most_128_bits(address, length):
    for spelling in (address.compressed, address.exploded, address.exploded.upper()):
        assert is_cidr(f"{spelling}/{length}", "IPv6") is (length <= 128)
        assert not is_cidr(spelling, "IPv4")


@given(st.text(alphabet="0123456789abcdefg.:/% x", max_size=24), st.sampled_from(["IPv4", "IPv6"]))
def test_an_accepted_prefix_is_an_interface_for_python_too(text, ethertype):
    if is_cidr(text, ethertype):
        assert ipaddress.ip_interface(text).version == (4 if ethertype == "IPv4" else 6)
