"""Updates the rows of known groups with what a cloud reported, or marks them as missing.

A group that changed here since the pull read it is left alone: `modified` changes with every
change of its state or of its desired rules. The next pull compares it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, StoredRule
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_rows import PositionedRule, delete_rules, insert_observed_rules
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_changes import Grade, grade
from ringfence.security_groups.versions import Cause, changes_of, record_versions

_LOCK_UNCHANGED: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN jsonb_to_recordset(%(read)s) AS read (
    id bigint, modified timestamptz, version integer
)
    ON sg.id = read.id AND sg.modified = read.modified AND sg.version = read.version
ORDER BY sg.id
FOR UPDATE OF sg
"""

_REFRESH: LiteralString = """
UPDATE security_groups AS sg
SET
    name = observed.name,
    description = observed.description,
    is_duplicate_name = EXISTS (
        SELECT 1 FROM security_groups AS other
        WHERE
            other.tenant_id = sg.tenant_id
            AND other.name = observed.name
            AND other.id <> sg.id
            AND NOT other.is_duplicate_name
    )
    OR observed.is_repeated,
    version = sg.version + observed.changed::integer,
    applied_version = sg.version + observed.changed::integer,
    state = 'OK',
    error_message = '',
    error_traceback = '',
    modified = now()
FROM jsonb_to_recordset(%(diffs)s) AS observed (
    id bigint, name text, description text, changed boolean, is_repeated boolean
)
WHERE sg.id = observed.id
"""

_MARK_MISSING: LiteralString = """
UPDATE security_groups
SET state = 'ERRED', error_message = %(message)s, error_traceback = '', modified = now()
WHERE id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class GroupDiff:
    """The changes that make a known group equal to the cloud's; empty if it is equal."""

    local: LocalGroup
    name: str
    description: str
    add: tuple[Rule, ...] = ()
    remove: tuple[StoredRule, ...] = ()
    # How many of `remove` name a group that was deleted in the cloud, which deletes such rules.
    lost_rules: int = 0
    # The error message for rules that cannot be read. Any of them may be one of `remove`.
    unreadable: str = ""

    @property
    def is_renamed(self) -> bool:
        """Whether the name or the description is different."""
        return (self.name, self.description) != (self.local.name, self.local.description)

    @property
    def grade(self) -> Grade:
        """Whether the rules in the cloud admit more or less than the desired ones.

        A rule that cannot be read may admit anything.
        """
        if self.unreadable:
            return Grade.OPENS
        removed = {stored.id for stored in self.remove}
        kept = [stored.rule for stored in self.local.rules if stored.id not in removed]
        return grade([*kept, *(stored.rule for stored in self.remove)], [*kept, *self.add])

    @property
    def is_change(self) -> bool:
        """Whether the desired state changes, and not only the group's state."""
        return bool(self.is_renamed or self.add or self.remove)


async def refresh_groups(
    connection: Connection, placement: Placement, diffs: Sequence[GroupDiff]
) -> int:
    """Make known groups equal to the cloud's, and OK; return how many were still unchanged."""
    unchanged = await lock_unchanged_diffs(connection, placement, diffs)
    if not unchanged:
        return 0
    await delete_rules(connection, [rule.id for diff in unchanged for rule in diff.remove])
    added = [
        PositionedRule(diff.local.id, position, rule)
        for diff in unchanged
        for position, rule in enumerate(diff.add, start=_next_position(diff.local))
    ]
    await insert_observed_rules(connection, placement.tenant_id, added)
    rows = [
        {
            "id": diff.local.id,
            "name": diff.name,
            "description": diff.description,
            "changed": diff.is_change,
            "is_repeated": diff.name in {earlier.name for earlier in unchanged[:index]},
        }
        for index, diff in enumerate(unchanged)
    ]
    await connection.execute(_REFRESH, {"diffs": recordset(rows)})
    changed = [diff for diff in unchanged if diff.is_change]
    await record_versions(connection, [diff.local.id for diff in changed], Cause.PULL)
    rules = await changes_of(connection, [diff.local.id for diff in changed])
    events = [_pulled(placement, diff, rules[diff.local.id]) for diff in changed]
    await record_all(connection, events)
    documents.refresh_before_commit(connection, [diff.local.id for diff in unchanged])
    return len(unchanged)


async def mark_missing(
    connection: Connection, placement: Placement, groups: Sequence[LocalGroup], message: str
) -> int:
    """Mark groups that are not in the cloud any more as ERRED; return how many were unchanged."""
    await tenants.lock(connection, placement.tenant_id)
    unchanged = await lock_unchanged(connection, groups)
    missing = [group for group in groups if group.id in unchanged]
    if not missing:
        return 0
    ids = [group.id for group in missing]
    await connection.execute(_MARK_MISSING, {"ids": ids, "message": message})
    kind = EventType.GROUP_REMOVED_REMOTELY
    await record_all(
        connection,
        [
            group_event(
                placement,
                group.uuid,
                kind,
                f"Security group {group.name} was not found in the cloud.",
                {"backend_id": group.backend_id},
            )
            for group in missing
        ],
    )
    documents.refresh_before_commit(connection, ids)
    return len(missing)


async def lock_unchanged(connection: Connection, groups: Sequence[LocalGroup]) -> set[int]:
    """Lock the groups that did not change since they were read, and return their ids."""
    read = [
        {"id": group.id, "modified": group.modified, "version": group.version} for group in groups
    ]
    cursor = await connection.execute(_LOCK_UNCHANGED, {"read": recordset(read)})
    return {row[0] for row in await cursor.fetchall()}


async def lock_unchanged_diffs(
    connection: Connection, placement: Placement, diffs: Sequence[GroupDiff]
) -> list[GroupDiff]:
    """Lock the tenant and the groups; return the diffs of groups that did not change."""
    await tenants.lock(connection, placement.tenant_id)
    unchanged = await lock_unchanged(connection, [diff.local for diff in diffs])
    return [diff for diff in diffs if diff.local.id in unchanged]


def _next_position(group: LocalGroup) -> int:
    return max((rule.position for rule in group.rules), default=-1) + 1


def _pulled(placement: Placement, diff: GroupDiff, change: Mapping[str, Any]) -> Event:
    local = diff.local
    message = f"Security group {diff.name} has been pulled."
    context = {
        "backend_id": local.backend_id,
        "from": {"name": local.name, "description": local.description},
        "to": {"name": diff.name, "description": diff.description},
        "rules_added": len(diff.add),
        "rules_removed": len(diff.remove),
        "rules_lost_with_their_remote_group": diff.lost_rules,
    }
    event = group_event(placement, local.uuid, EventType.GROUP_PULLED, message, context)
    return replace(event, change=change)
