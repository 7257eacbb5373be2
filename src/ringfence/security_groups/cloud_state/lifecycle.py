"""What the work on one group comes to: taken up, created in the cloud, done, failed, gone.

Each function is one step of a job, in a transaction of its own, and looks at the group's state
and version again: a step whose group has moved on changes nothing. Locks are taken in one order:
the tenant, then its groups.
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
from ringfence.security_groups.events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import State, step
from ringfence.security_groups.transaction_steps import delete_group

PUSHED = (State.CREATION_SCHEDULED, State.CREATING, State.UPDATE_SCHEDULED, State.UPDATING)
PULLED = (State.UPDATE_SCHEDULED, State.UPDATING)
DELETED = (State.DELETION_SCHEDULED, State.DELETING)

# How long after we gave a creation up the cloud may still carry it out.
CREATION_IS_LATE = timedelta(minutes=10)

_UNDER_WAY = {
    State.CREATION_SCHEDULED: State.CREATING,
    State.UPDATE_SCHEDULED: State.UPDATING,
    State.DELETION_SCHEDULED: State.DELETING,
}

_TENANT_OF: LiteralString = "SELECT tenant_id FROM security_groups WHERE uuid = %s"

# A creation that was given up long ago has no outcome any more: what comes now is not its.
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

# The first try's moment stays: it bounds where an unanswered creation is looked for.
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
    rule.ethertype, rule.direction, rule.protocol, rule.from_port, rule.to_port, rule.cidr,
    rule.description, rule.remote_address_group_backend_id AS remote_address_group,
    coalesce(remote.backend_id, rule.unresolved_group_backend_id) AS remote_group,
    coalesce(remote.name, rule.unresolved_group_name) AS remote_name,
    remote.id IS NOT NULL AS remote_is_known
FROM security_group_rules AS rule
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
WHERE rule.security_group_id = %s
ORDER BY rule.position, rule.id
"""

_KNOWN: LiteralString = """
SELECT backend_id FROM security_groups WHERE tenant_id = %s AND backend_id = ANY(%s)
"""

_REMEMBER: LiteralString = """
UPDATE security_groups
SET
    backend_id = %(backend_id)s,
    -- The only creation was answered: nothing of it can be late.
    creation_started = CASE WHEN NOT %(is_only)s THEN creation_started END,
    modified = now()
WHERE id = %(id)s AND backend_id = '' AND state = ANY(%(states)s)
RETURNING id
"""

_FORGET: LiteralString = """
UPDATE security_groups
SET
    backend_id = '',
    creation_started = clock_timestamp(),
    creation_ended = NULL,
    modified = now()
WHERE id = %(id)s AND backend_id = %(backend_id)s AND state = ANY(%(states)s)
RETURNING id
"""

_REFUSED: LiteralString = """
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


# A group that was loaded in such a state stays as it was loaded: nothing has changed it since.
_WAITING: LiteralString = """
SELECT sg.uuid, sg.state, sg.version <> sg.applied_version AS is_outstanding
FROM security_groups AS sg
WHERE
    sg.state NOT IN ('OK', 'ERRED')
    -- Or it lies ahead, where the clock was set back.
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
class Waiting:
    """A group that work was asked for."""

    uuid: UUID
    state: State
    is_outstanding: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group as a job takes it up.

    `creation_started` is when the first creation began whose outcome is not known, if there was
    one, and `creation_ended` when the last of these was given up.
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
    # As the cloud last had it, where that was adopted
    stateful: bool | None
    placement: Placement


@dataclass(frozen=True, slots=True)
class DesiredRules:
    """The desired rules, remote groups by backend id.

    `pending_remotes` names remote groups that were not created in the cloud yet; `deleted_remotes`
    names those deleted before they were. While either has a name, the rules cannot be pushed.
    """

    rules: tuple[Rule, ...]
    pending_remotes: tuple[str, ...]
    deleted_remotes: tuple[str, ...]


async def claim(connection: Connection, uuid: UUID, states: Sequence[State]) -> Group | None:
    """Enter the state of work under way; `None` where the group is not in one of `states`."""
    group = await _lock(connection, uuid)
    if group is None or group.state not in states:
        return None
    state = step(group.state, _UNDER_WAY.get(group.state, group.state))
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
    """Give the rules that the group is to have in the cloud."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_RULES, [group_id])
    rules: list[Rule] = []
    pending_remotes: list[str] = []
    deleted_remotes: list[str] = []
    for row in await cursor.fetchall():
        name, is_known = row.pop("remote_name"), row.pop("remote_is_known")
        # Empty: it has no id in the cloud, and is an end all the same.
        if row["remote_group"] == "":
            (pending_remotes if is_known else deleted_remotes).append(name)
        if row["remote_address_group"] == "":
            deleted_remotes.append("that is an address group without an id")
        rules.append(Rule(**row))
    return DesiredRules(tuple(rules), tuple(pending_remotes), tuple(deleted_remotes))


async def known_backend_ids(
    connection: Connection, tenant_id: int, backend_ids: Sequence[str]
) -> set[str]:
    """Give those of the cloud's ids that belong to groups of the tenant here."""
    cursor = await connection.execute(_KNOWN, [tenant_id, list(backend_ids)])
    return {row[0] for row in await cursor.fetchall()}


async def record_created(connection: Connection, group: Group, backend_id: str) -> bool:
    """Remember at once which group in the cloud is ours; tells whether it was still wanted."""
    await tenants.lock(connection, group.placement.tenant_id)
    is_only = group.creation_started is None
    values = {
        "id": group.id,
        "backend_id": backend_id,
        "states": list(PUSHED),
        "is_only": is_only,
    }
    cursor = await connection.execute(_REMEMBER, values)
    if await cursor.fetchone() is None:
        return False
    documents.refresh_before_commit(connection, [group.id])
    return True


async def forget(connection: Connection, group: Group) -> Group | None:
    """Forget the cloud's group, which is gone; `None` where the group here has moved on."""
    await tenants.lock(connection, group.placement.tenant_id)
    values = {"id": group.id, "backend_id": group.backend_id, "states": list(PUSHED)}
    cursor = await connection.execute(_FORGET, values)
    row = await cursor.fetchone()
    if row is None:
        return None
    said = f"Security group {group.name} was not found in the cloud and is made anew."
    context = {"backend_id": group.backend_id}
    await record(
        connection,
        group_event(group.placement, group.uuid, EventType.GROUP_REMOVED_REMOTELY, said, context),
    )
    documents.refresh_before_commit(connection, [group.id])
    return replace(group, backend_id="", creation_started=None, creation_ended=None)


async def creation_refused(connection: Connection, group: Group) -> None:
    """Record that the cloud refused the first creation of the group: nothing came of it."""
    await connection.execute(_REFUSED, {"id": group.id, "states": list(PUSHED)})


async def record_applied(
    connection: Connection, group: Group, event: EventType, context: Mapping[str, Any]
) -> bool:
    """Settle the group as OK with the version that was loaded; tells whether it still stood."""
    await tenants.lock(connection, group.placement.tenant_id)
    cursor = await connection.execute(_APPLIED, {"id": group.id, "version": group.version})
    if await cursor.fetchone() is None:
        return False
    await record(
        connection,
        group_event(
            group.placement, group.uuid, event, _SAID[event].format(name=group.name), context
        ),
    )
    documents.refresh_before_commit(connection, [group.id])
    return True


async def pending(connection: Connection, quiet_seconds: float) -> list[Waiting]:
    """Give groups that wait for work and were not touched for some seconds, at most 1,000."""
    cursor = await connection.execute(_WAITING, [quiet_seconds])
    return [Waiting(row[0], State(row[1]), row[2]) for row in await cursor.fetchall()]


async def record_failure(connection: Connection, uuid: UUID, message: str, traceback: str) -> bool:
    """Settle the group as ERRED, with words for a person; tells whether work was under way."""
    group = await _lock(connection, uuid)
    if group is None or group.state in {State.OK, State.ERRED}:
        return False
    step(group.state, State.ERRED)
    values = {"id": group.id, "message": message, "traceback": traceback}
    await connection.execute(_FAILED, values)
    said = f"Security group {group.name} has failed: {message}"
    await record(
        connection,
        group_event(group.placement, group.uuid, EventType.GROUP_ERRED, said, {"message": message}),
    )
    documents.refresh_before_commit(connection, [group.id])
    return True


async def record_deleted(connection: Connection, group: Group, left: Sequence[str] = ()) -> bool:
    """Remove the row after the cloud let the group go; rules that name it stay, unresolved.

    `left` are groups in the cloud that may come of its creation, and stay there.
    """
    current = await _lock(connection, group.uuid)
    if current is None or current.state is not State.DELETING:
        return False
    referring = await delete_group(connection, group.id)
    said = _SAID[EventType.GROUP_DELETED].format(name=group.name)
    context: dict[str, Any] = {"backend_id": group.backend_id, "name": group.name}
    if left:
        said = _LEFT.format(name=group.name, ids=", ".join(left))
        context["left_in_cloud"] = list(left)
    await record(
        connection, group_event(group.placement, group.uuid, EventType.GROUP_DELETED, said, context)
    )
    documents.refresh_before_commit(connection, referring)
    return True


_LEFT = (
    "Security group {name} has been deleted here alone: the cloud did not say whether it was "
    "created there. What may have come of it stays there ({ids}), and the next pull imports it."
)
_SAID = {
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
    found = await rows.fetchone()
    if found is None:
        return None
    placement = Placement(**{name: found.pop(name) for name in Placement.__dataclass_fields__})
    return Group(**found | {"state": State(found["state"]), "placement": placement})
