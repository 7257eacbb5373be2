"""Refuses rules that no cloud accepts, with Waldur's messages."""

import ipaddress
import re
from functools import lru_cache

from ringfence.security_groups.rule_input import refused_input as refused
from ringfence.security_groups.rule_input.refused_input import (
    ICMP_PROTOCOLS,
    LARGEST_BYTE,
    ONLY_IPV6,
    ONLY_IPV6_WORDS,
    PORT_PROTOCOLS,
)
from ringfence.security_groups.rules import Rule

NAMED_PROTOCOLS = ("tcp", "udp", "icmp", "")

HOPOPT = "hopopt"

ANY = -1

_PROTOCOL_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}")


def is_protocol(word: str) -> bool:
    """Return whether this is tcp, udp, icmp, "" for any, or a number up to 255.

    `hopopt` is accepted too: responses show it by name, because for Neutron it is not number 0.
    """
    if word in NAMED_PROTOCOLS or word == HOPOPT:
        return True
    return _PROTOCOL_NUMBER.fullmatch(word) is not None and int(word) <= LARGEST_BYTE


# Most rules of a file use the same few prefixes.
@lru_cache(maxsize=4096)
def is_cidr(text: str, ethertype: str) -> bool:
    """Return whether Neutron accepts this as a prefix of the IP version.

    Host bits, a bare address, upper case, mapped IPv6 addresses and a prefix length with a leading
    zero are accepted. Short forms (`10/8`), octal-looking octets and netmasks are not.
    """
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not _PREFIX_LENGTH.fullmatch(length)):
        return False
    kind = ipaddress.IPv4Address if ethertype == "IPv4" else ipaddress.IPv6Address
    try:
        bits = kind(address).max_prefixlen
    except ValueError:
        return False
    return not slash or int(length) <= bits


def check_rule(rule: Rule) -> None:
    """Raise `RuleProblem` for the first error of the rule.

    Ports are those of the wire: -1 is any, None is missing.
    """
    _check_remote_end(rule)
    for name, port in (("to_port", rule.to_port), ("from_port", rule.from_port)):
        if port is None:
            raise refused.PORT_MISSING.problem(name)
    if rule.protocol in ICMP_PROTOCOLS:
        _check_icmp(rule)
    elif rule.protocol in PORT_PROTOCOLS:
        _check_ports(rule)
    else:
        _check_no_ports(rule)
    check_protocol(rule)


def check_protocol(rule: Rule) -> None:
    """Raise `RuleProblem` for a protocol that the rule's IP version does not have."""
    if rule.protocol in ONLY_IPV6_WORDS and rule.ethertype == "IPv4":
        name = ONLY_IPV6.get(rule.protocol, rule.protocol)
        raise refused.PROTOCOL_OF_IPV6.problem(value=rule.protocol, name=name)


def _check_remote_end(rule: Rule) -> None:
    if not rule.cidr:
        return
    if not is_cidr(rule.cidr, rule.ethertype):
        is_ipv4 = rule.ethertype == "IPv4"
        refusal = refused.PREFIX_OF_IPV4 if is_ipv4 else refused.PREFIX_OF_IPV6
        raise refusal.problem()
    if rule.remote_group:
        raise refused.TWO_ENDS.problem()


def _ports(rule: Rule) -> tuple[tuple[str, int], ...]:
    numbers = (("from_port", rule.from_port), ("to_port", rule.to_port))
    return tuple((name, ANY if port is None else port) for name, port in numbers)


def _check_icmp(rule: Rule) -> None:
    for name, number in _ports(rule):
        if not ANY <= number <= LARGEST_BYTE:
            raise refused.ICMP_VALUE.problem(name, value=number)
    if rule.from_port == ANY and rule.to_port != ANY:
        raise refused.ICMP_CODE_ALONE.problem()


def _check_ports(rule: Rule) -> None:
    (_, first), (_, last) = _ports(rule)
    if first > last:
        raise refused.PORTS_REVERSED.problem()
    if first == ANY and last != ANY:
        raise refused.ONLY_LAST_PORT.problem()
    for name, number in _ports(rule):
        if number != ANY and number < 1:
            raise refused.PORT_ZERO.problem(name, value=number)


def _check_no_ports(rule: Rule) -> None:
    for name, number in _ports(rule):
        if number != ANY:
            if not rule.protocol:
                raise refused.PORTS_OF_ANY.problem(name)
            raise refused.PORTS_OF_OTHERS.problem(name, protocol=rule.protocol)
