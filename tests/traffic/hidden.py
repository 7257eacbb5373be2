"""Worlds of which something is not known: what a tenant's project does not show."""

import random
from dataclasses import replace

from tests.traffic.packets import Packet

from ringfence.ports.verdicts.world import Group, Port, World


def hidden_world(world: World, packet: Packet, chance: random.Random) -> World:
    """Return the world without some of what is in it; the ends of the packet stay."""
    ends = {port.id for port in (packet.source_port, packet.destination_port) if port}
    gone = {each for each in world.ports if each not in ends and chance.random() < 0.3}
    with_strangers = {group for each in gone for group in world.ports[each].groups or ()}
    groups = [
        replace(group, members_known=group.members_known and group.id not in with_strangers)
        for group in world.groups.values()
    ]
    return World.of(
        [_port(port, chance) for port in world.ports.values() if port.id not in gone],
        [_group(group, chance) for group in groups if chance.random() < 0.8],
        {
            group: addresses
            for group, addresses in world.address_groups.items()
            if chance.random() < 0.7
        },
    )


def _port(port: Port, chance: random.Random) -> Port:
    hidden = [name for name in ("addresses", "groups", "address_pairs") if chance.random() < 0.1]
    return replace(port, **dict.fromkeys(hidden))


def _group(group: Group, chance: random.Random) -> Group:
    return replace(group, rules=None) if chance.random() < 0.1 else group
