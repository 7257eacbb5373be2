"""Which traffic from the internet the groups of a port admit together. Pure.

The union of the rules of all groups is divided into pieces, as rules write them. What the groups
desire and what the cloud has count alike: both may be in force.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import NamedTuple

from ringfence.security_groups.internet import is_internet, is_open_box
from ringfence.security_groups.intervals import Interval, interval_of, merged, subtracted
from ringfence.security_groups.rules import EVERYWHERE, LARGEST_PROTOCOL, WITH_PORTS
from ringfence.security_groups.traffic import MAX_PIECES, Ports, TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP,
    ICMP_CODES,
    Box,
    overlaps,
)
from ringfence.security_groups.traffic_pieces import (
    Narrowness,
    Piece,
    sortable_pieces,
)
from ringfence.security_groups.well_known_ports import services_in

# More of one port are not shown: the widest are.
MOST_PIECES = 200
_NO_PORTS: Interval = (-1, -1)

ADDRESS_GROUP = "address_group"


@dataclass(frozen=True, slots=True)
class GroupTraffic:
    """What the rules of a group admit from the internet, as desired and as the cloud has it."""

    desired: Sequence[Box] = ()
    observed: Sequence[Box] = ()


class Port(NamedTuple):
    """What is known about a port, with the ids of its groups' rows."""

    id: int
    tenant_id: int
    device_owner: str
    port_security_enabled: bool | None
    addresses: Sequence[str]
    floating_addresses: Sequence[str]
    group_ids: frozenset[int]


class Exposure(NamedTuple):
    """A row of `port_exposures`, apart from its id, in the order of its columns."""

    tenant_id: int
    port_id: int
    cause: str
    ethertype: str
    protocol: str
    first_protocol: int
    last_protocol: int
    from_port: int | None
    to_port: int | None
    first_port: int
    last_port: int
    network: str
    services: tuple[str, ...]
    reachable: bool
    desired: str | None
    exact: bool
    security_group_ids: tuple[int, ...]
    observed_only_ids: tuple[int, ...]


def exposures_of(ports: Iterable[Port], traffic: Mapping[int, GroupTraffic]) -> Iterator[Exposure]:
    """Yield what is open to the internet of each port; `traffic` is that of the groups, by id."""
    known: dict[frozenset[int], Sequence[Exposure]] = {}
    for port in ports:
        reached = {each for each in EVERYWHERE if _is_reachable(port, each)}
        cause = _cause_of(port)
        if cause != "rules":
            for ethertype in sorted(reached):
                yield _everything(cause, ethertype)._replace(
                    tenant_id=port.tenant_id, port_id=port.id
                )
            continue
        open_groups = frozenset(port.group_ids & traffic.keys())
        if open_groups not in known:
            known[open_groups] = _of_groups({each: traffic[each] for each in sorted(open_groups)})
        for piece in known[open_groups]:
            yield piece._replace(
                tenant_id=port.tenant_id,
                port_id=port.id,
                reachable=piece.ethertype in reached,
            )


def internet_boxes(boxes: Iterable[Box], members: Mapping[str, Sequence[str]]) -> list[Box]:
    """Return the boxes that admit the internet; `members` are those of address groups, by id."""
    found = []
    for box in boxes:
        kind, end = box.symbol or ("", "")
        if kind != ADDRESS_GROUP:
            found += [box] if box.addresses and is_open_box(box) else []
            continue
        for member in members.get(end, ()):
            if interval := interval_of(member, box.ethertype):
                part = box._replace(addresses=interval, symbol=None)
                found += [part] if is_open_box(part) else []
    return found


def _cause_of(port: Port) -> str:
    """Return what makes a port admit traffic: Neutron applies no groups to some ports."""
    if port.device_owner.startswith("network:"):
        return "network_port"
    return "no_port_security" if port.port_security_enabled is False else "rules"


def _is_reachable(port: Port, ethertype: str) -> bool:
    """Return whether the internet reaches an address of the port; floating IPs are IPv4."""
    if ethertype == "IPv4" and port.floating_addresses:
        return True
    return any(
        interval_of(address, ethertype) and is_internet(address, ethertype)
        for address in port.addresses
    )


def _of_groups(groups: Mapping[int, GroupTraffic]) -> Sequence[Exposure]:
    """Return what groups admit from the internet together, without the columns of a port."""
    desired = [box for each in groups.values() for box in each.desired]
    observed = [box for each in groups.values() for box in each.observed]
    try:
        is_exact = True
        union = Traffic.of_boxes([*desired, *observed])
        desired_traffic = Traffic.of_boxes(desired)
        is_desired = partial(_desired, None if union == desired_traffic else desired_traffic)
        found = _few_pieces(_readable_boxes(union))
    except TooComplex:
        is_exact = False
        is_desired = partial(_desired_by_each, set(desired))
        found = list(sortable_pieces(sorted(set(desired + observed))))
    found.sort(key=lambda piece: piece[0])
    pieces = [
        (key[4], piece) for key, piece in found if is_internet(str(piece.cidr), piece.ethertype)
    ]
    is_exact = is_exact and len(pieces) <= MOST_PIECES
    return [
        _exposure(protocols, piece, groups, is_desired, is_exact)
        for protocols, piece in _most_telling(pieces)
    ]


def _few_pieces(boxes: Iterable[Box]) -> list[tuple[Narrowness, Piece]]:
    """Return the pieces of boxes. Raises `TooComplex`: rules may overlap in a million ways."""
    found = list(islice(sortable_pieces(boxes), MAX_PIECES + 1))
    if len(found) > MAX_PIECES:
        raise TooComplex
    return found


def _most_telling(pieces: Sequence[tuple[Interval, Piece]]) -> Iterator[tuple[Interval, Piece]]:
    """Yield the widest pieces, and the widest piece of each service that none of them has."""
    yield from pieces[:MOST_PIECES]
    if len(pieces) <= MOST_PIECES:
        return
    words = {word for each in pieces[:MOST_PIECES] for word in _services(*each)}
    for each in pieces[MOST_PIECES:]:
        if not words.issuperset(_services(*each)):
            words.update(_services(*each))
            yield each


def _services(protocols: Interval, piece: Piece) -> tuple[str, ...]:
    return tuple(each.word for each in services_in(protocols, _ports_of(protocols, piece)))


def _readable_boxes(union: Traffic) -> Iterator[Box]:
    """Yield boxes that together are the union, the way a reader would write it as rules.

    They may overlap: SSH from anywhere stays one box beside everything from one prefix, which
    disjoint boxes would cut into hundreds.
    """
    for (ethertype, direction), by_protocol in union.kinds.items():
        parts = [(protocols, _from_all_ports(protocols, ports)) for protocols, ports in by_protocol]
        everything = _common(parts, ALL_PROTOCOLS)
        for interval in everything:
            yield Box(ethertype, direction, ALL_PROTOCOLS, ALL_PORTS, interval)
        for (protocols, whole), (_, by_port) in zip(parts, by_protocol, strict=True):
            for interval in _not_within(whole, everything):
                yield Box(ethertype, direction, protocols, ALL_PORTS, interval)
            known = merged((*everything, *whole))
            for ports, ends in by_port:
                for interval in _not_within(ends.addresses, known):
                    yield Box(ethertype, direction, protocols, ports, interval)


def _from_all_ports(protocols: Interval, by_port: Ports) -> tuple[Interval, ...]:
    """Return the addresses from which all ports are admitted; port 0 is none, except for ICMP."""
    whole = ALL_PORTS if protocols[0] in ICMP else (1, ALL_PORTS[1])
    clipped = [((max(first, whole[0]), last), ends) for (first, last), ends in by_port if last]
    return _common([(ports, ends.addresses) for ports, ends in clipped], whole)


def _common(
    parts: Sequence[tuple[Interval, tuple[Interval, ...]]], whole: Interval
) -> tuple[Interval, ...]:
    """Return the addresses that all parts have; none if the parts are not the whole."""
    if merged(interval for interval, _ in parts) != (whole,):
        return ()
    common = parts[0][1]
    for _, addresses in parts[1:]:
        common = subtracted(common, subtracted(common, addresses))
    return common


def _not_within(addresses: Iterable[Interval], others: Sequence[Interval]) -> Iterator[Interval]:
    return (each for each in addresses if subtracted([each], others))


def _exposure(
    protocols: Interval,
    piece: Piece,
    groups: Mapping[int, GroupTraffic],
    is_desired: Callable[[Box], str],
    is_exact: bool,  # noqa: FBT001 - a column
) -> Exposure:
    """Return the row of a piece; `is_desired` says how much of a box is."""
    box = _box_of(protocols, piece)
    by_desired = {each for each, of in groups.items() if _any_overlaps(of.desired, box)}
    by_observed = {each for each, of in groups.items() if _any_overlaps(of.observed, box)}
    first_port, last_port = _ports_of(protocols, piece)
    return Exposure(
        tenant_id=0,
        port_id=0,
        cause="rules",
        ethertype=piece.ethertype,
        protocol=piece.protocol,
        first_protocol=protocols[0],
        last_protocol=protocols[1],
        from_port=piece.from_port,
        to_port=piece.to_port,
        first_port=first_port,
        last_port=last_port,
        network=str(piece.cidr),
        services=_services(protocols, piece),
        reachable=False,
        desired=is_desired(box),
        exact=is_exact,
        security_group_ids=tuple(sorted(by_desired | by_observed)),
        observed_only_ids=tuple(sorted(by_observed - by_desired)),
    )


def _desired(desired_traffic: Traffic | None, box: Box) -> str:
    """Return how much of a box is desired; `desired_traffic` is None if all of it is."""
    piece = None if desired_traffic is None else Traffic.of_boxes([box])
    if desired_traffic is None or piece is None or desired_traffic.covers(piece):
        return "all"
    return "part" if desired_traffic & piece else "none"


def _desired_by_each(desired: Collection[Box], box: Box) -> str:
    """Return how much of a box is desired if the union is too complex: all if one box has it."""
    if box in desired:
        return "all"
    return "part" if _any_overlaps(desired, box) else "none"


def _everything(cause: str, ethertype: str) -> Exposure:
    services = tuple(each.word for each in services_in(ALL_PROTOCOLS, ALL_PORTS))
    return Exposure(
        tenant_id=0,
        port_id=0,
        cause=cause,
        ethertype=ethertype,
        protocol="",
        first_protocol=0,
        last_protocol=LARGEST_PROTOCOL,
        from_port=None,
        to_port=None,
        first_port=ALL_PORTS[0],
        last_port=ALL_PORTS[1],
        network=EVERYWHERE[ethertype],
        services=services,
        reachable=True,
        desired=None,
        exact=True,
        security_group_ids=(),
        observed_only_ids=(),
    )


def _any_overlaps(boxes: Iterable[Box], box: Box) -> bool:
    return any(overlaps(each, box) for each in boxes)


def _box_of(protocols: Interval, piece: Piece) -> Box:
    ports = ALL_PORTS
    if piece.from_port is not None:
        ports = piece.from_port, piece.from_port if piece.to_port is None else piece.to_port
        if protocols[0] in ICMP:
            first = piece.from_port * ICMP_CODES
            last = first + ICMP_CODES - 1
            ports = (first, last) if piece.to_port is None else (first + piece.to_port,) * 2
    addresses = interval_of(str(piece.cidr), piece.ethertype)
    return Box(piece.ethertype, piece.direction, protocols, ports, addresses)


def _ports_of(protocols: Interval, piece: Piece) -> Interval:
    if not any(protocols[0] <= each <= protocols[1] for each in WITH_PORTS):
        return _NO_PORTS
    if piece.from_port is None:
        return ALL_PORTS
    return piece.from_port, piece.from_port if piece.to_port is None else piece.to_port
