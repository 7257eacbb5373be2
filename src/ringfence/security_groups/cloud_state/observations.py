"""What a cloud last said of each group, kept apart from what is asked for.

What is equal to what is kept is not written again: when a tenant was last compared stands once,
with the tenant (see `clouds.comparisons`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import dict_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.read_model import documents

# A later look is never overwritten by an earlier one. Of a missing group, the last look stays.
_WRITE: LiteralString = """
INSERT INTO security_group_observations AS stored (
    security_group_id, name, description, rules, unreadable, revision_number, stateful, digest,
    drift_digest, missing, observed_at
)
SELECT
    found.security_group_id, found.name, found.description, found.rules, found.unreadable,
    found.revision_number, found.stateful, found.digest, found.drift_digest, found.missing,
    coalesce(%(observed_at)s::timestamptz, clock_timestamp())
FROM jsonb_to_recordset(%(found)s) AS found (
    security_group_id bigint, name text, description text, rules jsonb, unreadable jsonb,
    revision_number integer, stateful boolean, digest text, drift_digest text, missing boolean
)
INNER JOIN security_groups AS sg ON sg.id = found.security_group_id
ORDER BY found.security_group_id
ON CONFLICT (security_group_id) DO UPDATE
SET
    name = CASE WHEN excluded.missing THEN stored.name ELSE excluded.name END,
    description = CASE WHEN excluded.missing THEN stored.description ELSE excluded.description END,
    rules = CASE WHEN excluded.missing THEN stored.rules ELSE excluded.rules END,
    unreadable = CASE WHEN excluded.missing THEN stored.unreadable ELSE excluded.unreadable END,
    revision_number = CASE
        WHEN excluded.missing THEN stored.revision_number ELSE excluded.revision_number
    END,
    stateful = CASE WHEN excluded.missing THEN stored.stateful ELSE excluded.stateful END,
    digest = excluded.digest,
    drift_digest = excluded.drift_digest,
    missing = excluded.missing,
    observed_at = excluded.observed_at
WHERE stored.observed_at <= excluded.observed_at
RETURNING security_group_id
"""

# What the cloud says first is what is desired.
_FIRST_STATEFUL: LiteralString = """
UPDATE security_groups AS sg
SET stateful = seen.stateful
FROM security_group_observations AS seen
WHERE
    sg.id = ANY(%s)
    AND seen.security_group_id = sg.id
    AND sg.stateful IS NULL
    AND seen.stateful IS NOT NULL
RETURNING sg.id
"""

_STATEFUL: LiteralString = """
UPDATE security_groups AS sg
SET stateful = found.stateful
FROM jsonb_to_recordset(%s) AS found (id bigint, stateful boolean)
WHERE sg.id = found.id AND sg.stateful <> found.stateful
RETURNING sg.id
"""

_MARKS: LiteralString = """
SELECT observation.security_group_id, observation.digest, observation.drift_digest
FROM security_group_observations AS observation
INNER JOIN security_groups AS sg ON observation.security_group_id = sg.id
WHERE sg.tenant_id = %s
"""

# A comparison that found the group as it was wrote nothing: it counts as a look.
_LAST: LiteralString = """
SELECT
    observation.name, observation.description, observation.rules, observation.unreadable,
    observation.revision_number, observation.stateful, observation.missing,
    greatest(observation.observed_at, pull.pulled_at) AS observed_at
FROM security_group_observations AS observation
INNER JOIN security_groups AS sg ON observation.security_group_id = sg.id
LEFT JOIN tenant_pulls AS pull ON sg.tenant_id = pull.tenant_id
WHERE observation.security_group_id = %s
"""

MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one group. `rules` are mappings in the cloud's own words.

    `digest` is of the whole, `drift_digest` of the difference from what is asked for, or empty.
    """

    security_group_id: int
    name: str
    description: str
    rules: Sequence[Mapping[str, Any]]
    revision_number: int
    digest: str
    drift_digest: str = ""
    missing: bool = False
    # Rules that could not be read: mappings of their id and the reason
    unreadable: Sequence[Mapping[str, str]] = ()
    stateful: bool | None = None


@dataclass(frozen=True, slots=True)
class LastObservation:
    """The last observation of a group, as it is kept."""

    name: str
    description: str
    rules: Sequence[Mapping[str, Any]]
    revision_number: int
    missing: bool
    observed_at: datetime
    unreadable: Sequence[Mapping[str, str]] = ()
    stateful: bool | None = None


async def write(
    connection: Connection, seen: Sequence[Observation], observed_at: datetime | None
) -> set[int]:
    """Keep what was seen, since `observed_at` or now; give the ids for which nothing was newer.

    The caller holds the tenant's row.
    """
    if not seen:
        return set()
    values = {"found": recordset(seen), "observed_at": observed_at}
    cursor = await connection.execute(_WRITE, values)
    written = {row[0] for row in await cursor.fetchall()}
    cursor = await connection.execute(_FIRST_STATEFUL, [list(written)])
    documents.refresh_before_commit(connection, [row[0] for row in await cursor.fetchall()])
    return written


async def adopt_stateful(connection: Connection, stateful: Mapping[int, bool]) -> set[int]:
    """Make desired what clouds say of groups, by id; return the ids where it was otherwise."""
    if not stateful:
        return set()
    rows = [{"id": group, "stateful": value} for group, value in sorted(stateful.items())]
    cursor = await connection.execute(_STATEFUL, [recordset(rows)])
    changed = {row[0] for row in await cursor.fetchall()}
    documents.refresh_before_commit(connection, changed)
    return changed


async def digests(connection: Connection, tenant_id: int) -> dict[int, tuple[str, str]]:
    """Give both digests of each of the tenant's observations."""
    cursor = await connection.execute(_MARKS, [tenant_id])
    return {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}


async def last_look(connection: Connection, group_id: int) -> LastObservation | None:
    """Give the last observation of a group, if it was ever seen."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_LAST, [group_id])
    row = await cursor.fetchone()
    return LastObservation(**row) if row else None
