"""What one rule admits, as a box of integers. Pure."""

from functools import lru_cache
from typing import NamedTuple

from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, interval_of, meet
from ringfence.security_groups.rules import (
    ALL_PORT_RANGES,
    EVERY_PROTOCOL,
    LARGEST_PROTOCOL,
    Rule,
    protocol_number,
)

# A kind (`group`, `address_group`, `unknown`) and an id
Symbol = tuple[str, str]

ALL_PROTOCOLS: Interval = (0, LARGEST_PROTOCOL)
ALL_PORTS: Interval = (0, 65_535)
# Codes of an ICMP type, so a type and a code are one number
ICMP_CODES = 256
ICMP = frozenset({1, 58})


class Box(NamedTuple):
    """What one rule admits; `symbol` instead of `addresses` for a symbolic end.

    For ICMP, `ports` are type * 256 + code.
    """

    ethertype: str
    direction: str
    protocols: Interval
    ports: Interval
    addresses: Interval | None
    symbol: Symbol | None = None


def box_of(rule: Rule) -> Box:
    """Return what a rule admits.

    Number 0 counts as every protocol, which it is for Neutron's iptables driver.
    """
    protocols, ports = _protocols_and_ports(
        rule.ethertype, rule.protocol, rule.from_port, rule.to_port
    )
    addresses, symbol = end_of(rule)
    return Box(rule.ethertype, rule.direction, protocols, ports, addresses, symbol)


def overlaps(one: Box, other: Box) -> bool:
    """Return whether some traffic is in both; anywhere overlaps every symbolic end."""
    ethertype, direction, protocols, ports, _, _ = one
    other_ethertype, other_direction, other_protocols, other_ports, _, _ = other
    # Most rules differ in their ports. `meet` would cost more than it does.
    return (
        ports[0] <= other_ports[1]
        and other_ports[0] <= ports[1]
        and protocols[0] <= other_protocols[1]
        and other_protocols[0] <= protocols[1]
        and direction == other_direction
        and ethertype == other_ethertype
        and _ends_meet(one, other)
    )


@lru_cache(maxsize=4096)
def _protocols_and_ports(
    ethertype: str, word: str, first: int | None, last: int | None
) -> tuple[Interval, Interval]:
    number = _number(ethertype, word)
    if number is None:
        return ALL_PROTOCOLS, ALL_PORTS
    protocols = (number, number)
    if first is None or (first, last) in ALL_PORT_RANGES:
        return protocols, ALL_PORTS
    if number not in ICMP:
        return protocols, (first, first if last is None else last)
    beginning = first * ICMP_CODES
    if last is None:
        return protocols, (beginning, beginning + ICMP_CODES - 1)
    return protocols, (beginning + last, beginning + last)


def _number(ethertype: str, word: str) -> int | None:
    """Return the number of a protocol; `None` for every protocol."""
    if word.lower() in {"", "any"} or word.lower() in EVERY_PROTOCOL:
        return None
    number = protocol_number(word)
    if ethertype == "IPv6" and number == 1:
        return 58
    # A name that Neutron does not know admits who knows what.
    return number or None


def end_of(rule: Rule) -> tuple[Interval | None, Symbol | None]:
    if rule.remote_group is not None:
        return None, ("group", rule.remote_group)
    if rule.remote_address_group is not None:
        return None, ("address_group", rule.remote_address_group)
    if not rule.cidr:
        return (0, LAST_ADDRESS[rule.ethertype]), None
    interval = interval_of(rule.cidr, rule.ethertype)
    return (interval, None) if interval else (None, ("unknown", rule.cidr))


def _ends_meet(one: Box, other: Box) -> bool:
    if one.addresses and other.addresses:
        return meet(one.addresses, other.addresses)
    if one.symbol and other.symbol:
        return one.symbol == other.symbol
    addresses = one.addresses or other.addresses
    return addresses == (0, LAST_ADDRESS[one.ethertype])
