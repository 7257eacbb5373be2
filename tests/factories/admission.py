"""What a rule admits, read from Neutron's own words: small, and independent of the product's code.

A rule admits no more than another where its direction and IP version are the same and its protocol,
ports and remote end lie within the other's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "ipv6-icmp": 58, "sctp": 132, "vrrp": 112}
EVERYBODY = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


@dataclass(frozen=True)
class Admitted:
    """Traffic: ports, or type and code, as a closed range; a remote end as a prefix or an id."""

    direction: str
    ethertype: str
    protocol: int | None
    ports: tuple[int, int]
    end: tuple[str, str]

    def is_within(self, other: "Admitted") -> bool:
        if (self.direction, self.ethertype) != (other.direction, other.ethertype):
            return False
        if other.protocol is not None and self.protocol != other.protocol:
            return False
        if other.ports[0] > self.ports[0] or self.ports[1] > other.ports[1]:
            return False
        if other.end[0] != "prefix" or self.end[0] != "prefix":
            return self.end == other.end or other.end == ("prefix", EVERYBODY[self.ethertype])
        return ip_network(self.end[1]).subnet_of(ip_network(other.end[1]))


def of_neutron(rule: dict[str, Any]) -> Admitted:
    """Read a rule of Neutron's list."""
    protocol = rule["protocol"]
    number = None if protocol in {None, "any"} else NUMBERS.get(protocol)
    if protocol is not None and number is None:
        number = int(protocol)
    if rule["ethertype"] == "IPv6" and number == 1:
        number = 58
    low, high = rule["port_range_min"], rule["port_range_max"]
    if rule.get("remote_group_id"):
        end = ("group", rule["remote_group_id"])
    elif rule.get("remote_address_group_id"):
        end = ("address group", rule["remote_address_group_id"])
    else:
        prefix = rule["remote_ip_prefix"] or EVERYBODY[rule["ethertype"]]
        end = ("prefix", str(ip_network(prefix, strict=False)))
    is_any = low is None or (low, high) == (1, 65535)
    ports = (0, 65535) if is_any else (low, low if high is None else high)
    if number in {1, 58} and low is not None:
        # Type and code, each alone.
        ports = (low * 256, low * 256 + 255) if high is None else (low * 256 + high,) * 2
    return Admitted(rule["direction"], rule["ethertype"], number, ports, end)


def more_than(found: Iterable[Admitted], sent: Iterable[Admitted]) -> list[Admitted]:
    """Return what was found that no rule sent admits."""
    allowed = list(sent)
    return [one for one in found if not any(one.is_within(other) for other in allowed)]
