"""Stores what each group opens to the internet, for overviews and their filter.

`refresh` calls it with the traffic of the groups that it read. The tenant of a group is locked
whenever its rules or its observation change, so nobody else computes the same group meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.http.offload import in_thread
from ringfence.security_groups.port_exposures.judgement import GroupTraffic
from ringfence.security_groups.port_exposures.openings import openings_of, openness_of

OF_TENANTS: LiteralString = """
SELECT sg.id FROM security_groups AS sg WHERE sg.tenant_id = ANY(%s) ORDER BY 1
"""

_OBSERVED: LiteralString = """
SELECT observed.security_group_id
FROM security_group_observations AS observed
WHERE observed.security_group_id = ANY(%s)
"""

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
INNER JOIN security_groups AS sg ON computed.security_group_id = sg.id
ORDER BY 1
ON CONFLICT (security_group_id) DO UPDATE
SET openings = excluded.openings, openness = excluded.openness
WHERE stored.openings <> excluded.openings
"""


async def groups_of(connection: Connection, tenant_ids: Sequence[int]) -> list[int]:
    """Return the ids of the tenants' groups."""
    cursor = await connection.execute(OF_TENANTS, [list(tenant_ids)])
    return [row[0] for row in await cursor.fetchall()]


async def store(
    connection: Connection, group_ids: Iterable[int], traffic: Mapping[int, GroupTraffic]
) -> None:
    """Store what these groups open; `traffic` has those of them that open anything, by id."""
    ids = set(group_ids)
    open_ids = sorted(ids & traffic.keys())
    if closed := sorted(ids - traffic.keys()):
        await connection.execute(_DELETE, [closed])
    if not open_ids:
        return
    cursor = await connection.execute(_OBSERVED, [open_ids])
    observed = {row[0] for row in await cursor.fetchall()}
    rows = await in_thread(lambda: [_row(each, traffic[each], observed) for each in open_ids])
    await connection.execute(_WRITE, [recordset(rows)])


def _row(group_id: int, traffic: GroupTraffic, observed: set[int]) -> Mapping[str, object]:
    found = openings_of(traffic.desired, traffic.observed if group_id in observed else None)
    return {
        "security_group_id": group_id,
        "openings": [each._asdict() for each in found],
        "openness": sum(map(openness_of, {each[:3] for each in found})),
    }
