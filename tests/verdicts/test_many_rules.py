"""Rules that overlap in many ways, or name large groups, are judged with bounded work."""

import json
from itertools import count

import pytest

from ringfence.ports.verdicts import effective, reach
from ringfence.ports.verdicts.effective import effective_rules, sources
from ringfence.ports.verdicts.rows import Named
from ringfence.ports.verdicts.verdict import judge
from ringfence.ports.verdicts.world import End, Group, GroupRule, Packet, Port, World
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import ALL_PORTS

NAMES = {"g": Named("g", "g")}
PORT = Port("p", ("10.0.0.1",), ("g",))
ANYTHING = Packet(End(cidr="0.0.0.0/0"), End(("p",)), None)


def tcp(first, last, cidr=None, **end):
    return Rule("IPv4", "ingress", "tcp", first, last, cidr, **end)


def hosts(number, last):
    """Return rules of single addresses, no two of them adjacent."""
    return [tcp(1, last, f"8.0.{each // 120}.{each % 120 * 2 + 1}/32") for each in range(number)]


def world_of(rules, *ports, **values):
    return World.of([PORT, *ports], [Group.of("g", rules), Group("m")], **values)


def test_each_effective_piece_names_at_most_twenty_rules_and_says_that_there_are_more():
    one_port = [tcp(each, each, "8.0.0.0/7" if each % 2 else "8.0.0.0/8") for each in range(1, 201)]
    shown = effective_rules(world_of([*one_port, *hosts(200, 200)]), PORT, NAMES)
    assert {len(piece["rules"]) for piece in shown["pieces"]} == {20}
    assert all(piece["has_more_rules"] for piece in shown["pieces"])
    assert len(json.dumps(shown)) < 2_000_000


def test_a_piece_of_few_rules_has_no_more():
    [piece] = effective_rules(world_of([tcp(1, 9), tcp(5, 20)]), PORT, NAMES)["pieces"]
    assert (len(piece["rules"]), piece["has_more_rules"]) == (2, False)


def test_effective_pieces_that_are_too_many_are_not_computed():
    every_other = [tcp(2 * each, 2 * each, "9.0.0.0/8") for each in range(1, 201)]
    shown = effective_rules(world_of([*every_other, *hosts(200, 60_000)]), PORT, NAMES)
    assert (shown["pieces"], shown["pieces_total"], shown["exact"]) == ([], None, False)


@pytest.fixture
def parsed(monkeypatch):
    """Return a counter of the addresses that are compared."""
    calls, number = [0], count(1)

    def counted(*values, of=reach.interval_of):
        calls[0] = next(number)
        return of(*values)

    monkeypatch.setattr(reach, "interval_of", counted)
    return calls


LARGE = [
    (
        [tcp(each, each, remote_address_group="a") for each in range(1, 101)],
        {"address_groups": {"a": tuple(f"10.{each}.0.1/32" for each in range(200))}},
    ),
    ([tcp(each, each, remote_group="m") for each in range(1, 101)], {}),
]
MEMBERS = [Port(f"m{each}", (f"10.1.0.{each}",), ("m",)) for each in range(200)]


@pytest.mark.parametrize(("rules", "values"), LARGE)
def test_members_are_read_once_for_all_rules_that_name_their_group(parsed, rules, values):
    world = world_of(rules, *MEMBERS, **values)
    shown = sources(world, PORT, NAMES, "ovn", None, ALL_PORTS)
    assert len([*shown["groups"], *shown["address_groups"]]) == 1
    assert parsed[0] < 1_000
    judge(world, ANYTHING, "ovn")
    assert parsed[0] < 2_000


def test_rules_with_too_many_regions_are_not_decided():
    groups = {"a": tuple(f"10.{each // 250}.{each % 250}.1/32" for each in range(2_000))}
    rules = [tcp(each, each, remote_address_group="a") for each in range(1, 101)]
    verdict = judge(world_of(rules, address_groups=groups), ANYTHING, "ovn")
    assert (verdict.verdict, verdict.exact) == ("undetermined", False)
    assert "TOO_COMPLEX" in verdict.because


def test_members_of_an_address_group_are_read_once_for_all_effective_pieces(monkeypatch):
    read = []
    monkeypatch.setattr(effective, "interval_of", lambda *values: read.append(values))
    rules = [tcp(each, each, remote_address_group="a") for each in range(1, 101, 2)]
    world = world_of(rules, address_groups={"a": ("10.77.0.1/32", "10.77.0.3/32")})
    assert effective_rules(world, PORT, NAMES)["pieces_total"] == 50
    assert len(read) == 2


def test_rules_that_all_drivers_agree_in_are_found_in_one_pass(monkeypatch):
    compared = []
    equal = GroupRule.__eq__
    monkeypatch.setattr(GroupRule, "__eq__", lambda *both: compared.append(1) or equal(*both))
    rules = [tcp(each, each, "9.0.0.0/8") for each in range(1, 301)]
    differing = Rule("IPv4", "ingress", "33", 5, 5, "9.0.0.0/8")
    verdict = judge(world_of([*rules, differing]), ANYTHING)
    assert len(verdict.ingress.by) >= len(rules)
    assert len(compared) < 3_000
