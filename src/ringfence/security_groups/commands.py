"""Changing what is wanted of a group. Each command is one transaction: change, version, event, job.

The callers have checked that the actor sees the group and may change it; states are checked again
here, under the row's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.default_egress import keeps_default_egress
from ringfence.clouds.quotas import Growth, require_room, rules_used
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.http.fields import clean_fields
from ringfence.security_groups import queries, usage
from ringfence.security_groups.events import group_event
from ringfence.security_groups.exposure import warnings_of
from ringfence.security_groups.preconditions import NONE, Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.readiness import hint
from ringfence.security_groups.rule_input.known_ends import groups_named
from ringfence.security_groups.rule_input.refused_input import is_name_of_default_group
from ringfence.security_groups.rule_input.remote_ends import KnownEnds
from ringfence.security_groups.rule_input.rule_lists import read_rule_list
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import (
    ERROR_FIELDS,
    MANAGED_BY_OPENSTACK,
    NAME_TAKEN,
    clean_creation,
    clean_update,
    with_default_egress,
)
from ringfence.security_groups.states import Action, State
from ringfence.security_groups.transaction_steps import (
    DELETE,
    DETACH_AND_DELETE,
    PULL,
    SET_RULES,
    UPDATE,
    NewGroup,
    enter_creation,
    insert,
    remove,
    rename,
    schedule,
    write_rules,
)
from ringfence.text.json_value import Json

_NAME_TAKEN: LiteralString = """
SELECT exists(
    SELECT 1 FROM security_groups AS sg
    WHERE sg.tenant_id = %(tenant_id)s AND sg.name = %(name)s AND sg.id <> %(id)s
)
"""


# `modified` moves: a comparison that looked before leaves the group alone.
_SETTLE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    error_message = %(error_message)s,
    error_traceback = %(error_traceback)s,
    creation_ended = CASE WHEN backend_id = '' THEN coalesce(creation_ended, now()) END,
    modified = now()
WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class _Creation:
    """A group that may be created, and the groups that its rules name."""

    name: str
    description: str
    rules: Sequence[RuleRequest]
    named: dict[str, int]


async def create(database: Database, actor: Actor, tenant_id: int, body: Json) -> UUID:
    """Create a group with its rules; give its uuid. Raises `Invalid`, `Conflict`."""
    async with database.transaction() as connection:
        tenant = await tenants.lock(connection, tenant_id)
        tenants.require_ok(tenant)
        asked = await _read_creation(connection, tenant_id, body)
        try:
            uuid = uuid4()
            group_id = await insert(connection, tenant_id, uuid, asked.name, asked.description)
        except UniqueViolation:
            raise Invalid({"non_field_errors": [NAME_TAKEN]}) from None
        await write_rules(connection, group_id, asked.rules, asked.named)
        made = NewGroup(group_id, uuid, asked.name, len(asked.rules))
        await enter_creation(connection, actor, tenant, made)
        await documents.refresh(connection, documents.GROUPS, [group_id])
    return uuid


async def plan_creation(database: Database, tenant_id: int, body: Json) -> dict[str, Json]:
    """Say what creating this would do, and store nothing; raises as `create` does."""
    async with database.transaction() as connection:
        tenants.require_ok(await tenants.lock(connection, tenant_id))
        asked = await _read_creation(connection, tenant_id, body)
        used, limit = await rules_used(connection, tenant_id)
    return {
        "quota": {
            "security_group_rule_count": {
                "used": used,
                "limit": limit,
                "after": used + len(asked.rules),
            }
        },
        "warnings": [
            {"rule": warned.rule, "code": warned.code, "message": warned.message}
            for warned in warnings_of([request.rule for request in asked.rules])
        ],
    }


async def _read_creation(connection: Connection, tenant_id: int, body: Json) -> _Creation:
    asked = body.get("rules") if isinstance(body, dict) else None
    groups = await groups_named(connection, tenant_id, asked)
    named = groups.ids
    request = clean_creation(body, named, KnownEnds(groups=groups.ends))
    rules = request.rules
    if await keeps_default_egress(connection, tenant_id):
        rules = with_default_egress(rules)
    await _refuse_taken_name(connection, tenant_id, request.name, "non_field_errors")
    await require_room(connection, tenant_id, Growth(groups=1, rules=len(rules)))
    return _Creation(request.name, request.description, rules, named)


async def update(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
    *,
    partial: bool,
) -> dict[str, str]:
    """Set name and description; return both as they are then.

    No change makes no job, unless the last one failed: then it is pushed again.
    """
    refuse_default(group)
    values = clean_update(body, partial=partial)
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_state(group, Action.UPDATE)
        preconditions.require_version(group)
        wanted = {"name": group.name, "description": group.description} | values
        refuse_impossible_name(wanted["name"])
        is_same = wanted == {"name": group.name, "description": group.description}
        if is_same and group.state is not State.ERRED:
            return wanted
        if wanted["name"] != group.name:
            await _refuse_taken_name(connection, group.tenant_id, wanted["name"], "name", group.id)
        try:
            await rename(connection, group.id, wanted["name"], wanted["description"])
        except UniqueViolation:
            raise Invalid({"name": [NAME_TAKEN]}) from None
        change = {"from": {"name": group.name, "description": group.description}, "to": wanted}
        await schedule(connection, actor, group, UPDATE, change)
    return wanted


async def replace_rules(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Make the rules exactly those that are asked for; a group that is gone in the cloud, anew.

    Raises `Invalid`, `Conflict`, `PreconditionFailed`.
    """
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_state(group, Action.SET_RULES)
        preconditions.require_version(group)
        refuse_impossible_name(group.name)
        asked = await read_rule_list(connection, group, body)
        preconditions.require_plan(group, asked.rules)
        growth = len(asked.rules) - len(asked.stored)
        await require_room(connection, group.tenant_id, Growth(rules=growth))
        await write_rules(connection, group.id, asked.rules, asked.named)
        change = {"rules_before": len(asked.stored), "rules_after": len(asked.rules)}
        await schedule(connection, actor, group, SET_RULES, change)


async def pull(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Ask for the cloud's view of the group. Raises `Conflict`."""
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_state(group, Action.PULL)
        preconditions.require_version(group)
        if not group.backend_id:
            raise Conflict(
                "The security group does not exist in the cloud yet: there is nothing to pull.",
                hint=hint(group, preconditions.contract),
            )
        await schedule(connection, actor, group, PULL, {})


async def delete(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
    *,
    detach: bool = False,
) -> None:
    """Ask for the group to go, in the cloud first; `detach` takes it off its ports before.

    A group that only other groups' rules name may go: those rules stay here, unresolved. Raises
    `Invalid`, `Conflict`.
    """
    refuse_default(group)
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_state(group, Action.DELETE)
        preconditions.require_version(group)
        used = await usage.usage_of(connection, group.id)
        if used.ports and not detach:
            raise Conflict(usage.refusal(group.name, used))
        context = {"ports": used.ports, "referred_to_by": used.groups}
        step = DETACH_AND_DELETE if detach else DELETE
        await schedule(connection, actor, group, step, context)


async def unlink(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Forget the group here, whatever its state; the cloud is not asked."""
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_version(group)
        referring = await remove(connection, group.id)
        await record(
            connection,
            group_event(
                group,
                group.uuid,
                EventType.GROUP_REMOVED_LOCALLY,
                f"Security group {group.name} has been unlinked.",
                {"backend_id": group.backend_id},
                actor,
            ),
        )
        await documents.refresh(connection, documents.GROUPS, referring)


async def set_ok(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Take the group for OK and clear what was said of its failure."""
    await _settle(database, actor, group, _Settled(State.OK, {}, preconditions))


async def set_erred(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Take the group for failed, with the caller's words for why. Raises `Invalid`."""
    error = clean_fields(body, ERROR_FIELDS)
    await _settle(database, actor, group, _Settled(State.ERRED, error, preconditions))


@dataclass(frozen=True, slots=True)
class _Settled:
    state: State
    error: Mapping[str, str]
    preconditions: Preconditions


async def _settle(
    database: Database, actor: Actor, group: SecurityGroup, settled: _Settled
) -> None:
    state, error = settled.state, settled.error
    errors = {name: error.get(name, "") for name in ERROR_FIELDS}
    async with database.transaction() as connection:
        current = await queries.lock_in_tenant(connection, group)
        settled.preconditions.require_version(current)
        await connection.execute(_SETTLE, {"id": current.id, "state": state, **errors})
        kind = EventType.GROUP_SET_OK if state is State.OK else EventType.GROUP_SET_ERRED
        message = f"Security group {current.name} has been marked as {state}."
        # The traceback is for staff only. Everybody who sees the group sees its events.
        context = {"from": current.state, "error_message": errors["error_message"]}
        await record(connection, group_event(current, current.uuid, kind, message, context, actor))
        await documents.refresh(connection, documents.GROUPS, [current.id])


def refuse_default(group: SecurityGroup) -> None:
    """Raise `Invalid` for the group whose name and existence belong to Neutron."""
    if group.name == DEFAULT_NAME:
        raise Invalid({"name": MANAGED_BY_OPENSTACK})


def refuse_impossible_name(name: str) -> None:
    """Raise `Invalid` for a name that no cloud takes: what is pushed with it ends in an error."""
    if is_name_of_default_group(name) and name != DEFAULT_NAME:
        raise Invalid({"name": [f'No cloud takes the name "{name}": rename the group first.']})


async def _refuse_taken_name(
    connection: Connection, tenant_id: int, name: str, field: str, own_id: int = 0
) -> None:
    cursor = await connection.execute(
        _NAME_TAKEN, {"tenant_id": tenant_id, "name": name, "id": own_id}
    )
    row = await cursor.fetchone()
    if row and row[0]:
        raise Invalid({field: [NAME_TAKEN]})
