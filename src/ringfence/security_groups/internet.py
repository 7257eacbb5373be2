"""Which addresses are the internet's. Pure.

One definition for warnings, lists, filters, overviews and exposures. PostgreSQL has the same one as
the generated column `security_group_rules.internet`; a test holds both equal.
"""

from collections.abc import Iterable

from ringfence.security_groups.intervals import (
    LAST_ADDRESS,
    Interval,
    interval_of,
    merged,
    subtracted,
)
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import Box, box_of

# Addresses that no packet of the internet has as its source (IANA's special-purpose registries)
NOT_INTERNET = {
    "IPv4": (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.2.0/24",  # documentation
        "192.168.0.0/16",  # private
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved
    ),
    "IPv6": (
        "::/128",  # unspecified
        "::1/128",  # loopback
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
        "fc00::/7",  # private
        "fe80::/10",  # link-local
        "ff00::/8",  # multicast
    ),
}
# What IANA allots to hosts; the rest of IPv6 is not in use.
_ALLOTTED = {"IPv4": "0.0.0.0/0", "IPv6": "2000::/3"}


def _intervals(ethertype: str, cidrs: Iterable[str]) -> tuple[Interval, ...]:
    return merged(filter(None, (interval_of(cidr, ethertype) for cidr in cidrs)))


_EXCLUDED = {each: _intervals(each, cidrs) for each, cidrs in NOT_INTERNET.items()}
_EVERYBODY = {
    each: subtracted(_intervals(each, [cidr]), _EXCLUDED[each]) for each, cidr in _ALLOTTED.items()
}


def reaches(ethertype: str, addresses: Iterable[Interval]) -> bool:
    """Return whether any of the addresses is the internet's.

    A union reaches the internet if and only if one of its parts does.
    """
    return any(
        not any(start <= first and last <= end for start, end in _EXCLUDED[ethertype])
        for first, last in addresses
    )


def is_everybody(ethertype: str, addresses: Iterable[Interval]) -> bool:
    """Return whether the addresses, in sorted, disjoint intervals, hold the whole internet."""
    return not subtracted(_EVERYBODY[ethertype], tuple(addresses))


def is_internet(cidr: str, ethertype: str) -> bool:
    """Return whether a prefix reaches the internet.

    A text that is no prefix is not known to be confined.
    """
    for version in (ethertype, *LAST_ADDRESS):
        if interval := interval_of(cidr, version):
            return reaches(version, [interval])
    return True


def is_open_box(box: Box) -> bool:
    """Return whether a box admits incoming traffic from the internet."""
    if box.direction != "ingress":
        return False
    if box.addresses:
        return reaches(box.ethertype, [box.addresses])
    kind, end = box.symbol or ("", "")
    return kind == "unknown" and is_internet(end, box.ethertype)


def is_open(rule: Rule) -> bool:
    """Return whether a rule admits incoming traffic from the internet."""
    return is_open_box(box_of(rule))
