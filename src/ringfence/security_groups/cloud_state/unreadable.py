"""Marks groups as ERRED while the cloud has rules of them that cannot be read.

Such a group is not changed on either side until its rules can be read, or a user changes it.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.security_groups.cloud_state.refresh import lock_unchanged
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.states import State

MESSAGE_PREFIX = "Rules of this group in the cloud cannot be read"

# OK groups, and those marked with another message before
_MARK: LiteralString = """
UPDATE security_groups AS sg
SET state = 'ERRED', error_message = marked.message, error_traceback = '', modified = now()
FROM jsonb_to_recordset(%(marked)s) AS marked (id bigint, message text)
WHERE
    sg.id = marked.id
    AND (
        sg.state = 'OK'
        OR (
            sg.state = 'ERRED'
            AND starts_with(sg.error_message, %(prefix)s)
            AND sg.error_message <> marked.message
        )
    )
RETURNING sg.id, sg.uuid, sg.name, sg.backend_id, sg.error_message
"""

READABLE: LiteralString = (
    "The rules of this group in the cloud can be read again, but its desired rules were not "
    "applied: roll it back to its present version, which pushes them."
)
_CLEAR: LiteralString = """
UPDATE security_groups
SET
    state = CASE WHEN version = applied_version THEN 'OK' ELSE state END,
    error_message = CASE WHEN version = applied_version THEN '' ELSE %(readable)s END,
    error_traceback = '',
    modified = now()
WHERE id = ANY(%(ids)s) AND state = 'ERRED' AND starts_with(error_message, %(prefix)s)
RETURNING id
"""

_UNREADABLE: LiteralString = """
SELECT sg.tenant_id, array_agg(sg.name ORDER BY sg.name, sg.id)
FROM security_groups AS sg
INNER JOIN security_group_observations AS observed ON sg.id = observed.security_group_id
WHERE sg.tenant_id = ANY(%s) AND NOT observed.missing AND observed.unreadable <> '[]'
GROUP BY sg.tenant_id
"""


async def unreadable_groups(
    connection: Connection, tenants: Sequence[int]
) -> Mapping[int, Sequence[str]]:
    """Return, by tenant, the names of groups with an unreadable rule in the last observation."""
    rows = await (await connection.execute(_UNREADABLE, [list(tenants)])).fetchall()
    return dict(rows)


def is_marked_unreadable(local: LocalGroup) -> bool:
    """Return whether the group is ERRED because its rules could not be read."""
    return local.state is State.ERRED and local.error_message.startswith(MESSAGE_PREFIX)


async def clear_unreadable(
    connection: Connection, placement: Placement, groups: Sequence[LocalGroup]
) -> None:
    """Unmark groups whose rules can be read again. Groups with outstanding changes stay ERRED."""
    await tenants.lock(connection, placement.tenant_id)
    unchanged = await lock_unchanged(connection, groups)
    values = {"ids": list(unchanged), "readable": READABLE, "prefix": MESSAGE_PREFIX}
    rows = await (await connection.execute(_CLEAR, values)).fetchall()
    documents.refresh_before_commit(connection, [row[0] for row in rows])


async def mark_unreadable(
    connection: Connection, placement: Placement, messages: Mapping[int, str]
) -> int:
    """Mark groups as ERRED with messages by id; return how many marks are new."""
    await tenants.lock(connection, placement.tenant_id)
    rows = [{"id": group, "message": message} for group, message in sorted(messages.items())]
    values = {"marked": recordset(rows), "prefix": MESSAGE_PREFIX}
    marked = await (await connection.execute(_MARK, values)).fetchall()
    await record_all(
        connection,
        [
            group_event(
                placement,
                uuid,
                EventType.GROUP_ERRED,
                f"Security group {name} has failed: {message}",
                {"backend_id": backend_id, "message": message},
            )
            for _, uuid, name, backend_id, message in marked
        ],
    )
    documents.refresh_before_commit(connection, [row[0] for row in marked])
    return len(marked)
