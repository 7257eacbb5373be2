"""Changes of security groups. Each command is one transaction: change, version, event, job.

The routes have checked that the actor may see and change the group. The commands check the state
again, with the row locked. The next module is `transaction_steps`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
from ringfence.security_groups import usage
from ringfence.security_groups.carriers import Names, traffic_document
from ringfence.security_groups.exposure import warnings_of
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.group_rows import insert_group, update_group
from ringfence.security_groups.preconditions import NONE, Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.readiness import hint
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.known_ends import referenced_groups
from ringfence.security_groups.rule_input.refused_input import is_name_of_default_group
from ringfence.security_groups.rule_input.remote_ends import KnownEnds, RemoteEnd
from ringfence.security_groups.rule_input.rule_lists import read_rule_list
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, with_remote_end
from ringfence.security_groups.rule_rows import replace_rules
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.schemas import (
    ERROR_FIELDS,
    MANAGED_BY_OPENSTACK,
    NAME_TAKEN,
    SettableFields,
    clean_creation,
    clean_update,
    with_default_egress,
)
from ringfence.security_groups.states import Action, State
from ringfence.security_groups.traffic_changes import compare
from ringfence.security_groups.transaction_steps import (
    DELETE,
    DETACH_AND_DELETE,
    PULL,
    SET_RULES,
    UPDATE,
    NewGroup,
    delete_group,
    schedule,
    schedule_creation,
    set_state,
)
from ringfence.text.json_value import Json

_NAME_TAKEN: LiteralString = """
SELECT exists(
    SELECT 1 FROM security_groups AS sg
    WHERE sg.tenant_id = %(tenant_id)s AND sg.name = %(name)s AND sg.id <> %(id)s
)
"""


@dataclass(frozen=True, slots=True)
class _Creation:
    """A group that may be created. `remote_groups` maps UUIDs to ids of rows."""

    fields: SettableFields
    rules: Sequence[RuleRequest]
    remote_groups: dict[str, int]
    ends: Sequence[RemoteEnd]
    # How many of the rules are in the request
    submitted: int


async def create(database: Database, actor: Actor, tenant_id: int, body: Json) -> UUID:
    """Create a group with its rules and return its UUID. Raises `Invalid`, `Conflict`."""
    async with database.transaction() as connection:
        tenant = await tenants.lock(connection, tenant_id)
        tenants.require_ok(tenant)
        desired = await _read_creation(connection, tenant_id, body)
        try:
            uuid = uuid4()
            group_id = await insert_group(connection, tenant_id, uuid, desired.fields)
        except UniqueViolation:
            raise Invalid({"non_field_errors": [NAME_TAKEN]}) from None
        await replace_rules(connection, group_id, desired.rules, desired.remote_groups)
        group = NewGroup(group_id, uuid, desired.fields.name, len(desired.rules))
        await schedule_creation(connection, actor, tenant, group)
    return uuid


async def plan_creation(database: Database, tenant_id: int, body: Json) -> dict[str, Json]:
    """Return what `create` would do, and change nothing. Raises the errors of `create`."""
    async with database.transaction() as connection:
        tenants.require_ok(await tenants.lock(connection, tenant_id))
        desired = await _read_creation(connection, tenant_id, body)
        used, limit = await rules_used(connection, tenant_id)
    rules = [with_remote_end(request) for request in desired.rules]
    traffic = await traffic_document(
        database,
        None,
        lambda: compare((), rules, submitted=desired.submitted),
        Names(remote=_remotes(desired.ends).get),
    )
    return {
        "traffic": traffic,
        "quota": {
            "security_group_rule_count": {
                "used": used,
                "limit": limit,
                "after": used + len(desired.rules),
            }
        },
        "warnings": [
            {"rule": warning.rule, "code": warning.code, "message": warning.message}
            for warning in warnings_of([request.rule for request in desired.rules])
        ],
    }


def _remotes(ends: Sequence[RemoteEnd]) -> dict[str, Remote]:
    return {
        end.group: Remote(end.name, end.backend_id, UUID(end.group)) for end in ends if end.group
    }


async def _read_creation(connection: Connection, tenant_id: int, body: Json) -> _Creation:
    rules_sent = body.get("rules") if isinstance(body, dict) else None
    groups = await referenced_groups(connection, tenant_id, rules_sent)
    request = clean_creation(body, groups.ids, KnownEnds(groups=groups.ends))
    rules = request.rules
    if await keeps_default_egress(connection, tenant_id):
        rules = with_default_egress(rules)
    await _require_free_name(connection, tenant_id, request.fields.name, "non_field_errors")
    await require_room(connection, tenant_id, Growth(groups=1, rules=len(rules)))
    return _Creation(request.fields, rules, groups.ids, groups.ends, len(request.rules))


async def update(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
    *,
    partial: bool,
) -> dict[str, str]:
    """Update settable fields, and return all of them.

    Without a change there is no job, unless the last one failed: then the group is pushed again.
    """
    require_not_default(group)
    values = clean_update(body, partial=partial)
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group, Action.UPDATE)
        desired = replace(group.fields, **values)
        require_allowed_name(desired.name)
        if desired == group.fields and group.state is not State.ERRED:
            return asdict(desired)
        if desired.name != group.name:
            await _require_free_name(connection, group.tenant_id, desired.name, "name", group.id)
        try:
            await update_group(connection, group.id, desired)
        except UniqueViolation:
            raise Invalid({"name": [NAME_TAKEN]}) from None
        change = {"from": asdict(group.fields), "to": asdict(desired)}
        await schedule(connection, actor, group, UPDATE, change)
    return asdict(desired)


async def set_rules(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Replace all rules. A group that is missing in the cloud is created there again.

    Raises `Invalid`, `Conflict`, `PreconditionFailed`.
    """
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group, Action.SET_RULES)
        require_allowed_name(group.name)
        desired = await read_rule_list(connection, group, body)
        await preconditions.require_plan(connection, group, desired.rules)
        growth = len(desired.rules) - len(desired.stored)
        await require_room(connection, group.tenant_id, Growth(rules=growth))
        await replace_rules(connection, group.id, desired.rules, desired.remote_groups)
        change = {"rules_before": len(desired.stored), "rules_after": len(desired.rules)}
        await schedule(connection, actor, group, SET_RULES, change)


async def pull(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Schedule a pull of the group. Raises `Conflict`."""
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group, Action.PULL)
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
    """Schedule the deletion, in the cloud first; `detach` removes the group from its ports before.

    Rules of other groups that name the group do not prevent it: they stay here, unresolved.
    Raises `Invalid`, `Conflict`.
    """
    require_not_default(group)
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group, Action.DELETE)
        used = await usage.usage_of(connection, group.id)
        if used.is_on_ports and not detach:
            raise Conflict(usage.in_use_message(group.name, used))
        context = {
            "ports": used.ports,
            "ports_of_other_tenants": used.foreign_ports,
            "referred_to_by": used.groups,
        }
        step = DETACH_AND_DELETE if detach else DELETE
        await schedule(connection, actor, group, step, context)


async def unlink(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Delete the group here, whatever its state, and leave it in the cloud."""
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group)
        await delete_group(connection, group.id)
        kind = EventType.GROUP_REMOVED_LOCALLY
        message = f"Security group {group.name} has been unlinked."
        context = {"backend_id": group.backend_id}
        await record(connection, group_event(group, group.uuid, kind, message, context, actor))


async def set_ok(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Set the state to OK manually, and clear the error."""
    await _set_state(database, actor, group, _ManualState(State.OK, {}, preconditions))


async def set_erred(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Set the state to ERRED manually, with the error in the body. Raises `Invalid`."""
    error = clean_fields(body, ERROR_FIELDS)
    await _set_state(database, actor, group, _ManualState(State.ERRED, error, preconditions))


@dataclass(frozen=True, slots=True)
class _ManualState:
    """A state that staff set manually.

    The cloud is not read and the desired rules stay. A job in flight finds its group in OK or
    ERRED and leaves it so (see `cloud_state.lifecycle`). `version` and `applied_version` stay too:
    what was not applied stays outstanding, and no pull discards it.
    """

    state: State
    error: Mapping[str, str]
    preconditions: Preconditions


async def _set_state(
    database: Database, actor: Actor, group: SecurityGroup, manual: _ManualState
) -> None:
    state = manual.state
    errors = {name: manual.error.get(name, "") for name in ERROR_FIELDS}
    async with database.transaction() as connection:
        group = await manual.preconditions.lock(connection, group)
        await set_state(connection, group.id, state, errors)
        kind = EventType.GROUP_SET_OK if state is State.OK else EventType.GROUP_SET_ERRED
        message = f"Security group {group.name} has been marked as {state}."
        # The traceback is for staff only. Everybody who sees the group sees its events.
        context = {"from": group.state, "error_message": errors["error_message"]}
        await record(connection, group_event(group, group.uuid, kind, message, context, actor))


def require_not_default(group: SecurityGroup) -> None:
    """Raise `Invalid` for the default group: Neutron owns its name and existence."""
    if group.name == DEFAULT_NAME:
        raise Invalid({"name": MANAGED_BY_OPENSTACK})


def require_allowed_name(name: str) -> None:
    """Raise `Invalid` for a name that every cloud refuses: a push would end in an error."""
    if is_name_of_default_group(name) and name != DEFAULT_NAME:
        raise Invalid({"name": [f'No cloud accepts the name "{name}": rename the group first.']})


async def _require_free_name(
    connection: Connection, tenant_id: int, name: str, field: str, own_id: int = 0
) -> None:
    cursor = await connection.execute(
        _NAME_TAKEN, {"tenant_id": tenant_id, "name": name, "id": own_id}
    )
    row = await cursor.fetchone()
    if row and row[0]:
        raise Invalid({field: [NAME_TAKEN]})
