"""Parse one rule of Neutron's JSON into the one form that is compared, shown and pushed.

A rule is read only if every part of it is known: a guess could show it as more or less open than
it is. Backends write "any port" in several ways; each is read as `None`.
"""

from collections.abc import Mapping
from typing import Any

from ringfence.neutron.port import CloudRule, Unusable
from ringfence.neutron.storable_text import storable, storable_value
from ringfence.security_groups.rule_input.validation import is_cidr
from ringfence.security_groups.rules import (
    ALL_PORT_RANGES,
    DIRECTIONS,
    ETHERTYPES,
    protocol_number,
)
from ringfence.text.json_value import Json

LARGEST_PORT = 65535
LARGEST_BYTE = 255
ANY_PORT = -1
WITH_TYPE_AND_CODE = frozenset({1, 58})
ADDRESS_GROUP = "remote_address_group_id"
# Neutron writes null for any, so a missing key could mean anything.
REQUIRED_KEYS = (
    *("protocol", "port_range_min", "port_range_max"),
    *("remote_ip_prefix", "remote_group_id"),
)


def read_rule(item: Json, group_id: str | None = None) -> CloudRule:
    """Parse one rule, of this group if one is given; raise `Unusable` with the reason."""
    if not isinstance(item, Mapping):
        raise Unusable("not an object")
    rule: Mapping[str, Any] = item
    if group_id is not None and rule.get("security_group_id", group_id) != group_id:
        raise Unusable("a rule of another group")
    if missing := [name for name in REQUIRED_KEYS if name not in rule]:
        raise Unusable(f"{missing[0]} is missing")
    ethertype = _one_of(rule, "ethertype", ETHERTYPES)
    protocol = _protocol(rule.get("protocol"))
    low, high = _ports(rule, protocol)
    prefix, group, address_group = _remote(rule, ethertype)
    return CloudRule(
        id=_required(rule, "id"),
        ethertype=ethertype,
        direction=_one_of(rule, "direction", DIRECTIONS),
        protocol=protocol,
        port_range_min=low,
        port_range_max=high,
        remote_ip_prefix=prefix,
        remote_group_id=group,
        remote_address_group_id=address_group,
        description=storable_value(rule.get("description")),
    )


def _required(rule: Mapping[str, Any], name: str) -> str:
    value = _optional(rule, name)
    if value is None:
        raise Unusable(f"{name} is missing")
    return value


def _optional(rule: Mapping[str, Any], name: str) -> str | None:
    """Return an id as it is: replaced characters or a cut would make it another's."""
    value = rule.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Unusable(f"{name} is not a string")
    if storable(value) != value:
        raise Unusable(f"{name} cannot be stored")
    return value


def _one_of(rule: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = rule.get(name)
    if isinstance(value, str):
        for known in allowed:
            if value == known or value.lower() == known.lower():
                return known
    raise Unusable(f"{name} is unknown")


def _protocol(value: object) -> str | None:
    # Neutron reads "any" as none; some of its drivers store the word.
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unusable("protocol is not a string")
    name = str(value).lower()
    if name in {"any", "-1"}:
        return None
    if protocol_number(name) is None:
        raise Unusable("protocol is unknown")
    return name


def _ports(rule: Mapping[str, Any], protocol: str | None) -> tuple[int | None, int | None]:
    ports = (_port(rule, "port_range_min"), _port(rule, "port_range_max"))
    if ports in ALL_PORT_RANGES:
        return None, None
    low, high = ports
    if ports == (None, None):
        return ports
    if protocol is None:
        raise Unusable("ports without a protocol")
    if protocol_number(protocol) in WITH_TYPE_AND_CODE:
        if low is None or low > LARGEST_BYTE or (high or 0) > LARGEST_BYTE:
            raise Unusable("type and code are out of range")
    elif low is None or high is None or low > high:
        raise Unusable("not a port range")
    return ports


def _port(rule: Mapping[str, Any], name: str) -> int | None:
    value = rule.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 5:  # noqa: PLR2004 - digits of the largest
        value = int(value)
    if value in (ANY_PORT, str(ANY_PORT)):
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unusable(f"{name} is not a number")
    if not 0 <= value <= LARGEST_PORT:
        raise Unusable(f"{name} is out of range")
    return value


def _remote(rule: Mapping[str, Any], ethertype: str) -> tuple[str | None, str | None, str | None]:
    prefix = _optional(rule, "remote_ip_prefix")
    if prefix is not None:
        prefix = prefix.strip()
        if not is_cidr(prefix, ethertype):
            raise Unusable(f"remote_ip_prefix is no prefix of {ethertype}")
    remotes = (prefix, _optional(rule, "remote_group_id"), _optional(rule, ADDRESS_GROUP))
    if sum(remote is not None for remote in remotes) > 1:
        raise Unusable("more than one remote")
    return remotes
