"""Neutron's JSON and the port's values, both ways. Everything here is pure.

Tolerant of what real Neutrons leave out or spell in two ways; strict where a guess could make a
group look smaller or more open than it is: then the whole answer counts as unusable.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ringfence.neutron.port import CloudGroup, CloudPort, CloudRule, CloudUnreachable

NOT_NEUTRONS = "The cloud sent an answer that is not Neutron's"
# A cloud without timestamps: too old to be taken for a group that was just created.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_PORT = 65535


def group_from_answer(answer: Any) -> CloudGroup:  # noqa: ANN401 - parsed JSON
    """Read `{"security_group": {…}}`; raise `CloudUnreachable` for anything else."""
    return read_group(_member(answer, "security_group"))


def groups_from_answer(answer: Any) -> list[CloudGroup]:  # noqa: ANN401 - parsed JSON
    """Read `{"security_groups": […]}`; raise `CloudUnreachable` for anything else."""
    return [read_group(item) for item in _list(_member(answer, "security_groups"))]


def rules_from_answer(answer: Any) -> list[CloudRule]:  # noqa: ANN401 - parsed JSON
    """Read `{"security_group_rules": […]}`; raise `CloudUnreachable` for anything else."""
    return [read_rule(item) for item in _list(_member(answer, "security_group_rules"))]


def room_from_answer(answer: Any) -> int | None:  # noqa: ANN401 - parsed JSON
    """Read `{"quota": {"security_group_rule": {…}}}`: what is left, or `None` for no limit."""
    quota = _mapping(_member(_member(answer, "quota"), "security_group_rule"))
    limit, used = quota.get("limit"), quota.get("used")
    if not isinstance(limit, int) or not isinstance(used, int):
        raise _unusable("a quota is not a number")
    # What is reserved are requests under way, those that were just refused among them.
    return None if limit < 0 else limit - used


def ports_from_answer(answer: Any) -> list[CloudPort]:  # noqa: ANN401 - parsed JSON
    """Read `{"ports": […]}`; raise `CloudUnreachable` for anything else."""
    return [read_port(item) for item in _list(_member(answer, "ports"))]


def floating_from_answer(answer: Any, project_id: str) -> dict[str, str]:  # noqa: ANN401 - parsed JSON
    """Read `{"floatingips": […]}`: those of the project that are on a port, with its id."""
    items = [_mapping(item) for item in _list(_member(answer, "floatingips"))]
    return {
        _identifier(item, "floating_ip_address"): _identifier(item, "port_id")
        for item in items
        if item.get("port_id") and _owner(item) == project_id
    }


def read_port(item: Any) -> CloudPort:  # noqa: ANN401 - parsed JSON
    """Read one port; it may say nothing of groups where the cloud has port security off."""
    port = _mapping(item)
    addresses = [_mapping(fixed) for fixed in _list(port.get("fixed_ips") or [])]
    groups = _list(port.get("security_groups") or [])
    if not all(isinstance(group, str) and group for group in groups):
        raise _unusable("security_groups is not a list of ids")
    return CloudPort(
        id=_identifier(port, "id"),
        project_id=_owner(port),
        name=_text(port, "name"),
        device_id=_text(port, "device_id"),
        device_owner=_text(port, "device_owner"),
        fixed_ips=tuple(_identifier(address, "ip_address") for address in addresses),
        security_group_ids=tuple(map(str, groups)),
        revision_number=_number(port, "revision_number") or 0,
    )


def read_group(item: Any) -> CloudGroup:  # noqa: ANN401 - parsed JSON
    """Read one group with its nested rules."""
    group = _mapping(item)
    group_id = _identifier(group, "id")
    rules = _list(group.get("security_group_rules"))
    if any(_mapping(rule).get("security_group_id", group_id) != group_id for rule in rules):
        raise _unusable("a rule of another group")
    return CloudGroup(
        id=group_id,
        project_id=_owner(group),
        name=_text(group, "name"),
        description=_text(group, "description"),
        revision_number=_number(group, "revision_number") or 0,
        created_at=_moment(group.get("created_at")),
        rules=tuple(read_rule(rule) for rule in rules),
    )


def read_rule(item: Any) -> CloudRule:  # noqa: ANN401 - parsed JSON
    """Read one rule."""
    rule = _mapping(item)
    return CloudRule(
        id=_identifier(rule, "id"),
        ethertype=_one_of(rule, "ethertype", ("IPv4", "IPv6")),
        direction=_one_of(rule, "direction", ("ingress", "egress")),
        protocol=_protocol(rule.get("protocol")),
        port_range_min=_port(rule, "port_range_min"),
        port_range_max=_port(rule, "port_range_max"),
        remote_ip_prefix=_text(rule, "remote_ip_prefix") or None,
        remote_group_id=_text(rule, "remote_group_id") or None,
        remote_address_group_id=_text(rule, "remote_address_group_id") or None,
        description=_text(rule, "description"),
    )


def write_rule(project_id: str, group_id: str, rule: CloudRule) -> dict[str, object]:
    """Give the body that creates the rule; what is any is left out, as old releases want it."""
    values: dict[str, object] = {
        "project_id": project_id,
        "security_group_id": group_id,
        "ethertype": rule.ethertype,
        "direction": rule.direction,
        "protocol": rule.protocol,
        "port_range_min": rule.port_range_min,
        "port_range_max": rule.port_range_max,
        "remote_ip_prefix": rule.remote_ip_prefix,
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": rule.remote_address_group_id,
        "description": rule.description,
    }
    return {name: value for name, value in values.items() if value is not None}


def neutron_error(answer: Any) -> tuple[str, str] | None:  # noqa: ANN401 - parsed JSON
    """Give type and message of a `NeutronError`, or `None` where the answer is none."""
    error = answer.get("NeutronError") if isinstance(answer, Mapping) else None
    if isinstance(error, str):
        return "", error
    if not isinstance(error, Mapping):
        return None
    return str(error.get("type") or ""), str(error.get("message") or "")


def next_page(answer: Any, links: str) -> str | None:  # noqa: ANN401 - parsed JSON
    """Give the address of the next page, or `None` on the last one."""
    if not isinstance(answer, Mapping):
        raise _unusable("not an object")
    for link in _list(answer.get(links) or []):
        if _mapping(link).get("rel") == "next":
            return _identifier(_mapping(link), "href")
    return None


def _unusable(reason: str) -> CloudUnreachable:
    return CloudUnreachable(f"{NOT_NEUTRONS} ({reason}).")


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unusable("not an object")
    return value


def _member(answer: object, name: str) -> object:
    values = _mapping(answer)
    if name not in values:
        raise _unusable(f"{name} is missing")
    return values[name]


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _unusable("not a list")
    return value


def _identifier(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise _unusable(f"{name} is missing")
    return value


def _owner(values: Mapping[str, Any]) -> str:
    # `tenant_id` is the name that old releases give it.
    return _identifier(values, "project_id" if values.get("project_id") else "tenant_id")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unusable(f"{name} is not a text")
    return value


def _number(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unusable(f"{name} is not a number")
    return value


def _port(rule: Mapping[str, Any], name: str) -> int | None:
    port = _number(rule, name)
    if port is not None and not 0 <= port <= LARGEST_PORT:
        raise _unusable(f"{name} is out of range")
    return port


def _protocol(value: object) -> str | None:
    # Neutron takes "any" for none; some drivers of it store the word.
    if value is None or value in ("", "any"):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _unusable("protocol is not a text")
    return str(value)


def _one_of(values: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = values.get(name)
    if value not in allowed:
        raise _unusable(f"{name} is unknown")
    return str(value)


def _moment(value: object) -> datetime:
    if value is None:
        return EPOCH
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise _unusable("created_at is not a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
