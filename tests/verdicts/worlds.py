"""Random worlds of eight addresses, and a model that judges one packet at a time."""

import ipaddress
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from ringfence.ports.verdicts.world import (
    AddressPair,
    End,
    Group,
    Packet,
    Port,
    World,
)
from ringfence.security_groups.rules import Rule, protocol_number

ADDRESSES = [f"10.0.0.{number}" for number in range(8)]
CIDRS = ["10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.2/31", "10.0.0.5/32", "10.0.0.6/29"]
GROUPS = ["a", "b", "c"]
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "47"}
PORTS = range(1, 6)
TYPES = [(0, 0), (8, 0), (8, 1)]


@dataclass(frozen=True)
class Point:
    """One packet: one address at each end, one port or type and code."""

    source: str
    destination: str
    protocol: int
    port: int | None
    icmp: tuple[int, int] | None


@st.composite
def rules(draw):
    protocol = draw(st.sampled_from(["", "tcp", "tcp", "udp", "icmp", "47"]))
    first, last = None, None
    if protocol in {"tcp", "udp"} and draw(st.booleans()):
        first, last = sorted((draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))))
    elif protocol == "icmp" and draw(st.booleans()):
        first, last = draw(st.sampled_from([(8, None), (8, 0), (0, None), (8, 1)]))
    end = draw(
        st.one_of(
            st.just({}),
            st.sampled_from(CIDRS).map(lambda cidr: {"cidr": cidr}),
            st.sampled_from(GROUPS).map(lambda group: {"remote_group": group}),
            st.just({"remote_address_group": "list"}),
        )
    )
    direction = draw(st.sampled_from(["ingress", "ingress", "egress"]))
    return Rule("IPv4", direction, protocol, first, last, **end)


@st.composite
def ports(draw, name, addresses):
    pairs = draw(st.lists(st.sampled_from(CIDRS), max_size=1))
    is_secured = draw(st.sampled_from([True, True, True, None, False]))
    carried = draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True))
    return Port(
        name,
        (addresses,),
        tuple(carried) if is_secured is not False else (),
        address_pairs=tuple(AddressPair(pair) for pair in pairs),
        port_security=is_secured,
        device_owner=draw(st.sampled_from(["compute:nova"] * 5 + ["network:dhcp"])),
    )


@st.composite
def worlds(draw):
    """Return a world of four ports in which nothing is hidden."""
    addresses = draw(st.permutations(ADDRESSES))[:4]
    stateful = draw(st.sampled_from([True, None, False]))
    groups = [
        Group.of(name, draw(st.lists(rules(), max_size=4)), stateful=stateful) for name in GROUPS
    ]
    carried = [draw(ports(f"port-{address}", address)) for address in addresses]
    listed = draw(st.lists(st.sampled_from(CIDRS), max_size=2))
    return World.of(carried, groups, {"list": tuple(listed)})


@st.composite
def ends(draw, world):
    choice = draw(st.sampled_from(["port", "port", "address", "cidr"]))
    if choice == "port":
        return End((draw(st.sampled_from(sorted(world.ports))),))
    if choice == "address":
        return End(cidr=draw(st.sampled_from(ADDRESSES)))
    return End(cidr=draw(st.sampled_from(CIDRS)))


@st.composite
def packets(draw, world):
    """Return a packet of which at least one end is a port."""
    source = draw(ends(world))
    destination = (
        draw(ends(world)) if source.ports else End((draw(st.sampled_from(sorted(world.ports))),))
    )
    protocol = draw(st.sampled_from(sorted(PROTOCOLS)))
    port, icmp = None, (None, None)
    if protocol in {6, 17} and draw(st.sampled_from([True, True, False])):
        port = draw(st.sampled_from(PORTS))
    elif protocol == 1 and draw(st.booleans()):
        icmp = draw(st.sampled_from([*TYPES, (8, None)]))
    return Packet(source, destination, protocol, port, *icmp, source_port=5)


def points(world, packet):
    """Return each packet that is meant, in the small universe."""
    return [
        Point(source, destination, packet.protocol, port, icmp)
        for source in _addresses(world, packet.source)
        for destination in _addresses(world, packet.destination)
        for port in _ports(packet)
        for icmp in _types(packet)
    ]


def _addresses(world, end):
    if end.ports:
        return [address for port in end.ports for address in world.ports[port].addresses]
    network = ipaddress.ip_network(end.cidr, strict=False)
    return [address for address in ADDRESSES if ipaddress.ip_address(address) in network]


def _ports(packet):
    if packet.protocol not in {6, 17}:
        return [None]
    return [packet.port] if packet.port is not None else [0, *PORTS, 6]


def _types(packet):
    if packet.protocol != 1:
        return [None]
    if packet.icmp_type is None:
        return [*TYPES, (3, 1)]
    codes = (0, 1, 2) if packet.icmp_code is None else (packet.icmp_code,)
    return [(packet.icmp_type, code) for code in codes]


def admits(world, port, direction, remote, point, driver):
    """Return whether a port admits one packet, read off the rules one by one."""
    if port.port_security is False or port.device_owner.startswith("network:"):
        return True
    carried = [rule.rule for group in port.groups for rule in world.groups[group].rules]
    return any(
        rule.direction == direction
        and _has_protocol(rule, point)
        and _has_end(world, rule, remote, driver)
        for rule in carried
    )


def _has_protocol(rule, point):
    if not rule.protocol:
        return True
    if protocol_number(rule.protocol) != point.protocol:
        return False
    if rule.from_port is None:
        return True
    if point.icmp is not None:
        return rule.from_port == point.icmp[0] and rule.to_port in {None, point.icmp[1]}
    return rule.from_port <= point.port <= rule.to_port


def _has_end(world, rule, remote, driver):
    address = ipaddress.ip_address(remote)
    if rule.remote_group is not None:
        texts = []
        for member in world.ports.values():
            if rule.remote_group not in member.groups:
                continue
            if driver == "ovn" and member.device_owner.startswith("network:"):
                continue
            texts += member.addresses
            if driver != "ovn":
                texts += [pair.address for pair in member.address_pairs]
    elif rule.remote_address_group is not None:
        texts = world.address_groups[rule.remote_address_group]
    else:
        texts = [rule.cidr or "0.0.0.0/0"]
    return any(address in ipaddress.ip_network(text, strict=False) for text in texts)


def judged(world, packet, driver):
    """Return what becomes of each packet that is meant, as booleans."""
    return [_passes(world, packet, point, driver) for point in points(world, packet)]


def _passes(world, packet, point, driver):
    reply = _reply(packet, point)
    ends = (
        (packet.source, "egress", "ingress", point.destination),
        (packet.destination, "ingress", "egress", point.source),
    )
    for end, first, back, remote in ends:
        for name in end.ports:
            port = world.ports[name]
            if not admits(world, port, first, remote, point, driver):
                return False
            if driver == "openvswitch" or reply is None:
                continue
            stateless = any(world.groups[group].stateful is False for group in port.groups)
            if stateless and not admits(world, port, back, remote, reply, driver):
                return False
    return True


def _reply(packet, point):
    if point.icmp is None:
        port = None if point.port is None else packet.source_port
        return replace(point, port=port)
    return replace(point, icmp=(0, point.icmp[1])) if point.icmp[0] == 8 else None


def hide_group(world, name):
    groups = {key: group for key, group in world.groups.items() if key != name}
    return World(world.ports, groups, world.address_groups)


def hide_rules(world, name):
    if name not in world.groups:
        return world
    group = replace(world.groups[name], rules=None)
    return World(world.ports, world.groups | {name: group}, world.address_groups)


def hide_port(world, name):
    """Return the world without a port; the groups of the port say that members are missing."""
    port = world.ports[name]
    hidden = GROUPS if port.groups is None else port.groups
    groups = {
        key: replace(group, members_known=group.members_known and key not in hidden)
        for key, group in world.groups.items()
    }
    ports_left = {key: each for key, each in world.ports.items() if key != name}
    return World(ports_left, groups, world.address_groups)


def hide_port_values(world, name, **unknown):
    port = replace(world.ports[name], **unknown)
    return World(world.ports | {name: port}, world.groups, world.address_groups)


def hide_address_groups(world):
    return World(world.ports, world.groups, {})
