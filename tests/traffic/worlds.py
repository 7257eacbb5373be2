"""Random worlds of groups, ports and address groups.

A world is small, so that whatever is in it meets: a few addresses, ports and protocols.
"""

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from ringfence.security_groups.rules import Rule, protocol_number

OUTSIDE_MAC = "fa:16:3e:ff:ff:ff"
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


def worlds(seed: int, number: int, *, is_mixed: bool = True) -> list[World]:
    """Return random worlds, the same for the same seed.

    If not mixed, the groups of a world are all stateful, or of every third one all stateless.
    """
    shares = [0.3 if is_mixed else float(each % 3 == 0) for each in range(number)]
    return [world(chance_of(seed, each), each, share) for each, share in enumerate(shares)]


def chance_of(seed: int, number: int) -> random.Random:
    """Return a source of random numbers, the same for the same seed and world."""
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
