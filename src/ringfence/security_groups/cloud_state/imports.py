"""What a cloud said of a tenant's groups, written: imported, refreshed, marked as gone.

A group that changed here since it was looked at (`modified` moves with every change of its state
or of what is asked for) is left alone: the next comparison sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.security_groups.events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.versions import Cause, record_versions

# Groups of ours that the list shows before our rows know it (their row is under way), or shows
# still after we deleted them, are not imported. A second group of a name is kept as a twin.
_IMPORT: LiteralString = """
INSERT INTO security_groups (
    tenant_id, name, description, backend_id, state, version, applied_version, is_duplicate_name
)
SELECT
    %(tenant)s, found.name, found.description, found.backend_id, 'OK', 1, 1,
    row_number() OVER (PARTITION BY found.name ORDER BY found.place) > 1
    OR EXISTS (
        SELECT 1 FROM security_groups AS sg
        WHERE sg.tenant_id = %(tenant)s AND sg.name = found.name AND NOT sg.is_duplicate_name
    )
FROM jsonb_to_recordset(%(found)s) AS found (
    place integer, backend_id text, name text, description text
)
WHERE
    NOT EXISTS (
        SELECT 1 FROM security_groups AS sg
        WHERE
            sg.tenant_id = %(tenant)s
            AND sg.name = found.name
            AND sg.backend_id = ''
            AND sg.state NOT IN ('OK', 'ERRED')
    )
    AND NOT EXISTS (
        SELECT 1 FROM events AS event
        WHERE
            event.tenant_uuid = %(tenant_uuid)s
            AND event.event_type = 'openstack_security_group_deleted'
            AND event.created >= %(since)s
            AND event.context ->> 'backend_id' = found.backend_id
    )
ORDER BY found.place
ON CONFLICT (tenant_id, backend_id) WHERE backend_id <> '' DO NOTHING
RETURNING id, uuid, name, backend_id
"""

_ADD_RULES: LiteralString = """
INSERT INTO security_group_rules (
    security_group_id, position, ethertype, direction, protocol, from_port, to_port, cidr,
    description, remote_group_id, unresolved_group_backend_id, unresolved_group_name,
    remote_address_group_backend_id
)
SELECT
    found.security_group_id, found.position, found.ethertype, found.direction, found.protocol,
    found.from_port, found.to_port, found.cidr, found.description, remote.id,
    CASE WHEN remote.id IS NULL THEN found.remote_group END,
    CASE WHEN remote.id IS NULL THEN found.remote_group END,
    found.remote_address_group
FROM jsonb_to_recordset(%(rules)s) AS found (
    security_group_id bigint, position integer, ethertype text, direction text, protocol text,
    from_port integer, to_port integer, cidr text, description text, remote_group text,
    remote_address_group text
)
LEFT JOIN security_groups AS remote
    ON
        remote.tenant_id = %(tenant)s
        AND remote.backend_id <> ''
        AND remote.backend_id = found.remote_group
ORDER BY found.security_group_id, found.position
"""


# Rules that named a group by its backend id alone, now that it is known
RESOLVE: LiteralString = """
UPDATE security_group_rules AS rule
SET
    remote_group_id = remote.id,
    unresolved_group_backend_id = NULL,
    unresolved_group_name = NULL
FROM security_groups AS remote, security_groups AS owner
WHERE
    remote.id = ANY(%s)
    AND remote.backend_id <> ''
    AND rule.unresolved_group_backend_id = remote.backend_id
    AND owner.id = rule.security_group_id
    AND owner.tenant_id = remote.tenant_id
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
"""


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group of the cloud, in the words of the contract; remote groups by backend id."""

    backend_id: str
    name: str
    description: str
    rules: tuple[Rule, ...]


async def import_groups(
    connection: Connection, placement: Placement, found: Sequence[FoundGroup], since: datetime
) -> dict[str, int]:
    """Take in groups unknown here; `since` is when the cloud was asked.

    Gives the ids of those that were taken in, by backend id.
    """
    await tenants.lock(connection, placement.tenant_id)
    imported = await _insert_groups(connection, placement, found, since)
    if not imported:
        return {}
    ids = {row[3]: row[0] for row in imported}
    await add_rules(
        connection,
        placement,
        [
            (ids[group.backend_id], place, rule)
            for group in found
            if group.backend_id in ids
            for place, rule in enumerate(group.rules)
        ],
    )
    await connection.execute(RESOLVE, [list(ids.values())])
    await record_versions(connection, list(ids.values()), Cause.PULL)
    said = "Security group {} has been imported."
    await record_all(
        connection,
        [
            group_event(
                placement,
                row[1],
                EventType.GROUP_IMPORTED,
                said.format(row[2]),
                {"backend_id": row[3]},
            )
            for row in imported
        ],
    )
    await documents.refresh(connection, documents.GROUPS, list(ids.values()))
    return ids


async def promote_twins(connection: Connection, placement: Placement) -> None:
    """Let the oldest of several groups of a name be the one, where the one has gone."""
    await tenants.lock(connection, placement.tenant_id)
    await connection.execute(_PROMOTE, [placement.tenant_id])


async def _insert_groups(
    connection: Connection, placement: Placement, found: Sequence[FoundGroup], since: datetime
) -> list[tuple[int, UUID, str, str]]:
    rows = [
        {
            "place": place,
            "backend_id": group.backend_id,
            "name": group.name,
            "description": group.description,
        }
        for place, group in enumerate(found)
    ]
    values = {
        "tenant": placement.tenant_id,
        "tenant_uuid": placement.tenant_uuid,
        "since": since,
        "found": recordset(rows),
    }
    cursor = await connection.execute(_IMPORT, values)
    return await cursor.fetchall()


async def add_rules(
    connection: Connection, placement: Placement, rules: Sequence[tuple[int, int, Rule]]
) -> None:
    """Insert observed rules, each with its group and position; resolve their remote groups."""
    if not rules:
        return
    rows = [
        {
            "security_group_id": group_id,
            "position": place,
            "ethertype": rule.ethertype,
            "direction": rule.direction,
            "protocol": rule.protocol,
            "from_port": rule.from_port,
            "to_port": rule.to_port,
            "cidr": rule.cidr,
            "description": rule.description,
            "remote_group": rule.remote_group,
            "remote_address_group": rule.remote_address_group,
        }
        for group_id, place, rule in rules
    ]
    values = {"rules": recordset(rows), "tenant": placement.tenant_id}
    await connection.execute(_ADD_RULES, values)
