"""Changing what is wanted of a group. Each command is one transaction: change, version, event, job.

The callers have checked that the actor sees the group and may change it; states are checked again
here, under the row's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.quotas import Growth, require_room
from ringfence.database import documents
from ringfence.database.jobs import Job, defer_for_group
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.removal import remove
from ringfence.security_groups.schemas import (
    DEFAULT_NAME,
    MANAGED_BY_OPENSTACK,
    NAME_TAKEN,
    GroupRequest,
    RuleRequest,
    clean_creation,
    clean_rules,
    clean_update,
    remote_groups_named,
)
from ringfence.security_groups.states import Operation, State, require_state
from ringfence.security_groups.versions import Cause, record_versions

_INSERT: LiteralString = """
INSERT INTO security_groups (tenant_id, name, description, state)
VALUES (%(tenant_id)s, %(name)s, %(description)s, 'CREATION_SCHEDULED')
RETURNING id, uuid
"""

_NAME_TAKEN: LiteralString = """
SELECT exists(
    SELECT 1 FROM security_groups AS sg
    WHERE sg.tenant_id = %(tenant_id)s AND sg.name = %(name)s AND sg.id <> %(id)s
)
"""

_RENAME: LiteralString = """
UPDATE security_groups
SET
    -- A twin stays one until it has a name of its own.
    is_twin = is_twin AND name = %(name)s,
    name = %(name)s,
    description = %(description)s
WHERE id = %(id)s
"""

# A new operation on an erred group clears what its last one left behind.
_SCHEDULE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    version = version + %(new_version)s::integer,
    error_message = '',
    error_traceback = '',
    modified = now()
WHERE id = %(id)s
"""

_DROP_OTHER_RULES: LiteralString = """
DELETE FROM security_group_rules
WHERE security_group_id = %(id)s AND NOT id = ANY(%(kept)s)
"""

_RULES: LiteralString = """
jsonb_to_recordset(%(rules)s) AS asked (
    id bigint, position integer, ethertype text, direction text, protocol text,
    from_port integer, to_port integer, cidr text, description text, remote_group_id bigint,
    unresolved_group_backend_id text, unresolved_group_name text,
    remote_address_group_backend_id text
)
"""

_CHANGE_KEPT_RULES: LiteralString = """
UPDATE security_group_rules AS rule
SET
    position = asked.position,
    ethertype = asked.ethertype,
    direction = asked.direction,
    protocol = asked.protocol,
    from_port = asked.from_port,
    to_port = asked.to_port,
    cidr = asked.cidr,
    description = asked.description,
    remote_group_id = asked.remote_group_id,
    unresolved_group_backend_id = asked.unresolved_group_backend_id,
    unresolved_group_name = asked.unresolved_group_name,
    remote_address_group_backend_id = asked.remote_address_group_backend_id
FROM {rules}
WHERE rule.security_group_id = %(id)s AND rule.id = asked.id
"""

_ADD_RULES: LiteralString = """
INSERT INTO security_group_rules (
    security_group_id, position, ethertype, direction, protocol, from_port, to_port, cidr,
    description, remote_group_id, unresolved_group_backend_id, unresolved_group_name,
    remote_address_group_backend_id
)
SELECT
    %(id)s, asked.position, asked.ethertype, asked.direction, asked.protocol, asked.from_port,
    asked.to_port, asked.cidr, asked.description, asked.remote_group_id,
    asked.unresolved_group_backend_id, asked.unresolved_group_name,
    asked.remote_address_group_backend_id
FROM {rules}
WHERE asked.id IS NULL
ORDER BY asked.position
"""


async def create(database: Database, actor: Actor, tenant_id: int, body: Any) -> UUID:  # noqa: ANN401 - whatever JSON holds
    """Create a group with its rules; give its uuid. Raises `Invalid`, `Conflict`."""
    async with database.transaction() as connection:
        tenant = await tenants.lock(connection, tenant_id)
        tenants.require_ok(tenant)
        asked = body.get("rules") if isinstance(body, dict) else None
        named = await _groups_named(connection, tenant_id, asked)
        request = clean_creation(body, named)
        await _refuse_taken_name(connection, tenant_id, request.name, "non_field_errors")
        await require_room(connection, tenant_id, Growth(groups=1, rules=len(request.rules)))
        group_id, uuid = await _insert(connection, tenant_id, request)
        await _write_rules(connection, group_id, request.rules, named)
        await record_versions(connection, [group_id], Cause.USER, actor.user_id)
        await record(
            connection,
            Event(
                EventType.CREATION_SCHEDULED,
                f"Security group {request.name} creation has been scheduled.",
                actor,
                customer=tenant.customer_uuid,
                project=tenant.project_uuid,
                tenant=tenant.uuid,
                security_group=uuid,
                context={"rules": len(request.rules)},
            ),
        )
        await defer_for_group(connection, Job.PUSH_GROUP, uuid)
        await documents.refresh(connection, documents.GROUPS, [group_id])
    return uuid


async def update(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Any,  # noqa: ANN401 - whatever JSON holds
    *,
    partial: bool,
) -> dict[str, str]:
    """Set name and description; give both as they stand then. No change makes no job."""
    refuse_default(group)
    values = clean_update(body, partial=partial)
    async with database.transaction() as connection:
        group = await _lock(connection, group)
        require_state(group.state, Operation.UPDATE)
        wanted = {"name": group.name, "description": group.description} | values
        if wanted["name"] == group.name and wanted["description"] == group.description:
            return wanted
        if wanted["name"] != group.name:
            await _refuse_taken_name(connection, group.tenant_id, wanted["name"], "name", group.id)
        try:
            async with connection.transaction():
                await connection.execute(_RENAME, wanted | {"id": group.id})
        except UniqueViolation:
            raise Invalid({"name": [NAME_TAKEN]}) from None
        change = {"from": {"name": group.name, "description": group.description}, "to": wanted}
        await _schedule(connection, actor, group, _UPDATE, change)
    return wanted


async def replace_rules(database: Database, actor: Actor, group: SecurityGroup, body: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Make the rules exactly those that are asked for. Raises `Invalid`, `Conflict`."""
    async with database.transaction() as connection:
        group = await _lock(connection, group)
        require_state(group.state, Operation.SET_RULES)
        stored = await queries.rules_of(connection, group.id)
        named = await _groups_named(connection, group.tenant_id, body)
        # A rule that is kept may name its group without saying it again.
        standing = {rule.rule.remote_group for rule in stored if rule.rule.remote_group}
        named |= await queries.groups_of_tenant(connection, group.tenant_id, sorted(standing))
        by_id = {rule.id: rule for rule in stored if rule.id is not None}
        rules = clean_rules(body, named, by_id)
        await require_room(connection, group.tenant_id, Growth(rules=len(rules) - len(stored)))
        await _write_rules(connection, group.id, rules, named)
        change = {"rules_before": len(stored), "rules_after": len(rules)}
        await _schedule(connection, actor, group, _SET_RULES, change)


async def pull(database: Database, actor: Actor, group: SecurityGroup) -> None:
    """Ask for the cloud's view of the group. Raises `Conflict`."""
    async with database.transaction() as connection:
        group = await _lock(connection, group)
        require_state(group.state, Operation.PULL)
        if not group.backend_id:
            raise Conflict(
                "The security group does not exist at the cloud yet: there is nothing to pull."
            )
        await _schedule(connection, actor, group, _PULL, {})


async def delete(database: Database, actor: Actor, group: SecurityGroup) -> None:
    """Ask for the group to go, at the cloud first. Raises `Invalid`, `Conflict`."""
    refuse_default(group)
    async with database.transaction() as connection:
        group = await _lock(connection, group)
        require_state(group.state, Operation.DELETE)
        await _schedule(connection, actor, group, _DELETE, {})


async def unlink(database: Database, actor: Actor, group: SecurityGroup) -> None:
    """Forget the group here, whatever its state; the cloud is not asked."""
    async with database.transaction() as connection:
        group = await _lock(connection, group)
        referring = await remove(connection, group.id)
        await record(
            connection,
            _event(
                EventType.GROUP_REMOVED_LOCALLY,
                f"Security group {group.name} has been unlinked.",
                actor,
                group,
                {"backend_id": group.backend_id},
            ),
        )
        await documents.refresh(connection, documents.GROUPS, referring)


def refuse_default(group: SecurityGroup) -> None:
    """Raise `Invalid` for the group whose name and existence belong to Neutron."""
    if group.name == DEFAULT_NAME:
        raise Invalid({"name": MANAGED_BY_OPENSTACK})


@dataclass(frozen=True, slots=True)
class _Step:
    """One way to leave OK or ERRED: the state, the job, whether it is a new version, the words."""

    state: State
    job: Job
    event: EventType
    words: str
    new_version: bool


_UPDATE = _Step(
    State.UPDATE_SCHEDULED,
    Job.PUSH_GROUP,
    EventType.UPDATE_SCHEDULED,
    "update has been scheduled",
    new_version=True,
)
_SET_RULES = _Step(
    State.UPDATE_SCHEDULED,
    Job.PUSH_GROUP,
    EventType.RULES_CHANGED,
    "rules update has been scheduled",
    new_version=True,
)
_PULL = _Step(
    State.UPDATE_SCHEDULED,
    Job.PULL_GROUP,
    EventType.PULL_SCHEDULED,
    "pull has been scheduled",
    new_version=False,
)
_DELETE = _Step(
    State.DELETION_SCHEDULED,
    Job.DELETE_GROUP,
    EventType.DELETION_SCHEDULED,
    "deletion has been scheduled",
    new_version=False,
)


async def _schedule(
    connection: Connection,
    actor: Actor,
    group: SecurityGroup,
    step: _Step,
    context: Mapping[str, object],
) -> None:
    """Enter the step's state with its version, event, job and document."""
    await connection.execute(
        _SCHEDULE, {"id": group.id, "state": step.state, "new_version": int(step.new_version)}
    )
    if step.new_version:
        await record_versions(connection, [group.id], Cause.USER, actor.user_id)
    message = f"Security group {group.name} {step.words}."
    await record(connection, _event(step.event, message, actor, group, context))
    await defer_for_group(connection, step.job, group.uuid)
    await documents.refresh(connection, documents.GROUPS, [group.id])


def _event(
    kind: EventType, message: str, actor: Actor, group: SecurityGroup, context: Mapping[str, object]
) -> Event:
    return Event(
        kind,
        message,
        actor,
        customer=group.customer_uuid,
        project=group.project_uuid,
        tenant=group.tenant_uuid,
        security_group=group.uuid,
        context=context,
    )


async def _lock(connection: Connection, group: SecurityGroup) -> SecurityGroup:
    # The tenant first, always: quotas and names are counted under its lock.
    await tenants.lock(connection, group.tenant_id)
    return await queries.lock(connection, group.id)


async def _groups_named(
    connection: Connection,
    tenant_id: int,
    rules: Any,  # noqa: ANN401 - whatever JSON holds
) -> dict[str, int]:
    return await queries.groups_of_tenant(connection, tenant_id, sorted(remote_groups_named(rules)))


async def _refuse_taken_name(
    connection: Connection, tenant_id: int, name: str, field: str, own_id: int = 0
) -> None:
    cursor = await connection.execute(
        _NAME_TAKEN, {"tenant_id": tenant_id, "name": name, "id": own_id}
    )
    row = await cursor.fetchone()
    if row and row[0]:
        raise Invalid({field: [NAME_TAKEN]})


async def _insert(
    connection: Connection, tenant_id: int, request: GroupRequest
) -> tuple[int, UUID]:
    parameters = {
        "tenant_id": tenant_id,
        "name": request.name,
        "description": request.description,
    }
    try:
        # A savepoint: an import of the same name must not poison the transaction.
        async with connection.transaction():
            cursor = await connection.execute(_INSERT, parameters)
            row = await cursor.fetchone()
    except UniqueViolation:
        raise Invalid({"non_field_errors": [NAME_TAKEN]}) from None
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row or raises
    return row[0], row[1]


async def _write_rules(
    connection: Connection,
    group_id: int,
    rules: Sequence[RuleRequest],
    groups: dict[str, int],
) -> None:
    rows = [_row(place, rule, groups) for place, rule in enumerate(rules)]
    kept = [rule.id for rule in rules if rule.id is not None]
    parameters = {"id": group_id, "kept": kept, "rules": Jsonb(rows)}
    await connection.execute(_DROP_OTHER_RULES, parameters)
    if kept:
        await connection.execute(_CHANGE_KEPT_RULES.replace("{rules}", _RULES), parameters)
    if len(kept) < len(rows):
        await connection.execute(_ADD_RULES.replace("{rules}", _RULES), parameters)


def _row(place: int, request: RuleRequest, groups: dict[str, int]) -> dict[str, object]:
    rule, end = request.rule, request.unresolved
    return {
        "id": request.id,
        "position": place,
        "ethertype": rule.ethertype,
        "direction": rule.direction,
        "protocol": rule.protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        "cidr": rule.cidr,
        "description": rule.description,
        "remote_group_id": groups[rule.remote_group] if rule.remote_group else None,
        "unresolved_group_backend_id": end and end.group_backend_id,
        "unresolved_group_name": end and end.group_name,
        "remote_address_group_backend_id": end and end.address_group_backend_id,
    }
