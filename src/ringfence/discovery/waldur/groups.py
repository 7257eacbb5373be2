"""Security groups of a Waldur tenant as entries of a provisioning file. Pure.

A field of a rule that is not known here is an error: without it the rule would admit more. A group
that a provisioning file cannot state as it is, is left out with its reason; the first pull imports
it from the cloud.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from ringfence.discovery.waldur.existing import Existing, ExistingGroup
from ringfence.discovery.waldur.items import Item
from ringfence.provisioning.groups import GroupNames, rules_of
from ringfence.provisioning.problems import Location, Problems, quote
from ringfence.provisioning.schema import GroupEntry
from ringfence.security_groups.states import State
from ringfence.text.json_value import Json
from ringfence.text.uuids import HEX_UUID, parse_uuid

GROUP_FIELDS = (
    *("name", "description", "backend_id", "state", "error_message", "created"),
    *("tenant_uuid", "rules"),
)
_RULE_FIELDS = frozenset(
    {
        *("ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "description"),
        *("remote_group", "remote_group_uuid", "remote_group_name", "id"),
    }
)
_GROUP_URL = re.compile(rf".*/api/openstack-security-groups/({HEX_UUID})/")


@dataclass(slots=True)
class Groups:
    """The groups of a tenant that a file can state, and why others are left out."""

    entries: list[GroupEntry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """A group that is being decided on."""

    uuid: UUID
    name: str
    entry: GroupEntry | None
    reason: str = ""


def groups_of(tenant: UUID, items: Iterable[Item], existing: Existing) -> Groups:
    """Return the groups of a tenant; raises `OperatorError` for a field that is not understood.

    Groups that were changed or deleted here since they were copied are left out, and stay so.
    """
    present = existing.groups.get(tenant, ())
    drafts = sorted(
        (_draft(tenant, item) for item in items), key=lambda draft: (_created(draft), draft.uuid)
    )
    _leave_out_twins(drafts)
    _leave_out_deleted(drafts, existing.deleted)
    _leave_out_existing(drafts, present)
    _leave_out_unknown_remotes(drafts, present)
    _leave_out_referring(drafts, present)
    found = Groups()
    for draft in drafts:
        if draft.entry is None:
            found.left_out.append(
                f"security group {quote(draft.name)} ({draft.uuid.hex}): {draft.reason}"
            )
        else:
            found.entries.append(draft.entry)
    return found


def _draft(tenant: UUID, item: Item) -> _Draft:
    if item.uuid("tenant_uuid") != tenant:
        raise item.error("tenant_uuid", f"belongs to another tenant than {tenant.hex}")
    uuid, name = item.uuid("uuid"), item.text("name")
    state, error_message = item.state(), item.text_or_empty("error_message")
    if state not in {State.OK, State.ERRED}:
        # In such a state, a job would push the group.
        error_message = (
            f"The group was {state} in Waldur when it was copied: the cloud may not have its rules "
            "yet. See its plan; pulling the group pushes them."
        )
        state = State.ERRED
    values = {
        "name": name,
        "uuid": uuid,
        "description": item.text_or_empty("description"),
        "backend_id": item.text_or_empty("backend_id"),
        "state": state,
        "error_message": error_message,
        "created": item.time_or_none("created"),
        "rules": [_rule(rule) for rule in item.items("rules")],
    }
    try:
        return _Draft(uuid, name, GroupEntry.model_validate(values))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(map(str, problem["loc"]))
        return _Draft(uuid, name, None, f"{path}: {problem['msg']}")


def _rule(item: Item) -> dict[str, Json]:
    """Return the keys of a rule that are not the default; -1 and null are any port."""
    for key in item.values:
        if key not in _RULE_FIELDS:
            raise item.error(key, "is not a field of a rule that is known here")
    rule: dict[str, Json] = {
        name: item.text(name) for name in ("ethertype", "direction", "protocol")
    }
    for name in ("from_port", "to_port"):
        port = item.integer_or_none(name)
        if port not in {None, -1}:
            rule[name] = port
    if cidr := item.text_or_none("cidr"):
        if not cidr.strip():
            raise item.error("cidr", f"{quote(cidr)} is not a CIDR")
        rule["cidr"] = cidr
    if remote := _remote_group(item):
        rule["remote_group"] = remote.hex
    if description := item.text_or_empty("description"):
        rule["description"] = description
    return rule


def _remote_group(item: Item) -> UUID | None:
    """Return the remote group; the URL and the UUID have to agree."""
    url, uuid = item.text_or_none("remote_group"), item.uuid_or_none("remote_group_uuid")
    match = _GROUP_URL.fullmatch(url) if url else None
    of_url = parse_uuid(match[1]) if match else None
    if not url and uuid is None:
        if name := item.text_or_empty("remote_group_name"):
            raise item.error("remote_group_name", f"{quote(name)} has no URL in remote_group")
        return None
    if of_url is None or uuid not in {None, of_url}:
        raise item.error("remote_group", f"{quote(url or '')} is not the URL of a security group")
    return of_url


def _created(draft: _Draft) -> str:
    moment = draft.entry.created if draft.entry else None
    return moment.isoformat() if moment else ""


def _leave_out_twins(drafts: Sequence[_Draft]) -> None:
    """Leave out a group that has the name or the backend id of an older one."""
    names: set[str] = set()
    backend_ids: set[str] = set()
    for draft in drafts:
        if draft.entry is None:
            continue
        backend_id = draft.entry.backend_id
        if draft.name in names:
            draft.entry, draft.reason = None, "an older group of the tenant has the same name"
        elif backend_id and backend_id in backend_ids:
            draft.entry, draft.reason = None, "an older group of the tenant has its backend_id"
        else:
            names.add(draft.name)
            backend_ids.add(backend_id)


def _leave_out_deleted(drafts: Sequence[_Draft], deleted: Collection[UUID]) -> None:
    for draft in drafts:
        if draft.entry and draft.uuid in deleted:
            draft.entry, draft.reason = None, "was deleted here"


def _leave_out_existing(drafts: Sequence[_Draft], existing: Sequence[ExistingGroup]) -> None:
    """Leave out what the database has in another form, which loading would replace or refuse."""
    by_uuid = {group.uuid: group for group in existing}
    by_backend_id = {group.backend_id: group for group in existing if group.backend_id}
    copied = {draft.uuid for draft in drafts}
    names = {
        group.name: group
        for group in existing
        if group.uuid not in copied and not group.is_duplicate_name
    }
    for draft in drafts:
        if draft.entry is None:
            continue
        own = by_uuid.get(draft.uuid)
        twin = by_backend_id.get(draft.entry.backend_id, own)
        if own is not None and own.is_changed_here:
            draft.entry, draft.reason = None, "was changed here and stays as it is here"
        elif twin is not None and twin.uuid != draft.uuid:
            reason = f"a pull imported it as {twin.uuid.hex}; to get this UUID, unlink that group"
            draft.entry, draft.reason = None, f"{reason} and copy again"
        elif (own is None or own.name != draft.name) and draft.name in names:
            reason = f"the group {names[draft.name].uuid.hex} here has the same name"
            draft.entry, draft.reason = None, reason


def _leave_out_unknown_remotes(drafts: Sequence[_Draft], existing: Sequence[ExistingGroup]) -> None:
    """Leave out groups whose rules no provisioning file may have."""
    named = {draft.uuid: draft.name for draft in drafts if draft.entry}
    named = {group.uuid: group.name for group in existing} | named
    names = GroupNames()
    for uuid, name in named.items():
        names.add(name, uuid)
    for draft in drafts:
        if draft.entry is None:
            continue
        problems = Problems()
        rules_of(draft.entry.rules, Location("rules"), names, problems)
        if problems.lines:
            draft.entry, draft.reason = None, problems.lines[0]


def _leave_out_referring(drafts: Sequence[_Draft], existing: Sequence[ExistingGroup]) -> None:
    """Leave out groups whose remote group is left out, and so on; each is looked at once."""
    referring: dict[str, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        for rule in draft.entry.rules if draft.entry else ():
            if rule.remote_group:
                referring[rule.remote_group].append(draft)
    present = {group.uuid for group in existing}
    gone = [draft for draft in drafts if draft.entry is None]
    while gone:
        missing = gone.pop()
        for draft in referring[missing.uuid.hex] if missing.uuid not in present else ():
            if draft.entry is not None:
                draft.entry = None
                draft.reason = f"its remote group {missing.uuid.hex} is left out"
                gone.append(draft)
