"""Reads the stored groups of a tenant, to compare them with its cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from ringfence.clouds.drift_modes import DriftMode
from ringfence.database.pool import Connection
from ringfence.errors import NotFound
from ringfence.security_groups import rule_rows
from ringfence.security_groups.queries import NO_SUCH_GROUP
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import State

_MARKERS: LiteralString = """
SELECT id, modified, version, clock_timestamp() FROM security_groups WHERE tenant_id = %s
UNION ALL
SELECT 0, clock_timestamp(), 0, clock_timestamp()
"""

# A rule as an array of its values, in the order of `_stored_rule`; its remote group by backend id.
_LOCAL: LiteralString = """
SELECT
    sg.id, sg.uuid, sg.name, sg.description, sg.backend_id, sg.state, sg.version,
    sg.applied_version, sg.modified, sg.error_message, sg.is_duplicate_name, sg.creation_started,
    coalesce(sg.creation_ended, sg.modified) AS creation_ended,
    sg.stateful, rules.rules,
    coalesce(own.drift_mode, usual.drift_mode, 'adopt') AS drift_mode
FROM security_groups AS sg
LEFT JOIN security_group_drift_modes AS own ON sg.id = own.security_group_id
LEFT JOIN tenant_drift_modes AS usual ON sg.tenant_id = usual.tenant_id
LEFT JOIN LATERAL (
    SELECT
        jsonb_agg(
            jsonb_build_array(
                rule.id, rule.position, {columns},
                coalesce(remote.backend_id, rule.unresolved_group_backend_id),
                rule.remote_address_group_backend_id
            )
            ORDER BY rule.position, rule.id
        ) AS rules
    FROM security_group_rules AS rule
    LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
    WHERE rule.security_group_id = sg.id
) AS rules ON true
WHERE sg.tenant_id = %(tenant)s AND (%(only)s::bigint IS NULL OR sg.id = %(only)s)
ORDER BY sg.id
""".replace("{columns}", rule_rows.COLUMNS)


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A stored rule; its remote group by backend id."""

    id: int
    position: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class LocalGroup:
    """A stored group with its rules and the time of its last change."""

    id: int
    uuid: UUID
    name: str
    description: str
    backend_id: str
    state: State
    version: int
    applied_version: int
    modified: datetime
    error_message: str
    is_duplicate_name: bool
    rules: tuple[StoredRule, ...]
    drift_mode: DriftMode = DriftMode.ADOPT
    # Of creations whose outcome is not known. The end is valid only in OK and ERRED.
    creation_started: datetime | None = None
    creation_ended: datetime | None = None
    # Desired; None if it was never observed
    stateful: bool | None = None

    @property
    def change_marker(self) -> tuple[datetime, int]:
        """A value that every change of the group changes."""
        return (self.modified, self.version)

    @property
    def is_outstanding(self) -> bool:
        """Whether the desired version was not fully applied."""
        return self.version != self.applied_version


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last change and version of each group of a tenant, at the time `taken_at`."""

    taken_at: datetime
    markers: Mapping[int, tuple[datetime, int]] = field(default_factory=dict)


async def take_snapshot(connection: Connection, tenant_id: int) -> Snapshot:
    """Return a snapshot of the tenant. Take it before the cloud is read."""
    cursor = await connection.execute(_MARKERS, [tenant_id])
    rows = await cursor.fetchall()
    taken_at = min(row[3] for row in rows)
    return Snapshot(taken_at, {row[0]: (row[1], row[2]) for row in rows if row[0]})


async def local_group(connection: Connection, tenant_id: int, group_id: int) -> LocalGroup:
    """Return one group of a tenant with its rules; raises `NotFound` if it was deleted."""
    groups = await local_groups(connection, tenant_id, only=group_id)
    if not groups:
        raise NotFound(NO_SUCH_GROUP)
    return groups[0]


async def local_groups(
    connection: Connection, tenant_id: int, *, only: int | None = None
) -> list[LocalGroup]:
    """Return all groups of a tenant with their rules, or only one, with one statement."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_LOCAL, {"tenant": tenant_id, "only": only})
    return [
        LocalGroup(
            **row
            | {
                "state": State(row["state"]),
                "drift_mode": DriftMode(row["drift_mode"]),
                "rules": tuple(_stored_rule(*rule) for rule in row["rules"] or ()),
            }
        )
        for row in await cursor.fetchall()
    ]


def _stored_rule(rule_id: int, position: int, *fields: Any) -> StoredRule:  # noqa: ANN401 - of Rule
    return StoredRule(rule_id, position, Rule(*fields))
