"""Setting all groups of a tenant at once: those that are not listed go, `default` stays."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.queries import Tenant
from ringfence.clouds.quotas import Growth, require_room
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.known_ends import describes_ends, ends_of, opens
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    RemoteEnd,
    has_own_key,
    known_of_stored,
)
from ringfence.security_groups.rule_input.rule_keys import REMOTE_GROUP_NAME
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rule_rows import replace_rules
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import NAME_TAKEN
from ringfence.security_groups.states import State
from ringfence.security_groups.tenant_groups.schemas import (
    Before,
    WantedGroup,
    clean_batch,
    uuid_of,
)
from ringfence.security_groups.transaction_steps import (
    DELETE,
    SET_RULES,
    UPDATE,
    NewGroup,
    insert_group,
    rename_group,
    schedule,
    schedule_creation,
)
from ringfence.text.json_value import Json

_AT_REST = (State.OK, State.ERRED)
_GOING = (State.DELETION_SCHEDULED, State.DELETING)


@dataclass(frozen=True, slots=True)
class _Replacement:
    """A group that stands, with its rules, and what it is to become."""

    group: SecurityGroup
    rules: Sequence[RuleRequest]
    wanted: WantedGroup

    @property
    def changes_rules(self) -> bool:
        return _content(self.rules) != _content(self.wanted.rules)

    @property
    def is_needed(self) -> bool:
        """Tell whether there is a change, or an earlier one that failed."""
        before = (self.group.name, self.group.description)
        return (
            self.group.state is State.ERRED
            or before != (self.wanted.name, self.wanted.description)
            or self.changes_rules
        )

    @property
    def context(self) -> dict[str, object]:
        return {
            "from": {"name": self.group.name, "description": self.group.description},
            "to": {"name": self.wanted.name, "description": self.wanted.description},
            "rules_before": len(self.rules),
            "rules_after": len(self.wanted.rules),
        }


async def replace_groups(database: Database, actor: Actor, tenant_id: int, body: Json) -> None:
    """Make the tenant's groups those that are asked for. Raises `Invalid`, `Conflict`.

    A group that is not listed is scheduled for deletion. It counts against the quotas, and holds
    its name, until the cloud has let it go.
    """
    async with database.transaction() as connection:
        tenant = await tenants.lock(connection, tenant_id)
        tenants.require_ok(tenant)
        present = {group.uuid: group for group in await queries.lock_all(connection, tenant_id)}
        stored = await _rules_of_listed(connection, body, present)
        wanted = await _clean(connection, body, present, stored)
        new = [group for group in wanted if group.uuid not in present]
        kept = [group for group in wanted if group.uuid in present]
        going = _unlisted(present.values(), kept)
        _require_rest([*(present[group.uuid] for group in kept), *going])
        replacements = [
            _Replacement(
                present[group.uuid],
                stored[group.uuid],
                group,
            )
            for group in kept
        ]
        await _require_room(connection, tenant_id, new, replacements)
        needed = [replacement for replacement in replacements if replacement.is_needed]
        ids = await _write_names(connection, tenant, new, needed)
        ids |= {group.uuid.hex: group.id for group in present.values()}
        await _write(connection, actor, tenant, new, needed, ids)
        for group in going:
            await schedule(connection, actor, group, DELETE, {})


Rules = Mapping[UUID, Sequence[RuleRequest]]


async def _rules_of_listed(
    connection: Connection,
    body: Json,
    present: Mapping[UUID, SecurityGroup],
) -> Rules:
    """Return the rules of the groups that are listed and stand."""
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
) -> list[WantedGroup]:
    """Return the groups as they are to stand; raises `Invalid`."""
    groups = [RemoteEnd(group.name, group.backend_id, uuid.hex) for uuid, group in present.items()]
    of_new = KnownEnds(groups=groups)
    ends = {uuid: known_of_stored(rules, groups) for uuid, rules in stored.items()}

    by_id = {
        uuid: {rule.id: rule for rule in rules if rule.id is not None}
        for uuid, rules in stored.items()
    }

    def before(uuid: UUID) -> Before:
        return Before(by_id.get(uuid), ends.get(uuid, of_new))

    described = {uuid for uuid in stored if _describes_ends(body, uuid, present)}
    for uuid in sorted(described):
        ends[uuid], _ = await ends_of(connection, present[uuid], stored[uuid], groups)
    wanted = clean_batch(body, present, before)
    opened = [
        group.uuid
        for group in wanted
        if group.uuid in stored
        and group.uuid not in described
        and opens(group.rules, ends[group.uuid])
    ]
    if not opened:
        return wanted
    for uuid in opened:
        ends[uuid], _ = await ends_of(connection, present[uuid], stored[uuid], groups)
    return clean_batch(body, present, before)


def _describes_ends(body: Json, uuid: UUID, present: Mapping[UUID, SecurityGroup]) -> bool:
    """Return whether a listed group's rules say ends in keys that the contract has not for them."""
    names = {group.name for group in present.values()} | {
        str(entry.get("name")) for entry in body if isinstance(entry, dict)
    }
    return any(
        describes_ends([rule for rule in entry["rules"] if not _is_by_name(rule, names)])
        for entry in body
        if isinstance(entry, dict) and isinstance(entry.get("rules"), list)
        if uuid_of(entry) == uuid
    )


def _is_by_name(rule: Json, names: Container[str]) -> bool:
    if not isinstance(rule, dict) or has_own_key(rule):
        return False
    return isinstance(name := rule.get(REMOTE_GROUP_NAME), str) and name in names


def _unlisted(present: Iterable[SecurityGroup], kept: Sequence[WantedGroup]) -> list[SecurityGroup]:
    """Give the groups that are to go and are not going yet."""
    listed = {group.uuid for group in kept}
    return [
        group
        for group in present
        if group.uuid not in listed and group.name != DEFAULT_NAME and group.state not in _GOING
    ]


def _require_rest(groups: Sequence[SecurityGroup]) -> None:
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
    new: Sequence[WantedGroup],
    replacements: Sequence[_Replacement],
) -> None:
    rules = sum(len(group.rules) for group in new) + sum(
        len(replacement.wanted.rules) - len(replacement.rules) for replacement in replacements
    )
    await require_room(connection, tenant_id, Growth(groups=len(new), rules=rules))


async def _write_names(
    connection: Connection,
    tenant: Tenant,
    new: Sequence[WantedGroup],
    needed: Sequence[_Replacement],
) -> dict[str, int]:
    """Write all groups without their rules, so that rules may name any of them; give new ids."""
    ids: dict[str, int] = {}
    try:
        for replacement in needed:
            name, description = replacement.wanted.name, replacement.wanted.description
            await rename_group(connection, replacement.group.id, name, description)
        for group in new:
            ids[group.uuid.hex] = await insert_group(
                connection, tenant.id, group.uuid, group.name, group.description
            )
    except UniqueViolation:
        raise Invalid({"name": [NAME_TAKEN]}) from None
    return ids


async def _write(
    connection: Connection,
    actor: Actor,
    tenant: Tenant,
    new: Sequence[WantedGroup],
    needed: Sequence[_Replacement],
    ids: Mapping[str, int],
) -> None:
    for group in new:
        await replace_rules(connection, ids[group.uuid.hex], group.rules, ids)
        made = NewGroup(ids[group.uuid.hex], group.uuid, group.name, len(group.rules))
        await schedule_creation(connection, actor, tenant, made)
    for replacement in needed:
        step = UPDATE
        if replacement.changes_rules:
            step = SET_RULES
            await replace_rules(connection, replacement.group.id, replacement.wanted.rules, ids)
        await schedule(connection, actor, replacement.group, step, replacement.context)


def _content(rules: Sequence[RuleRequest]) -> list[tuple[object, object]]:
    return [(request.rule, request.unresolved) for request in rules]
