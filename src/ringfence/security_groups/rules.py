"""The rule of a security group as a value, and its canonical form. Pure.

The canonical form is Neutron's duplicate key (`_rule_to_key` in its securitygroups_db), which does
not contain the description.
"""

import ipaddress
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

ETHERTYPES = ("IPv4", "IPv6")
DIRECTIONS = ("ingress", "egress")

# The group that Neutron creates with each project. Its name cannot be changed.
DEFAULT_NAME = "default"

# For Neutron, number and name are equal (neutron_lib.constants.IP_PROTOCOL_NUM_TO_NAME_MAP).
PROTOCOL_NAMES = {
    0: "ip",
    1: "icmp",
    2: "igmp",
    4: "ipip",
    6: "tcp",
    8: "egp",
    17: "udp",
    33: "dccp",
    41: "ipv6-encap",
    43: "ipv6-route",
    44: "ipv6-frag",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "ipv6-icmp",
    59: "ipv6-nonxt",
    60: "ipv6-opts",
    89: "ospf",
    112: "vrrp",
    113: "pgm",
    132: "sctp",
    136: "udplite",
}
PROTOCOL_NUMBERS = {name: number for number, name in PROTOCOL_NAMES.items()}
# Other names of a number (`IP_PROTOCOL_MAP`). For Neutron, `hopopt` is equal neither to `ip` nor to
# 0, so it is stored as a name.
PROTOCOL_ALIASES = {"hopopt": 0, "icmpv6": 58}
LARGEST_PROTOCOL = 255
# TCP, UDP, DCCP, SCTP and UDP-Lite: the protocols for which Neutron accepts ports
WITH_PORTS = frozenset({6, 17, 33, 132, 136})

# Canonical protocols that may admit every protocol: none, and number 0. For `0`, Neutron's iptables
# driver omits `-p` (`_iptables_protocol_name`), and iptables itself takes `ip` and `hopopt` for all
# protocols. Open vSwitch admits only that protocol.
EVERY_PROTOCOL = frozenset({None, "ip", "hopopt"})

# With IPv6, these are equal for Neutron (`_make_canonical_ipv6_icmp_protocol`).
ICMP_OVER_IPV6 = frozenset({"icmp", "icmpv6", "ipv6-icmp"})
# Neutron drops this range for every protocol (`_make_canonical_port_range`).
ALL_PORTS = (1, 65535)
# Other backends return it with port 0, which no packet has.
ALL_PORT_RANGES = frozenset({ALL_PORTS, (0, 65535)})
# By ethertype: a prefix of the other family is not all addresses of a rule, whatever a cloud says.
EVERYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `protocol` is `""` for any. Ports are `None` for any, and the type and code of ICMP. `cidr` is
    stored as written. `remote_group` is the hexadecimal UUID of a row, or a backend id in rules
    from and for a cloud. At most one remote end is set.
    """

    ethertype: str = "IPv4"
    direction: str = "ingress"
    protocol: str = ""
    from_port: int | None = None
    to_port: int | None = None
    cidr: str | None = None
    description: str = ""
    remote_group: str | None = None
    remote_address_group: str | None = None


# The fields of a rule apart from its remote group, which are columns of the same names
OWN_FIELDS = tuple(field.name for field in fields(Rule) if not field.name.startswith("remote_"))


class RuleKey(NamedTuple):
    """Neutron's duplicate key: rules with equal keys are duplicates."""

    ethertype: str
    direction: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group: str | None
    remote_address_group: str | None


def canonical(rule: Rule) -> RuleKey:
    """Return Neutron's duplicate key of a rule."""
    prefix = stored_prefix(rule.cidr)
    ports: tuple[int | None, int | None] = (rule.from_port, rule.to_port)
    if ports in ALL_PORT_RANGES:
        ports = (None, None)
    return RuleKey(
        ethertype=rule.ethertype,
        direction=rule.direction,
        protocol=_protocol_name(rule.protocol, rule.ethertype),
        port_range_min=ports[0],
        port_range_max=ports[1],
        remote_ip_prefix=None if prefix == EVERYWHERE.get(rule.ethertype) else prefix,
        remote_group=rule.remote_group,
        remote_address_group=rule.remote_address_group,
    )


# Most rules use the same few prefixes, and parsing one is the slowest part of a key.
@lru_cache(maxsize=4096)
def stored_prefix(cidr: str | None) -> str | None:
    """Return a prefix as Neutron stores it: with length, lower case, compressed, with host bits.

    An invalid prefix is returned unchanged.
    """
    if not cidr:
        return None
    address, slash, length = cidr.strip().partition("/")
    try:
        parsed = ipaddress.ip_address(address)
        return f"{parsed.compressed}/{int(length) if slash else parsed.max_prefixlen}"
    except ValueError:
        return cidr


def shown_protocol(protocol: str | None, ethertype: str) -> str:
    """Return a cloud's protocol as the contract writes it: tcp, udp, icmp, "" or a number.

    A name of Neutron's without an equal number is returned unchanged.
    """
    name = _protocol_name(protocol or "", ethertype)
    if name is None:
        return ""
    if name in {"tcp", "udp", "icmp"} or (name == "ipv6-icmp" and ethertype == "IPv6"):
        return "icmp" if name == "ipv6-icmp" else name
    return str(PROTOCOL_NUMBERS.get(name, name))


def protocol_number(word: str) -> int | None:
    """Return the number of a protocol's name or number; `None` if it is neither."""
    if word.isascii() and word.isdigit():
        number = int(word) if len(word) <= 3 else LARGEST_PROTOCOL + 1  # noqa: PLR2004 - digits
        return number if number <= LARGEST_PROTOCOL else None
    word = word.lower()
    return PROTOCOL_NUMBERS.get(word, PROTOCOL_ALIASES.get(word))


def _protocol_name(protocol: str, ethertype: str) -> str | None:
    """See `_get_ip_proto_name_and_num` of Neutron's securitygroups_db."""
    word = protocol.lower()
    if word in {"", "any"}:
        return None
    if word.isascii() and word.isdigit():
        number = protocol_number(word)
        word = word if number is None else PROTOCOL_NAMES.get(number, str(number))
    if ethertype == "IPv6" and word in ICMP_OVER_IPV6:
        return "ipv6-icmp"
    return word
