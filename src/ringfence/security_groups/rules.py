"""A security group's rule: the value, and the form in which two rules are one.

The canonical form is Neutron's own duplicate key (`_rule_to_key` in neutron/db/securitygroups_db.py),
which leaves the description out. Everything here is pure.
"""

import ipaddress
from dataclasses import dataclass
from typing import NamedTuple

ETHERTYPES = ("IPv4", "IPv6")
DIRECTIONS = ("ingress", "egress")

# Neutron compares these by number and name alike (neutron_lib.constants.IP_PROTOCOL_MAP).
PROTOCOL_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 132: "sctp", 33: "dccp", 136: "udplite"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was asked for.

    `protocol` is `""` for any; ports are `None` for any (ICMP: type and code); `cidr` stays as
    written. `remote_group` identifies a group: by hexadecimal uuid where the tenant's own rows
    are concerned, by backend id where a cloud is. At most one remote end is set.
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


class RuleKey(NamedTuple):
    """What decides whether Neutron takes two rules for one."""

    ethertype: str
    direction: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group: str | None
    remote_address_group: str | None
