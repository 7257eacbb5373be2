"""The rules that refuse a request in one respect only, in words. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ringfence.ports.verdicts.reach import Request
from ringfence.ports.verdicts.world import GroupRule, World
from ringfence.security_groups.driver_protocols import ICMPV4, ICMPV6
from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, interval_of, meet
from ringfence.security_groups.rules import PROTOCOL_NAMES, Rule
from ringfence.security_groups.traffic_boxes import (
    ALL_PORTS,
    ICMP,
    ICMP_CODES,
    box_of,
)

# More would not be read.
_MOST = 10


class Respect(StrEnum):
    """What a rule fails in."""

    ETHERTYPE = "ethertype"
    PROTOCOL = "protocol"
    PORT = "port"
    ICMP = "icmp"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Nearest:
    """A rule that admits the request but for one respect."""

    rule: GroupRule
    respect: Respect
    text: str


def nearest_rules(
    world: World, rules: Iterable[GroupRule], request: Request
) -> tuple[Nearest, ...]:
    """Return the rules that fail in one respect only, at most 10."""
    found: list[Nearest] = []
    # Rules of one remote end have the same miss, and its members may be many.
    remote_misses: dict[tuple[object, ...], str | None] = {}
    for group_rule in rules:
        rule = group_rule.rule
        if rule.direction != request.direction:
            continue
        end = rule.ethertype, rule.cidr, rule.remote_group, rule.remote_address_group
        if end not in remote_misses:
            remote_misses[end] = _remote_miss(world, rule, request)
        misses = list(_misses(rule, request))
        if miss := remote_misses[end]:
            misses.append((Respect.REMOTE, miss))
        if len(misses) == 1:
            found.append(Nearest(group_rule, *misses[0]))
            if len(found) == _MOST:
                break
    return tuple(found)


def _misses(rule: Rule, request: Request) -> Iterator[tuple[Respect, str]]:
    """Yield what the rule fails in, apart from its remote end."""
    box = box_of(rule)
    same_ethertype = rule.ethertype == request.ethertype
    if not same_ethertype:
        yield Respect.ETHERTYPE, f"the rule is for {rule.ethertype}, not for {request.ethertype}"
    protocols, ports = box.protocols, box.ports
    if not same_ethertype and protocols in {(ICMPV4, ICMPV4), (ICMPV6, ICMPV6)}:
        yield Respect.PROTOCOL, "ICMP of another ethertype"
    elif not meet(protocols, request.protocols):
        yield Respect.PROTOCOL, f"protocol is not {_protocol(protocols)}"
        if ports != ALL_PORTS and not _ports_are_comparable(protocols, ports, request):
            yield Respect.PORT, "ports are those of another protocol"
    elif not meet(ports, request.ports):
        yield _port_miss(protocols, ports, request)


def _ports_are_comparable(protocols: Interval, ports: Interval, request: Request) -> bool:
    icmp = protocols[0] in ICMP, request.protocols[0] in ICMP
    return icmp == (False, False) and meet(ports, request.ports)


def _port_miss(protocols: Interval, ports: Interval, request: Request) -> tuple[Respect, str]:
    if protocols[0] not in ICMP:
        requested = str(request.ports[0])
        if ports[0] == ports[1]:
            return Respect.PORT, f"port {requested} is not {ports[0]}"
        return Respect.PORT, f"port {requested} is not in {ports[0]}-{ports[1]}"
    requested_type, requested_code = divmod(request.ports[0], ICMP_CODES)
    icmp_type, code = divmod(ports[0], ICMP_CODES)
    if requested_type != icmp_type:
        return Respect.ICMP, f"ICMP type {requested_type} is not {icmp_type}"
    return Respect.ICMP, f"ICMP code {requested_code} is not {code}"


def _protocol(protocols: Interval) -> str:
    return PROTOCOL_NAMES.get(protocols[0], str(protocols[0]))


def _remote_miss(world: World, rule: Rule, request: Request) -> str | None:
    end = "source" if request.direction == "ingress" else "destination"
    if rule.remote_group is not None:
        group = world.groups.get(rule.remote_group)
        name = f" {group.name}" if group is not None and group.name else ""
        is_in = _is_member(world, rule.remote_group, request)
        text = f"{end} is not a member of the remote group{name}"
    elif rule.remote_address_group is not None:
        is_in = _is_in(world.address_groups.get(rule.remote_address_group, ()), request)
        text = f"{end} is not in the address group"
    else:
        is_in = not rule.cidr or _is_in_prefix(rule.cidr, rule.ethertype, request)
        text = f"{end} is not in {rule.cidr}"
    return None if is_in else text


def _is_in(addresses: Iterable[str], request: Request) -> bool:
    intervals = (interval_of(each, request.ethertype) for each in addresses)
    return any(each and request.asks_for(each) for each in intervals)


def _is_in_prefix(cidr: str, ethertype: str, request: Request) -> bool:
    if ethertype != request.ethertype:
        return interval_of(cidr, ethertype) == (0, LAST_ADDRESS[ethertype])
    return _is_in((cidr,), request)


def _is_member(world: World, group: str, request: Request) -> bool:
    members = world.members.get(group, ())
    return any(_is_in(member.addresses or (), request) for member in members)
