"""The steps of a change of a group, within one transaction: state, version, event and job.

Commands compose these steps, and each step has the documents that it changes refreshed before the
commit. Rows are inserted in `group_rows`, `rule_rows` and `versions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import LiteralString
from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.clouds.queries import Tenant
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.security_groups import states
from ringfence.security_groups.group_events import Ancestors, group_event
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.states import NOT_FOUND, State
from ringfence.security_groups.versions import Cause, change_of, record_versions

# A new action clears the error of the last one. A group that was not found in the cloud has
# nothing there, so its next push creates it again.
_SCHEDULE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    version = version + %(new_version)s::integer,
    applied_version = CASE
        WHEN
            %(is_push)s
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

# `modified` changes too, so a pull that read the group before leaves it alone.
_SET_STATE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    error_message = %(error_message)s,
    error_traceback = %(error_traceback)s,
    creation_ended = CASE WHEN backend_id = '' THEN coalesce(creation_ended, now()) END,
    modified = now()
WHERE id = %(id)s
"""

# "From this group" must not become "from anywhere": the name and backend id stay.
_UNRESOLVE: LiteralString = """
WITH unresolved AS (
    UPDATE security_group_rules AS rule
    SET
        remote_group_id = NULL,
        unresolved_group_backend_id = remote.backend_id,
        -- A group without a name is shown by its backend id.
        unresolved_group_name = coalesce(
            nullif(remote.name, ''), nullif(remote.backend_id, ''), 'a deleted group'
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

# Versions of other groups may name the group. A rollback to one needs its name and backend id.
_DELETE: LiteralString = """
WITH deleted AS (
    DELETE FROM security_groups WHERE id = %(id)s
    RETURNING id, tenant_id, uuid, backend_id, name
)
INSERT INTO deleted_security_groups (security_group_id, tenant_id, uuid, backend_id, name)
SELECT deleted.id, deleted.tenant_id, deleted.uuid, deleted.backend_id, deleted.name FROM deleted
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One way to leave OK or ERRED: the next state, the job and the event.

    `outcome` completes the event's message: "Security group web …".
    """

    state: State
    job: Job
    event: EventType
    outcome: str
    new_version: bool
    cause: Cause = Cause.USER
    # Arguments of the job besides the group
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
PUSH_AGAIN = Step(
    State.UPDATE_SCHEDULED,
    Job.PUSH_GROUP,
    EventType.PUSH_SCHEDULED,
    "push of the same rules has been scheduled",
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
    actor: Actor | None,
    group: SecurityGroup,
    step: Step,
    context: Mapping[str, object],
) -> None:
    """Enter the step's state, and record its version, event and job.

    Without an actor, an operator does it on the command line.
    """
    values = {
        "id": group.id,
        "state": states.step(group.state, step.state),
        "new_version": int(step.new_version),
        "is_push": step.job is Job.PUSH_GROUP,
        "not_found": NOT_FOUND,
    }
    await connection.execute(_SCHEDULE, values)
    documents.refresh_before_commit(connection, [group.id])
    if step.new_version:
        await record_versions(connection, [group.id], step.cause, actor.user_id if actor else None)
    message = f"Security group {group.name} {step.outcome}."
    event = group_event(group, group.uuid, step.event, message, context, actor)
    is_deletion = step.state is State.DELETION_SCHEDULED
    if step.new_version or is_deletion:
        change = await change_of(connection, group.id, is_deletion=is_deletion)
        event = replace(event, change=change)
        if step.new_version:
            event = replace(event, context={**event.context, "version": change["version"]})
    await record(connection, event)
    await defer_for_group(connection, step.job, group.uuid, **step.arguments)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that was just inserted, with the number of its rules."""

    id: int
    uuid: UUID
    name: str
    rules: int


async def schedule_creation(
    connection: Connection, actor: Actor, tenant: Tenant, group: NewGroup
) -> None:
    """Record the version, event and job of a group that was inserted with its rules."""
    await record_versions(connection, [group.id], Cause.USER, actor.user_id)
    kind = EventType.CREATION_SCHEDULED
    message = f"Security group {group.name} creation has been scheduled."
    ancestors = Ancestors(tenant.customer_uuid, tenant.project_uuid, tenant.uuid)
    event = group_event(ancestors, group.uuid, kind, message, {"rules": group.rules}, actor)
    await record(connection, replace(event, change=await change_of(connection, group.id)))
    await defer_for_group(connection, Job.PUSH_GROUP, group.uuid)


async def set_state(
    connection: Connection, group_id: int, state: State, errors: Mapping[str, str]
) -> None:
    """Set a group's state and error fields manually."""
    await connection.execute(_SET_STATE, {"id": group_id, "state": state, **errors})
    documents.refresh_before_commit(connection, [group_id])


async def delete_group(connection: Connection, group_id: int) -> list[int]:
    """Delete the row of a group, and return the ids of the groups whose rules name it.

    Those rules stay, unresolved.
    """
    await documents.hold(connection, [group_id])
    cursor = await connection.execute(_UNRESOLVE, {"id": group_id})
    referring = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_DELETE, {"id": group_id})
    documents.refresh_before_commit(connection, referring)
    port_exposures.refresh_before_commit(connection, [group_id])
    return referring
