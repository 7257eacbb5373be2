"""Inserts the groups that a cloud reports and that have no row here.

`sync.pull` decides which groups are new; `refresh` updates the rows of known ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.group_rows import GroupRow, InsertedGroup, insert_new_groups
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_rows import (
    PositionedRule,
    insert_observed_rules,
    resolve_remote_groups,
)
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import State
from ringfence.security_groups.versions import Cause, record_versions

# Two kinds of groups are not imported: those that a job is creating, whose row has no backend id
# yet, and those that were deleted after the list was read. A second group of a name is marked as a
# duplicate.
_IMPORTABLE: LiteralString = """
SELECT
    observed.position,
    row_number() OVER (PARTITION BY observed.name ORDER BY observed.position) > 1
    OR EXISTS (
        SELECT 1 FROM security_groups AS sg
        WHERE sg.tenant_id = %(tenant)s AND sg.name = observed.name AND NOT sg.is_duplicate_name
    )
FROM jsonb_to_recordset(%(observed)s) AS observed (
    position integer, backend_id text, name text
)
WHERE
    NOT EXISTS (
        SELECT 1 FROM security_groups AS sg
        WHERE
            sg.tenant_id = %(tenant)s
            AND sg.name = observed.name
            AND sg.backend_id = ''
            AND sg.state NOT IN ('OK', 'ERRED')
    )
    AND NOT EXISTS (
        SELECT 1 FROM events AS event
        WHERE
            event.tenant_uuid = %(tenant_uuid)s
            AND event.event_type = 'openstack_security_group_deleted'
            AND event.created >= %(since)s
            AND event.context ->> 'backend_id' = observed.backend_id
    )
ORDER BY observed.position
"""

_PROMOTE: LiteralString = """
UPDATE security_groups SET is_duplicate_name = false
WHERE
    id IN (
        SELECT min(sg.id) FROM security_groups AS sg
        WHERE sg.tenant_id = %s
        GROUP BY sg.name
        HAVING bool_and(sg.is_duplicate_name)
    )
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class ImportedGroup:
    """A group that a cloud reported; rules name remote groups by backend id."""

    backend_id: str
    name: str
    description: str
    rules: tuple[Rule, ...]


async def import_groups(
    connection: Connection, placement: Placement, observed: Sequence[ImportedGroup], since: datetime
) -> dict[str, int]:
    """Insert groups that are unknown here, and return their ids by backend id.

    `since` is the time before the cloud was read.
    """
    await tenants.lock(connection, placement.tenant_id)
    imported = await _insert_groups(connection, placement, observed, since)
    if not imported:
        return {}
    ids = {group.backend_id: group.id for group in imported}
    rules = [
        PositionedRule(ids[group.backend_id], position, rule)
        for group in observed
        if group.backend_id in ids
        for position, rule in enumerate(group.rules)
    ]
    await insert_observed_rules(connection, placement.tenant_id, rules)
    await resolve_remote_groups(connection, list(ids.values()))
    await record_versions(connection, list(ids.values()), Cause.PULL)
    kind = EventType.GROUP_IMPORTED
    await record_all(
        connection,
        [
            group_event(
                placement,
                group.uuid,
                kind,
                f"Security group {group.name} has been imported.",
                {"backend_id": group.backend_id},
            )
            for group in imported
        ],
    )
    return ids


async def promote_duplicates(connection: Connection, placement: Placement) -> None:
    """Unmark the oldest of several groups of a name once all of them are marked as duplicates."""
    await tenants.lock(connection, placement.tenant_id)
    cursor = await connection.execute(_PROMOTE, [placement.tenant_id])
    documents.refresh_before_commit(connection, [row[0] for row in await cursor.fetchall()])


async def _insert_groups(
    connection: Connection, placement: Placement, observed: Sequence[ImportedGroup], since: datetime
) -> list[InsertedGroup]:
    rows = [
        {"position": position, "backend_id": group.backend_id, "name": group.name}
        for position, group in enumerate(observed)
    ]
    values = {
        "tenant": placement.tenant_id,
        "tenant_uuid": placement.tenant_uuid,
        "since": since,
        "observed": recordset(rows),
    }
    cursor = await connection.execute(_IMPORTABLE, values)
    importable = [
        GroupRow(
            placement.tenant_id,
            observed[position].name,
            State.OK,
            description=observed[position].description,
            backend_id=observed[position].backend_id,
            applied_version=1,
            is_duplicate_name=is_duplicate,
        )
        for position, is_duplicate in await cursor.fetchall()
    ]
    return await insert_new_groups(connection, importable)
