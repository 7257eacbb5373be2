"""What makes a rule impossible, said in Waldur's words, before a cloud has to refuse it."""

import ipaddress
import re
from functools import lru_cache

from ringfence.security_groups.rules import Rule

# Ports as TCP has them: tcp, dccp, sctp and udplite by number (Neutron's list of such protocols).
PORT_PROTOCOLS = frozenset({"tcp", "udp", "6", "17", "33", "132", "136"})
# Type and code in the places of the ports.
ICMP_PROTOCOLS = frozenset({"icmp", "1", "58"})
NAMED_PROTOCOLS = ("tcp", "udp", "icmp", "")

ANY = -1

_PROTOCOL_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}")


class RuleProblem(ValueError):
    """What is wrong with a rule as a whole; `field` is None where no single field is to blame."""

    def __init__(self, field: str | None, message: str) -> None:
        super().__init__(message)
        self.field = field


def is_protocol(word: str) -> bool:
    """Tell whether this is tcp, udp, icmp, the empty word for any, or a number up to 255."""
    if word in NAMED_PROTOCOLS:
        return True
    return _PROTOCOL_NUMBER.fullmatch(word) is not None and int(word) <= 255  # noqa: PLR2004 - one byte


# The same few prefixes stand in most rules of a file.
@lru_cache(maxsize=4096)
def is_cidr(text: str, ethertype: str) -> bool:
    """Tell whether Neutron takes this as a prefix of the IP version.

    Host bits, a bare address, upper case and mapped IPv6 addresses pass, and a prefix length with
    a leading zero; short forms (`10/8`), octal-looking octets and netmasks do not.
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
    """Raise `RuleProblem` for the first thing that makes the rule impossible.

    Ports are as the wire has them here: -1 is any, None is missing.
    """
    _check_remote_end(rule)
    for name, port in (("to_port", rule.to_port), ("from_port", rule.from_port)):
        if port is None:
            raise RuleProblem(name, "Empty value is not allowed.")
    if rule.protocol in ICMP_PROTOCOLS:
        _check_icmp(rule)
    elif rule.protocol in PORT_PROTOCOLS:
        _check_ports(rule)
    else:
        _check_no_ports(rule)


def _check_remote_end(rule: Rule) -> None:
    if not rule.cidr:
        return
    if not is_cidr(rule.cidr, rule.ethertype):
        expected = (
            "Expected CIDR format: <0-255>.<0-255>.<0-255>.<0-255>/<0-32>"
            if rule.ethertype == "IPv4"
            else "IPv6 addresses are represented as eight groups, separated by colons."
        )
        raise RuleProblem("cidr", expected)
    if rule.remote_group:
        raise RuleProblem(
            None, "You can specify either the remote_group_id or cidr attribute, not both."
        )


def _ports(rule: Rule) -> tuple[tuple[str, int], ...]:
    numbers = (("from_port", rule.from_port), ("to_port", rule.to_port))
    return tuple((name, ANY if port is None else port) for name, port in numbers)


def _check_icmp(rule: Rule) -> None:
    for name, number in _ports(rule):
        if not ANY <= number <= 255:  # noqa: PLR2004 - one byte
            raise RuleProblem(name, f"Value should be in range [-1, 255], found {number}")
    # Neutron refuses a code without a type (SecurityGroupMissingIcmpType).
    if rule.from_port == ANY and rule.to_port != ANY:
        raise RuleProblem(None, '"from_port" should not be -1 if "to_port" is defined.')


def _check_ports(rule: Rule) -> None:
    (_, first), (_, last) = _ports(rule)
    if first > last:
        raise RuleProblem(None, '"from_port" should be less or equal to "to_port"')
    if first == ANY and last != ANY:
        raise RuleProblem(None, '"from_port" should not be -1 if "to_port" is defined.')
    for name, number in _ports(rule):
        if number != ANY and number < 1:
            raise RuleProblem(name, f"Value should be in range [1, 65535], found {number}")


def _check_no_ports(rule: Rule) -> None:
    for name, number in _ports(rule):
        if number != ANY:
            reason = (
                f"Port range is not supported for protocol {rule.protocol}."
                if rule.protocol
                else "Port range is not supported if protocol is not specified."
            )
            raise RuleProblem(name, reason)
