"""The ways of a packet between its ends, and the request that it is at a port. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from ringfence.ports.verdicts.world import End, Packet, Port, World
from ringfence.security_groups.driver_protocols import ICMPV4, ICMPV6
from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, interval_of, merged
from ringfence.security_groups.rules import WITH_PORTS
from ringfence.security_groups.traffic_boxes import ALL_PORTS, ALL_PROTOCOLS, ICMP_CODES

_CLIENT_PORTS = (1024, 65_535)
# Types of ICMP that have a reply, and its type
_REPLIES = {"IPv4": {8: 0, 13: 14, 15: 16, 17: 18}, "IPv6": {128: 129}}


@dataclass(frozen=True, slots=True)
class Path:
    """One port or address at each end, of one ethertype."""

    ethertype: str
    source: Port | None
    source_addresses: tuple[Interval, ...]
    destination: Port | None
    destination_addresses: tuple[Interval, ...]
    addresses_known: bool


def paths(world: World, packet: Packet) -> Iterator[Path]:
    """Yield each pair of ports or addresses, for each ethertype that both have."""
    sources = packet.source.ports or (None,)
    destinations = packet.destination.ports or (None,)
    for source_id, destination_id in product(sources, destinations):
        source = world.ports[source_id] if source_id else None
        destination = world.ports[destination_id] if destination_id else None
        for ethertype in ("IPv4", "IPv6"):
            source_addresses = _addresses(packet.source, source, ethertype)
            # The router may also translate the address of a port that sends to a floating IP.
            is_translated = packet.destination.is_floating and source is not None
            destination_addresses = _addresses(packet.destination, destination, ethertype)
            if source_addresses and destination_addresses and _has(packet, ethertype):
                yield Path(
                    ethertype,
                    source,
                    ((0, LAST_ADDRESS[ethertype]),) if is_translated else source_addresses,
                    destination,
                    destination_addresses,
                    not is_translated
                    and _is_known(packet.source, source)
                    and _is_known(packet.destination, destination),
                )


def _has(packet: Packet, ethertype: str) -> bool:
    """Return whether a packet of this ethertype can be meant.

    Without a type, ICMP is ICMPv6 over IPv6, as in rules; the types are not the same.
    """
    if ethertype == "IPv4":
        return packet.protocol != ICMPV6
    return packet.protocol != ICMPV4 or packet.icmp_type is None


def _is_known(end: End, port: Port | None) -> bool:
    return port is None or end.cidr is not None or port.addresses is not None


def _addresses(end: End, port: Port | None, ethertype: str) -> tuple[Interval, ...]:
    if end.cidr is not None:
        texts: Iterable[str] = (end.cidr,)
    elif port is None or port.addresses is None:
        return ((0, LAST_ADDRESS[ethertype]),)
    else:
        texts = port.addresses
    return merged(each for each in (interval_of(text, ethertype) for text in texts) if each)


def requested_traffic(packet: Packet, ethertype: str) -> tuple[Interval, Interval]:
    """Return the protocols and ports of a packet."""
    if packet.protocol is None:
        return ALL_PROTOCOLS, ALL_PORTS
    protocols = _protocols(packet.protocol, ethertype)
    if packet.protocol in {ICMPV4, ICMPV6}:
        return protocols, _icmp(packet.icmp_type, packet.icmp_code)
    if packet.protocol in WITH_PORTS and packet.port is not None:
        return protocols, (packet.port, packet.port)
    return protocols, ALL_PORTS


def _protocols(protocol: int, ethertype: str) -> Interval:
    number = ICMPV6 if protocol == ICMPV4 and ethertype == "IPv6" else protocol
    return number, number


def _icmp(icmp_type: int | None, code: int | None) -> Interval:
    if icmp_type is None:
        return ALL_PORTS
    start = icmp_type * ICMP_CODES
    return (start, start + ICMP_CODES - 1) if code is None else (start + code, start + code)


def requested_reply(packet: Packet, ethertype: str) -> tuple[Interval, Interval] | None:
    """Return the protocols and ports of the reply; `None` if there is none."""
    if packet.protocol is None:
        return ALL_PROTOCOLS, ALL_PORTS
    protocols = _protocols(packet.protocol, ethertype)
    if packet.protocol in {ICMPV4, ICMPV6}:
        if packet.icmp_type is None:
            return protocols, ALL_PORTS
        reply_type = _REPLIES[ethertype].get(packet.icmp_type)
        return None if reply_type is None else (protocols, _icmp(reply_type, packet.icmp_code))
    if packet.protocol not in WITH_PORTS:
        return protocols, ALL_PORTS
    if packet.source_port is not None:
        return protocols, (packet.source_port, packet.source_port)
    return protocols, _CLIENT_PORTS


def has_types_without_reply(packet: Packet) -> bool:
    """Return whether the packet may be ICMP that nobody replies to, such as an error."""
    is_icmp = packet.protocol in {None, ICMPV4, ICMPV6}
    return is_icmp and packet.icmp_type is None
