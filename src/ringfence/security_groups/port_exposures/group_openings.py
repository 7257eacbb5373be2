"""Stores what each group opens to the internet, for overviews and their filter.

`refresh` calls it with the traffic of the groups that it read. The tenant of a group is locked
whenever its rules or its observation change, so nobody else computes the same group meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.http.offload import in_thread
from ringfence.security_groups.port_exposures.judgement import GroupTraffic
from ringfence.security_groups.port_exposures.openings import openings_of, openness_of

_GROUPS: LiteralString = """
SELECT
    sg.id,
    observed.security_group_id IS NOT NULL AS is_observed,
    stored.openings
FROM security_groups AS sg
LEFT JOIN security_group_observations AS observed ON sg.id = observed.security_group_id
LEFT JOIN security_group_openings AS stored ON sg.id = stored.security_group_id
WHERE {selection}
ORDER BY 1
"""
OF_GROUPS: LiteralString = _GROUPS.replace("{selection}", "sg.id = ANY(%s)")
OF_TENANTS: LiteralString = _GROUPS.replace("{selection}", "sg.tenant_id = ANY(%s)")

_DELETE: LiteralString = """
DELETE FROM security_group_openings AS stored
WHERE stored.security_group_id = ANY(%s)
"""

_WRITE: LiteralString = """
INSERT INTO security_group_openings AS stored (security_group_id, openings, openness)
SELECT computed.security_group_id, computed.openings, computed.openness
FROM jsonb_to_recordset(%s) AS computed (
    security_group_id bigint, openings jsonb, openness bigint
)
ON CONFLICT (security_group_id) DO UPDATE
SET openings = excluded.openings, openness = excluded.openness
"""


class StoredOpenings(NamedTuple):
    """A group, and what is stored of it: None if it opens nothing."""

    id: int
    is_observed: bool
    openings: Sequence[Mapping[str, Any]] | None


async def stored_openings(
    connection: Connection, selection: LiteralString, ids: Sequence[int]
) -> list[StoredOpenings]:
    """Return what is stored of the groups that `selection` finds by the ids."""
    cursor = await connection.execute(selection, [list(ids)])
    return [StoredOpenings._make(row) for row in await cursor.fetchall()]


async def store(
    connection: Connection, groups: Sequence[StoredOpenings], traffic: Mapping[int, GroupTraffic]
) -> None:
    """Store what these groups open; `traffic` has those of them that open anything, by id."""
    closed = [each.id for each in groups if each.openings is not None and each.id not in traffic]
    if closed:
        await connection.execute(_DELETE, [closed])
    opened = [each for each in groups if each.id in traffic]
    rows = await in_thread(lambda: list(_changed(opened, traffic))) if opened else []
    if rows:
        await connection.execute(_WRITE, [recordset(rows)])


def _changed(
    groups: Iterable[StoredOpenings], traffic: Mapping[int, GroupTraffic]
) -> Iterator[Mapping[str, object]]:
    for group in groups:
        boxes = traffic[group.id]
        found = openings_of(boxes.desired, boxes.observed if group.is_observed else None)
        openings = [each._asdict() for each in found]
        if openings != group.openings:
            openness = sum(map(openness_of, {each[:3] for each in found}))
            yield {"security_group_id": group.id, "openings": openings, "openness": openness}
