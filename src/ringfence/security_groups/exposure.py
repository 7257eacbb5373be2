"""Warnings about rules that open a group, or that are wider than they look. Pure.

Warnings refuse nothing: they are for the person who sets the rules. What is open is judged from all
rules together, because a group admits their union: two halves of all addresses are all addresses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ringfence.security_groups.internet import is_everybody, is_internet, is_open_box, reaches
from ringfence.security_groups.intervals import Interval, merged, prefixes, subtracted
from ringfence.security_groups.rules import (
    EVERYWHERE,
    PROTOCOL_NAMES,
    WITH_PORTS,
    Rule,
    canonical,
)
from ringfence.security_groups.traffic_boxes import ALL_PORTS, ALL_PROTOCOLS, ICMP, Box, box_of
from ringfence.security_groups.well_known_ports import SENSITIVE_PORTS, TCP, UDP

# Prefixes that a message names
_SHOWN = 3
# See `EVERY_PROTOCOL` in `rules`.
_ZERO = " Protocol {} is number 0, for which clouds with an iptables firewall admit every protocol."


class Code(StrEnum):
    """The kinds of warnings."""

    EVERYTHING_OPEN = "everything_open"
    SENSITIVE_PORT_OPEN = "sensitive_port_open"
    PREFIX_IS_EVERYTHING = "prefix_is_everything"
    SAME_AS_DEFAULT = "same_as_default"


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """A warning about rules; `rule` is the position of the first one in the list, from 0."""

    rule: int
    code: Code
    message: str


def warnings_of(rules: Sequence[Rule]) -> list[RuleWarning]:
    """Return the warnings about these rules, in their order."""
    return sorted([*_of_each(rules), *_of_all(rules)], key=lambda warning: warning.rule)


def _of_each(rules: Sequence[Rule]) -> Iterator[RuleWarning]:
    """Yield what can be said about a rule without the others."""
    for position, rule in enumerate(rules):
        key = canonical(rule)
        if key.remote_group is not None or key.remote_address_group is not None:
            continue
        prefix = key.remote_ip_prefix
        if prefix is not None and prefix.endswith("/0"):
            message = f"{rule.cidr} covers every IP address, as 0.0.0.0/0 and ::/0 do."
            yield RuleWarning(position, Code.PREFIX_IS_EVERYTHING, message)
        is_anywhere = prefix is None or prefix in EVERYWHERE.values() or prefix.endswith("/0")
        if key.direction == "egress" and key.protocol is None and is_anywhere:
            message = "Neutron adds this rule to each new group: it admits all outgoing traffic."
            yield RuleWarning(position, Code.SAME_AS_DEFAULT, message)


@dataclass(frozen=True, slots=True)
class _OpenBox:
    """What one rule admits from the internet."""

    position: int
    rule: Rule
    box: Box
    addresses: Interval


def _of_all(rules: Sequence[Rule]) -> Iterator[RuleWarning]:
    """Yield what the rules open to the internet together, for each ethertype."""
    opened: dict[str, list[_OpenBox]] = defaultdict(list)
    for position, rule in enumerate(rules):
        box = box_of(rule)
        if is_open_box(box) and box.addresses:
            opened[box.ethertype].append(_OpenBox(position, rule, box, box.addresses))
    for ethertype, boxes in opened.items():
        yield from _every_protocol(ethertype, boxes)
        yield from _whole_protocols(ethertype, boxes)
        yield from _sensitive_ports(ethertype, boxes)


def _every_protocol(ethertype: str, boxes: Sequence[_OpenBox]) -> Iterator[RuleWarning]:
    # Protocol 0 belongs to such rules only, so no others admit every protocol together.
    causes = [each for each in boxes if each.box.protocols == ALL_PROTOCOLS]
    if causes:
        zero = next((each.rule.protocol for each in causes if each.rule.protocol), None)
        who = _who(ethertype, _addresses(causes))
        message = f"{who} can reach every port with every protocol."
        message += _ZERO.format(zero) if zero else ""
        yield RuleWarning(causes[0].position, Code.EVERYTHING_OPEN, message)


def _whole_protocols(ethertype: str, boxes: Sequence[_OpenBox]) -> Iterator[RuleWarning]:
    named = {each.box.protocols[0] for each in boxes if each.box.protocols != ALL_PROTOCOLS}
    # What rules for every protocol admit has a warning of its own.
    of_every = _addresses(each for each in boxes if each.box.protocols == ALL_PROTOCOLS)
    for number in sorted(named - ICMP):
        admitting = [each for each in boxes if _holds(each.box.protocols, number)]
        addresses = _from_all_ports(admitting)
        if reaches(ethertype, subtracted(addresses, of_every)):
            specific = [each for each in admitting if each.box.protocols == (number, number)]
            whole = [each for each in specific if each.box.ports == ALL_PORTS]
            # Ranges of ports are a cause only if no rule for all ports is.
            first = (whole or specific)[0]
            name = PROTOCOL_NAMES.get(number, str(number))
            what = f"every port with {name}"
            if number not in WITH_PORTS:
                what = f"members of the group with protocol {name}"
            message = f"{_who(ethertype, addresses)} can reach {what}."
            yield RuleWarning(first.position, Code.EVERYTHING_OPEN, message)


def _sensitive_ports(ethertype: str, boxes: Sequence[_OpenBox]) -> Iterator[RuleWarning]:
    """Yield one warning for all ports that the same rules open to the same addresses."""
    found: dict[tuple[tuple[int, ...], tuple[Interval, ...]], list[str]] = defaultdict(list)
    for protocol in (TCP, UDP):
        admitting = [each for each in boxes if _holds(each.box.protocols, protocol)]
        for port, name in SENSITIVE_PORTS.items():
            on_port = [each for each in admitting if _holds(each.box.ports, port)]
            # Rules that admit all ports have a warning of their own.
            causes = tuple(each.position for each in on_port if each.box.ports != ALL_PORTS)
            if causes:
                found[causes, _addresses(on_port)].append(f"{name} ({port})")
    for (causes, addresses), names in found.items():
        message = f"{_who(ethertype, addresses)} can reach {', '.join(names)}."
        yield RuleWarning(causes[0], Code.SENSITIVE_PORT_OPEN, message)


def _addresses(boxes: Iterable[_OpenBox]) -> tuple[Interval, ...]:
    return merged(each.addresses for each in boxes)


def _from_all_ports(boxes: Sequence[_OpenBox]) -> tuple[Interval, ...]:
    """Return the addresses from which boxes admit all ports; port 0 is none, no packet has it."""
    if merged((*(each.box.ports for each in boxes), (0, 0)))[0] != ALL_PORTS:
        return ()
    ranges = [each.box.ports for each in boxes]
    starts = {1} | {first for first, _ in ranges} | {last + 1 for _, last in ranges}
    common: tuple[Interval, ...] | None = None
    for start in sorted(starts):
        if 0 < start <= ALL_PORTS[1] and common != ():
            part = _addresses(each for each in boxes if _holds(each.box.ports, start))
            common = part if common is None else subtracted(common, subtracted(common, part))
    return common or ()


def _who(ethertype: str, addresses: Sequence[Interval]) -> str:
    if is_everybody(ethertype, addresses):
        return "Anybody"
    found = [cidr for part in addresses for cidr in prefixes(ethertype, part)]
    found = [cidr for cidr in found if is_internet(cidr, ethertype)]
    found.sort(key=lambda cidr: int(cidr.rpartition("/")[2]))
    more = len(found) - _SHOWN
    *others, last = [*found[:_SHOWN], f"{more} more"] if more > 0 else found
    names = f"{', '.join(others)} and {last}" if others else last
    return f"Addresses of the internet in {names}"


def _holds(interval: Interval, position: int) -> bool:
    return interval[0] <= position <= interval[1]
