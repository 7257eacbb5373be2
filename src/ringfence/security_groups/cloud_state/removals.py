"""Removes groups from the database only: in the cloud they stay, and a pull imports them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.security_groups import queries
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.transaction_steps import DELETE, delete_group, schedule

_GROUPS: LiteralString = """
SELECT
    sg.id, sg.uuid, sg.name, sg.backend_id,
    tenant.uuid AS tenant_uuid, project.uuid AS project_uuid, customer.uuid AS customer_uuid
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
WHERE sg.uuid = ANY(%(uuids)s)
ORDER BY sg.id
FOR NO KEY UPDATE OF sg
"""

_IDS: LiteralString = """
SELECT sg.id FROM security_groups AS sg WHERE sg.uuid = ANY(%(uuids)s) ORDER BY sg.id
"""


@dataclass(frozen=True, slots=True)
class _Group:
    """A group to remove, with its ancestors."""

    id: int
    uuid: UUID
    name: str
    backend_id: str
    tenant_uuid: UUID
    project_uuid: UUID
    customer_uuid: UUID


async def remove_groups(
    connection: Connection, uuids: Sequence[UUID], context: Mapping[str, str]
) -> None:
    """Delete the rows of groups, with an event for each; rules that name them stay, unresolved.

    Their tenants must be locked.
    """
    async with connection.cursor(row_factory=class_row(_Group)) as cursor:
        await cursor.execute(_GROUPS, {"uuids": list(uuids)})
        groups = await cursor.fetchall()
    for group in groups:
        await delete_group(connection, group.id)
    kind = EventType.GROUP_REMOVED_LOCALLY
    events = [
        group_event(
            group,
            group.uuid,
            kind,
            f"Security group {group.name} has been removed here; in the cloud it stays.",
            {**context, "backend_id": group.backend_id},
        )
        for group in groups
    ]
    await record_all(connection, events)


async def delete_in_cloud(
    connection: Connection, uuids: Sequence[UUID], context: Mapping[str, str]
) -> None:
    """Schedule the deletion of groups in the cloud, then here. Raises `Conflict`.

    Their tenants must be locked.
    """
    cursor = await connection.execute(_IDS, {"uuids": list(uuids)})
    for (group_id,) in await cursor.fetchall():
        group = await queries.lock(connection, group_id)
        await schedule(connection, None, group, DELETE, context)
