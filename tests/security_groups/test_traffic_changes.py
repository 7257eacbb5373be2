"""What a change of rules opens and closes, and why it is not exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.security_groups import traffic_changes
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_changes import MAX_SHOWN, Grade, Note, compare, grade


def tcp(first, last=None, cidr="10.0.0.0/8", **values):
    return Rule("IPv4", "ingress", "tcp", first, last or first, cidr, **values)


def shown(pieces):
    return [(each.piece.protocol, each.piece.from_port, each.piece.cidr) for each in pieces]


def test_what_opens_and_what_closes_is_disjoint_and_the_widest_comes_first():
    change = compare([tcp(22), tcp(80)], [tcp(22, cidr="0.0.0.0/0"), tcp(443)])
    assert shown(change.closes) == [("tcp", 80, "10.0.0.0/8")]
    cidrs = [each.piece.cidr for each in change.opens if each.piece.from_port == 22]
    assert cidrs[0] == "128.0.0.0/1"
    assert "10.0.0.0/8" not in cidrs
    assert change.opens_total == len(cidrs) + 1
    assert not change.is_same
    assert not change.notes


def test_two_halves_are_the_same_as_anywhere():
    halves = [tcp(22, cidr="0.0.0.0/1"), tcp(22, cidr="128.0.0.0/1")]
    change = compare(halves, [tcp(22, cidr=None)])
    assert change.is_same
    assert grade(halves, [tcp(22, cidr=None)]) is Grade.NONE
    assert [each.is_internet for each in compare((), halves).opens] == [True]


def test_only_addresses_beyond_private_ones_are_the_internet():
    rules = [tcp(22, cidr="192.168.0.0/16"), tcp(23, cidr="8.8.8.0/24"), tcp(24, remote_group="g")]
    rules[2] = Rule("IPv4", "ingress", "tcp", 24, 24, remote_group="g")
    found = {each.piece.from_port: each.is_internet for each in compare((), rules).opens}
    assert found == {22: False, 23: True, 24: False}


def test_what_opens_names_the_rules_that_admit_it_newly():
    rules = [tcp(22), tcp(80, cidr="0.0.0.0/0"), tcp(79, 81, "0.0.0.0/0")]
    change = compare([tcp(22)], rules)
    assert [each.rules for each in change.opens] == [[1, 2]]
    assert [each.rules for each in compare(rules, [tcp(22)]).closes] == [()]
    hidden = compare((), [tcp(1), tcp(2, cidr="192.0.2.0/24")], submitted=1)
    assert [each.rules for each in hidden.opens] == [[0], []]


def test_at_most_twenty_pieces_are_shown_and_all_are_counted():
    change = compare([tcp(port) for port in range(100, 200, 2)], [tcp(9, cidr="0.0.0.0/0")])
    assert (len(change.closes), change.closes_total) == (MAX_SHOWN, 50)
    assert len(change.closed) == 50


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        (Rule("IPv4", "ingress", "33", 1, 5, "10.0.0.0/8"), Note.PORTS_OF_PROTOCOL),
        (Rule("IPv4", "ingress", "0", cidr="10.0.0.0/8"), Note.PROTOCOL_ZERO),
        (Rule("IPv4", "ingress", "hopopt", cidr="10.0.0.0/8"), Note.PROTOCOL_ZERO),
        (Rule("IPv4", "ingress", "58", cidr="10.0.0.0/8"), Note.ICMPV6_OVER_IPV4),
        (Rule("IPv4", "ingress", "sctp", 1, 5, "10.0.0.0/8"), None),
        (Rule("IPv4", "ingress", "33", cidr="10.0.0.0/8"), None),
        (Rule("IPv6", "ingress", "58", cidr="2001:db8::/32"), None),
        (Rule("IPv4", "ingress", "icmp", 8, 0, "10.0.0.0/8"), None),
    ],
)
def test_a_rule_that_clouds_read_differently_makes_the_change_inexact(rule, note):
    expected = [note] if note else []
    assert list(compare((), [rule]).notes) == expected
    assert list(compare([rule], ()).notes) == expected
    # What does not change, and has no protocol in common with what does, is not considered.
    other = Rule("IPv4", "egress", "tcp", 80, 80)
    assert list(compare([rule], [rule, other]).notes) == []


def test_the_icmp_of_ipv6_with_ipv4_may_be_that_of_ipv4():
    doubtful = Rule("IPv4", "ingress", "58", cidr="10.0.0.0/8")
    icmp = Rule("IPv4", "ingress", "icmp", cidr="10.0.0.0/8")
    assert list(compare([doubtful], [doubtful, icmp]).notes) == [Note.ICMPV6_OVER_IPV4]


def test_a_group_held_against_addresses_or_another_group_is_not_exact():
    one = Rule("IPv4", "ingress", "tcp", 22, 22, remote_group="one")
    other = Rule("IPv4", "ingress", "tcp", 22, 22, remote_group="other")
    for before, after in (
        ([tcp(22)], [one]),
        ([one], [tcp(22)]),
        ([one], [other]),
        ([tcp(22)], [tcp(22), one]),
        ([one, tcp(22)], [tcp(22)]),
        ([one], [tcp(22, cidr=None)]),
    ):
        assert list(compare(before, after).notes) == [Note.REMOTE_MEMBERS], (before, after)


def test_many_groups_held_against_many_addresses_are_found_inexact_too():
    groups = [
        Rule("IPv4", "ingress", "tcp", port, port, remote_group="one") for port in range(1, 50)
    ]
    prefixes = [tcp(port) for port in range(101, 150)]
    assert list(compare(prefixes, groups).notes) == []
    assert list(compare([*prefixes, tcp(7)], groups).notes) == [Note.REMOTE_MEMBERS]


def test_a_group_by_itself_or_within_anywhere_is_exact():
    one = Rule("IPv4", "ingress", "tcp", 22, 22, remote_group="one")
    for before, after in (
        ((), [one]),
        ([one], ()),
        ([tcp(22, cidr=None)], [tcp(22, cidr=None), one]),
        ([tcp(80)], [tcp(80), one]),
    ):
        assert list(compare(before, after).notes) == [], (before, after)


def test_rules_that_are_too_complex_are_shown_one_by_one(monkeypatch):
    def refuse(_):
        raise TooComplex

    monkeypatch.setattr(traffic_changes, "_opened_and_closed", lambda *_: refuse(None))
    change = compare([tcp(22), tcp(80)], [tcp(22), tcp(443), tcp(444)])
    assert list(change.notes) == [Note.TOO_COMPLEX]
    assert shown(change.opens) == [("tcp", 443, "10.0.0.0/8"), ("tcp", 444, "10.0.0.0/8")]
    assert shown(change.closes) == [("tcp", 80, "10.0.0.0/8")]
    assert grade([tcp(22)], [tcp(22), tcp(80)]) is Grade.OPENS
    assert grade([tcp(22), tcp(80)], [tcp(22)]) is Grade.CLOSES


def test_a_change_that_opens_and_closes_is_graded_opens():
    assert grade([tcp(22)], [tcp(80)]) is Grade.OPENS
    assert grade([tcp(22), tcp(80)], [tcp(80)]) is Grade.CLOSES
    assert grade([tcp(1, 100)], [tcp(1, 50), tcp(51, 100)]) is Grade.NONE


a_rule = st.builds(
    lambda protocol, ports, end: Rule(
        "IPv4",
        "ingress",
        protocol,
        *(ports if protocol else (None, None)),
        cidr=end if "/" in end else None,
        remote_group=None if "/" in end else end,
    ),
    st.sampled_from(["tcp", "udp", "icmp", ""]),
    st.sampled_from([(None, None), (1, 4), (1, 2), (3, 4), (2, 3)]),
    st.sampled_from(["0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/8", "10.128.0.0/9", "one", "other"]),
)
rules = st.lists(a_rule, max_size=6)


@settings(max_examples=300)
@given(rules, rules)
def test_leaving_out_what_both_have_changes_nothing(before, after):
    change = compare(before, after)
    old, new = Traffic.of(before), Traffic.of(after)
    assert change.is_same is (old == new)
    assert change.opens_total == len((new - old).pieces())
    assert [each.piece for each in change.closes] == (old - new).pieces()[:MAX_SHOWN]
    expected = Grade.OPENS if new - old else Grade.CLOSES if old - new else Grade.NONE
    assert grade(before, after) is expected
    for each in change.opens:
        assert each.rules
