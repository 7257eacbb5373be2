"""What Neutron admits and drops at every filtered port, whatever its groups say. Pure."""

from collections.abc import Iterable

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.reach import Lens, Region, Request
from ringfence.security_groups.driver_protocols import DRIVERS, ICMPV6, Driver
from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, meet
from ringfence.security_groups.traffic_boxes import ALL_PORTS, ICMP_CODES

_UDP = 17
# Types of ICMPv6: multicast listeners, and neighbour and router discovery
_QUERY, _REPORT, _DONE, _REPORT_2 = 130, 131, 132, 143
_SOLICIT_ROUTER, _ROUTER, _SOLICIT, _NEIGHBOUR = 133, 134, 135, 136
# Ports of DHCP clients and servers
_DHCP = {"IPv4": (68, 67), "IPv6": (546, 547)}

# OVN's logical flows admit these (`mldv1 || mldv2 || nd_rs || nd_ra || nd`); with another code than
# 0, the latter ones are no such messages.
_OVN_LISTENERS = (_QUERY, _REPORT, _DONE, _REPORT_2)
_OVN_NEIGHBOURS = (_SOLICIT_ROUTER, _ROUTER, _SOLICIT, _NEIGHBOUR)
# `ICMPV6_ALLOWED_INGRESS_TYPES`, and router advertisements
_INGRESS = (_QUERY, _SOLICIT, _NEIGHBOUR, _ROUTER)
# `ICMPV6_ALLOWED_EGRESS_TYPES`, and neighbour advertisements of its own addresses
_EGRESS = (_QUERY, _SOLICIT_ROUTER, _SOLICIT, _NEIGHBOUR)


def always_admitted(
    lens: Lens, request: Request, source_port: int | None
) -> tuple[list[Region], bool]:
    """Return what is admitted without a rule, and whether some source ports are admitted so."""
    everywhere = (0, LAST_ADDRESS[request.ethertype])
    protocols = (ICMPV6, ICMPV6)
    regions: list[Region] = []
    if request.ethertype == "IPv6" and meet(protocols, request.protocols):
        regions = [Region(protocols, types, everywhere) for types in _admitted_types(lens, request)]
    client, server = _DHCP[request.ethertype]
    if request.direction == "ingress":
        client, server = server, client
    if not _is_udp(request, server) or source_port not in {None, client}:
        return regions, False
    # OVN admits replies of its own DHCP server only; requests need a rule.
    lens.differs(Because.ALWAYS_ADMITTED)
    if lens.driver == "ovn":
        return regions, False
    if source_port == client:
        regions.append(Region((_UDP, _UDP), (server, server), everywhere))
    return regions, source_port is None


def never_admitted(lens: Lens, request: Request, source_port: int | None) -> list[Region]:
    """Return what is dropped in spite of rules: instances that announce routers or serve DHCP."""
    if request.direction == "ingress":
        return []
    everywhere = (0, LAST_ADDRESS[request.ethertype])
    regions = []
    router = Region((ICMPV6, ICMPV6), _codes(_ROUTER), everywhere)
    if (
        request.ethertype == "IPv6"
        and meet(router.protocols, request.protocols)
        and meet(router.ports, request.ports)
    ):
        regions.append(router)
    client, server = _DHCP[request.ethertype]
    if source_port == server and _is_udp(request, client):
        regions.append(Region((_UDP, _UDP), (client, client), everywhere))
    if regions:
        lens.differs(Because.NEVER_ADMITTED)
    return regions if lens.driver != "ovn" else []


def _is_udp(request: Request, port: int) -> bool:
    return meet((_UDP, _UDP), request.protocols) and meet((port, port), request.ports)


def _admitted_types(lens: Lens, request: Request) -> list[Interval]:
    by_driver = {driver: _types(driver, request) for driver in DRIVERS}
    if len({frozenset(types) for types in by_driver.values()}) > 1:
        lens.differs(Because.ALWAYS_ADMITTED)
    return by_driver[lens.driver]


def _types(driver: Driver, request: Request) -> list[Interval]:
    types: Iterable[Interval]
    if driver == "ovn":
        first, last = request.ports
        has_other_code = first == last and first % ICMP_CODES
        neighbours = () if has_other_code else _OVN_NEIGHBOURS
        types = map(_codes, (*_OVN_LISTENERS, *neighbours))
    elif request.direction == "ingress":
        types = map(_codes, _INGRESS)
    elif driver == "openvswitch":
        types = map(_codes, _EGRESS)
    else:
        # iptables lets all ICMPv6 out (`_spoofing_rule`).
        types = (ALL_PORTS,)
    return [each for each in types if meet(each, request.ports)]


def _codes(icmp_type: int) -> Interval:
    return icmp_type * ICMP_CODES, icmp_type * ICMP_CODES + ICMP_CODES - 1
