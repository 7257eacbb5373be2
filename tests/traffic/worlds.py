"""Random worlds of groups, ports and address groups, and packets at the boundaries of their rules.

A world is small, so that whatever is in it meets: a few addresses, ports and protocols.
"""

import ipaddress
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from ringfence.security_groups.rules import Rule, protocol_number

OUTSIDE_MAC = "fa:16:3e:ff:ff:ff"
NETWORKS = {"IPv4": "10.0.0.0/24", "IPv6": "2001:db8::/64"}
# Prefixes that contain one another and the network of the ports, and some elsewhere
PREFIXES = {
    "IPv4": (
        *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.8/29"),
        *("10.0.0.10/31", "10.0.0.10", "10.0.0.13/30", "198.51.100.0/24", "198.51.100.7/32"),
    ),
    "IPv6": (
        *("::/0", "2000::/3", "2001:db8::/32", "2001:db8::/64", "2001:db8::10/126"),
        *("2001:db8::a", "2001:db8:1::/48", "2001:db8:1::7/128"),
    ),
}
PORTS = (1, 21, 22, 23, 80, 443, 65534, 65535)
ICMP_TYPES = {"IPv4": (0, 3, 8, 8, 11, 13, 255), "IPv6": (1, 128, 128, 129, 131, 134, 135, 255)}
# Neutron stores what it is sent: names, numbers, and both for the same protocol.
PROTOCOLS = (
    *("", "any", "tcp", "tcp", "udp", "6", "17", "sctp", "132", "icmp", "icmp", "1", "icmpv6"),
    *("ipv6-icmp", "58", "47", "gre", "esp", "112", "dccp", "33", "udplite", "0", "253"),
)
# With which Neutron makes a group
INITIAL_RULES = (Rule("IPv4", "egress"), Rule("IPv6", "egress"))
WITH_PORTS = frozenset({6, 17, 33, 132, 136})
ICMP = frozenset({1, 58})
# Messages of multicast listeners, which come from link-local addresses, and of neighbours and
# routers: OVN knows them by their hop limit.
LISTENERS = frozenset({130, 131, 132})
HOPS = {**dict.fromkeys(range(133, 138), 255), **dict.fromkeys(LISTENERS, 1)}

ICMP_REPLIES = {"IPv4": {8: 0, 13: 14, 15: 16, 17: 18}, "IPv6": {128: 129}}


@dataclass(frozen=True)
class Group:
    """A security group."""

    id: str
    stateful: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class AddressGroup:
    """A named list of prefixes."""

    id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Port:
    """A port of an instance, or of the network itself."""

    id: str
    device: str
    mac: str
    fixed_ips: tuple[str, ...]
    pairs: tuple[str, ...]
    groups: tuple[str, ...]
    port_security: bool = True
    device_owner: str = "compute:nova"

    @property
    def is_filtered(self) -> bool:
        return self.port_security and not self.device_owner.startswith("network:")

    def addresses(self, ethertype: str) -> list[str]:
        """Return addresses that the port may send from."""
        version = int(ethertype[-1])
        ends = [end for prefix in self.pairs for end in ends_of(prefix)]
        return [
            each
            for each in (*self.fixed_ips, *ends)
            if ipaddress.ip_address(each).version == version
        ]


@dataclass(frozen=True)
class World:
    """Groups, address groups and ports of one network."""

    number: int
    groups: tuple[Group, ...]
    address_groups: tuple[AddressGroup, ...]
    ports: tuple[Port, ...]

    @property
    def switch(self) -> str:
        return f"world{self.number}"

    def name_of(self, port: Port | None) -> str:
        """Return the name of a port on the switch; `None` is the port to everything outside."""
        return f"{self.switch}-{port.device if port else 'outside'}"

    def group(self, identifier: str) -> Group:
        return next(group for group in self.groups if group.id == identifier)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The world as `in_neutron.py` reads it."""
        return {
            # As operators set it; what is admitted is the same.
            "enable_ipset": self.number % 2 == 0,
            "groups": [
                {
                    "id": group.id,
                    "stateful": group.stateful,
                    "rules": [_rule_body(rule) for rule in group.rules],
                }
                for group in self.groups
            ],
            "address_groups": [
                {"id": group.id, "addresses": list(group.addresses)}
                for group in self.address_groups
            ],
            "ports": [_port_body(port) for port in self.ports],
        }


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


def worlds(seed: int, number: int, *, is_mixed: bool = True) -> list[World]:
    """Return random worlds, the same for the same seed.

    If not mixed, the groups of a world are all stateful, or of every third one all stateless.
    """
    shares = [0.3 if is_mixed else float(each % 3 == 0) for each in range(number)]
    return [world(_chance(seed, each), each, share) for each, share in enumerate(shares)]


def _chance(seed: int, number: int) -> random.Random:
    return random.Random(f"{seed} {number}")  # noqa: S311 - the same worlds each time


def world(chance: random.Random, number: int, stateless: float) -> World:
    """Return a random world, with a share of ports that carry stateless groups."""
    address_groups = tuple(
        AddressGroup(identifier(chance), tuple(chance.sample(_all_prefixes(), chance.randrange(4))))
        for _ in range(2)
    )
    ids = [identifier(chance) for _ in range(4)]
    symbols = [*ids, *(group.id for group in address_groups)]
    groups = tuple(
        Group(
            each,
            stateful=index != 0,
            rules=(
                *(INITIAL_RULES if chance.random() < 0.6 else ()),
                *(rule(chance, symbols[:4], symbols[4:]) for _ in range(chance.randrange(7))),
            ),
        )
        for index, each in enumerate(ids)
    )
    ports = tuple(port(chance, index, ids, stateless) for index in range(4))
    return World(number, groups, address_groups, ports)


def identifier(chance: random.Random) -> str:
    """Return a random UUID."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def rule(chance: random.Random, groups: Sequence[str], address_groups: Sequence[str]) -> Rule:
    """Return a random rule that Neutron accepts."""
    ethertype = chance.choice(("IPv4", "IPv4", "IPv6"))
    protocol = chance.choice(PROTOCOLS)
    remote = chance.choice(("any", "cidr", "cidr", "cidr", "group", "group", "address_group"))
    first, last = _port_range(chance, ethertype, protocol)
    return Rule(
        ethertype=ethertype,
        direction=chance.choice(("ingress", "ingress", "egress")),
        protocol=protocol,
        from_port=first,
        to_port=last,
        cidr=chance.choice(PREFIXES[ethertype]) if remote == "cidr" else None,
        remote_group=chance.choice(groups) if remote == "group" else None,
        remote_address_group=chance.choice(address_groups) if remote == "address_group" else None,
    )


def _port_range(
    chance: random.Random, ethertype: str, protocol: str
) -> tuple[int | None, int | None]:
    number = None if protocol in {"", "any"} else protocol_number(protocol)
    if chance.random() < 0.2 or number not in WITH_PORTS | ICMP:
        return None, None
    if (ethertype, number) == ("IPv4", 58):
        # Older Neutrons store it without a type; with one, iptables has no arguments for it.
        return None, None
    if number in ICMP:
        return chance.choice(ICMP_TYPES[ethertype]), chance.choice((None, 0, 0, 1, 255))
    first, last = sorted((chance.choice(PORTS), chance.choice(PORTS)))
    return (first, first) if chance.random() < 0.3 else (first, last)


def port(chance: random.Random, index: int, groups: Sequence[str], stateless: float) -> Port:
    """Return a random port; a port has stateful groups only, or stateless ones only."""
    own = (
        [groups[0]]
        if chance.random() < stateless
        else chance.sample(groups[1:], chance.randrange(4))
    )
    secured = chance.random() < 0.9
    pairs = chance.sample(("10.0.0.13/30", "198.51.100.7", "2001:db8:1::/126"), chance.randrange(2))
    return Port(
        id=identifier(chance),
        device=f"tap{index}",
        mac=f"fa:16:3e:00:00:{index:02x}",
        fixed_ips=(f"10.0.0.{9 + index}", f"2001:db8::{9 + index:x}"),
        pairs=tuple(pairs) if secured else (),
        groups=tuple(own) if secured else (),
        port_security=secured,
        device_owner=chance.choice(("compute:nova",) * 9 + ("network:dhcp",)),
    )


def packets(world: World, seed: int, number: int) -> Iterator[Packet]:
    """Yield random packets: most of them at the boundaries of a rule, or one beyond."""
    chance = _chance(seed, world.number)
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
    if near.ethertype == "IPv6" and made.is_icmp and made.icmp_type in LISTENERS:
        return replace(made, source=link_local(made.source_port))
    return made


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


def ends_of(prefix: str) -> tuple[str, str]:
    """Return the first and the last address of a prefix."""
    network = ipaddress.ip_interface(prefix).network
    return str(network[0]), str(network[-1])


def _all_prefixes() -> list[str]:
    return [prefix for prefixes in PREFIXES.values() for prefix in prefixes]


def _rule_body(rule: Rule) -> dict[str, Any]:
    return {
        "id": f"{abs(hash(rule)):x}",
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol or None,
        "port_range_min": rule.from_port,
        "port_range_max": rule.to_port,
        "remote_ip_prefix": rule.cidr,
        "remote_group_id": rule.remote_group,
        "remote_address_group_id": rule.remote_address_group,
    }


def _port_body(port: Port) -> dict[str, Any]:
    return {
        "id": port.id,
        "device": port.device,
        "mac_address": port.mac,
        "fixed_ips": list(port.fixed_ips),
        "allowed_address_pairs": [
            {"ip_address": pair, "mac_address": port.mac} for pair in port.pairs
        ],
        "security_groups": list(port.groups),
        "port_security": port.port_security,
        "device_owner": port.device_owner,
    }
