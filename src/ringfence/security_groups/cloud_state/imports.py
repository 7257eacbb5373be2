"""What a cloud said of a tenant's groups, written: imported, refreshed, marked as gone.

A group that changed here since it was looked at (`modified` moves with every change of its state
or of what is asked for) is left alone: the next comparison sees it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, StoredRule
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.versions import Cause, changes_of, record_versions

_UNMOVED: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN jsonb_to_recordset(%(seen)s) AS seen (
    id bigint, modified timestamptz, version integer
)
    ON sg.id = seen.id AND sg.modified = seen.modified AND sg.version = seen.version
ORDER BY sg.id
FOR UPDATE OF sg
"""

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

_DROP_RULES: LiteralString = "DELETE FROM security_group_rules WHERE id = ANY(%s)"

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

_REFRESH: LiteralString = """
UPDATE security_groups AS sg
SET
    name = found.name,
    description = found.description,
    is_duplicate_name = EXISTS (
        SELECT 1 FROM security_groups AS other
        WHERE
            other.tenant_id = sg.tenant_id
            AND other.name = found.name
            AND other.id <> sg.id
            AND NOT other.is_duplicate_name
    )
    OR found.is_repeated,
    version = sg.version + found.changed::integer,
    applied_version = sg.version + found.changed::integer,
    state = 'OK',
    error_message = '',
    error_traceback = '',
    modified = now()
FROM jsonb_to_recordset(%(found)s) AS found (
    id bigint, name text, description text, changed boolean, is_repeated boolean
)
WHERE sg.id = found.id
"""

_GONE: LiteralString = """
UPDATE security_groups
SET state = 'ERRED', error_message = %(message)s, error_traceback = '', modified = now()
WHERE id = ANY(%(ids)s)
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


@dataclass(frozen=True, slots=True)
class GroupDiff:
    """What makes a known group equal to what the cloud has; nothing of it: it was equal."""

    local: LocalGroup
    name: str
    description: str
    add: tuple[Rule, ...] = ()
    drop: tuple[StoredRule, ...] = ()
    # How many of `drop` name a group that the cloud has no more: it took them away, unasked.
    lost: int = 0
    unreadable: str = ""  # What is said of rules that cannot be read: any may be one of ours.

    @property
    def is_change(self) -> bool:
        """Whether what is asked for changes, and not only the state."""
        renamed = (self.name, self.description) != (self.local.name, self.local.description)
        return bool(renamed or self.add or self.drop)


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
    await _add_rules(
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
            _event(placement, EventType.GROUP_IMPORTED, row[1], said.format(row[2]), row[3])
            for row in imported
        ],
    )
    await documents.refresh(connection, documents.GROUPS, list(ids.values()))
    return ids


async def refresh_groups(
    connection: Connection, placement: Placement, refreshes: Sequence[GroupDiff]
) -> int:
    """Make known groups what the cloud has, and OK. Gives how many had not moved on meanwhile."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, [refresh.local for refresh in refreshes])
    taken = [refresh for refresh in refreshes if refresh.local.id in still]
    if not taken:
        return 0
    dropped = [rule.id for refresh in taken for rule in refresh.drop]
    if dropped:
        await connection.execute(_DROP_RULES, [dropped])
    await _add_rules(
        connection,
        placement,
        [
            (refresh.local.id, place, rule)
            for refresh in taken
            for place, rule in enumerate(refresh.add, start=_next_position(refresh.local))
        ],
    )
    rows = [
        {
            "id": refresh.local.id,
            "name": refresh.name,
            "description": refresh.description,
            "changed": refresh.is_change,
            "is_repeated": refresh.name in {earlier.name for earlier in taken[:place]},
        }
        for place, refresh in enumerate(taken)
    ]
    await connection.execute(_REFRESH, {"found": recordset(rows)})
    changed = [refresh for refresh in taken if refresh.is_change]
    await record_versions(connection, [refresh.local.id for refresh in changed], Cause.PULL)
    rules = await changes_of(connection, [refresh.local.id for refresh in changed])
    await record_all(
        connection,
        [_pulled(placement, refresh, rules[refresh.local.id]) for refresh in changed],
    )
    await documents.refresh(connection, documents.GROUPS, [refresh.local.id for refresh in taken])
    return len(taken)


async def promote_twins(connection: Connection, placement: Placement) -> None:
    """Let the oldest of several groups of a name be the one, where the one has gone."""
    await tenants.lock(connection, placement.tenant_id)
    await connection.execute(_PROMOTE, [placement.tenant_id])


async def mark_missing(
    connection: Connection, placement: Placement, groups: Sequence[LocalGroup], message: str
) -> int:
    """Mark groups that the cloud does not have any more as ERRED; gives how many."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, groups)
    gone = [group for group in groups if group.id in still]
    if not gone:
        return 0
    ids = [group.id for group in gone]
    await connection.execute(_GONE, {"ids": ids, "message": message})
    said = "Security group {} was not found in the cloud."
    kind = EventType.GROUP_REMOVED_REMOTELY
    await record_all(
        connection,
        [
            _event(placement, kind, group.uuid, said.format(group.name), group.backend_id)
            for group in gone
        ],
    )
    await documents.refresh(connection, documents.GROUPS, ids)
    return len(gone)


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


async def lock_unchanged(connection: Connection, groups: Sequence[LocalGroup]) -> set[int]:
    """Give the ids of the groups that are still as they were looked at, and hold their rows."""
    seen = [
        {"id": group.id, "modified": group.modified, "version": group.version} for group in groups
    ]
    cursor = await connection.execute(_UNMOVED, {"seen": recordset(seen)})
    return {row[0] for row in await cursor.fetchall()}


async def _add_rules(
    connection: Connection, placement: Placement, rules: Sequence[tuple[int, int, Rule]]
) -> None:
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


def _next_position(group: LocalGroup) -> int:
    return max((rule.position for rule in group.rules), default=-1) + 1


def _pulled(placement: Placement, refresh: GroupDiff, rules: Mapping[str, Any]) -> Event:
    said = f"Security group {refresh.name} has been pulled."
    context = {
        "from": {"name": refresh.local.name, "description": refresh.local.description},
        "to": {"name": refresh.name, "description": refresh.description},
        "rules_added": len(refresh.add),
        "rules_removed": len(refresh.drop),
        "rules_lost_with_their_remote_group": refresh.lost,
    }
    local = refresh.local
    kind = EventType.GROUP_PULLED
    event = _event(placement, kind, local.uuid, said, local.backend_id, context)
    return replace(event, change=rules)


def _event(
    placement: Placement,
    kind: EventType,
    group: UUID,
    message: str,
    backend_id: str,
    context: Mapping[str, Any] | None = None,
) -> Event:
    return Event(
        kind,
        message,
        customer=placement.customer_uuid,
        project=placement.project_uuid,
        tenant=placement.tenant_uuid,
        security_group=group,
        context={"backend_id": backend_id, **(context or {})},
    )
