"""Rules that others cover: what is left admits the same, and nothing of it can be left out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.security_groups import redundancy
from ringfence.security_groups.redundancy import reduce
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import Traffic

PREFIXES = (
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/8",
    "10.0.0.0/9",
    "10.128.0.0/9",
    "0.0.0.0/32",
)


def tcp(first, last=None, cidr="10.0.0.0/8", **values):
    return Rule("IPv4", "ingress", "tcp", first, last or first, cidr, **values)


a_rule = st.builds(
    lambda direction, protocol, ports, end: Rule(
        "IPv4",
        direction,
        protocol,
        *(ports if protocol else (None, None)),
        cidr=end if "/" in end else None,
        remote_group=None if "/" in end else end,
    ),
    st.sampled_from(["ingress", "ingress", "egress"]),
    st.sampled_from(["tcp", "tcp", "udp", "icmp", ""]),
    st.sampled_from([(None, None), (1, 4), (1, 2), (3, 4), (2, 3), (4, 4), (0, 0)]),
    st.sampled_from([*PREFIXES, "one", "other"]),
)


@settings(max_examples=300)
@given(st.lists(a_rule, max_size=9))
def test_what_is_left_admits_the_same_and_nothing_of_it_can_be_left_out(rules):
    reduction = reduce(rules)
    kept = [rules[number] for number in reduction.kept]
    whole = Traffic.of(rules)
    assert Traffic.of(kept) == whole
    for number in range(len(kept)):
        assert Traffic.of([*kept[:number], *kept[number + 1 :]]) != whole
    assert sorted([*reduction.kept, *reduction.covered]) == list(range(len(rules)))


@settings(max_examples=200)
@given(st.lists(a_rule, max_size=9))
def test_each_rule_that_is_left_out_is_covered_by_those_it_names(rules):
    reduction = reduce(rules)
    for number, names in reduction.covered.items():
        assert set(names) <= set(reduction.kept)
        assert Traffic.of([rules[name] for name in names]).covers(Traffic.of([rules[number]]))


def test_a_rule_is_covered_by_a_wider_one_and_by_two_halves():
    rules = [tcp(80, 90), tcp(85, 100), tcp(82, 99), tcp(443), tcp(443, cidr="10.1.0.0/16")]
    reduction = reduce(rules)
    assert reduction.kept == [0, 1, 3]
    assert reduction.covered == {2: (0, 1), 4: (3,)}


def test_a_wide_rule_stays_rather_than_the_parts_it_is_made_of():
    rules = [tcp(1, 60), tcp(50, 100), tcp(1, 100)]
    assert reduce(rules).kept == [2]


def test_of_equal_rules_the_first_stays():
    rules = [tcp(22, cidr="10.0.0.1/8"), tcp(22, cidr="10.0.0.0/8")]
    assert reduce(rules).covered == {1: (0,)}


def test_any_address_covers_a_group_and_a_group_covers_no_address():
    group = Rule("IPv4", "ingress", "tcp", 22, 22, remote_group="one")
    assert reduce([group, tcp(22, cidr=None)]).covered == {0: (1,)}
    halves = [tcp(22, cidr="0.0.0.0/1"), tcp(22, cidr="128.0.0.0/1")]
    assert reduce([group, *halves]).covered == {0: (1, 2)}
    assert reduce([group, halves[0]]).covered == {}
    assert reduce([group, Rule("IPv6", "ingress", "tcp", 22, 22)]).covered == {}


def test_fixed_rules_stay_and_cover_no_other():
    rules = [tcp(1, 100), tcp(5), tcp(6)]
    assert reduce(rules, {0}).kept == [0, 1, 2]
    assert reduce([tcp(5), tcp(5), tcp(1, 100)], {0}).covered == {1: (2,)}


def test_a_list_that_is_too_complex_stays_equal(monkeypatch):
    monkeypatch.setattr(redundancy, "MOST_PARTS", 3)
    rules = [tcp(1, 50), tcp(40, 100), tcp(30, 60), tcp(7)]
    reduction = reduce(rules)
    assert not reduction.is_complete
    assert Traffic.of([rules[number] for number in reduction.kept]) == Traffic.of(rules)
