"""Groups with a rule that the cloud has and that cannot be read: ERRED, and an event says why.

Such a group is left as it is on both sides until its rules can be read, or a user changes it.
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
from ringfence.security_groups.events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.states import State

BEGINNING = "Rules of this group in the cloud cannot be read"

# Groups at rest, and those that said something else of the same before
_MARK: LiteralString = """
UPDATE security_groups AS sg
SET state = 'ERRED', error_message = found.message, error_traceback = '', modified = now()
FROM jsonb_to_recordset(%(found)s) AS found (id bigint, message text)
WHERE
    sg.id = found.id
    AND (
        sg.state = 'OK'
        OR (
            sg.state = 'ERRED'
            AND starts_with(sg.error_message, %(beginning)s)
            AND sg.error_message <> found.message
        )
    )
RETURNING sg.id, sg.uuid, sg.name, sg.backend_id, sg.error_message
"""

READABLE: LiteralString = (
    "The rules of this group in the cloud can be read again. What is desired has not reached it: "
    "roll it back to its present version, which pushes it."
)
_CLEAR: LiteralString = """
UPDATE security_groups
SET
    state = CASE WHEN version = applied_version THEN 'OK' ELSE state END,
    error_message = CASE WHEN version = applied_version THEN '' ELSE %(readable)s END,
    error_traceback = '',
    modified = now()
WHERE id = ANY(%(ids)s) AND state = 'ERRED' AND starts_with(error_message, %(beginning)s)
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
    """Return the names of the groups with a rule that could not be read when last observed."""
    rows = await (await connection.execute(_UNREADABLE, [list(tenants)])).fetchall()
    return dict(rows)


def says_unreadable(local: LocalGroup) -> bool:
    """Return whether the group is ERRED because rules of it could not be read."""
    return local.state is State.ERRED and local.error_message.startswith(BEGINNING)


async def clear_unreadable(
    connection: Connection, placement: Placement, groups: Sequence[LocalGroup]
) -> None:
    """Let groups whose rules can be read again say so no more; what is outstanding stays ERRED."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, groups)
    values = {"ids": list(still), "readable": READABLE, "beginning": BEGINNING}
    rows = await (await connection.execute(_CLEAR, values)).fetchall()
    documents.refresh_before_commit(connection, [row[0] for row in rows])


async def mark_unreadable(
    connection: Connection, placement: Placement, messages: Mapping[int, str]
) -> int:
    """Mark groups as ERRED with what is said of each, by id; return how many were not so before."""
    await tenants.lock(connection, placement.tenant_id)
    found = [{"id": group, "message": message} for group, message in sorted(messages.items())]
    values = {"found": recordset(found), "beginning": BEGINNING}
    rows = await (await connection.execute(_MARK, values)).fetchall()
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
            for _, uuid, name, backend_id, message in rows
        ],
    )
    documents.refresh_before_commit(connection, [row[0] for row in rows])
    return len(rows)
