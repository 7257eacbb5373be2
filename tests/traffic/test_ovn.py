"""Verdicts compared with OVN: ACLs written by Neutron's own code, packets traced by ovn-trace."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from tests.traffic import lab_python, ovn, programs, worlds
from tests.traffic.amounts import OVN, SECONDS, SEED
from tests.traffic.hidden import hidden_world
from tests.traffic.judged import (
    Disagreement,
    forward,
    judge,
    judged_world,
    report_of,
    shown,
    stateless_ends,
)
from tests.traffic.packets import Packet, packets_in
from tests.traffic.worlds import World

from ringfence.ports.verdicts.regions import Outcome
from ringfence.ports.verdicts.world import World as JudgedWorld

pytestmark = [pytest.mark.timeout(SECONDS), pytest.mark.xdist_group("ovn")]


@dataclass(frozen=True)
class Traced:
    """A packet, and whether it reaches its destination in OVN."""

    world: World
    judged: JudgedWorld
    packet: Packet
    outcome: Outcome


@dataclass(frozen=True)
class Traces:
    """A running OVN with worlds, and packets that it has traced."""

    ovn: ovn.Ovn
    packets: list[Traced]


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    if missing := programs.missing(*ovn.PROGRAMS):
        pytest.skip(f"LEFT OUT, OVN: there is no {', '.join(missing)}; tools/firewalls fetches it")
    number, packets = OVN
    made = worlds.worlds(SEED, number)
    written = lab_python.written("ovn", made)
    with ovn.running(tmp_path_factory.mktemp("ovn")) as running:
        # Each packet, and the reply at both of its ends
        running.load(made, written, packets=3 * number * packets)
        traced = [
            Traced(world, judged, packet, outcome(running.admits(world, packet)))
            for world, judged in ((world, judged_world(world)) for world in made)
            for packet in packets_in(world, SEED, packets)
        ]
        yield Traces(running, traced)


def outcome(is_admitted) -> Outcome:
    return Outcome.ADMITTED if is_admitted else Outcome.REFUSED


def test_each_packet_is_judged_as_ovn_treats_it(traces, record_property):
    wrong = [
        Disagreement("OVN", each.world, each.packet, verdict, each.outcome)
        for each in traces.packets
        if forward(verdict := judge(each.judged, each.packet, "ovn")) is not each.outcome
    ]
    record_property("traffic", report_of("OVN", [each.outcome for each in traces.packets], wrong))
    assert not wrong, shown(wrong)


def test_the_reply_of_a_stateless_group_is_judged_as_ovn_treats_it(traces, record_property):
    outcomes, wrong = [], []
    for each in traces.packets:
        ends = stateless_ends(each.world, each.packet)
        if not ends or each.packet.reply is None:
            continue
        traced = outcome(all(admits_reply(traces.ovn, each, end) for end in ends))
        outcomes.append(traced)
        verdict = judge(each.judged, each.packet, "ovn")
        if verdict.reply is None or verdict.reply.verdict is not traced:
            wrong.append(Disagreement("OVN, reply", each.world, each.packet, verdict, traced))
    record_property("traffic", report_of("OVN, replies of stateless groups", outcomes, wrong))
    assert not wrong, shown(wrong)


def admits_reply(running: ovn.Ovn, each: Traced, end: str) -> bool:
    """Return whether one end lets the reply pass, whatever the other one does.

    It is a packet without a connection there, while it belongs to one at a stateful other end.
    """
    reply = each.packet.reply
    assert reply
    other = "destination_port" if end == "destination_port" else "source_port"
    return running.admits(each.world, replace(reply, **{other: None}))


def test_a_definite_verdict_for_any_driver_is_that_of_ovn(traces, record_property):
    check_definite(
        "OVN, of verdicts for any driver",
        ((each, each.judged) for each in traces.packets),
        None,
        record_property,
    )


def test_a_definite_verdict_is_right_whatever_is_hidden(traces, record_property):
    chance = random.Random(SEED)  # noqa: S311 - the same worlds each time
    check_definite(
        "OVN, of verdicts with something hidden",
        ((each, hidden_world(each.judged, each.packet, chance)) for each in traces.packets),
        "ovn",
        record_property,
    )


def check_definite(
    what: str, judged: Iterable[tuple[Traced, JudgedWorld]], driver, record_property
) -> None:
    """Compare definite verdicts with OVN."""
    outcomes, wrong = [], []
    for each, world in judged:
        verdict = judge(world, each.packet, driver)
        found = forward(verdict)
        if found in {Outcome.ADMITTED, Outcome.REFUSED}:
            outcomes.append(each.outcome)
            if found is not each.outcome:
                wrong.append(Disagreement(what, each.world, each.packet, verdict, each.outcome))
    record_property("traffic", report_of(what, outcomes, wrong))
    assert outcomes
    assert not wrong, shown(wrong)
