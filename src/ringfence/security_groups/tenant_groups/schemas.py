"""What clients send to set all groups of a tenant at once."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from ringfence.errors import Invalid
from ringfence.http.fields import (
    MISSING,
    Field,
    FieldError,
    Text,
    clean_fields,
    not_a_dictionary,
    not_a_list,
    printable,
    refuse_null,
)
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.refused_input import is_name_of_default_group
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    ambiguous,
    has_own_key,
    needs_more,
    says_end,
)
from ringfence.security_groups.rule_input.rule_keys import REMOTE_GROUP_NAME
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, refuse_duplicates
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import (
    COLLECTION,
    GROUP_FIELDS,
    MANAGED_BY_OPENSTACK,
    clean_new_rules,
    clean_rules,
    dict_of,
    remote_groups_named,
    stored_id,
)
from ringfence.text.json_value import Json

_REMOTE_GROUP_NAME = Text(max_length=255)


@dataclass(frozen=True, slots=True)
class Uuid:
    """A uuid, with or without dashes."""

    def clean(self, value: Json) -> UUID:
        """Give the uuid."""
        refuse_null(value)
        try:
            return UUID(value)
        except (ValueError, AttributeError, TypeError):
            raise FieldError("Must be a valid UUID.") from None


BATCH_FIELDS: Mapping[str, Field] = {"uuid": Uuid(), **GROUP_FIELDS}


@dataclass(frozen=True, slots=True)
class WantedGroup:
    """A group as it is to stand; `uuid` is a new one where the group is new."""

    uuid: UUID
    name: str
    description: str
    rules: tuple[RuleRequest, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What the rules of a listed group may mean: its rules by id, and remote ends.

    `stored` is None for a group to come.
    """

    stored: Mapping[int, RuleRequest] | None
    ends: KnownEnds


def clean_batch(
    body: Json,
    present: Mapping[UUID, SecurityGroup],
    before: Callable[[UUID], Before],
) -> list[WantedGroup]:
    """Give the groups that are asked for; `present` holds those of the tenant.

    `before` returns what the rules of a group may mean.

    Raises `Invalid` with a list parallel to the groups, or with what is wrong between them.
    """
    if not isinstance(body, list):
        raise Invalid(not_a_list(body))
    uuids = [uuid_of(entry) for entry in body]
    names = _names_afterwards(body, uuids, present)
    wanted: list[WantedGroup] = []
    errors: list[Any] = []
    for entry, uuid in zip(body, uuids, strict=True):
        try:
            wanted.append(_clean_group(entry, uuid, names, before(uuid)))
            errors.append({})
        except Invalid as error:
            errors.append(error.detail)
    if any(errors):
        raise Invalid(errors)
    _refuse_conflicts(body, wanted, present)
    return wanted


def uuid_of(entry: Json) -> UUID:
    """Give the uuid that an entry names, or a new one; what is wrong is said later."""
    try:
        return Uuid().clean(entry.get("uuid") if isinstance(entry, Mapping) else None)
    except FieldError:
        return uuid4()


def _names_afterwards(
    body: list[Any], uuids: list[UUID], present: Mapping[UUID, SecurityGroup]
) -> dict[str, UUID]:
    """Give the groups by the names they are to have; only these can be named by a rule.

    The rest will be gone, except for the default group, which stays whatever is asked for.
    """
    names = {group.name: group.uuid for group in present.values() if group.name == DEFAULT_NAME}
    for entry, uuid in zip(body, uuids, strict=True):
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            names[entry["name"].strip()] = uuid
    return names


def _clean_group(
    entry: Json,
    uuid: UUID,
    names: Mapping[str, UUID],
    before: Before,
) -> WantedGroup:
    if not isinstance(entry, Mapping):
        raise Invalid(not_a_dictionary(entry))
    errors: dict[str, Any] = {}
    values: dict[str, Any] = {}
    rules: list[RuleRequest] = []
    try:
        values = clean_fields(entry, BATCH_FIELDS, required=("name",))
    except Invalid as error:
        errors.update(dict_of(error))
    try:
        rules = _clean_rules(entry.get("rules", []), names, before)
    except Invalid as error:
        errors["rules"] = error.detail
    if is_name_of_default_group(values.get("name", "")):
        errors["name"] = [MANAGED_BY_OPENSTACK]
    if errors:
        raise Invalid(errors)
    return WantedGroup(uuid, values["name"], values.get("description", ""), tuple(rules))


def _clean_rules(body: Json, names: Mapping[str, UUID], before: Before) -> list[RuleRequest]:
    groups = {uuid.hex for uuid in names.values()}
    if not isinstance(body, list):
        return clean_new_rules(body, groups)
    meant = [_with_meant_id(entry, before) for entry in body]
    errors = [_wrong_name(entry, names, before.ends) for entry in meant]
    if any(errors):
        raise Invalid(errors)
    plain = [_with_remote_group(entry, names, groups) for entry in meant]
    if before.stored is not None:
        return clean_rules(plain, groups, before.stored, before.ends)
    rules = clean_new_rules(plain, groups, before.ends)
    refuse_duplicates(rules)
    return rules


def _with_meant_id(entry: Json, before: Before) -> Json:
    """Return the rule with its id where that is one of its group, or is to be refused.

    To Waldur, no id means anything here, and portals send those of other groups along. So such an
    id is left out where the rule says its remote end, and refused where it may be all that says it.
    """
    if not isinstance(entry, Mapping) or "id" not in entry:
        return entry
    stored = before.stored or {}
    rule_id = stored_id(entry["id"], stored)
    if rule_id is None:
        if says_end(entry) or needs_more(entry):
            return {key: value for key, value in entry.items() if key != "id"}
        return entry
    if says_end(entry) or has_own_key(entry):
        return entry
    end = before.ends.end_of(stored[rule_id])
    # By another name, another group is meant.
    if end is None or end.group or entry.get(REMOTE_GROUP_NAME) not in (None, end.name):
        return entry
    return {**entry, **end.sent}


def _wrong_name(entry: Json, names: Mapping[str, UUID], before: KnownEnds) -> dict[str, list[str]]:
    sent = entry.get(REMOTE_GROUP_NAME, MISSING) if isinstance(entry, Mapping) else MISSING
    if sent is MISSING or has_own_key(entry):
        return {}
    try:
        name = _REMOTE_GROUP_NAME.clean(sent)
    except FieldError as error:
        return {REMOTE_GROUP_NAME: [str(error)]}
    if entry.get("remote_group"):
        return {}
    kept = [one.end for one in before.described_by({REMOTE_GROUP_NAME: sent}) if not one.end.group]
    if name in names:
        # The name of a group to be, and that of an end which no request can set: which is meant?
        message = ambiguous(REMOTE_GROUP_NAME, sent, kept)
        return {REMOTE_GROUP_NAME: [message]} if kept else {}
    # Waldur leaves the rule without its remote group then: open to any.
    if not kept:
        message = f"There will be no security group with name {printable(name)} in the tenant."
        return {REMOTE_GROUP_NAME: [message]}
    return {}


def _with_remote_group(entry: Json, names: Mapping[str, UUID], groups: Container[str]) -> Json:
    """Return the rule with the group of its `remote_group_name` as its `remote_group`.

    An address of a group that stays says more than a name, which another may have by then.
    """
    if not isinstance(entry, Mapping) or has_own_key(entry):
        return entry
    name = entry.get(REMOTE_GROUP_NAME)
    uuid = names.get(name.strip()) if isinstance(name, str) else None
    if uuid is None or any(one in groups for one in remote_groups_named([entry])):
        return entry
    return {**entry, "remote_group": f"/api/{COLLECTION}/{uuid.hex}/"}


def _refuse_conflicts(
    body: list[Any], wanted: list[WantedGroup], present: Mapping[UUID, SecurityGroup]
) -> None:
    """Raise `Invalid` for the first thing that does not go together."""
    if len({group.name for group in wanted}) != len(wanted):
        raise Invalid({"security_groups": ["Security group names must be unique."]})
    if len({group.uuid for group in wanted}) != len(wanted):
        raise Invalid({"security_groups": ["Security group UUIDs must be unique."]})
    holders: dict[str, set[UUID]] = {}
    for standing in present.values():
        holders.setdefault(standing.name, set()).add(standing.uuid)
    for entry, group in zip(body, wanted, strict=True):
        before = present.get(group.uuid)
        if "uuid" in entry and before is None:
            message = f"Security group with UUID {group.uuid} does not belong to the tenant."
            raise Invalid({"non_field_errors": [message]})
        if before and before.name == DEFAULT_NAME:
            raise Invalid({"name": [MANAGED_BY_OPENSTACK]})
        # Also that of a group that is to go: until it has gone, the name is its own.
        if holders.get(group.name, set()) - {group.uuid}:
            raise Invalid({"name": ["Security group with this name already exists."]})
