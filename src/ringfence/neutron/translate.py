"""Neutron's JSON and the port's values, both ways. Everything here is pure.

Tolerant of what real Neutrons leave out or spell in two ways; strict where a guess could make a
group look smaller or more open than it is. One bad item stops nothing around it: a rule that
cannot be read is kept as unreadable with its group, and an item of a list is skipped and reported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from ringfence.neutron.port import (
    NOT_NEUTRONS,
    CloudGroup,
    CloudPort,
    CloudRule,
    UnreadableRule,
    Unusable,
)
from ringfence.neutron.read_rule import ADDRESS_GROUP, read_rule
from ringfence.neutron.storable_text import storable, words
from ringfence.text.json_value import Json

__all__ = ["NOT_NEUTRONS", "read_rule"]

Item = TypeVar("Item")

# A cloud without timestamps: too old to be taken for a group that was just created.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_REVISION = 2**31 - 1
LONGEST_MESSAGE = 4000
UNKNOWN_RULES = "security_group_rules is not a list"

# Who hears of an item that was skipped: its kind, what identifies it, and the reason.
Skipped = Callable[[str, str, str], None]


def skipped_silently(_kind: str, _item: str, _reason: str) -> None:
    """Report nothing."""


def group_from_answer(answer: Json) -> CloudGroup:
    """Read `{"security_group": {…}}`; raise `Unusable` for anything else."""
    return read_group(_member(answer, "security_group"))


def groups_from_answer(answer: Json, skipped: Skipped = skipped_silently) -> list[CloudGroup]:
    """Read `{"security_groups": […]}`; raise `Unusable` for anything else."""
    return list(_each(answer, "security_groups", read_group, skipped))


def rules_from_answer(answer: Json) -> list[CloudRule]:
    """Read `{"security_group_rules": […]}`; raise `Unusable` for anything else."""
    return [read_rule(item) for item in _list(_member(answer, "security_group_rules"))]


def first_rules_from_answer(answer: Json) -> list[CloudRule]:
    """Read the templates of a new group's rules that are not for default groups alone."""
    items = map(_mapping, _list(_member(answer, "default_security_group_rules")))
    return [
        replace(read_rule(item), id="", description="")
        for item in items
        if item.get("used_in_non_default_sg")
    ]


def free_quota_from_body(answer: Json) -> int | None:
    """Read `{"quota": {"security_group_rule": {…}}}`: what is left, or `None` for no limit."""
    quota = _mapping(_member(_member(answer, "quota"), "security_group_rule"))
    limit, used = quota.get("limit"), quota.get("used")
    if not isinstance(limit, int) or not isinstance(used, int):
        raise Unusable("a quota is not a number")
    # What is reserved are requests under way, those that were just refused among them.
    return None if limit < 0 else limit - used


def ports_from_answer(answer: Json, skipped: Skipped = skipped_silently) -> list[CloudPort]:
    """Read `{"ports": […]}`; raise `Unusable` for anything else."""
    return list(_each(answer, "ports", read_port, skipped))


def floating_from_answer(
    answer: Json,
    project_id: str,
    skipped: Skipped = skipped_silently,
) -> dict[str, str]:
    """Read `{"floatingips": […]}`: those of the project that are on a port, with its id."""
    read = _each(answer, "floatingips", _read_floating, skipped)
    return {address: port for address, port, owner in read if port and owner == project_id}


def read_port(item: Json) -> CloudPort:
    """Read one port; it may say nothing of groups where the cloud has port security off."""
    port = _mapping(item)
    return CloudPort(
        id=_identifier(port, "id"),
        project_id=_owner(port),
        name=words(port.get("name")),
        device_id=words(port.get("device_id")),
        device_owner=words(port.get("device_owner")),
        fixed_ips=tuple(_addresses(port.get("fixed_ips"))),
        security_group_ids=tuple(_ids(port.get("security_groups"))),
        revision_number=_revision(port),
    )


def read_group(item: Json) -> CloudGroup:
    """Read one group with its nested rules."""
    group = _mapping(item)
    group_id = _identifier(group, "id")
    rules, unreadable = _read_rules(group.get("security_group_rules"), group_id)
    return CloudGroup(
        id=group_id,
        project_id=_owner(group),
        name=words(group.get("name")),
        description=words(group.get("description")),
        revision_number=_revision(group),
        created_at=_moment(group.get("created_at")),
        rules=rules,
        unreadable=unreadable,
        stateful=group["stateful"] if isinstance(group.get("stateful"), bool) else None,
        tells_address_groups=_tells_address_groups(group.get("security_group_rules")),
        updated_at=_moment(group["updated_at"]) if group.get("updated_at") else None,
        tags=_tags(group.get("tags")),
    )


def _tags(value: object) -> tuple[str, ...]:
    """Return the tags; one that is no text is a tag all the same."""
    return tuple(map(words, value)) if isinstance(value, list) else ()


def _tells_address_groups(items: object) -> bool:
    return isinstance(items, list) and all(
        ADDRESS_GROUP in item for item in items if isinstance(item, Mapping)
    )


def _read_rules(
    items: object, group_id: str
) -> tuple[tuple[CloudRule, ...], tuple[UnreadableRule, ...]]:
    if not isinstance(items, list):
        return (), (UnreadableRule("", UNKNOWN_RULES),)
    rules: list[CloudRule] = []
    unreadable: list[UnreadableRule] = []
    for item in items:
        try:
            rules.append(read_rule(item, group_id))
        except Unusable as error:
            unreadable.append(UnreadableRule(_name_of(item), error.reason))
    return tuple(rules), tuple(unreadable)


def _read_floating(item: object) -> tuple[str, str, str]:
    floating = _mapping(item)
    port = _identifier(floating, "port_id") if floating.get("port_id") else ""
    return _identifier(floating, "floating_ip_address"), port, _owner(floating)


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
        ADDRESS_GROUP: rule.remote_address_group_id,
        # A cloud without descriptions of rules refuses even an empty one.
        "description": rule.description or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def neutron_error(answer: Json) -> tuple[str, str] | None:
    """Give type and message of a `NeutronError`, or `None` where the answer is none."""
    error = answer.get("NeutronError") if isinstance(answer, Mapping) else None
    if isinstance(error, str):
        return "", storable(error, LONGEST_MESSAGE)
    if not isinstance(error, Mapping):
        return None
    return words(error.get("type")), words(error.get("message"), LONGEST_MESSAGE)


def next_page(answer: Json, links: str) -> str | None:
    """Give the address of the next page, or `None` on the last one."""
    if not isinstance(answer, Mapping):
        raise Unusable("not an object")
    for link in _list(answer.get(links) or []):
        if _mapping(link).get("rel") == "next":
            href = _mapping(link).get("href")
            if not isinstance(href, str) or not href:
                raise Unusable("href is missing")
            return href
    return None


def _each(
    answer: object, name: str, read: Callable[[object], Item], skipped: Skipped
) -> Iterator[Item]:
    """Yield the readable items of a list, and report the others."""
    for item in _list(_member(answer, name)):
        try:
            yield read(item)
        except Unusable as error:
            skipped(name, _name_of(item), error.reason)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unusable("not an object")
    return value


def _member(answer: object, name: str) -> object:
    values = _mapping(answer)
    if name not in values:
        raise Unusable(f"{name} is missing")
    return values[name]


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Unusable("not a list")
    return value


def _name_of(item: object) -> str:
    return words(item.get("id")) if isinstance(item, Mapping) else ""


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and bool(value) and storable(value) == value


def _identifier(values: Mapping[str, Any], name: str) -> str:
    """Return an id as it is: one that was cleaned or cut would be another's."""
    value = values.get(name)
    if not _is_identifier(value):
        raise Unusable(f"{name} is missing" if not value else f"{name} is not an id")
    return str(value)


def _owner(values: Mapping[str, Any]) -> str:
    # `tenant_id` is the name that old releases give it.
    return _identifier(values, "project_id" if values.get("project_id") else "tenant_id")


def _ids(value: object) -> Iterator[str]:
    """Yield the ids of a list: any other item names no group."""
    for item in value if isinstance(value, list) else ():
        if _is_identifier(item):
            yield item


def _addresses(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        address = item.get("ip_address") if isinstance(item, Mapping) else None
        if isinstance(address, str) and address:
            yield storable(address)


def _revision(values: Mapping[str, Any]) -> int:
    """Return the revision; 0 where the cloud has none, or one that is not Neutron's."""
    value = values.get("revision_number")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:  # noqa: PLR2004 - digits of the largest
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= LARGEST_REVISION else 0


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return EPOCH
