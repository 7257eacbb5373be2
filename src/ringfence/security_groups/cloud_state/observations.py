"""Stores the last observation of each group, apart from its desired state.

An observation that is equal to the stored one is not written again. The time of the last pull is
stored once, with the tenant (see `clouds.pulls`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import dict_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.internet import is_internet
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.traffic_changes import Grade

# An older observation never replaces a newer one. A missing group keeps its last content.
_WRITE: LiteralString = """
WITH before AS (
    SELECT earlier.security_group_id, earlier.internet_digest
    FROM security_group_observations AS earlier
    WHERE
        earlier.security_group_id IN (
            SELECT one.security_group_id
            FROM jsonb_to_recordset(%(observed)s) AS one (security_group_id bigint)
        )
),
written AS (
INSERT INTO security_group_observations AS stored (
    security_group_id, name, description, rules, unreadable, revision_number, stateful, digest,
    drift_digest, drift_grade, internet_digest, missing, observed_at
)
SELECT
    observed.security_group_id, observed.name, observed.description, observed.rules,
    observed.unreadable, observed.revision_number, observed.stateful, observed.digest,
    observed.drift_digest, observed.drift_grade, observed.internet_digest, observed.missing,
    coalesce(%(observed_at)s::timestamptz, clock_timestamp())
FROM jsonb_to_recordset(%(observed)s) AS observed (
    security_group_id bigint, name text, description text, rules jsonb, unreadable jsonb,
    revision_number integer, stateful boolean, digest text, drift_digest text, drift_grade text,
    internet_digest text, missing boolean
)
INNER JOIN security_groups AS sg ON sg.id = observed.security_group_id
ORDER BY observed.security_group_id
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
    drift_grade = excluded.drift_grade,
    internet_digest = excluded.internet_digest,
    missing = excluded.missing,
    observed_at = excluded.observed_at
WHERE stored.observed_at <= excluded.observed_at
RETURNING security_group_id, internet_digest
)
SELECT
    written.security_group_id,
    -- The first one says which desired openings are in the cloud, even if it opens nothing.
    before.security_group_id IS NULL
    OR written.internet_digest IS DISTINCT FROM before.internet_digest
FROM written
LEFT JOIN before ON written.security_group_id = before.security_group_id
"""

# The first observed value becomes the desired one.
_FIRST_STATEFUL: LiteralString = """
UPDATE security_groups AS sg
SET stateful = observed.stateful
FROM security_group_observations AS observed
WHERE
    sg.id = ANY(%s)
    AND observed.security_group_id = sg.id
    AND sg.stateful IS NULL
    AND observed.stateful IS NOT NULL
RETURNING sg.id
"""

_STATEFUL: LiteralString = """
UPDATE security_groups AS sg
SET stateful = observed.stateful
FROM jsonb_to_recordset(%s) AS observed (id bigint, stateful boolean)
WHERE sg.id = observed.id AND sg.stateful <> observed.stateful
RETURNING sg.id
"""

# Rows that release 0.1.0 wrote have none; the next pull grades their drift.
GRADE: LiteralString = """
CASE
    WHEN observed.drift_grade IS NOT NULL THEN observed.drift_grade
    WHEN observed.missing THEN 'closes'
    WHEN observed.drift_digest = '' THEN 'none'
END
"""

_DIGESTS: LiteralString = """
SELECT observed.security_group_id, observed.digest, observed.drift_digest, {grade}
FROM security_group_observations AS observed
INNER JOIN security_groups AS sg ON observed.security_group_id = sg.id
WHERE sg.tenant_id = %s
""".replace("{grade}", GRADE)

_CONFIRM: LiteralString = """
UPDATE security_group_observations SET observed_at = clock_timestamp()
WHERE security_group_id = %s
"""

# A pull of the tenant that observed no change wrote no observation, so its time counts.
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

# The fields of a rule that decide what it admits from the internet
_ADMITTING = (
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_address_group_id",
)


class Digests(NamedTuple):
    """What distinguishes stored observations; no grade in rows of release 0.1.0."""

    whole: str
    drift: str
    grade: str | None


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation of one group. `rules` are mappings with Neutron's keys.

    `digest` is of the whole, `drift_digest` of the difference from the desired state, or empty.
    """

    security_group_id: int
    name: str
    description: str
    rules: Sequence[Mapping[str, Any]]
    revision_number: int
    digest: str
    drift_digest: str = ""
    drift_grade: Grade = Grade.NONE
    missing: bool = False
    # Rules that could not be read: their ids and the reasons
    unreadable: Sequence[Mapping[str, str]] = ()
    stateful: bool | None = None


@dataclass(frozen=True, slots=True)
class LastObservation:
    """The stored observation of a group."""

    name: str
    description: str
    rules: Sequence[Mapping[str, Any]]
    revision_number: int
    missing: bool
    observed_at: datetime
    unreadable: Sequence[Mapping[str, str]] = ()
    stateful: bool | None = None


def internet_digest(rules: Iterable[Mapping[str, Any]]) -> str:
    """Return a digest of the rules that may admit the internet; empty for none."""
    found = sorted(
        repr([rule.get(name) for name in _ADMITTING])
        for rule in rules
        if rule["direction"] == "ingress" and not rule.get("remote_group_id")
        if rule.get("remote_address_group_id")
        or is_internet(rule.get("remote_ip_prefix") or "0.0.0.0/0", rule["ethertype"])
    )
    return blake2b("\n".join(found).encode(), digest_size=16).hexdigest() if found else ""


async def write(
    connection: Connection, observations: Sequence[Observation], observed_at: datetime | None
) -> set[int]:
    """Store observations made at `observed_at` or now; return the ids without a newer one.

    The tenant must be locked.
    """
    if not observations:
        return set()
    rows = [
        {**_columns(each), "internet_digest": internet_digest(each.rules)} for each in observations
    ]
    values = {"observed": recordset(rows), "observed_at": observed_at}
    cursor = await connection.execute(_WRITE, values)
    found = await cursor.fetchall()
    written = {group for group, _ in found}
    port_exposures.refresh_before_commit(connection, [group for group, changed in found if changed])
    cursor = await connection.execute(_FIRST_STATEFUL, [list(written)])
    documents.refresh_before_commit(connection, [row[0] for row in await cursor.fetchall()])
    return written


async def confirm(connection: Connection, group_id: int) -> None:
    """Record that the cloud has now what was last observed of a group."""
    await connection.execute(_CONFIRM, [group_id])


def _columns(observation: Observation) -> Mapping[str, Any]:
    return {field.name: getattr(observation, field.name) for field in fields(observation)}


async def adopt_stateful(connection: Connection, stateful: Mapping[int, bool]) -> set[int]:
    """Make observed values of `stateful` desired, by id; return the ids that changed."""
    if not stateful:
        return set()
    rows = [{"id": group, "stateful": value} for group, value in sorted(stateful.items())]
    cursor = await connection.execute(_STATEFUL, [recordset(rows)])
    changed = {row[0] for row in await cursor.fetchall()}
    documents.refresh_before_commit(connection, changed)
    return changed


async def digests(connection: Connection, tenant_id: int) -> dict[int, Digests]:
    """Return the digests and the grade of each observation of the tenant."""
    cursor = await connection.execute(_DIGESTS, [tenant_id])
    return {row[0]: Digests(*row[1:]) for row in await cursor.fetchall()}


async def last_observation(connection: Connection, group_id: int) -> LastObservation | None:
    """Return the last observation of a group, if there is one."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_LAST, [group_id])
    row = await cursor.fetchone()
    return LastObservation(**row) if row else None
