"""Laws of traffic, held against a universe in which each packet is looked at."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.traffic.amounts import EXAMPLES, SECONDS
from tests.traffic.universe import RULES, packets, packets_in, packets_of, with_members

from ringfence.security_groups.intervals import interval_of, prefixes
from ringfence.security_groups.redundancy import reduce
from ringfence.security_groups.rules import ALL_PORT_RANGES
from ringfence.security_groups.traffic import Traffic

pytestmark = pytest.mark.timeout(SECONDS)

some_rules = st.lists(st.sampled_from(RULES), max_size=6)
law = settings(max_examples=EXAMPLES)


@pytest.fixture(autouse=True)
def report(request, record_property):
    name = request.node.name.removeprefix("test_").replace("_", " ")
    record_property("traffic", f"brute force: {EXAMPLES:,} worlds: {name}")


@law
@given(some_rules)
def test_rules_admit_what_each_of_them_admits_and_pieces_are_disjoint(rules):
    assert packets_in(Traffic.of(rules)) == packets_of(rules)


@law
@given(some_rules, some_rules)
def test_a_union_is_what_either_admits(one, other):
    union = Traffic.of(one) | Traffic.of(other)
    assert packets_in(union) == packets_of(one) | packets_of(other)
    assert union == Traffic.of([*one, *other])


@law
@given(some_rules, some_rules)
def test_what_opens_and_closes_is_what_only_one_admits(new, old):
    opens, closes = Traffic.of(new) - Traffic.of(old), Traffic.of(old) - Traffic.of(new)
    assert packets_in(opens) == packets_of(new) - packets_of(old)
    assert packets_in(closes) == packets_of(old) - packets_of(new)
    assert (Traffic.of(old) | opens).covers(Traffic.of(new))
    assert not (Traffic.of(old) - closes) - Traffic.of(new)


@law
@given(some_rules, some_rules)
def test_what_both_admit_is_their_intersection(one, other):
    assert packets_in(Traffic.of(one) & Traffic.of(other)) == packets_of(one) & packets_of(other)


@law
@given(some_rules, some_rules)
def test_rules_cover_others_exactly_if_each_packet_of_those_is_admitted(one, other):
    covers = not packets_of(other) - packets_of(one)
    assert Traffic.of(one).covers(Traffic.of(other)) is covers


@law
@given(some_rules, some_rules)
def test_traffic_is_equal_exactly_if_its_packets_are(one, other):
    is_equal = packets_of(one) == packets_of(other)
    assert (Traffic.of(one) == Traffic.of(other)) is is_equal
    assert bool(Traffic.of(one)) is bool(packets_of(one))


@law
@given(some_rules, st.data())
def test_order_and_splitting_of_prefixes_and_ranges_change_nothing(rules, data):
    parts = [part for rule in rules for part in split(rule, data)]
    parts = data.draw(st.permutations(parts))
    assert packets_of(parts) == packets_of(rules)
    assert Traffic.of(parts) == Traffic.of(rules)
    assert hash(Traffic.of(parts)) == hash(Traffic.of(rules))
    assert list(Traffic.of(parts).pieces()) == list(Traffic.of(rules).pieces())


@law
@given(some_rules)
def test_what_redundancy_leaves_admits_the_same_and_each_rule_of_it_is_needed(rules):
    reduction = reduce(rules)
    kept = [rules[number] for number in reduction.kept]
    assert reduction.is_complete
    assert packets_of(kept) == packets_of(rules)
    for position in range(len(kept)):
        assert packets_of(kept[:position] + kept[position + 1 :]) != packets_of(rules)
    for number, names in reduction.covered.items():
        assert not packets(rules[number]) - packets_of([rules[name] for name in names])


@law
@given(some_rules, some_rules, st.lists(st.lists(st.integers(0, 7)), min_size=3, max_size=3))
def test_whoever_the_members_are_nothing_opens_that_is_not_said(new, old, members):
    opens = Traffic.of(new) - Traffic.of(old)
    opened = with_members(packets_of(new), members) - with_members(packets_of(old), members)
    assert not opened - with_members(packets_in(opens), members)
    if Traffic.of(old).covers(Traffic.of(new)):
        assert not opened


def split(rule, data):
    """Return rules that admit the same together: halves of its prefix, parts of its ports."""
    parts = [rule]
    if rule.cidr and data.draw(st.booleans()):
        first, last = interval_of(rule.cidr, rule.ethertype)
        middle = (first + last) // 2
        halves = [(first, middle), (middle + 1, last)] if first < last else [(first, last)]
        written = [cidr for half in halves for cidr in prefixes(rule.ethertype, half)]
        parts = [replace(rule, cidr=cidr) for cidr in written]
    # All ports are a port more than their range has: port 0.
    has_range = rule.protocol != "icmp" and (rule.from_port, rule.to_port) not in ALL_PORT_RANGES
    if (
        rule.from_port is not None
        and has_range
        and rule.from_port < rule.to_port
        and data.draw(st.booleans())
    ):
        cut = data.draw(st.integers(rule.from_port, rule.to_port - 1))
        return [
            replace(part, from_port=first, to_port=last)
            for part in parts
            for first, last in ((rule.from_port, cut), (cut + 1, rule.to_port))
        ]
    return parts
