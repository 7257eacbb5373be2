"""Random packets at the boundaries of the rules of a world."""

import ipaddress
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.traffic.worlds import (
    ICMP,
    ICMP_TYPES,
    OUTSIDE_MAC,
    PORTS,
    PREFIXES,
    Port,
    World,
    chance_of,
    ends_of,
    rule,
)

from ringfence.security_groups.rules import Rule, protocol_number

# Messages of multicast listeners, which come from link-local addresses, and of neighbours and
# routers: OVN knows them by their hop limit.
LISTENERS = frozenset({130, 131, 132})
HOPS = {**dict.fromkeys(range(133, 138), 255), **dict.fromkeys(LISTENERS, 1)}

UDP = 17
# Ports of clients and servers
DHCP = {"IPv4": (68, 67), "IPv6": (546, 547)}
ICMP_REPLIES = {"IPv4": {8: 0, 13: 14, 15: 16, 17: 18}, "IPv6": {128: 129}}


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection, from one end to another; an end without a port is outside.

    `number` is the port it is sent to, and `icmp_type` and `icmp_code` those of ICMP.
    """

    ethertype: str
    source_port: Port | None
    source: str
    destination_port: Port | None
    destination: str
    protocol: int
    number: int = 0
    source_number: int = 40_000
    icmp_type: int = 0
    icmp_code: int = 0

    @property
    def is_icmp(self) -> bool:
        return self.protocol == (1 if self.ethertype == "IPv4" else 58)

    @property
    def is_dhcp(self) -> bool:
        ports = {self.source_number, self.number}
        return self.protocol == UDP and ports == set(DHCP[self.ethertype])

    @property
    def hops(self) -> int:
        if self.is_icmp and self.ethertype == "IPv6":
            return HOPS.get(self.icmp_type, 64)
        return 64

    @property
    def reply(self) -> "Packet | None":
        """The packet in reply to this one; some messages of ICMP have none."""
        kind = self.icmp_type
        if self.is_icmp:
            replies = ICMP_REPLIES[self.ethertype]
            if kind not in replies:
                return None
            kind = replies[kind]
        return replace(
            self,
            source_port=self.destination_port,
            source=self.destination,
            destination_port=self.source_port,
            destination=self.source,
            number=self.source_number,
            source_number=self.number,
            icmp_type=kind,
        )


def packets_in(world: World, seed: int, number: int) -> Iterator[Packet]:
    """Yield random packets: most of them at the boundaries of a rule, or one beyond."""
    chance = chance_of(seed, world.number)
    for _ in range(number):
        yield _packet(world, chance)


def _packet(world: World, chance: random.Random) -> Packet:
    port = chance.choice(world.ports)
    rules = [rule for group in port.groups for rule in world.group(group).rules]
    if not rules or chance.random() < 0.1:
        rules = [rule(chance, [world.groups[1].id], [world.address_groups[0].id])]
    near = chance.choice(rules)
    remote = _remote_address(world, near, chance)
    others = [
        each
        for each in world.ports
        if each != port and remote in each.addresses(near.ethertype) and chance.random() < 0.8
    ]
    other = chance.choice(others) if others else None
    own = chance.choice(port.addresses(near.ethertype))
    ends = (other, remote, port, own) if near.direction == "ingress" else (port, own, other, remote)
    made = Packet(near.ethertype, *ends, **_transport(near, chance))
    if made.protocol == UDP and chance.random() < 0.2:
        return _dhcp(made, chance)
    if near.ethertype == "IPv6" and made.is_icmp and made.icmp_type in LISTENERS:
        return replace(made, source=link_local(made.source_port))
    return made


def _dhcp(packet: Packet, chance: random.Random) -> Packet:
    """Return the packet as a message of DHCP between the fixed addresses of its ends."""
    version = int(packet.ethertype[-1])
    ends = {
        name: next(each for each in end.fixed_ips if ipaddress.ip_address(each).version == version)
        for name in ("source", "destination")
        if (end := getattr(packet, f"{name}_port")) is not None
    }
    source_number, number = chance.sample(DHCP[packet.ethertype], 2)
    return replace(packet, **ends, number=number, source_number=source_number)


def _remote_address(world: World, near: Rule, chance: random.Random) -> str:
    """Return an address at a boundary of the rule's remote end, or one beyond."""
    prefixes = [near.cidr or chance.choice(PREFIXES[near.ethertype])]
    if near.remote_group and chance.random() < 0.9:
        prefixes = [
            prefix
            for port in world.ports
            if near.remote_group in port.groups
            for prefix in (*port.fixed_ips, *port.pairs)
        ]
    if near.remote_address_group and chance.random() < 0.9:
        prefixes = [
            prefix
            for group in world.address_groups
            if group.id == near.remote_address_group
            for prefix in group.addresses
        ]
    version = int(near.ethertype[-1])
    prefixes = [each for each in prefixes if ipaddress.ip_interface(each).version == version]
    ends = [int(ipaddress.ip_address(end)) for prefix in prefixes for end in ends_of(prefix)]
    if not ends or chance.random() < 0.2:
        ports = [each for port in world.ports for each in port.addresses(near.ethertype)]
        return chance.choice(ports)
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    value = chance.choice(ends) + chance.choice((-1, 0, 0, 1))
    address = make(value % 2 ** make(0).max_prefixlen)
    # These are no addresses that a host sends from or to: OVN and kernels drop or treat them.
    if address.is_multicast or address.is_loopback or address.is_unspecified or address.is_reserved:
        return str(make("198.51.100.7" if version == 4 else "2001:db8:1::7"))
    return str(address)


def _transport(near: Rule, chance: random.Random) -> dict[str, int]:
    number = None if near.protocol in {"", "any"} else protocol_number(near.protocol)
    if number in ICMP and chance.random() < 0.9:
        number = 1 if near.ethertype == "IPv4" else 58
    if not number or chance.random() < 0.1:
        number = chance.choice((6, 17, 132, 1 if near.ethertype == "IPv4" else 58, 47, 33, 253))
    if chance.random() < 0.05:
        number = (number + chance.choice((-1, 1))) % 254
    # These are headers of extensions, after which the protocol follows.
    if near.ethertype == "IPv6" and number in {0, 43, 44, 51, 59, 60}:
        number = 47
    # ICMP of the other version is no packet that anybody sends.
    if number == (58 if near.ethertype == "IPv4" else 1):
        number = 47
    step = chance.choice((-1, 0, 0, 0, 1))
    if number == (1 if near.ethertype == "IPv4" else 58):
        kinds = ICMP_TYPES[near.ethertype] if near.from_port is None else (near.from_port,)
        kind = chance.choice(kinds) + step
        code = (near.to_port or 0) + chance.choice((-1, 0, 0, 0, 1))
        return {"protocol": number, "icmp_type": kind % 256, "icmp_code": code % 256}
    bound = chance.choice((near.from_port, near.to_port))
    bound = chance.choice(PORTS) if bound is None else bound
    return {"protocol": number, "number": (bound + step) % 65536}


def link_local(port: Port | None) -> str:
    """Return the link-local address that a port makes from its MAC address (EUI-64)."""
    octets = (port.mac if port else OUTSIDE_MAC).split(":")
    octets[0] = f"{int(octets[0], 16) ^ 2:02x}"
    first, second, third, fourth, fifth, sixth = octets
    return f"fe80::{first}{second}:{third}ff:fe{fourth}:{fifth}{sixth}"
