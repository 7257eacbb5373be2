"""Writes many groups at once for `ringfence load`. Nothing is pushed to a cloud."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.security_groups import rule_rows
from ringfence.security_groups.group_rows import GroupRow, upsert_groups
from ringfence.security_groups.rule_rows import (
    PositionedRule,
    copy_rules,
    delete_rules_of_groups,
)
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.versions import Cause, record_versions

# Rows per statement, which bounds the size of one parameter
BATCH = 5000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Group:
    """A group without its rules; `parent` is its tenant. A time of None means now."""

    uuid: UUID
    parent: UUID
    name: str
    description: str = ""
    backend_id: str = ""
    state: str = "OK"
    error_message: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    version: int = 1
    applied_version: int = 0
    is_duplicate_name: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A group to create or update. Rules of None are not changed."""

    group: Group
    rules: Sequence[Rule] | None
    has_new_version: bool
    # Whether a push is scheduled with it
    is_pushed: bool = False


_EXISTING: LiteralString = """
SELECT
    sg.uuid, tenant.uuid AS parent, sg.name, sg.description, sg.backend_id, sg.state,
    sg.error_message, sg.created, sg.modified, sg.version, sg.applied_version, sg.is_duplicate_name
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE sg.uuid = ANY(%(uuids)s) OR tenant.uuid = ANY(%(tenants)s)
ORDER BY sg.id
FOR NO KEY UPDATE OF sg
"""

_EXISTING_RULES: LiteralString = """
SELECT
    sg.uuid, {columns}, hex(remote.uuid),
    -- Set if a provisioning file cannot name the remote end
    coalesce(
        'unresolved ' || rule.unresolved_group_backend_id, rule.remote_address_group_backend_id
    )
FROM security_groups AS sg
INNER JOIN security_group_rules AS rule ON sg.id = rule.security_group_id
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
WHERE sg.uuid = ANY(%(uuids)s)
ORDER BY rule.security_group_id, rule.position, rule.id
""".replace("{columns}", rule_rows.COLUMNS)

_TENANTS: LiteralString = "SELECT uuid, id FROM tenants WHERE uuid = ANY(%(uuids)s)"

_IDS: LiteralString = "SELECT hex(uuid), id FROM security_groups WHERE uuid = ANY(%(uuids)s)"

# Without statistics, the planner reads new rows one by one. Few new rows do not change a plan.
_ANALYZE: LiteralString = "ANALYZE security_groups, security_group_rules"
_MIN_ANALYZED = 500
_IS_LARGE_CHANGE: LiteralString = """
SELECT %(changed)s * 10 > max(table_class.reltuples)
FROM pg_class AS table_class
WHERE table_class.oid = 'security_groups'::regclass
"""


async def existing_groups(
    connection: Connection, uuids: Sequence[UUID], tenants: Sequence[UUID]
) -> list[Group]:
    """Lock and return the groups with one of the UUIDs, and all groups of the tenants."""
    async with connection.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(_EXISTING, {"uuids": list(uuids), "tenants": list(tenants)})
        return await cursor.fetchall()


async def existing_rules(connection: Connection, groups: Sequence[UUID]) -> dict[UUID, list[Rule]]:
    """Return the rules of groups, in their order; remote groups are hexadecimal UUIDs."""
    rules: dict[UUID, list[Rule]] = {group: [] for group in groups}
    cursor = await connection.execute(_EXISTING_RULES, {"uuids": list(groups)})
    async for group, *fields in cursor:
        rules[group].append(Rule(*fields))
    return rules


async def store_groups(connection: Connection, changes: Sequence[Change]) -> list[int]:
    """Write groups, their rules, versions and documents; return their ids."""
    ids: dict[UUID, int] = {}
    for batch in _batches(changes):
        ids |= await _store_rows(connection, [change.group for change in batch])
    await _store_rules(connection, changes, ids)
    await _analyze(connection, len(changes))
    versioned = [ids[change.group.uuid] for change in changes if change.has_new_version]
    await record_versions(connection, versioned, Cause.LOAD)
    return list(ids.values())


async def _analyze(connection: Connection, changed: int) -> None:
    if changed < _MIN_ANALYZED:
        return
    cursor = await connection.execute(_IS_LARGE_CHANGE, {"changed": changed})
    row = await cursor.fetchone()
    if row and row[0]:
        await connection.execute(_ANALYZE)


async def _store_rows(connection: Connection, groups: Sequence[Group]) -> dict[UUID, int]:
    parents = {group.parent for group in groups}
    cursor = await connection.execute(_TENANTS, {"uuids": list(parents)})
    tenants: dict[UUID, int] = dict(await cursor.fetchall())
    rows = [
        GroupRow(
            tenants[group.parent],
            group.name,
            group.state,
            uuid=group.uuid,
            description=group.description,
            backend_id=group.backend_id,
            error_message=group.error_message,
            created=group.created,
            modified=group.modified,
            version=group.version,
            applied_version=group.applied_version,
            is_duplicate_name=group.is_duplicate_name,
        )
        for group in groups
    ]
    return {group.uuid: group.id for group in await upsert_groups(connection, rows)}


async def _store_rules(
    connection: Connection, changes: Sequence[Change], ids: dict[UUID, int]
) -> None:
    replaced = [change for change in changes if change.rules is not None]
    await delete_rules_of_groups(connection, [ids[change.group.uuid] for change in replaced])
    rules = [
        PositionedRule(ids[change.group.uuid], position, rule)
        for change in replaced
        for position, rule in enumerate(change.rules or ())
    ]
    named = {each.rule.remote_group for each in rules if each.rule.remote_group}
    cursor = await connection.execute(_IDS, {"uuids": [UUID(uuid) for uuid in named]})
    await copy_rules(connection, rules, dict(await cursor.fetchall()))


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
