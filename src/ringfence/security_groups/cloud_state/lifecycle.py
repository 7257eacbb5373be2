"""Records the progress of a job on a group: claimed, created, applied, failed or deleted.

Each function is one step of a job, in its own transaction. It checks the state and version of the
group again, and changes nothing if they are not as expected. Locks are always taken in this order:
the tenant, then its groups. `sync.push` calls these functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import PLACEMENT_COLUMNS, PLACEMENT_JOINS, Placement
from ringfence.database.pool import Connection
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.security_groups import rule_rows
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import State, step
from ringfence.security_groups.transaction_steps import delete_group

PUSHED = (State.CREATION_SCHEDULED, State.CREATING, State.UPDATE_SCHEDULED, State.UPDATING)
PULLED = (State.UPDATE_SCHEDULED, State.UPDATING)
DELETED = (State.DELETION_SCHEDULED, State.DELETING)

# How long a cloud may still carry out a creation after the request failed
CREATION_IS_LATE = timedelta(minutes=10)

_IN_PROGRESS = {
    State.CREATION_SCHEDULED: State.CREATING,
    State.UPDATE_SCHEDULED: State.UPDATING,
    State.DELETION_SCHEDULED: State.DELETING,
}

_TENANT_OF: LiteralString = "SELECT tenant_id FROM security_groups WHERE uuid = %s"

# The cloud no longer carries out a creation that failed long ago: a group that appears now is not
# its result.
_GROUP: LiteralString = (
    """
SELECT
    sg.id, sg.uuid, sg.name, sg.description, sg.backend_id, sg.state, sg.version,
    sg.applied_version,
    CASE WHEN open.is_open THEN sg.creation_started END AS creation_started,
    CASE WHEN open.is_open THEN sg.creation_ended END AS creation_ended,
    sg.stateful,
"""
    + PLACEMENT_COLUMNS
    + """
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
"""
    + PLACEMENT_JOINS
    + """
CROSS JOIN LATERAL (
    SELECT coalesce(sg.creation_ended > now() - %(is_late)s::interval, true) AS is_open
) AS open
WHERE sg.uuid = %(uuid)s
FOR UPDATE OF sg
"""
)

# The time of the first attempt stays: groups created since then may be its result.
_ENTER: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    creation_started = CASE
        WHEN %(creates)s THEN coalesce(%(creation_started)s, clock_timestamp())
        ELSE creation_started
    END,
    creation_ended = CASE WHEN NOT %(creates)s THEN creation_ended END,
    modified = now()
WHERE id = %(id)s
"""

_RULES: LiteralString = """
SELECT
    {columns}, rule.remote_address_group_backend_id AS remote_address_group,
    coalesce(remote.backend_id, rule.unresolved_group_backend_id) AS remote_group,
    coalesce(remote.name, rule.unresolved_group_name) AS remote_name,
    remote.id IS NOT NULL AS remote_is_known
FROM security_group_rules AS rule
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
WHERE rule.security_group_id = %s
ORDER BY rule.position, rule.id
""".replace("{columns}", rule_rows.COLUMNS)

_KNOWN: LiteralString = """
SELECT backend_id FROM security_groups WHERE tenant_id = %s AND backend_id = ANY(%s)
"""

_SET_BACKEND_ID: LiteralString = """
UPDATE security_groups
SET
    backend_id = %(backend_id)s,
    -- The only creation has a response: no other can succeed later.
    creation_started = CASE WHEN NOT %(is_only)s THEN creation_started END,
    modified = now()
WHERE id = %(id)s AND backend_id = '' AND state = ANY(%(states)s)
RETURNING id
"""

_CLEAR_BACKEND_ID: LiteralString = """
UPDATE security_groups
SET
    backend_id = '',
    creation_started = clock_timestamp(),
    creation_ended = NULL,
    modified = now()
WHERE id = %(id)s AND backend_id = %(backend_id)s AND state = ANY(%(states)s)
RETURNING id
"""

_CREATION_REFUSED: LiteralString = """
UPDATE security_groups SET creation_started = NULL
WHERE id = %(id)s AND backend_id = '' AND state = ANY(%(states)s)
"""

_APPLIED: LiteralString = """
UPDATE security_groups
SET
    state = 'OK',
    applied_version = %(version)s,
    error_message = '',
    error_traceback = '',
    modified = now()
WHERE id = %(id)s AND version = %(version)s AND state IN ('CREATING', 'UPDATING')
RETURNING id
"""

_FAILED: LiteralString = """
UPDATE security_groups
SET
    state = 'ERRED',
    error_message = %(message)s,
    error_traceback = %(traceback)s,
    creation_ended = CASE
        WHEN backend_id = '' AND creation_started IS NOT NULL
            THEN coalesce(creation_ended, clock_timestamp())
    END,
    modified = now()
WHERE id = %(id)s
"""


# Not groups that were loaded in such a state and did not change since.
_PENDING: LiteralString = """
SELECT sg.uuid, sg.state, sg.version <> sg.applied_version AS is_outstanding
FROM security_groups AS sg
WHERE
    sg.state NOT IN ('OK', 'ERRED')
    -- Or it is in the future, if the clock was set back.
    AND sg.modified NOT BETWEEN now() - make_interval(secs => %s) AND now()
    AND NOT EXISTS (
        SELECT 1 FROM security_group_versions AS version
        WHERE
            version.security_group_id = sg.id
            AND version.number = sg.version
            AND version.cause = 'load'
            AND version.created >= sg.modified
    )
ORDER BY sg.id
LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class PendingGroup:
    """A group with a scheduled or unfinished change."""

    uuid: UUID
    state: State
    is_outstanding: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group as a job claims it.

    `creation_started` is the start of the first creation whose outcome is not known, if any, and
    `creation_ended` the end of the last such attempt.
    """

    id: int
    uuid: UUID
    name: str
    description: str
    backend_id: str
    state: State
    version: int
    applied_version: int
    creation_started: datetime | None
    creation_ended: datetime | None
    # The adopted value
    stateful: bool | None
    placement: Placement


@dataclass(frozen=True, slots=True)
class DesiredRules:
    """The desired rules; remote groups by backend id.

    `pending_remotes` are the names of remote groups that are not created in the cloud yet, and
    `deleted_remotes` of those that were deleted before. The rules cannot be pushed with either.
    """

    rules: tuple[Rule, ...]
    pending_remotes: tuple[str, ...]
    deleted_remotes: tuple[str, ...]


async def claim(connection: Connection, uuid: UUID, states: Sequence[State]) -> Group | None:
    """Enter the state of a running job; return None if the group is not in one of `states`."""
    group = await _lock(connection, uuid)
    if group is None or group.state not in states:
        return None
    state = step(group.state, _IN_PROGRESS.get(group.state, group.state))
    creates = states == PUSHED and not group.backend_id
    is_begun = group.creation_started is not None and group.creation_ended is None
    if state != group.state or (creates and not is_begun):
        values = {
            "id": group.id,
            "state": state,
            "creates": creates,
            "creation_started": group.creation_started,
        }
        await connection.execute(_ENTER, values)
        documents.refresh_before_commit(connection, [group.id])
    return replace(group, state=state, creation_ended=None if creates else group.creation_ended)


async def desired_rules(connection: Connection, group_id: int) -> DesiredRules:
    """Return the desired rules of the group."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_RULES, [group_id])
    rules: list[Rule] = []
    pending_remotes: list[str] = []
    deleted_remotes: list[str] = []
    for row in await cursor.fetchall():
        name, is_known = row.pop("remote_name"), row.pop("remote_is_known")
        # An empty id is not the same as no remote end: the group is not in the cloud.
        if row["remote_group"] == "":
            (pending_remotes if is_known else deleted_remotes).append(name)
        if row["remote_address_group"] == "":
            deleted_remotes.append("that is an address group without an id")
        rules.append(Rule(**row))
    return DesiredRules(tuple(rules), tuple(pending_remotes), tuple(deleted_remotes))


async def known_backend_ids(
    connection: Connection, tenant_id: int, backend_ids: Sequence[str]
) -> set[str]:
    """Return the backend ids that belong to groups of the tenant here."""
    cursor = await connection.execute(_KNOWN, [tenant_id, list(backend_ids)])
    return {row[0] for row in await cursor.fetchall()}


async def record_created(connection: Connection, group: Group, backend_id: str) -> bool:
    """Record the backend id of a new group at once; return whether the group still expected it."""
    await tenants.lock(connection, group.placement.tenant_id)
    is_only = group.creation_started is None
    values = {
        "id": group.id,
        "backend_id": backend_id,
        "states": list(PUSHED),
        "is_only": is_only,
    }
    cursor = await connection.execute(_SET_BACKEND_ID, values)
    if await cursor.fetchone() is None:
        return False
    documents.refresh_before_commit(connection, [group.id])
    return True


async def record_lost(connection: Connection, group: Group) -> Group | None:
    """Clear the backend id of a group that is missing in the cloud; None if the group changed."""
    await tenants.lock(connection, group.placement.tenant_id)
    values = {"id": group.id, "backend_id": group.backend_id, "states": list(PUSHED)}
    cursor = await connection.execute(_CLEAR_BACKEND_ID, values)
    row = await cursor.fetchone()
    if row is None:
        return None
    message = f"Security group {group.name} was not found in the cloud and is created again."
    context = {"backend_id": group.backend_id}
    await record(
        connection,
        group_event(
            group.placement, group.uuid, EventType.GROUP_REMOVED_REMOTELY, message, context
        ),
    )
    documents.refresh_before_commit(connection, [group.id])
    return replace(group, backend_id="", creation_started=None, creation_ended=None)


async def record_creation_refused(connection: Connection, group: Group) -> None:
    """Record that the cloud refused the only creation of the group: it created nothing."""
    await connection.execute(_CREATION_REFUSED, {"id": group.id, "states": list(PUSHED)})


async def record_applied(
    connection: Connection, group: Group, event: EventType, context: Mapping[str, Any]
) -> bool:
    """Set the group to OK and the loaded version as applied; return whether it was the newest."""
    await tenants.lock(connection, group.placement.tenant_id)
    cursor = await connection.execute(_APPLIED, {"id": group.id, "version": group.version})
    if await cursor.fetchone() is None:
        return False
    await record(
        connection,
        group_event(
            group.placement, group.uuid, event, _MESSAGES[event].format(name=group.name), context
        ),
    )
    documents.refresh_before_commit(connection, [group.id])
    return True


async def pending(connection: Connection, quiet_seconds: float) -> list[PendingGroup]:
    """Return pending groups that did not change for some seconds, at most 1,000."""
    cursor = await connection.execute(_PENDING, [quiet_seconds])
    return [PendingGroup(row[0], State(row[1]), row[2]) for row in await cursor.fetchall()]


async def record_failure(connection: Connection, uuid: UUID, message: str, traceback: str) -> bool:
    """Set the group to ERRED with an error message; return whether a change was pending."""
    group = await _lock(connection, uuid)
    if group is None or group.state in {State.OK, State.ERRED}:
        return False
    step(group.state, State.ERRED)
    values = {"id": group.id, "message": message, "traceback": traceback}
    await connection.execute(_FAILED, values)
    event_message = f"Security group {group.name} has failed: {message}"
    await record(
        connection,
        group_event(
            group.placement, group.uuid, EventType.GROUP_ERRED, event_message, {"message": message}
        ),
    )
    documents.refresh_before_commit(connection, [group.id])
    return True


async def record_deleted(connection: Connection, group: Group, left: Sequence[str] = ()) -> bool:
    """Delete the row after the group was deleted in the cloud; return whether it was expected.

    Rules that reference the group stay, unresolved. `left` are the backend ids of groups that its
    creation may have created, and that stay in the cloud.
    """
    current = await _lock(connection, group.uuid)
    if current is None or current.state is not State.DELETING:
        return False
    referring = await delete_group(connection, group.id)
    message = _MESSAGES[EventType.GROUP_DELETED].format(name=group.name)
    context: dict[str, Any] = {"backend_id": group.backend_id, "name": group.name}
    if left:
        message = _LEFT.format(name=group.name, ids=", ".join(left))
        context["left_in_cloud"] = list(left)
    await record(
        connection,
        group_event(group.placement, group.uuid, EventType.GROUP_DELETED, message, context),
    )
    documents.refresh_before_commit(connection, referring)
    return True


_LEFT = (
    "Security group {name} has been deleted only here: it is not known whether the cloud created "
    "it. Groups that may be it stay in the cloud ({ids}), and the next pull imports them."
)
_MESSAGES = {
    EventType.GROUP_CREATED: "Security group {name} has been created.",
    EventType.GROUP_UPDATED: "Security group {name} has been updated.",
    EventType.GROUP_DELETED: "Security group {name} has been deleted.",
    EventType.GROUP_PULLED: "Security group {name} has been pulled.",
}


async def _lock(connection: Connection, uuid: UUID) -> Group | None:
    cursor = await connection.execute(_TENANT_OF, [uuid])
    row = await cursor.fetchone()
    if row is None:
        return None
    await tenants.lock(connection, row[0])
    rows = connection.cursor(row_factory=dict_row)
    await rows.execute(_GROUP, {"uuid": uuid, "is_late": CREATION_IS_LATE})
    columns = await rows.fetchone()
    if columns is None:
        return None
    placement = Placement(**{name: columns.pop(name) for name in Placement.__dataclass_fields__})
    return Group(**columns | {"state": State(columns["state"]), "placement": placement})
