"""The canonical form of rules, compared with pairs of rules that a real Neutron has judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.neutron.pairs import PAIRS

from ringfence.security_groups.rules import Rule, canonical, shown_protocol, stored_prefix


def rule_of(sent):
    return Rule(
        ethertype=sent.ethertype,
        direction=sent.direction,
        protocol=sent.protocol or "",
        from_port=sent.port_range_min,
        to_port=sent.port_range_max,
        cidr=sent.remote_ip_prefix,
        description=sent.description or "",
        remote_group=sent.remote_group_id,
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_two_rules_have_one_key_exactly_if_they_are_duplicates_for_neutron(pair):
    same = canonical(rule_of(pair.one)) == canonical(rule_of(pair.other))
    assert same is pair.same


def test_all_addresses_of_the_other_family_are_not_all_addresses_of_a_rule():
    keys = [canonical(Rule(ethertype="IPv4", cidr=cidr)) for cidr in (None, "0.0.0.0/0", "::/0")]
    assert keys[0] == keys[1] != keys[2]


def test_rules_with_different_remote_ends_have_different_keys():
    rules = [Rule(), Rule(remote_group="a"), Rule(remote_group="b"), Rule(remote_address_group="a")]
    assert len({canonical(rule) for rule in rules}) == 4


@pytest.mark.parametrize(
    ("cidr", "stored"),
    [
        (None, None),
        ("", None),
        (" 10.0.0.1 ", "10.0.0.1/32"),
        ("10.0.0.1/08", "10.0.0.1/8"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("::", "::/128"),
        ("nonsense", "nonsense"),
        ("10.0.0.0/x", "10.0.0.0/x"),
    ],
)
def test_a_prefix_is_stored_as_neutron_does(cidr, stored):
    assert stored_prefix(cidr) == stored


@pytest.mark.parametrize(
    ("protocol", "ethertype", "shown"),
    [
        (None, "IPv4", ""),
        ("any", "IPv4", ""),
        ("TCP", "IPv4", "tcp"),
        ("6", "IPv4", "tcp"),
        ("1", "IPv4", "icmp"),
        ("ipv6-icmp", "IPv6", "icmp"),
        ("58", "IPv6", "icmp"),
        ("ipv6-icmp", "IPv4", "58"),
        ("vrrp", "IPv4", "112"),
        ("200", "IPv4", "200"),
        ("hopopt", "IPv4", "hopopt"),
    ],
)
def test_a_protocol_from_a_cloud_is_shown_as_the_contract_writes_it(protocol, ethertype, shown):
    assert shown_protocol(protocol, ethertype) == shown


@given(st.text(), st.sampled_from(["IPv4", "IPv6"]))
def test_the_canonical_form_of_any_text_is_canonical(text, ethertype):
    key = canonical(Rule(ethertype=ethertype, protocol=text, cidr=text))
    again = canonical(
        Rule(ethertype=ethertype, protocol=key.protocol or "", cidr=key.remote_ip_prefix)
    )
    assert again == key
