"""Convert a rule to what Neutron stores of it, or refuse it. Everything here is pure.

Follows `convert_*` in neutron/extensions/securitygroup.py and
`_validate_base_security_group_rule_attributes` in neutron/db/securitygroups_db.py.
"""

import ipaddress
import socket
from dataclasses import replace

from ringfence.neutron.port import CloudRule, RequestRefused
from ringfence.security_groups.rule_input.refused_input import ONLY_IPV6_WORDS
from ringfence.security_groups.rules import (
    ALL_PORTS,
    DIRECTIONS,
    ETHERTYPES,
    ICMP_OVER_IPV6,
    PROTOCOL_ALIASES,
    PROTOCOL_NAMES,
    PROTOCOL_NUMBERS,
    WITH_PORTS,
)

LONGEST_TEXT = 255
LARGEST_PORT = 65535
LARGEST_BYTE = 255
WITH_TYPE_AND_CODE = frozenset({1, 58})


def stored(rule: CloudRule) -> CloudRule:
    """Return the rule as Neutron returns it after creation; raise `RequestRefused`."""
    if rule.direction not in DIRECTIONS:
        raise RequestRefused(f"Invalid input for direction. Reason: {rule.direction!r}.")
    ethertype = _ethertype(rule.ethertype)
    protocol = _protocol(rule.protocol, ethertype)
    ports = _ports(rule, protocol)
    prefix = _prefix(rule.remote_ip_prefix, ethertype)
    if protocol in ONLY_IPV6_WORDS and ethertype == "IPv4":
        raise RequestRefused(f"Invalid ethertype {ethertype} for protocol {protocol}.")
    remotes = (prefix, rule.remote_group_id, rule.remote_address_group_id)
    if sum(map(bool, remotes)) > 1:
        raise RequestRefused(
            "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id "
            "may be provided."
        )
    return replace(
        rule,
        ethertype=ethertype,
        protocol=protocol,
        port_range_min=ports[0],
        port_range_max=ports[1],
        remote_ip_prefix=prefix,
        remote_group_id=rule.remote_group_id or None,
        remote_address_group_id=rule.remote_address_group_id or None,
        description=stored_text("description", rule.description),
    )


def stored_text(name: str, text: str) -> str:
    """Return a name or a description; raise `RequestRefused` if it is too long for Neutron."""
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise RequestRefused(
            f"Invalid input for {name}. Reason: exceeds maximum length of {LONGEST_TEXT}."
        )
    return text


def _ethertype(value: str) -> str:
    for ethertype in ETHERTYPES:
        if value.lower() == ethertype.lower():
            return ethertype
    raise RequestRefused(
        f"Security group rule for ethertype '{value}' not supported. "
        f"Allowed values are {list(ETHERTYPES)}."
    )


def _protocol(value: str | None, ethertype: str) -> str | None:
    """Return a name in lower case or a number as it was sent; ICMP over IPv6 is corrected."""
    if value is None or value == "any":
        return None
    number, word = _protocol_number(value), value.lower()
    if number is None or number > LARGEST_BYTE:
        raise RequestRefused(
            f"Security group rule protocol {value} not supported. Only protocol values "
            f"{sorted(PROTOCOL_NUMBERS | PROTOCOL_ALIASES)} and integer representations [0 to 255] "
            "are supported."
        )
    if ethertype == "IPv6" and word in ICMP_OVER_IPV6:
        return "ipv6-icmp"
    if ethertype == "IPv6" and word == "1":
        return "58"
    return word


def _protocol_number(value: str) -> int | None:
    if value.isascii() and value.isdigit():
        return int(value)
    return PROTOCOL_NUMBERS.get(value.lower(), PROTOCOL_ALIASES.get(value.lower()))


def _ports(rule: CloudRule, protocol: str | None) -> tuple[int | None, int | None]:
    ports = (rule.port_range_min, rule.port_range_max)
    for port in ports:
        if port is not None and not 0 <= port <= LARGEST_PORT:
            raise RequestRefused(f"Invalid value for port {port}")
    if ports in ((None, None), ALL_PORTS):
        return None, None
    if protocol is None:
        raise RequestRefused("Must also specify protocol if port range is given.")
    number = _protocol_number(protocol)
    if number in WITH_PORTS:
        _check_ports(*ports)
    elif number in WITH_TYPE_AND_CODE:
        _check_type_and_code(*ports)
    else:
        names = ", ".join(PROTOCOL_NAMES[n].upper() for n in (33, 132, 6, 17, 136))
        raise RequestRefused(
            f"Ports cannot be specified for protocol {number}. "
            f"Ports are only supported for {names}."
        )
    return ports


def _check_ports(lowest: int | None, highest: int | None) -> None:
    if 0 in (lowest, highest):
        raise RequestRefused("Invalid value for port 0")
    if lowest is None or highest is None or lowest > highest:
        raise RequestRefused("For TCP/UDP protocols, port_range_min must be <= port_range_max")


def _check_type_and_code(kind: int | None, code: int | None) -> None:
    for field, attribute, value in (
        ("type", "port_range_min", kind),
        ("code", "port_range_max", code),
    ):
        if value is not None and value > LARGEST_BYTE:
            raise RequestRefused(
                f"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255."
            )
    if kind is None:
        raise RequestRefused(
            f"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) "
            "is missing."
        )


def _prefix(value: str | None, ethertype: str) -> str | None:
    """Return the prefix with its length, in the form of inet_ntop, with host bits."""
    if not value:
        return None
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        interface = None
    if interface is None or "%" in value:
        raise RequestRefused(f"Invalid CIDR {value} given as IP prefix.")
    if ethertype != f"IPv{interface.version}":
        raise RequestRefused(f"Conflicting value ethertype {ethertype} for CIDR {value}")
    family = socket.AF_INET if interface.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    return f"{socket.inet_ntop(family, interface.packed)}/{interface.network.prefixlen}"
