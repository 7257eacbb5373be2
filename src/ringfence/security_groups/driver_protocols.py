"""What the protocol and the ports of a rule mean to each of Neutron's firewall drivers. Pure.

Verdicts judge by one driver or by all of them, and changes by all of them: one definition for both.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

from ringfence.security_groups.intervals import Interval
from ringfence.security_groups.rules import ALL_PORT_RANGES, protocol_number
from ringfence.security_groups.traffic_boxes import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP,
    ICMP_CODES,
)

Driver = Literal["ovn", "openvswitch", "iptables"]
DRIVERS: tuple[Driver, ...] = ("ovn", "openvswitch", "iptables")

ICMPV4, ICMPV6 = 1, 58
# TCP, UDP and SCTP: all drivers match their ports.
_PORTS_OF_ALL = frozenset({6, 17, 132})
# DCCP and UDP-Lite: iptables matches their ports, the other drivers do not.
_PORTS_OF_IPTABLES = frozenset({33, 136})
# Protocols and their ports
Part = tuple[Interval, Interval]
# For iptables, this type of ICMP is every type.
_ICMP_ANY = 255
_EVERYTHING = (ALL_PROTOCOLS, ALL_PORTS)


class Difference(StrEnum):
    """What drivers differ in."""

    PORTS_OF_PROTOCOL = "PORTS_OF_PROTOCOL"
    PROTOCOL_ZERO = "PROTOCOL_ZERO"
    ICMP_OF_OTHER_ETHERTYPE = "ICMP_OF_OTHER_ETHERTYPE"
    ICMP_TYPE_255 = "ICMP_TYPE_255"


class Parts(NamedTuple):
    """Protocols with ports: admitted, and perhaps admitted."""

    sure: tuple[Part, ...]
    possible: tuple[Part, ...] = ()
    # What drivers differ in, if they do
    differs: Difference | None = None
    exact: bool = True


@lru_cache(maxsize=4096)
def protocol_parts(
    ethertype: str, word: str, first: int | None, last: int | None, driver: Driver
) -> Parts:
    """Return the protocols and ports that a rule with this protocol, in lower case, admits."""
    all_ports = first is None or (first, last) in ALL_PORT_RANGES
    if word in {"", "any"}:
        # All drivers drop ports that come without a protocol.
        return Parts((_EVERYTHING,), exact=all_ports)
    number = protocol_number(word)
    if number is None:
        return Parts((), (_EVERYTHING,))
    if number == 0:
        # iptables has no `-p` for it (`_iptables_protocol_name`).
        parts = _EVERYTHING if driver == "iptables" else ((0, 0), ALL_PORTS)
        return Parts((parts,), differs=Difference.PROTOCOL_ZERO, exact=all_ports)
    if number in ICMP:
        return _icmp_parts(ethertype, number, first, last, driver)
    if all_ports or first is None:
        return Parts((((number, number), ALL_PORTS),))
    return _port_parts(number, (first, first if last is None else last), driver)


def _port_parts(number: int, ports: Interval, driver: Driver) -> Parts:
    protocols = (number, number)
    if number in _PORTS_OF_ALL:
        return Parts(((protocols, ports),))
    if number in _PORTS_OF_IPTABLES:
        matched = ports if driver == "iptables" else ALL_PORTS
        return Parts(((protocols, matched),), differs=Difference.PORTS_OF_PROTOCOL, exact=False)
    return Parts(((protocols, ALL_PORTS),), exact=False)


def _icmp_parts(
    ethertype: str, number: int, first: int | None, last: int | None, driver: Driver
) -> Parts:
    differs = None
    if ethertype == "IPv6":
        number = ICMPV6
    elif number == ICMPV6:
        # OVN matches `icmp4` (`acl_protocol_and_ports`), the others protocol 58 over IPv4.
        differs = Difference.ICMP_OF_OTHER_ETHERTYPE
        number = ICMPV4 if driver == "ovn" else ICMPV6
    protocols = (number, number)
    if first is None:
        return Parts(((protocols, ALL_PORTS),), differs=differs)
    start = first * ICMP_CODES
    codes = (start, start + ICMP_CODES - 1) if last is None else (start + last, start + last)
    if number == ICMPV4 and first == _ICMP_ANY:
        possible = ((protocols, ALL_PORTS),) if driver == "iptables" else ()
        return Parts(((protocols, codes),), possible, differs or Difference.ICMP_TYPE_255)
    return Parts(((protocols, codes),), differs=differs)
