"""Parses the list of groups that replaces all groups of a tenant."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.fields import (
    MISSING,
    Field,
    FieldError,
    Text,
    not_a_list,
    printable,
    refuse_null,
)
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    ambiguous_end,
    has_contract_end,
    has_extension_key,
    needs_known_ends,
)
from ringfence.security_groups.rule_input.rule_keys import REMOTE_GROUP_NAME
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, refuse_duplicates
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import (
    COLLECTION,
    GROUP_FIELDS,
    MANAGED_BY_OPENSTACK,
    SettableFields,
    clean_group,
    clean_new_rules,
    clean_rules,
    remote_group_uuids,
    stored_rule_id,
)
from ringfence.text.json_value import Json

_REMOTE_GROUP_NAME = Text(max_length=255)


@dataclass(frozen=True, slots=True)
class UuidField:
    """A UUID, with or without dashes."""

    allowed = "32 hexadecimal digits, with or without dashes"

    def clean(self, value: Json) -> UUID:
        """Return the UUID; raises `FieldError`."""
        refuse_null(value, self.allowed)
        try:
            return UUID(value)
        except (ValueError, AttributeError, TypeError):
            raise FieldError("Must be a valid UUID.", hints.allowed(self.allowed)) from None


LISTED_GROUP_FIELDS: Mapping[str, Field] = {"uuid": UuidField(), **GROUP_FIELDS}


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A desired group. A new group has a new UUID."""

    uuid: UUID
    fields: SettableFields
    rules: tuple[RuleRequest, ...]

    @property
    def name(self) -> str:
        return self.fields.name


@dataclass(frozen=True, slots=True)
class GroupContext:
    """What the submitted rules of a group may refer to: stored rules by id, and remote ends.

    `stored` is None for a new group.
    """

    stored: Mapping[int, RuleRequest] | None
    ends: KnownEnds


def clean_groups(
    body: Json,
    present: Mapping[UUID, SecurityGroup],
    context_of: Callable[[UUID], GroupContext],
) -> list[DesiredGroup]:
    """Return the desired groups; `present` holds the tenant's groups.

    Raises `Invalid` with a list parallel to the groups, or with the first conflict between them.
    """
    if not isinstance(body, list):
        raise Invalid(not_a_list(body))
    uuids = [uuid_of(entry) for entry in body]
    names = _names_afterwards(body, uuids, present)
    desired: list[DesiredGroup] = []
    errors: list[Any] = []
    for entry, uuid in zip(body, uuids, strict=True):
        try:
            desired.append(_clean_group(entry, uuid, names, context_of(uuid)))
            errors.append({})
        except Invalid as error:
            errors.append(error.detail)
    if any(errors):
        raise Invalid(errors)
    _refuse_conflicts(body, desired, present)
    return desired


def uuid_of(entry: Json) -> UUID:
    """Return the UUID in an entry, or a new one. An invalid UUID is refused later."""
    try:
        return UuidField().clean(entry.get("uuid") if isinstance(entry, Mapping) else None)
    except FieldError:
        return uuid4()


def _names_afterwards(
    body: list[Any], uuids: list[UUID], present: Mapping[UUID, SecurityGroup]
) -> dict[str, UUID]:
    """Return the UUIDs of the groups by their desired names. Rules can name only these.

    All other groups will be deleted, except for the default group.
    """
    names = {group.name: group.uuid for group in present.values() if group.name == DEFAULT_NAME}
    for entry, uuid in zip(body, uuids, strict=True):
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            names[entry["name"].strip()] = uuid
    return names


def _clean_group(
    entry: Json, uuid: UUID, names: Mapping[str, UUID], context: GroupContext
) -> DesiredGroup:
    values, rules = clean_group(
        entry, LISTED_GROUP_FIELDS, lambda sent: _clean_rules(sent, names, context)
    )
    values.pop("uuid", None)
    return DesiredGroup(uuid, SettableFields(**values), tuple(rules))


def _clean_rules(body: Json, names: Mapping[str, UUID], context: GroupContext) -> list[RuleRequest]:
    groups = {uuid.hex for uuid in names.values()}
    if not isinstance(body, list):
        return clean_new_rules(body, groups)
    entries = [_with_own_id(entry, context) for entry in body]
    errors = [_name_errors(entry, names, context.ends) for entry in entries]
    if any(errors):
        raise Invalid(errors)
    resolved = [_with_remote_group(entry, names, groups) for entry in entries]
    if context.stored is not None:
        return clean_rules(resolved, groups, context.stored, context.ends)
    rules = clean_new_rules(resolved, groups, context.ends)
    refuse_duplicates(rules)
    return rules


def _with_own_id(entry: Json, context: GroupContext) -> Json:
    """Return the rule without its id if that is the id of another group's rule.

    Waldur ignores ids here, and portals send those of other groups. Such an id is dropped if the
    rule names its remote end. It is kept, and refused later, if it may be all that names the end.
    """
    if not isinstance(entry, Mapping) or "id" not in entry:
        return entry
    stored = context.stored or {}
    rule_id = stored_rule_id(entry["id"], stored)
    if rule_id is None:
        if has_contract_end(entry) or needs_known_ends(entry):
            return {key: value for key, value in entry.items() if key != "id"}
        return entry
    if has_contract_end(entry) or has_extension_key(entry):
        return entry
    end = context.ends.end_of(stored[rule_id])
    # Another name means another group.
    if end is None or end.group or entry.get(REMOTE_GROUP_NAME) not in (None, end.name):
        return entry
    return {**entry, **end.request_keys}


def _name_errors(entry: Json, names: Mapping[str, UUID], known: KnownEnds) -> dict[str, list[str]]:
    sent = entry.get(REMOTE_GROUP_NAME, MISSING) if isinstance(entry, Mapping) else MISSING
    if sent is MISSING or has_extension_key(entry):
        return {}
    try:
        name = _REMOTE_GROUP_NAME.clean(sent)
    except FieldError as error:
        return {REMOTE_GROUP_NAME: [str(error)]}
    if entry.get("remote_group"):
        return {}
    rules = known.matching({REMOTE_GROUP_NAME: sent})
    unsettable = [rule.end for rule in rules if not rule.end.group]
    if name in names:
        # Both a desired group and an end that no request can set have this name.
        message = ambiguous_end(REMOTE_GROUP_NAME, sent, unsettable)
        return {REMOTE_GROUP_NAME: [message]} if unsettable else {}
    # Waldur drops the remote group of such a rule, which then admits any address.
    if not unsettable:
        message = f"There will be no security group with name {printable(name)} in the tenant."
        return {REMOTE_GROUP_NAME: [message]}
    return {}


def _with_remote_group(entry: Json, names: Mapping[str, UUID], groups: Container[str]) -> Json:
    """Return the rule with the group of its `remote_group_name` as its `remote_group`.

    The URL of a desired group has priority: another group may have the name by then.
    """
    if not isinstance(entry, Mapping) or has_extension_key(entry):
        return entry
    name = entry.get(REMOTE_GROUP_NAME)
    uuid = names.get(name.strip()) if isinstance(name, str) else None
    if uuid is None or any(one in groups for one in remote_group_uuids([entry])):
        return entry
    return {**entry, "remote_group": f"/api/{COLLECTION}/{uuid.hex}/"}


def _refuse_conflicts(
    body: list[Any], desired: list[DesiredGroup], present: Mapping[UUID, SecurityGroup]
) -> None:
    """Raise `Invalid` for the first conflict between the groups."""
    if twice := _repeated(group.name for group in desired):
        hint = f"In the list twice: {twice}"
        raise Invalid({"security_groups": [Message("Security group names must be unique.", hint)]})
    if twice := _repeated(group.uuid.hex for group in desired):
        hint = f"In the list twice: {twice}"
        raise Invalid({"security_groups": [Message("Security group UUIDs must be unique.", hint)]})
    holders: dict[str, set[UUID]] = {}
    for holder in present.values():
        holders.setdefault(holder.name, set()).add(holder.uuid)
    for entry, group in zip(body, desired, strict=True):
        before = present.get(group.uuid)
        if "uuid" in entry and before is None:
            message = f"Security group with UUID {group.uuid} does not belong to the tenant."
            raise Invalid({"non_field_errors": [message]})
        if before and before.name == DEFAULT_NAME:
            raise Invalid({"name": [MANAGED_BY_OPENSTACK]})
        # A group that will be deleted keeps its name until it is gone.
        if holders.get(group.name, set()) - {group.uuid}:
            hint = "Another group of the tenant has it: send its UUID, or take another name."
            raise Invalid(
                {"name": [Message("Security group with this name already exists.", hint)]}
            )


def _repeated(texts: Iterable[str]) -> str:
    """Return a text that occurs more than once; empty if there is none."""
    return next((text for text, number in Counter(texts).items() if number > 1), "")
