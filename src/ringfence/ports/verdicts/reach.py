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


@dataclass(frozen=True, slots=True)
class Lens:
    """A world as a driver sees it, and the differences between drivers that came up."""

    world: World
    driver: Driver
    differences: set[Because] = field(default_factory=set)

    def differs(self, difference: Because) -> None:
        self.differences.add(difference)


@dataclass(slots=True)
class Reach:
    """What a rule admits of a request."""

    rule: GroupRule
    sure: list[Region]
    possible: list[Region]
    unknown: set[Because]
    exact: bool = True


@dataclass(slots=True)
class _Ends:
    """The remote ends of a rule: addresses that are in it, and those that may be."""

    sure: list[Interval] = field(default_factory=list)
    possible: list[Interval] = field(default_factory=list)
    unknown: set[Because] = field(default_factory=set)

    def may_be_all(self, ethertype: str, because: Because) -> None:
        self.possible.append((0, LAST_ADDRESS[ethertype]))
        self.unknown.add(because)


def reach(lens: Lens, port: Port, group_rule: GroupRule, request: Request) -> Reach | None:
    """Return what a rule of the port admits of the request; `None` for nothing."""
    rule = group_rule.rule
    if rule.direction != request.direction or rule.ethertype != request.ethertype:
        return None
    parts = _protocols(lens, rule, request)
    sure, possible = parts.sure, parts.possible
    if not sure and not possible:
        return None
    ends = _ends(lens, port, rule, request)
    result = Reach(group_rule, [], [], set(ends.unknown), parts.exact)
    for addresses in merged(ends.sure):
        result.sure += [Region(*each, addresses) for each in sure]
        result.possible += [Region(*each, addresses) for each in possible]
    for addresses in merged(ends.possible):
        result.possible += [Region(*each, addresses) for each in (*sure, *possible)]
    if not result.sure and not result.possible:
        return None
    if possible:
        result.unknown.add(Because(parts.differs or Because.RULE_NOT_READABLE))
    if rule.remote_group is not None and any(first != last for first, last in request.addresses):
        # Members change, so what a prefix and a group have in common holds for today.
        result.exact = False
    return result


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
