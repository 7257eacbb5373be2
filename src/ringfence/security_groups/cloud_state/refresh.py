"""Applies observed changes to groups that are known here, or marks them as missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.imports import add_rules
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, StoredRule
from ringfence.security_groups.events import group_event
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

_DROP_RULES: LiteralString = "DELETE FROM security_group_rules WHERE id = ANY(%s)"

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
    await add_rules(
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
            group_event(
                placement,
                group.uuid,
                kind,
                said.format(group.name),
                {"backend_id": group.backend_id},
            )
            for group in gone
        ],
    )
    await documents.refresh(connection, documents.GROUPS, ids)
    return len(gone)


async def lock_unchanged(connection: Connection, groups: Sequence[LocalGroup]) -> set[int]:
    """Give the ids of the groups that are still as they were looked at, and hold their rows."""
    seen = [
        {"id": group.id, "modified": group.modified, "version": group.version} for group in groups
    ]
    cursor = await connection.execute(_UNMOVED, {"seen": recordset(seen)})
    return {row[0] for row in await cursor.fetchall()}


def _next_position(group: LocalGroup) -> int:
    return max((rule.position for rule in group.rules), default=-1) + 1


def _pulled(placement: Placement, refresh: GroupDiff, rules: Mapping[str, Any]) -> Event:
    said = f"Security group {refresh.name} has been pulled."
    context = {
        "backend_id": refresh.local.backend_id,
        "from": {"name": refresh.local.name, "description": refresh.local.description},
        "to": {"name": refresh.name, "description": refresh.description},
        "rules_added": len(refresh.add),
        "rules_removed": len(refresh.drop),
        "rules_lost_with_their_remote_group": refresh.lost,
    }
    local = refresh.local
    kind = EventType.GROUP_PULLED
    event = group_event(placement, local.uuid, kind, said, context)
    return replace(event, change=rules)
