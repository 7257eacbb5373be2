"""Convert between Neutron's JSON and the values of the port. Everything here is pure.

It accepts what real Neutrons leave out or spell in two ways, and is strict where a guess could make
a group look smaller or more open than it is. An invalid item does not fail the others: an invalid
rule becomes an unreadable rule of its group (`read_rule`), and an item of a list is skipped and
reported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from ringfence.neutron.call import Query
from ringfence.neutron.fields import identifier, mapping_of, owner, revision
from ringfence.neutron.port import (
    CloudAddressGroup,
    CloudGroup,
    CloudPort,
    CloudRule,
    CloudUnreachable,
    UnreadableRule,
    Unusable,
)
from ringfence.neutron.read_port import read_address_group, read_port
from ringfence.neutron.read_rule import ADDRESS_GROUP, read_rule
from ringfence.neutron.storable_text import storable, storable_value
from ringfence.text.json_value import Json

Item = TypeVar("Item")

# For a cloud without timestamps; too old to be the time of a group that was just created
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MESSAGE = 4000
ENDLESS_LIST = "The cloud's list does not end."
UNKNOWN_RULES = "security_group_rules is not a list"

# Called for a skipped item: its kind, its id and the reason
ReportSkip = Callable[[str, str, str], None]


def ignore_skip(_kind: str, _item: str, _reason: str) -> None:
    """Report nothing."""


def group_from_body(body: Json) -> CloudGroup:
    """Read `{"security_group": {…}}`; raise `Unusable` for anything else."""
    return read_group(_member(body, "security_group"))


def groups_from_body(body: Json, skip: ReportSkip = ignore_skip) -> list[CloudGroup]:
    """Read `{"security_groups": […]}`; raise `Unusable` for anything else."""
    return list(_each(body, "security_groups", read_group, skip))


def rules_from_body(body: Json) -> list[CloudRule]:
    """Read `{"security_group_rules": […]}`; raise `Unusable` for anything else."""
    return [read_rule(item) for item in _list(_member(body, "security_group_rules"))]


def initial_rules_from_body(body: Json) -> list[CloudRule]:
    """Read the templates of the rules of a new group, but those for `default` groups only."""
    items = map(mapping_of, _list(_member(body, "default_security_group_rules")))
    return [
        replace(read_rule(item), id="", description="")
        for item in items
        if item.get("used_in_non_default_sg")
    ]


def free_quota_from_body(body: Json) -> int | None:
    """Read `{"quota": {"security_group_rule": {…}}}`: the free quota, or `None` for no limit."""
    quota = mapping_of(_member(_member(body, "quota"), "security_group_rule"))
    limit, used = quota.get("limit"), quota.get("used")
    if not isinstance(limit, int) or not isinstance(used, int):
        raise Unusable("a quota is not a number")
    # `reserved` is not subtracted: it includes requests that were just refused.
    return None if limit < 0 else limit - used


def port_from_body(body: Json) -> CloudPort:
    """Read `{"port": {…}}`; raise `Unusable` for anything else."""
    return read_port(_member(body, "port"))


def ports_from_body(body: Json, skip: ReportSkip = ignore_skip) -> list[CloudPort]:
    """Read `{"ports": […]}`; raise `Unusable` for anything else."""
    return list(_each(body, "ports", read_port, skip))


def address_groups_from_body(body: Json, skip: ReportSkip = ignore_skip) -> list[CloudAddressGroup]:
    """Read `{"address_groups": […]}`; raise `Unusable` for anything else."""
    return list(_each(body, "address_groups", read_address_group, skip))


def floating_ips_from_body(
    body: Json,
    project_id: str,
    skip: ReportSkip = ignore_skip,
) -> dict[str, str]:
    """Read `{"floatingips": […]}`: those of the project that are on a port, with the port's id."""
    read = _each(body, "floatingips", read_floating_ip, skip)
    return {address: port for address, port, owner in read if port and owner == project_id}


def read_group(item: Json) -> CloudGroup:
    """Read one group with its nested rules."""
    group = mapping_of(item)
    group_id = identifier(group, "id")
    rules, unreadable = _read_rules(group.get("security_group_rules"), group_id)
    return CloudGroup(
        id=group_id,
        project_id=owner(group),
        name=storable_value(group.get("name")),
        description=storable_value(group.get("description")),
        revision_number=revision(group),
        created_at=_time(group.get("created_at")),
        rules=rules,
        unreadable=unreadable,
        stateful=group["stateful"] if isinstance(group.get("stateful"), bool) else None,
        shows_address_groups=_shows_address_groups(group.get("security_group_rules")),
        updated_at=_time(group["updated_at"]) if group.get("updated_at") else None,
        tags=_tags(group.get("tags")),
    )


def _tags(value: object) -> tuple[str, ...]:
    """Return the tags; a value that is not a string is a tag, too."""
    return tuple(map(storable_value, value)) if isinstance(value, list) else ()


def _shows_address_groups(items: object) -> bool:
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
            unreadable.append(UnreadableRule(_id_of(item), error.reason))
    return tuple(rules), tuple(unreadable)


def read_floating_ip(item: object) -> tuple[str, str, str]:
    """Return the IP address, the id of its port or an empty text, and its project."""
    floating = mapping_of(item)
    port = identifier(floating, "port_id") if floating.get("port_id") else ""
    return identifier(floating, "floating_ip_address"), port, owner(floating)


def write_rule(project_id: str, group_id: str, rule: CloudRule) -> dict[str, object]:
    """Return the body that creates the rule, without keys for any: old releases refuse them."""
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


def neutron_error(body: Json) -> tuple[str, str] | None:
    """Return type and message of a `NeutronError`, or `None` if the body has none."""
    error = body.get("NeutronError") if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return "", storable(error, LONGEST_MESSAGE)
    if not isinstance(error, Mapping):
        return None
    return storable_value(error.get("type")), storable_value(error.get("message"), LONGEST_MESSAGE)


def next_query(body: Json, links: str, query: Query, page: Query | None) -> Query | None:
    """Return the query of the page after `page`, or `None` on the last one.

    The rest of the link is ignored, so that no response leads to another host.
    """
    link = _next_link(body, links)
    if link is None:
        return None
    parameters = dict(parse_qsl(urlsplit(link).query))
    following = dict(query) | {
        name: parameters[name] for name in parameters.keys() & {"marker", "limit"}
    }
    if following == page or "marker" not in following:
        raise CloudUnreachable(ENDLESS_LIST)
    return following


def has_next(body: Json, links: str) -> bool:
    """Return whether a page has another one after it."""
    return _next_link(body, links) is not None


def _next_link(body: Json, links: str) -> str | None:
    for link in _list(mapping_of(body).get(links) or []):
        if mapping_of(link).get("rel") == "next":
            href = mapping_of(link).get("href")
            if not isinstance(href, str) or not href:
                raise Unusable("href is missing")
            return href
    return None


def _each(
    body: object, name: str, read: Callable[[object], Item], skip: ReportSkip
) -> Iterator[Item]:
    """Yield the readable items of a list, and report the others."""
    for item in _list(_member(body, name)):
        try:
            yield read(item)
        except Unusable as error:
            skip(name, _id_of(item), error.reason)


def _member(body: object, name: str) -> object:
    values = mapping_of(body)
    if name not in values:
        raise Unusable(f"{name} is missing")
    return values[name]


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Unusable("not a list")
    return value


def _id_of(item: object) -> str:
    return storable_value(item.get("id")) if isinstance(item, Mapping) else ""


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return UNKNOWN_TIME
