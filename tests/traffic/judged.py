"""Verdicts of the product on worlds and packets, to be compared with what a firewall does."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.traffic.packets import Packet
from tests.traffic.worlds import World

from ringfence.ports.verdicts import verdict
from ringfence.ports.verdicts.regions import Outcome
from ringfence.ports.verdicts.world import AddressPair, End, Group, Port
from ringfence.ports.verdicts.world import Packet as JudgedPacket
from ringfence.ports.verdicts.world import World as JudgedWorld
from ringfence.security_groups.driver_protocols import Driver


@dataclass(frozen=True)
class Disagreement:
    """A packet about which the product and a firewall do not agree."""

    what: str
    world: World
    packet: Packet
    verdict: verdict.Verdict
    outcome: Outcome

    def __str__(self) -> str:
        groups = {group.id: group for group in self.world.groups}
        ends = (self.packet.source_port, self.packet.destination_port)
        carried = [groups[each] for end in ends if end for each in end.groups]
        lines = [f"{self.what}: it is {self.outcome}", f"  {self.packet}"]
        lines += [f"  {group.id} stateful={group.stateful}" for group in carried]
        lines += [f"    {rule}" for group in carried for rule in group.rules]
        lines += [f"  {self.world.address_groups}", f"  {self.world.ports}", f"  {self.verdict}"]
        return "\n".join(lines)


def judged_world(world: World) -> JudgedWorld:
    """Return the world as the product reads it, with everything in it known."""
    return JudgedWorld.of(
        [
            Port(
                port.id,
                port.fixed_ips,
                port.groups,
                port.mac,
                tuple(AddressPair(pair, port.mac) for pair in port.pairs),
                port.port_security,
                port.device_owner,
            )
            for port in world.ports
        ],
        [Group.of(group.id, group.rules, stateful=group.stateful) for group in world.groups],
        {group.id: group.addresses for group in world.address_groups},
    )


def judge(world: JudgedWorld, packet: Packet, driver: Driver | None) -> verdict.Verdict:
    """Return the product's verdict on a packet."""
    source = (packet.source_port.id,) if packet.source_port else ()
    destination = (packet.destination_port.id,) if packet.destination_port else ()
    is_icmp = packet.protocol in {1, 58}
    requested = JudgedPacket(
        source=End(source, packet.source),
        destination=End(destination, packet.destination),
        protocol=packet.protocol,
        port=None if is_icmp else packet.number,
        icmp_type=packet.icmp_type if is_icmp else None,
        icmp_code=packet.icmp_code if is_icmp else None,
        source_port=None if is_icmp else packet.source_number,
    )
    return verdict.judge(world, requested, driver)


def forward(found: verdict.Verdict) -> Outcome:
    """Return what becomes of the packet itself, apart from its reply."""
    ends = {judgement.verdict for judgement in (found.egress, found.ingress) if judgement}
    if Outcome.REFUSED in ends:
        return Outcome.REFUSED
    return Outcome.ADMITTED if ends == {Outcome.ADMITTED} else Outcome.UNDETERMINED


def stateless_ends(world: World, packet: Packet) -> list[str]:
    """Return the names of the packet's ends that track no connections."""
    return [
        name
        for name in ("source_port", "destination_port")
        if (port := getattr(packet, name)) is not None
        and port.is_filtered
        and any(not world.group(group).stateful for group in port.groups)
    ]


def report_of(
    what: str, outcomes: Sequence[Outcome], wrong: Sequence[Disagreement], more: str = ""
) -> str:
    """Return the line for the end of a run."""
    admitted = sum(each is Outcome.ADMITTED for each in outcomes)
    counts = f"{len(outcomes):,} packets, {len(wrong):,} disagreements"
    return f"{what}: {counts} ({admitted:,} admitted{more})"


def shown(wrong: Sequence[Disagreement]) -> str:
    """Return the first few disagreements, to be read."""
    return "\n\n".join(map(str, wrong[:3]))
