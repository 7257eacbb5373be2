"""Verdicts compared with iptables: rules of Neutron's own driver, and packets on a real bridge."""

import pytest
from tests.traffic import iptables, lab_python, worlds
from tests.traffic.amounts import IPTABLES, SECONDS, SEED
from tests.traffic.judged import (
    Disagreement,
    forward,
    judge,
    judged_world,
    report_of,
    shown,
)
from tests.traffic.packets import packets_in

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.regions import Outcome

pytestmark = [pytest.mark.timeout(SECONDS), pytest.mark.xdist_group("iptables")]

# Where the verdict is not definite although everything is known: what older releases of Neutron
# and of iptables do differently.
UNDETERMINED = {
    Because.ADDRESS_GROUP_MAY_BE_IGNORED,
    Because.ICMP_TYPE_255,
    Because.OWN_ADDRESS,
}


@pytest.fixture(scope="module")
def written():
    """Return worlds with what Neutron's driver runs for them."""
    if reason := iptables.left_out():
        pytest.skip(f"LEFT OUT, iptables: {reason}")
    made = worlds.worlds(SEED, IPTABLES[0], is_mixed=False)
    return list(zip(made, lab_python.written("iptables", made), strict=True))


@pytest.mark.parametrize("backend", iptables.BACKENDS)
def test_each_packet_is_judged_as_iptables_treats_it(backend, written, tmp_path, record_property):
    outcomes, wrong, undetermined = [], [], 0
    with iptables.running(tmp_path, backend, written[0][0].ports) as running:
        for world, commands in written:
            running.load(commands)
            judged = judged_world(world)
            for packet in packets_in(world, SEED, IPTABLES[1]):
                verdict = judge(judged, packet, "iptables")
                outcome = Outcome.ADMITTED if running.admits(packet) else Outcome.REFUSED
                outcomes.append(outcome)
                found = forward(verdict)
                if found is Outcome.UNDETERMINED and UNDETERMINED.intersection(verdict.because):
                    undetermined += 1
                elif found is not outcome:
                    wrong.append(Disagreement(backend, world, packet, verdict, outcome))
    more = f", {undetermined:,} undetermined"
    record_property("traffic", report_of(backend, outcomes, wrong, more))
    assert not wrong, shown(wrong)


def test_a_reply_is_judged_as_iptables_treats_it(written, tmp_path, record_property):
    backend = iptables.BACKENDS[0]
    outcomes, wrong = [], []
    with iptables.running(tmp_path, backend, written[0][0].ports) as running:
        for world, commands in written:
            running.load(commands)
            judged = judged_world(world)
            for packet in packets_in(world, SEED, IPTABLES[1]):
                if packet.reply is None or not running.admits(packet):
                    continue
                verdict = judge(judged, packet, "iptables")
                if verdict.reply is None and packet.is_dhcp:
                    # Instances may be no servers of DHCP, not even in a connection.
                    continue
                found = verdict.reply.verdict if verdict.reply else Outcome.ADMITTED
                sent = running.admits(packet.reply, is_reply=True)
                outcome = Outcome.ADMITTED if sent else Outcome.REFUSED
                outcomes.append(outcome)
                if found not in {outcome, Outcome.UNDETERMINED}:
                    wrong.append(Disagreement(backend, world, packet, verdict, outcome))
    record_property("traffic", report_of("iptables, replies", outcomes, wrong))
    assert not wrong, shown(wrong)
