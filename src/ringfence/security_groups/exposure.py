"""Warnings about rules that open a group, or that are wider than they look. Pure.

Warnings refuse nothing: they are for the person who sets the rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ringfence.security_groups.rules import ALL_ADDRESSES, EVERY_PROTOCOL, Rule, RuleKey, canonical

# Ports that should not be open to the internet (IANA's service names, and usual defaults)
SENSITIVE_PORTS = {
    22: "SSH",
    23: "Telnet",
    445: "SMB",
    1433: "SQL Server",
    1521: "Oracle",
    2375: "Docker",
    2379: "etcd",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    5900: "VNC",
    6379: "Redis",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}
# See `EVERY_PROTOCOL`.
_ZERO = "Protocol {} is number 0, for which clouds with an iptables firewall admit every protocol."
_WITH_PORTS = frozenset({"tcp", "udp"})


class Code(StrEnum):
    """The kinds of warnings."""

    EVERYTHING_OPEN = "everything_open"
    SENSITIVE_PORT_OPEN = "sensitive_port_open"
    PREFIX_IS_EVERYTHING = "prefix_is_everything"
    SAME_AS_DEFAULT = "same_as_default"


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """A warning about one rule; `rule` is its position in the list, from 0."""

    rule: int
    code: Code
    message: str


def warnings_of(rules: Sequence[Rule]) -> list[RuleWarning]:
    """Return the warnings about these rules, in their order."""
    return [
        RuleWarning(position, code, message)
        for position, rule in enumerate(rules)
        for code, message in _rule_warnings(rule)
    ]


def _rule_warnings(rule: Rule) -> Iterator[tuple[Code, str]]:
    key = canonical(rule)
    is_open_to_all = _is_open_to_all(key)
    if key.remote_ip_prefix is not None and is_open_to_all:
        yield (
            Code.PREFIX_IS_EVERYTHING,
            f"{rule.cidr} covers every IP address, as 0.0.0.0/0 and ::/0 do.",
        )
    if not is_open_to_all:
        return
    if key.direction == "egress":
        if key.protocol is None:
            yield (
                Code.SAME_AS_DEFAULT,
                "Neutron adds this rule to each new group: it admits all outgoing traffic.",
            )
    elif key.protocol in EVERY_PROTOCOL:
        reason = f" {_ZERO.format(rule.protocol)}" if key.protocol else ""
        yield Code.EVERYTHING_OPEN, f"Anybody can reach every port with every protocol.{reason}"
    elif key.protocol in _WITH_PORTS and key.port_range_min is None:
        yield Code.EVERYTHING_OPEN, f"Anybody can reach every port with {key.protocol}."
    elif key.protocol in _WITH_PORTS:
        names = list(_sensitive(key))
        if names:
            yield Code.SENSITIVE_PORT_OPEN, f"Anybody can reach {', '.join(names)}."


def _is_open_to_all(key: RuleKey) -> bool:
    if key.remote_group is not None or key.remote_address_group is not None:
        return False
    prefix = key.remote_ip_prefix
    return prefix is None or prefix in ALL_ADDRESSES or prefix.endswith("/0")


def _sensitive(key: RuleKey) -> Iterator[str]:
    first = key.port_range_min or 1
    last = key.port_range_max or first
    for port, name in SENSITIVE_PORTS.items():
        if first <= port <= last:
            yield f"{name} ({port})"
