"""Rules as lines of the paste format, for people to read."""

from collections.abc import Mapping
from typing import Any

Rule = Mapping[str, Any]

_ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
_WITH_PORTS = frozenset({"tcp", "udp", "6", "17", "33", "132", "136"})


def line_of(rule: Rule) -> str:
    """Return a rule as one line, such as `in ipv4 tcp 22 10.0.0.0/8 # office`."""
    parts = [
        "out" if rule.get("direction") == "egress" else "in",
        str(rule.get("ethertype") or "IPv4").lower(),
        str(rule.get("protocol") or "any"),
        _ports_of(rule),
        remote_of(rule),
        f"# {rule['description']}" if rule.get("description") else "",
    ]
    return " ".join(part for part in parts if part)


def remote_of(rule: Rule) -> str:
    """Return the remote end of a rule: a CIDR, a group, or what only the cloud knows."""
    group = rule.get("remote_group_name") or rule.get("remote_group")
    if group := group or rule.get("remote_group_backend_id"):
        # Of a URL, the UUID
        name = str(group).rstrip("/").rpartition("/")[2] if "://" in str(group) else str(group)
        return f'group "{name}"' if " " in name else f"group {name}"
    address_group = rule.get("remote_address_group_backend_id") or rule.get("remote_address_group")
    if address_group:
        return f"address group {address_group}"
    return str(rule.get("cidr") or _ANYWHERE.get(str(rule.get("ethertype") or "IPv4"), ""))


def _ports_of(rule: Rule) -> str:
    first, last = rule.get("from_port"), rule.get("to_port")
    protocol = str(rule.get("protocol") or "")
    if first in {None, -1}:
        return "any" if protocol in _WITH_PORTS else ""
    if protocol in _WITH_PORTS:
        return str(first) if first == last else f"{first}-{last}"
    return str(first) if last in {None, -1} else f"{first}/{last}"
