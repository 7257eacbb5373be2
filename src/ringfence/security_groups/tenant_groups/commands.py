"""Replaces all groups of a tenant. Groups that are not listed are deleted, except `default`."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.queries import Tenant
from ringfence.clouds.quotas import Growth, require_room
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid
from ringfence.security_groups import queries
from ringfence.security_groups.group_rows import insert_group, update_group
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.known_ends import (
    any_needs_known_ends,
    load_known_ends,
    opens_a_rule,
)
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    RemoteEnd,
    has_extension_key,
    known_ends_of,
)
from ringfence.security_groups.rule_input.rule_keys import REMOTE_GROUP_NAME
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rule_rows import replace_rules
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import NAME_TAKEN
from ringfence.security_groups.states import State
from ringfence.security_groups.tenant_groups.schemas import (
    DesiredGroup,
    GroupContext,
    clean_groups,
    uuid_of,
)
from ringfence.security_groups.transaction_steps import (
    DELETE,
    SET_RULES,
    UPDATE,
    NewGroup,
    schedule,
    schedule_creation,
)
from ringfence.text.json_value import Json

_AT_REST = (State.OK, State.ERRED)
_BEING_DELETED = (State.DELETION_SCHEDULED, State.DELETING)


@dataclass(frozen=True, slots=True)
class _Update:
    """A listed group that exists, its stored rules, and what is desired of it."""

    group: SecurityGroup
    rules: Sequence[RuleRequest]
    desired: DesiredGroup

    @property
    def changes_rules(self) -> bool:
        return _content(self.rules) != _content(self.desired.rules)

    @property
    def is_needed(self) -> bool:
        """Return whether there is a change, or an earlier one failed."""
        return (
            self.group.state is State.ERRED
            or self.group.fields != self.desired.fields
            or self.changes_rules
        )

    @property
    def context(self) -> dict[str, object]:
        return {
            "from": asdict(self.group.fields),
            "to": asdict(self.desired.fields),
            "rules_before": len(self.rules),
            "rules_after": len(self.desired.rules),
        }


async def replace_groups(database: Database, actor: Actor, tenant_id: int, body: Json) -> None:
    """Replace the groups of a tenant. Raises `Invalid`, `Conflict`.

    Groups that are not listed are scheduled for deletion. They count against the quotas, and keep
    their names, until they are deleted in the cloud.
    """
    async with database.transaction() as connection:
        tenant = await tenants.lock(connection, tenant_id)
        tenants.require_ok(tenant)
        present = {group.uuid: group for group in await queries.lock_all(connection, tenant_id)}
        stored = await _rules_of_listed(connection, body, present)
        desired = await _clean(connection, body, present, stored)
        new = [group for group in desired if group.uuid not in present]
        kept = [group for group in desired if group.uuid in present]
        deleted = _unlisted(present.values(), kept)
        _require_at_rest([*(present[group.uuid] for group in kept), *deleted])
        updates = [
            _Update(
                present[group.uuid],
                stored[group.uuid],
                group,
            )
            for group in kept
        ]
        await _require_room(connection, tenant_id, new, updates)
        needed = [update for update in updates if update.is_needed]
        ids = await _write_names(connection, tenant, new, needed)
        ids |= {group.uuid.hex: group.id for group in present.values()}
        await _write(connection, actor, tenant, new, needed, ids)
        for group in deleted:
            await schedule(connection, actor, group, DELETE, {})


Rules = Mapping[UUID, Sequence[RuleRequest]]


async def _rules_of_listed(
    connection: Connection,
    body: Json,
    present: Mapping[UUID, SecurityGroup],
) -> Rules:
    """Return the rules of the listed groups that exist."""
    uuids = {uuid_of(entry) for entry in body} if isinstance(body, list) else set()
    return {
        uuid: await queries.rules_of(connection, present[uuid].id)
        for uuid in sorted(uuids & present.keys())
    }


async def _clean(
    connection: Connection,
    body: Json,
    present: Mapping[UUID, SecurityGroup],
    stored: Rules,
) -> list[DesiredGroup]:
    """Return the desired groups; raises `Invalid`."""
    groups = [RemoteEnd(group.name, group.backend_id, uuid.hex) for uuid, group in present.items()]
    of_new_group = KnownEnds(groups=groups)
    ends = {uuid: known_ends_of(rules, groups) for uuid, rules in stored.items()}

    by_id = {
        uuid: {rule.id: rule for rule in rules if rule.id is not None}
        for uuid, rules in stored.items()
    }

    def context_of(uuid: UUID) -> GroupContext:
        return GroupContext(by_id.get(uuid), ends.get(uuid, of_new_group))

    described = {uuid for uuid in stored if _needs_known_ends(body, uuid, present)}
    for uuid in sorted(described):
        ends[uuid], _ = await load_known_ends(connection, present[uuid], stored[uuid], groups)
    desired = clean_groups(body, present, context_of)
    opened = [
        group.uuid
        for group in desired
        if group.uuid in stored
        and group.uuid not in described
        and opens_a_rule(group.rules, ends[group.uuid])
    ]
    if not opened:
        return desired
    for uuid in opened:
        ends[uuid], _ = await load_known_ends(connection, present[uuid], stored[uuid], groups)
    return clean_groups(body, present, context_of)


def _needs_known_ends(body: Json, uuid: UUID, present: Mapping[UUID, SecurityGroup]) -> bool:
    """Return whether the rules of a listed group can be read only with all its known ends."""
    names = {group.name for group in present.values()} | {
        str(entry.get("name")) for entry in body if isinstance(entry, dict)
    }
    return any(
        any_needs_known_ends([rule for rule in entry["rules"] if not _is_by_name(rule, names)])
        for entry in body
        if isinstance(entry, dict) and isinstance(entry.get("rules"), list)
        if uuid_of(entry) == uuid
    )


def _is_by_name(rule: Json, names: Container[str]) -> bool:
    if not isinstance(rule, dict) or has_extension_key(rule):
        return False
    return isinstance(name := rule.get(REMOTE_GROUP_NAME), str) and name in names


def _unlisted(
    present: Iterable[SecurityGroup], kept: Sequence[DesiredGroup]
) -> list[SecurityGroup]:
    """Return the groups to delete that are not being deleted yet."""
    listed = {group.uuid for group in kept}
    return [
        group
        for group in present
        if group.uuid not in listed
        and group.name != DEFAULT_NAME
        and group.state not in _BEING_DELETED
    ]


def _require_at_rest(groups: Sequence[SecurityGroup]) -> None:
    busy = [group.name for group in groups if group.state not in _AT_REST]
    if busy:
        raise Conflict(
            f"Valid states for operation: {', '.join(_AT_REST)}."
            f" Security groups in other states: {', '.join(busy)}.",
            hint="Wait until they are OK or ERRED.",
        )


async def _require_room(
    connection: Connection,
    tenant_id: int,
    new: Sequence[DesiredGroup],
    updates: Sequence[_Update],
) -> None:
    rules = sum(len(group.rules) for group in new) + sum(
        len(update.desired.rules) - len(update.rules) for update in updates
    )
    await require_room(connection, tenant_id, Growth(groups=len(new), rules=rules))


async def _write_names(
    connection: Connection,
    tenant: Tenant,
    new: Sequence[DesiredGroup],
    needed: Sequence[_Update],
) -> dict[str, int]:
    """Write all groups without their rules, so that rules can reference them; return new ids."""
    ids: dict[str, int] = {}
    try:
        for update in needed:
            await update_group(connection, update.group.id, update.desired.fields)
        for group in new:
            ids[group.uuid.hex] = await insert_group(
                connection, tenant.id, group.uuid, group.fields
            )
    except UniqueViolation:
        raise Invalid({"name": [NAME_TAKEN]}) from None
    return ids


async def _write(
    connection: Connection,
    actor: Actor,
    tenant: Tenant,
    new: Sequence[DesiredGroup],
    needed: Sequence[_Update],
    ids: Mapping[str, int],
) -> None:
    for group in new:
        await replace_rules(connection, ids[group.uuid.hex], group.rules, ids)
        new_group = NewGroup(ids[group.uuid.hex], group.uuid, group.name, len(group.rules))
        await schedule_creation(connection, actor, tenant, new_group)
    for update in needed:
        step = UPDATE
        if update.changes_rules:
            step = SET_RULES
            await replace_rules(connection, update.group.id, update.desired.rules, ids)
        await schedule(connection, actor, update.group, step, update.context)


def _content(rules: Sequence[RuleRequest]) -> list[tuple[object, object]]:
    return [(request.rule, request.unresolved) for request in rules]
