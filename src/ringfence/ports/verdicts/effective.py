"""What a port admits: the union of its groups, and the sources that it admits. Pure.

`sources` lists who can reach the port; `effective_rules` reduces the rules of all of its groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.documents import backend_id_of, rule_document
from ringfence.ports.verdicts.reach import KnownEnds, Lens, Request, reach
from ringfence.ports.verdicts.rows import Named
from ringfence.ports.verdicts.verdict import has_unknown_groups, rules_of
from ringfence.ports.verdicts.world import GroupRule, Port, World
from ringfence.security_groups.driver_protocols import DRIVERS, ICMPV4, ICMPV6, Driver
from ringfence.security_groups.internet import reaches
from ringfence.security_groups.intervals import LAST_ADDRESS, interval_of, meet, merged, prefixes
from ringfence.security_groups.readings import meaning_of
from ringfence.security_groups.traffic import MAX_PIECES as MOST_COMPUTED
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP_CODES,
    Box,
    box_of,
    overlaps,
)
from ringfence.security_groups.traffic_pieces import Narrowness, Piece, sortable_pieces

# Responses have at most this many pieces, and then say how many there are.
MAX_PIECES = 1000
# Of each piece: many rules may overlap with each of many pieces.
MAX_RULES = 20
# How often a piece is compared with a rule, which takes a second
_MAX_COMPARED = 1_000_000
Names = Mapping[str, Named]
# What is not known of members of remote groups, which are never the internet
_OF_REMOTE_GROUPS = {
    Because.REMOTE_GROUP_NOT_KNOWN,
    Because.ADDRESSES_NOT_KNOWN,
    Because.ADDRESS_PAIRS,
    Because.OWN_ADDRESS,
    Because.NETWORK_PORT,
}


def everything_because(port: Port) -> Because | None:
    """Return why a port admits everything, if it does."""
    if port.is_trusted:
        return Because.NETWORK_PORT
    return Because.PORT_SECURITY_OFF if port.port_security is False else None


def effective_rules(world: World, port: Port, names: Names) -> dict[str, Any]:
    """Return the reduced union of the rules of all groups, with the rules each piece is from."""
    rules = list(rules_of(world, port))
    not_known = [Because.GROUPS_NOT_KNOWN] if has_unknown_groups(world, port) else []
    document: dict[str, Any] = {
        "everything_because": everything_because(port),
        "not_known": not_known,
        # Where drivers differ, a piece may be more or less than the cloud of the port admits.
        "exact": all(meaning_of(rule.rule).differs is None for rule in rules),
    }
    try:
        pieces = _sorted_pieces(Traffic.of(rule.rule for rule in rules))
    except TooComplex:
        return document | {"pieces": [], "pieces_total": None, "exact": False}
    boxes = [(rule, box_of(rule.rule)) for rule in rules]
    most = min(MAX_PIECES, _MAX_COMPARED // max(len(rules), 1))
    shown = [_piece(world, piece, box, boxes, names) for _, piece, box in pieces[:most]]
    return document | {"pieces": shown, "pieces_total": len(pieces)}


def _sorted_pieces(traffic: Traffic) -> list[tuple[Narrowness, Piece, Box]]:
    """Return the pieces with their boxes, the widest first. Raises `TooComplex`."""
    every = ((key, piece, box) for box in traffic.boxes() for key, piece in sortable_pieces([box]))
    pieces = list(islice(every, MOST_COMPUTED + 1))
    if len(pieces) > MOST_COMPUTED:
        raise TooComplex
    return sorted(pieces, key=lambda found: found[0])


def _piece(
    world: World, piece: Piece, box: Box, rules: Sequence[tuple[GroupRule, Box]], names: Names
) -> dict[str, Any]:
    found = list(islice((rule for rule, its in rules if _is_from(box, its)), MAX_RULES + 1))
    remote = names.get(piece.remote_group) if piece.remote_group else None
    return {
        "direction": piece.direction,
        "ethertype": piece.ethertype,
        "protocol": piece.protocol,
        "from_port": piece.from_port,
        "to_port": piece.to_port,
        "cidr": piece.cidr,
        "remote_group_uuid": remote.uuid if remote else None,
        "remote_group_name": remote.name if remote else None,
        "remote_group_backend_id": backend_id_of(piece.remote_group, remote),
        "remote_address_group": piece.remote_address_group,
        "internet": _is_internet(world, box),
        "rules": [rule_document(rule, names) for rule in found[:MAX_RULES]],
        "has_more_rules": len(found) > MAX_RULES,
    }


def _is_from(box: Box, of_rule: Box) -> bool:
    return overlaps(of_rule, box) and (of_rule.symbol is None or box.symbol == of_rule.symbol)


def sources(
    world: World,
    port: Port,
    names: Names,
    driver: Driver | None,
    protocol: int | None,
    ports: tuple[int, int],
) -> dict[str, Any]:
    """Return who can reach a port: prefixes, groups with their members, address groups."""
    admitting, not_known = _admitting(world, port, driver, protocol, ports)
    everything = everything_because(port)
    found = list(_prefixes(admitting, names))
    is_internet = everything is not None or any(each["internet"] for each in found)
    is_internet = is_internet or any(_is_internet(world, box_of(rule.rule)) for rule in admitting)
    return {
        "everything_because": everything,
        "internet": None if not is_internet and not_known - _OF_REMOTE_GROUPS else is_internet,
        "prefixes": found,
        "groups": list(_groups(world, admitting, names)),
        "address_groups": list(_address_groups(world, admitting, names)),
        "not_known": sorted(not_known),
        "driver": driver,
    }


def _is_internet(world: World, box: Box) -> bool | None:
    """Return whether addresses of the internet are among those of a box; `None` if not known.

    Members of remote groups never are.
    """
    if box.addresses is not None:
        return reaches(box.ethertype, [box.addresses])
    kind, end = box.symbol or ("", "")
    if kind == "unknown":
        return None
    members = world.address_groups.get(end) if kind == "address_group" else ()
    if members is None:
        return None
    return _are_internet(box.ethertype, members)


# Many pieces may have the same address group, which may have thousands of members.
@lru_cache(maxsize=16)
def _are_internet(ethertype: str, members: tuple[str, ...]) -> bool:
    intervals = (interval_of(each, ethertype) for each in members)
    return reaches(ethertype, [each for each in intervals if each])


def _admitting(
    world: World, port: Port, driver: Driver | None, protocol: int | None, ports: tuple[int, int]
) -> tuple[list[GroupRule], set[Because]]:
    """Return rules that admit some of it under each driver, and what is not known."""
    not_known = {Because.GROUPS_NOT_KNOWN} if has_unknown_groups(world, port) else set()
    drivers = DRIVERS if driver is None else (driver,)
    known_ends: list[KnownEnds] = [{} for _ in drivers]
    admitting = []
    for rule in rules_of(world, port):
        request = _request(rule.rule.ethertype, protocol, ports)
        lenses = [
            Lens(world, each, known_ends=known)
            for each, known in zip(drivers, known_ends, strict=True)
        ]
        reached = [reach(lens, port, rule, request) for lens in lenses]
        is_sure = [each is not None and each.is_sure for each in reached]
        # Whoever is in a group whose members are not known is admitted.
        is_symbolic = box_of(rule.rule).symbol is not None and any(reached)
        if all(is_sure) or is_symbolic:
            admitting.append(rule)
        elif any(is_sure):
            not_known |= {Because.DRIVERS_DIFFER}.union(*(lens.differences for lens in lenses))
        not_known = not_known.union(*(each.unknown for each in reached if each))
    return admitting, not_known


def _request(ethertype: str, protocol: int | None, ports: tuple[int, int]) -> Request:
    everywhere = ((0, LAST_ADDRESS[ethertype]),)
    if protocol is None:
        return Request(ethertype, "ingress", ALL_PROTOCOLS, ALL_PORTS, everywhere)
    number = ICMPV6 if protocol == ICMPV4 and ethertype == "IPv6" else protocol
    return Request(ethertype, "ingress", (number, number), ports, everywhere)


def _prefixes(rules: Iterable[GroupRule], names: Names) -> Iterable[dict[str, Any]]:
    by_ethertype: dict[str, list[tuple[tuple[int, int], GroupRule]]] = {}
    for rule in rules:
        addresses = box_of(rule.rule).addresses
        if addresses is not None:
            by_ethertype.setdefault(rule.rule.ethertype, []).append((addresses, rule))
    for ethertype, found in sorted(by_ethertype.items()):
        for interval in merged(addresses for addresses, _ in found):
            for cidr in prefixes(ethertype, interval):
                of_prefix = interval_of(cidr, ethertype) or interval
                yield {
                    "ethertype": ethertype,
                    "cidr": cidr,
                    "internet": reaches(ethertype, [of_prefix]),
                    "by": [
                        rule_document(rule, names)
                        for addresses, rule in found
                        if meet(addresses, of_prefix)
                    ],
                }


def _groups(world: World, rules: Iterable[GroupRule], names: Names) -> Iterable[dict[str, Any]]:
    by_group: dict[str, list[GroupRule]] = {}
    for rule in rules:
        if rule.rule.remote_group is not None:
            by_group.setdefault(rule.rule.remote_group, []).append(rule)
    for group_id, found in by_group.items():
        named = names.get(group_id)
        group = world.groups.get(group_id)
        yield {
            "uuid": named.uuid if named else None,
            "name": named.name if named else None,
            "members_known": group is not None and group.members_known,
            "members": [
                {"port_uuid": member.id, "addresses": list(member.addresses or ())}
                for member in world.members.get(group_id, ())
            ],
            "by": [rule_document(rule, names) for rule in found],
        }


def _address_groups(
    world: World, rules: Iterable[GroupRule], names: Names
) -> Iterable[dict[str, Any]]:
    by_group: dict[str, list[GroupRule]] = {}
    for rule in rules:
        if rule.rule.remote_address_group is not None:
            by_group.setdefault(rule.rule.remote_address_group, []).append(rule)
    for group_id, found in by_group.items():
        addresses = world.address_groups.get(group_id)
        yield {
            "id": group_id,
            "addresses": None if addresses is None else list(addresses),
            "by": [rule_document(rule, names) for rule in found],
        }


def requested_ports(
    port: int | None, icmp_type: int | None, icmp_code: int | None
) -> tuple[int, int]:
    """Return ports, or types and codes, as an interval."""
    if port is not None:
        return port, port
    if icmp_type is None:
        return ALL_PORTS
    start = icmp_type * ICMP_CODES
    if icmp_code is None:
        return start, start + ICMP_CODES - 1
    return start + icmp_code, start + icmp_code
