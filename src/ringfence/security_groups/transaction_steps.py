"""The steps that a change of a group is made of, within its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from ringfence.access.permissions import Actor
from ringfence.clouds.queries import Tenant
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.security_groups import states
from ringfence.security_groups.events import Ancestors, group_event
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.states import NOT_FOUND, State
from ringfence.security_groups.versions import Cause, change_of, record_versions

_INSERT: LiteralString = """
INSERT INTO security_groups (tenant_id, uuid, name, description, state)
VALUES (%(tenant_id)s, %(uuid)s, %(name)s, %(description)s, 'CREATION_SCHEDULED')
RETURNING id
"""

_RENAME: LiteralString = """
UPDATE security_groups
SET
    -- A twin stays one until it has a name of its own.
    is_duplicate_name = is_duplicate_name AND name = %(name)s,
    name = %(name)s,
    description = %(description)s
WHERE id = %(id)s
"""

# A new operation on an erred group clears what its last one left behind. Of a group that was not
# found in the cloud, nothing is there: what is asked for next makes it anew.
_SCHEDULE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    version = version + %(new_version)s::integer,
    applied_version = CASE
        WHEN
            %(new_version)s::integer = 1
            AND state = 'ERRED'
            AND error_message = %(not_found)s
            THEN 0
        ELSE applied_version
    END,
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


# "From this group" must not become "from anywhere": the name and backend id stay.
_UNRESOLVE: LiteralString = """
WITH unresolved AS (
    UPDATE security_group_rules AS rule
    SET
        remote_group_id = NULL,
        unresolved_group_backend_id = remote.backend_id,
        -- One without a name is called by its id in the cloud.
        unresolved_group_name = coalesce(
            nullif(remote.name, ''), nullif(remote.backend_id, ''), 'a group that is gone'
        )
    FROM security_groups AS remote
    WHERE
        remote.id = %(id)s
        AND rule.remote_group_id = remote.id
        AND rule.security_group_id <> remote.id
    RETURNING rule.security_group_id
)
SELECT DISTINCT security_group_id FROM unresolved ORDER BY security_group_id
"""

# Versions of other groups may name it: what it was is needed to bring them back.
_DELETE: LiteralString = """
WITH gone AS (
    DELETE FROM security_groups WHERE id = %(id)s
    RETURNING id, tenant_id, uuid, backend_id, name
)
INSERT INTO deleted_security_groups (security_group_id, tenant_id, uuid, backend_id, name)
SELECT gone.id, gone.tenant_id, gone.uuid, gone.backend_id, gone.name FROM gone
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One way to leave OK or ERRED: the state, the job, whether it is a new version, the words."""

    state: State
    job: Job
    event: EventType
    words: str
    new_version: bool
    cause: Cause = Cause.USER
    # What the job is told besides the group
    arguments: Mapping[str, bool] = field(default_factory=dict)


UPDATE = Step(
    State.UPDATE_SCHEDULED,
    Job.PUSH_GROUP,
    EventType.UPDATE_SCHEDULED,
    "update has been scheduled",
    new_version=True,
)
SET_RULES = Step(
    State.UPDATE_SCHEDULED,
    Job.PUSH_GROUP,
    EventType.RULES_CHANGED,
    "rules update has been scheduled",
    new_version=True,
)
PULL = Step(
    State.UPDATE_SCHEDULED,
    Job.PULL_GROUP,
    EventType.PULL_SCHEDULED,
    "pull has been scheduled",
    new_version=False,
)
DELETE = Step(
    State.DELETION_SCHEDULED,
    Job.DELETE_GROUP,
    EventType.DELETION_SCHEDULED,
    "deletion has been scheduled",
    new_version=False,
)
DETACH_AND_DELETE = replace(DELETE, arguments={"detach": True})


async def schedule(
    connection: Connection,
    actor: Actor,
    group: SecurityGroup,
    step: Step,
    context: Mapping[str, object],
) -> None:
    """Enter the step's state with its version, event, job and document."""
    await enter(connection, actor, group, step, context)
    await documents.refresh(connection, documents.GROUPS, [group.id])


async def enter(
    connection: Connection,
    actor: Actor,
    group: SecurityGroup,
    step: Step,
    context: Mapping[str, object],
) -> None:
    """Enter the step's state with its version, event and job; the caller refreshes documents."""
    values = {
        "id": group.id,
        "state": states.step(group.state, step.state),
        "new_version": int(step.new_version),
        "not_found": NOT_FOUND,
    }
    await connection.execute(_SCHEDULE, values)
    if step.new_version:
        await record_versions(connection, [group.id], step.cause, actor.user_id)
    message = f"Security group {group.name} {step.words}."
    event = group_event(group, group.uuid, step.event, message, context, actor)
    is_going = step.state is State.DELETION_SCHEDULED
    if step.new_version or is_going:
        change = await change_of(connection, group.id, is_going=is_going)
        event = replace(event, change=change)
    await record(connection, event)
    await defer_for_group(connection, step.job, group.uuid, **step.arguments)


async def insert(
    connection: Connection, tenant_id: int, uuid: UUID, name: str, description: str
) -> int:
    """Make a group's row, to be created in the cloud; raises `UniqueViolation` for its name."""
    parameters = {
        "tenant_id": tenant_id,
        "uuid": uuid,
        "name": name,
        "description": description,
    }
    # A savepoint: an import of the same name must not poison the transaction.
    async with connection.transaction():
        cursor = await connection.execute(_INSERT, parameters)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row or raises
    return int(row[0])


async def rename(connection: Connection, group_id: int, name: str, description: str) -> None:
    """Give a group's row its name and description; raises `UniqueViolation` for its name."""
    parameters = {"id": group_id, "name": name, "description": description}
    async with connection.transaction():
        await connection.execute(_RENAME, parameters)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that was made, with how many rules."""

    id: int
    uuid: UUID
    name: str
    rules: int


async def enter_creation(
    connection: Connection, actor: Actor, tenant: Tenant, made: NewGroup
) -> None:
    """Record a group that was made, rules and all, and ask for it in the cloud.

    The caller refreshes documents.
    """
    await record_versions(connection, [made.id], Cause.USER, actor.user_id)
    kind = EventType.CREATION_SCHEDULED
    message = f"Security group {made.name} creation has been scheduled."
    ancestors = Ancestors(tenant.customer_uuid, tenant.project_uuid, tenant.uuid)
    event = group_event(ancestors, made.uuid, kind, message, {"rules": made.rules}, actor)
    await record(connection, replace(event, change=await change_of(connection, made.id)))
    await defer_for_group(connection, Job.PUSH_GROUP, made.uuid)


async def write_rules(
    connection: Connection,
    group_id: int,
    rules: Sequence[RuleRequest],
    groups: Mapping[str, int],
) -> None:
    """Make the group's rules these; `groups` has the ids of the groups that they name."""
    rows = [_row(place, rule, groups) for place, rule in enumerate(rules)]
    kept = [rule.id for rule in rules if rule.id is not None]
    parameters = {"id": group_id, "kept": kept, "rules": Jsonb(rows)}
    await connection.execute(_DROP_OTHER_RULES, parameters)
    if kept:
        await connection.execute(_CHANGE_KEPT_RULES.replace("{rules}", _RULES), parameters)
    if len(kept) < len(rows):
        await connection.execute(_ADD_RULES.replace("{rules}", _RULES), parameters)


def _row(place: int, request: RuleRequest, groups: Mapping[str, int]) -> dict[str, object]:
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


async def remove(connection: Connection, group_id: int) -> list[int]:
    """Delete a group's row with its rules; give the ids of groups whose rules named it.

    Those rules stay, unresolved. The caller refreshes the documents of these groups.
    """
    await documents.hold(connection, [group_id])
    cursor = await connection.execute(_UNRESOLVE, {"id": group_id})
    referring = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_DELETE, {"id": group_id})
    return referring
