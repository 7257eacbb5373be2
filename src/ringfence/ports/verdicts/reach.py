"""What one rule of a port admits under one of Neutron's drivers, as regions. Pure.

`sure` is what the rule admits, `possible` what it may admit as well, as far as is known. Where
drivers differ, `Lens.differences` says so: without any, a result holds for each of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.world import GroupRule, Port, World
from ringfence.security_groups.driver_protocols import (
    DRIVERS,
    Driver,
    Part,
    Parts,
    protocol_parts,
)
from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, interval_of, meet, merged
from ringfence.security_groups.rules import Rule


class Region(NamedTuple):
    """Protocols, ports (ICMP: type * 256 + code) and remote addresses, all of them together."""

    protocols: Interval
    ports: Interval
    addresses: Interval


class Request(NamedTuple):
    """What is requested at one port: traffic of one ethertype in one direction."""

    ethertype: str
    direction: str
    protocols: Interval
    ports: Interval
    addresses: tuple[Interval, ...]
    # Whether `addresses` is all because the addresses of the other end are not known
    addresses_known: bool = True

    @property
    def regions(self) -> list[Region]:
        return [Region(self.protocols, self.ports, each) for each in self.addresses]

    def asks_for(self, addresses: Interval) -> bool:
        """Return whether any of these addresses is requested."""
        return any(meet(addresses, each) for each in self.addresses)


KnownEnds = dict[tuple[object, ...], "_Ends"]


@dataclass(slots=True)
class Lens:
    """A world as a driver sees it, and the differences between drivers that came up."""

    world: World
    driver: Driver
    differences: set[Because] = field(default_factory=set)
    # Of rules with the same end: many rules may name one group with many members.
    known_ends: KnownEnds = field(default_factory=dict)

    def differs(self, difference: Because) -> None:
        self.differences.add(difference)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a rule admits of a request: each of its parts from each of its ends."""

    rule: GroupRule
    parts: Parts
    sure_ends: tuple[Interval, ...]
    possible_ends: tuple[Interval, ...]
    unknown: frozenset[Because]
    exact: bool = True

    @property
    def is_sure(self) -> bool:
        """Whether the rule admits any of it, as far as is known."""
        return bool(self.parts.sure and self.sure_ends)

    @property
    def size(self) -> int:
        """How many regions there are: rules of large groups have many."""
        parts = len(self.parts.sure) + len(self.parts.possible)
        return parts * (len(self.sure_ends) + len(self.possible_ends))

    @property
    def sure(self) -> list[Region]:
        return _regions(self.parts.sure, self.sure_ends)

    @property
    def possible(self) -> list[Region]:
        parts = self.parts
        return [
            *_regions(parts.possible, self.sure_ends),
            *_regions((*parts.sure, *parts.possible), self.possible_ends),
        ]


def _regions(parts: Iterable[Part], ends: Iterable[Interval]) -> list[Region]:
    return [Region(*part, addresses) for addresses in ends for part in parts]


@dataclass(slots=True)
class _Ends:
    """The remote ends of a rule: addresses that are in it, and those that may be.

    Sorted and disjoint once they are complete.
    """

    sure: list[Interval] = field(default_factory=list)
    possible: list[Interval] = field(default_factory=list)
    unknown: set[Because] = field(default_factory=set)
    differences: set[Because] = field(default_factory=set)

    def may_be_all(self, ethertype: str, because: Because) -> None:
        self.possible.append((0, LAST_ADDRESS[ethertype]))
        self.unknown.add(because)


def reach(lens: Lens, port: Port, group_rule: GroupRule, request: Request) -> Reach | None:
    """Return what a rule of the port admits of the request; `None` for nothing."""
    rule = group_rule.rule
    if rule.direction != request.direction or rule.ethertype != request.ethertype:
        return None
    parts = _protocols(lens, rule, request)
    if not parts.sure and not parts.possible:
        return None
    ends = _ends(lens, port, rule, request)
    if not ends.sure and not ends.possible:
        return None
    unknown = frozenset(ends.unknown)
    if parts.possible:
        unknown |= {Because(parts.differs or Because.RULE_NOT_READABLE)}
    # Members change, so what a prefix and a group have in common holds for today.
    exact = parts.exact and (
        rule.remote_group is None or all(first == last for first, last in request.addresses)
    )
    return Reach(group_rule, parts, tuple(ends.sure), tuple(ends.possible), unknown, exact)


def _protocols(lens: Lens, rule: Rule, request: Request) -> Parts:
    """Return the requested protocols and ports of a rule."""
    parts = _requested_parts(rule, lens.driver, request)
    if parts.differs is not None and any(
        _requested_parts(rule, driver, request)[:2] != parts[:2] for driver in DRIVERS
    ):
        lens.differs(Because(parts.differs))
    return parts


def _requested_parts(rule: Rule, driver: Driver, request: Request) -> Parts:
    parts = protocol_parts(
        rule.ethertype, rule.protocol.lower(), rule.from_port, rule.to_port, driver
    )
    sure = tuple(part for part in parts.sure if _is_requested(part, request))
    possible = tuple(part for part in parts.possible if _is_requested(part, request))
    return parts._replace(sure=sure, possible=possible)


def _is_requested(part: Part, request: Request) -> bool:
    return meet(part[0], request.protocols) and meet(part[1], request.ports)


def _ends(lens: Lens, port: Port, rule: Rule, request: Request) -> _Ends:
    end = rule.remote_group, rule.remote_address_group, rule.cidr
    key = (port.id, request.ethertype, request.addresses, *end)
    if (ends := lens.known_ends.get(key)) is None:
        own_lens = Lens(lens.world, lens.driver)
        ends = _read_ends(own_lens, port, rule, request)
        ends.sure, ends.possible = list(merged(ends.sure)), list(merged(ends.possible))
        ends.differences = own_lens.differences
        lens.known_ends[key] = ends
    lens.differences |= ends.differences
    return ends


def _read_ends(lens: Lens, port: Port, rule: Rule, request: Request) -> _Ends:
    ends = _Ends()
    if rule.remote_group is not None:
        _add_members(ends, lens, port, rule.remote_group, request)
    elif rule.remote_address_group is not None:
        _add_address_group(ends, lens, rule.remote_address_group, request)
    elif not rule.cidr:
        ends.sure.append((0, LAST_ADDRESS[rule.ethertype]))
    else:
        addresses = interval_of(rule.cidr, rule.ethertype)
        if addresses is None:
            ends.may_be_all(rule.ethertype, Because.RULE_NOT_READABLE)
        elif request.asks_for(addresses):
            ends.sure.append(addresses)
    return ends


def _add_address_group(ends: _Ends, lens: Lens, group: str, request: Request) -> None:
    addresses = lens.world.address_groups.get(group)
    if addresses is None:
        ends.may_be_all(request.ethertype, Because.ADDRESS_GROUP_NOT_KNOWN)
        return
    intervals = (interval_of(each, request.ethertype) for each in addresses)
    ends.sure += [each for each in intervals if each and request.asks_for(each)]
    # Until March 2024 these drivers ignored the end of the rule (LP#2058138).
    lens.differs(Because.ADDRESS_GROUP_MAY_BE_IGNORED)
    if lens.driver == "iptables":
        ends.may_be_all(request.ethertype, Because.ADDRESS_GROUP_MAY_BE_IGNORED)


def _add_members(ends: _Ends, lens: Lens, port: Port, group_id: str, request: Request) -> None:
    group = lens.world.groups.get(group_id)
    if group is None or not group.members_known:
        ends.may_be_all(request.ethertype, Because.REMOTE_GROUP_NOT_KNOWN)
    own = _requested(port.addresses or (), request)
    for member in lens.world.members.get(group_id, ()):
        _add_member(ends, lens, own, member, request)
    for stranger in lens.world.members.get(None, ()):
        _add_stranger(ends, stranger, request)


def _add_stranger(ends: _Ends, stranger: Port, request: Request) -> None:
    """Add a port whose groups are not known: it may be a member."""
    if stranger.addresses is None or stranger.address_pairs is None or stranger.address_pairs:
        ends.may_be_all(request.ethertype, Because.REMOTE_GROUP_NOT_KNOWN)
        return
    requested = _requested(stranger.addresses, request)
    if requested:
        ends.possible += requested
        ends.unknown.add(Because.REMOTE_GROUP_NOT_KNOWN)


def _requested(addresses: Iterable[str], request: Request) -> list[Interval]:
    intervals = (interval_of(each, request.ethertype) for each in addresses)
    return [each for each in intervals if each and request.asks_for(each)]


def _add_member(
    ends: _Ends, lens: Lens, own: list[Interval], member: Port, request: Request
) -> None:
    if member.addresses is None:
        ends.may_be_all(request.ethertype, Because.ADDRESSES_NOT_KNOWN)
        return
    if member.is_trusted:
        # OVN puts no trusted port into a port group (`get_lsp_security_groups`).
        lens.differs(Because.NETWORK_PORT)
        if lens.driver == "ovn":
            return
    for address in _requested(member.addresses, request):
        if address in own:
            # Rules of the agents leave it out where they name addresses
            # (`_expand_sg_rule_with_remote_ips`), not where they name a set.
            lens.differs(Because.OWN_ADDRESS)
            if lens.driver != "ovn":
                ends.possible.append(address)
                ends.unknown.add(Because.OWN_ADDRESS)
                continue
        ends.sure.append(address)
    _add_pairs(ends, lens, member, request)


def _add_pairs(ends: _Ends, lens: Lens, member: Port, request: Request) -> None:
    """Add the address pairs of a member, which are in no address set of OVN."""
    if member.address_pairs is None:
        lens.differs(Because.ADDRESS_PAIRS)
        if lens.driver != "ovn":
            ends.may_be_all(request.ethertype, Because.ADDRESSES_NOT_KNOWN)
        return
    # Neutron reads pairs together with fixed addresses (`_select_ips_for_remote_group`).
    pairs = _requested((pair.address for pair in member.address_pairs), request)
    if not pairs or not member.addresses:
        return
    lens.differs(Because.ADDRESS_PAIRS)
    for addresses in pairs if lens.driver != "ovn" else ():
        if addresses == (0, LAST_ADDRESS[request.ethertype]) and lens.driver == "openvswitch":
            # Open vSwitch matches the MAC address of such a pair instead.
            ends.may_be_all(request.ethertype, Because.ADDRESS_PAIRS)
        else:
            ends.sure.append(addresses)
