"""What the groups of a port admit from the internet together, as pieces. Pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.security_groups.internet import is_open
from ringfence.security_groups.port_exposures.judgement import (
    MOST_PIECES,
    GroupTraffic,
    Port,
    exposures_of,
    internet_boxes,
)
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import Traffic
from ringfence.security_groups.traffic_boxes import box_of

PORT = Port(1, 1, "compute:nova", None, ["10.0.0.3"], [], frozenset({1, 2}))


def judged(desired, observed=(), port=PORT):
    """Return the rows of a port with two groups, of which the second one has no desired rule."""
    traffic = {
        1: GroupTraffic(internet_boxes(map(box_of, desired), {})),
        2: GroupTraffic((), internet_boxes(map(box_of, observed), {})),
    }
    return list(exposures_of([port], traffic))


def pieces(desired, observed=()):
    return [(each.protocol, each.from_port, each.network) for each in judged(desired, observed)]


def tcp(port, cidr=None, last=None):
    return Rule(protocol="tcp", from_port=port, to_port=last or port, cidr=cidr)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([tcp(22, "0.0.0.0/1"), tcp(22, "128.0.0.0/1")], [("tcp", 22, "0.0.0.0/0")]),
        ([tcp(22, "10.0.0.0/8")], []),
        ([tcp(22, "8.0.0.0/7"), tcp(22, "10.0.0.0/8")], [("tcp", 22, "8.0.0.0/7")]),
        (
            [Rule(cidr="9.0.0.0/8"), tcp(443), Rule(protocol="icmp", from_port=8)],
            [("icmp", 8, "0.0.0.0/0"), ("tcp", 443, "0.0.0.0/0"), ("", None, "9.0.0.0/8")],
        ),
        ([Rule(protocol="tcp"), tcp(22)], [("tcp", None, "0.0.0.0/0")]),
        ([tcp(1, last=21), tcp(22, last=65535)], [("tcp", None, "0.0.0.0/0")]),
        (
            [Rule(protocol="tcp", cidr="8.0.0.0/8"), tcp(22)],
            [("tcp", 22, "0.0.0.0/0"), ("tcp", None, "8.0.0.0/8")],
        ),
        ([Rule(protocol="47")], [("47", None, "0.0.0.0/0")]),
        ([Rule(direction="egress")], []),
    ],
)
def test_pieces_are_what_a_reader_would_write_as_rules(rules, expected):
    assert sorted(pieces(rules), key=str) == sorted(expected, key=str)


CIDRS = st.sampled_from([None, "8.0.0.0/8", "8.0.0.0/9", "9.0.0.0/8", "10.0.0.0/8", "0.0.0.0/1"])
RULES = st.lists(
    st.builds(
        lambda protocol, first, width, cidr: Rule(
            protocol=protocol,
            from_port=first if protocol == "tcp" else None,
            to_port=min(first + width, 65535) if protocol == "tcp" else None,
            cidr=cidr,
        ),
        st.sampled_from(["", "tcp", "udp", "47", "icmp"]),
        st.sampled_from([1, 20, 22, 443, 60000]),
        st.sampled_from([0, 2, 442, 65535]),
        CIDRS,
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(RULES, RULES)
def test_the_pieces_are_together_what_the_rules_admit_from_the_internet(desired, observed):
    found = judged(desired, observed)
    rules = [rule for rule in [*desired, *observed] if is_open(rule)]
    admitted = Traffic.of(
        Rule(
            each.ethertype,
            "ingress",
            "" if "-" in each.protocol else each.protocol,
            each.from_port,
            each.to_port,
            each.network,
        )
        for each in found
    )
    union = Traffic.of(rules)
    private = Traffic.of([Rule(cidr="10.0.0.0/8")])
    port_0 = Traffic.of([Rule(protocol="tcp", from_port=0, to_port=0)])
    assert union.covers(admitted - port_0)
    assert admitted.covers(union - private)


@settings(max_examples=100)
@given(RULES, st.randoms())
def test_order_and_repetition_of_rules_change_nothing(rules, shuffler):
    repeated = [*rules, *rules]
    shuffler.shuffle(repeated)
    assert judged(rules) == judged(repeated)


def test_what_is_only_observed_is_marked_by_piece_and_by_group():
    rows = judged([tcp(22, "8.0.0.0/8"), tcp(443)], [tcp(22), tcp(443), tcp(3389)])
    found = {
        each.from_port: (each.desired, each.security_group_ids, each.observed_only_ids)
        for each in rows
    }
    assert found == {
        22: ("part", (1, 2), (2,)),
        443: ("all", (1, 2), (2,)),
        3389: ("none", (2,), (2,)),
    }


def test_services_are_those_on_the_ports():
    [row] = judged([tcp(20, last=23)])
    assert row.services == ("ftp", "ssh", "telnet")
    [row] = judged([Rule(protocol="icmp")])
    assert (row.services, row.first_port) == ((), -1)
    [row] = judged([Rule()])
    assert {"ssh", "rdp", "dns"} <= set(row.services)


def test_more_pieces_than_a_reader_takes_are_cut_to_the_widest():
    rules = [tcp(port, f"8.0.{port}.0/24") for port in range(1, 250)]
    rows = judged([*rules, tcp(22)])
    assert len(rows) == MOST_PIECES
    assert not any(each.exact for each in rows)
    assert rows[0].network == "0.0.0.0/0"


def test_traffic_that_is_too_complex_is_listed_rule_by_rule():
    rules = [tcp(1 + at, f"8.{at % 256}.0.0/16", 60000 - at) for at in range(3000)]
    rows = judged(rules)
    assert 0 < len(rows) <= MOST_PIECES
    assert not any(each.exact for each in rows)


def test_each_service_has_a_piece_however_many_wider_ones_there_are():
    wide = [tcp(443, f"9.{at}.{part}.0/24") for at in range(2) for part in range(0, 256, 2)]
    rows = judged([*wide, tcp(22, "8.8.8.8/32"), tcp(22, "8.8.4.4/32"), tcp(7000, "8.8.8.8/32")])
    assert len(wide) > MOST_PIECES
    assert [(each.from_port, each.exact) for each in rows[MOST_PIECES:]] == [(22, False)]


def test_traffic_of_the_cloud_only_is_not_desired_even_if_it_is_too_complex():
    nested = [tcp(1 + at, f"8.{at % 256}.0.0/16", 60000 - at) for at in range(3000)]
    rows = judged(nested, [tcp(22)])
    [only] = [each for each in rows if each.network == "0.0.0.0/0"]
    assert (only.desired, only.observed_only_ids) == ("part", (2,))
    assert {each.desired for each in rows if each is not only} == {"all"}
    [alone] = [each for each in judged(nested, [tcp(65000)]) if each.from_port == 65000]
    assert alone.desired == "none"


def test_pieces_that_are_too_many_to_compute_are_those_of_each_rule():
    """Four hundred rules can make tens of thousands of pieces."""
    every_other = [tcp(2 * each, "9.0.0.0/8") for each in range(1, 151)]
    hosts = [tcp(1, f"8.0.{n // 120}.{n % 120 * 2 + 1}/32", 60_000) for n in range(250)]
    found = judged(every_other + hosts)
    assert len(found) == MOST_PIECES
    # Divided by ports, none would be as its rule is.
    assert [(each.from_port, each.to_port) for each in found[150:]] == [(1, 60_000)] * 50
    assert not any(each.exact for each in found)
