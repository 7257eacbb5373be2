"""Stores which ports carry a tenant's groups, as last observed.

Ports are never desired state. Each observation replaces the one before, even by an empty list, so
the next one corrects any error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from ringfence.clouds import queries as tenants
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.read_model import documents

_NOW: LiteralString = "SELECT clock_timestamp()"

# Of two concurrent observations, the one that began later is stored.
_RECORD_TIME: LiteralString = """
WITH before AS (
    SELECT FROM tenant_port_observations AS earlier WHERE earlier.tenant_id = %(tenant)s
)
INSERT INTO tenant_port_observations AS stored (tenant_id, observed_at)
VALUES (%(tenant)s, %(observed_at)s)
ON CONFLICT (tenant_id) DO UPDATE SET observed_at = excluded.observed_at
WHERE stored.observed_at < excluded.observed_at
RETURNING NOT EXISTS (SELECT FROM before)
"""

_DELETE_PORTS: LiteralString = """
DELETE FROM cloud_ports AS port
WHERE
    port.tenant_id = %(tenant)s
    AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(%(observed)s) AS observed (backend_id text)
        WHERE observed.backend_id = port.backend_id
    )
"""

_UPSERT_PORTS: LiteralString = """
INSERT INTO cloud_ports AS port (
    tenant_id, backend_id, name, device_id, device_owner, addresses, floating_addresses
)
SELECT
    %(tenant)s, observed.backend_id, observed.name, observed.device_id, observed.device_owner,
    observed.addresses, observed.floating_addresses
FROM jsonb_to_recordset(%(observed)s) AS observed (
    backend_id text, name text, device_id text, device_owner text, addresses text [],
    floating_addresses text []
)
ORDER BY observed.backend_id
ON CONFLICT (tenant_id, backend_id) DO UPDATE
SET
    name = excluded.name,
    device_id = excluded.device_id,
    device_owner = excluded.device_owner,
    addresses = excluded.addresses,
    floating_addresses = excluded.floating_addresses
WHERE
    (
        port.name, port.device_id, port.device_owner, port.addresses, port.floating_addresses
    ) IS DISTINCT FROM (
        excluded.name, excluded.device_id, excluded.device_owner, excluded.addresses,
        excluded.floating_addresses
    )
"""

_REPLACE_GROUPS: LiteralString = """
WITH carried AS (
    SELECT port.id AS port_id, sg.id AS security_group_id
    FROM jsonb_to_recordset(%(observed)s) AS observed (backend_id text, group_ids text [])
    INNER JOIN cloud_ports AS port
        ON port.tenant_id = %(tenant)s AND port.backend_id = observed.backend_id
    INNER JOIN security_groups AS sg
        ON
            sg.tenant_id = %(tenant)s
            AND sg.backend_id <> ''
            AND sg.backend_id = ANY(observed.group_ids)
),
dropped AS (
    DELETE FROM cloud_port_groups AS old
    USING cloud_ports AS port
    WHERE
        port.tenant_id = %(tenant)s
        AND old.port_id = port.id
        AND NOT EXISTS (
            SELECT FROM carried
            WHERE
                carried.port_id = old.port_id
                AND carried.security_group_id = old.security_group_id
        )
)
INSERT INTO cloud_port_groups (port_id, security_group_id)
SELECT carried.port_id, carried.security_group_id FROM carried
ORDER BY carried.port_id, carried.security_group_id
ON CONFLICT (port_id, security_group_id) DO NOTHING
"""

_INSTANCES: LiteralString = """
SELECT counted.security_group_id, counted.instances
FROM security_group_instances AS counted
WHERE counted.tenant_id = %s
"""

_GROUPS: LiteralString = "SELECT sg.id FROM security_groups AS sg WHERE sg.tenant_id = %s"


@dataclass(frozen=True, slots=True)
class ObservedPort:
    """A port in the cloud; groups by backend id."""

    backend_id: str
    name: str
    device_id: str
    device_owner: str
    addresses: tuple[str, ...]
    floating_addresses: tuple[str, ...]
    group_ids: tuple[str, ...]


async def observation_time(connection: Connection) -> datetime:
    """Return the time of an observation. Read it before the cloud is read."""
    cursor = await connection.execute(_NOW)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM returns one row
    now: datetime = row[0]
    return now


async def store_ports(
    connection: Connection, tenant_id: int, ports: Sequence[ObservedPort], observed_at: datetime
) -> bool:
    """Replace the stored ports of a tenant; return whether no newer observation is stored.

    Only documents of groups with another number of instances are refreshed.
    """
    await tenants.lock(connection, tenant_id)
    cursor = await connection.execute(
        _RECORD_TIME, {"tenant": tenant_id, "observed_at": observed_at}
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    before = await _instances(connection, tenant_id)
    carrying = [port for port in ports if port.group_ids]
    values = {"tenant": tenant_id, "observed": recordset(carrying)}
    for statement in (_DELETE_PORTS, _UPSERT_PORTS, _REPLACE_GROUPS):
        await connection.execute(statement, values)
    is_first = row[0]
    if is_first:
        # From "not known" to a number, zero included.
        changed = await _groups(connection, tenant_id)
    else:
        after = await _instances(connection, tenant_id)
        changed = sorted({group for group, _ in before.items() ^ after.items()})
    documents.refresh_before_commit(connection, changed)
    return True


async def _instances(connection: Connection, tenant_id: int) -> Mapping[int, int]:
    cursor = await connection.execute(_INSTANCES, [tenant_id])
    return dict(await cursor.fetchall())


async def _groups(connection: Connection, tenant_id: int) -> list[int]:
    cursor = await connection.execute(_GROUPS, [tenant_id])
    return [row[0] for row in await cursor.fetchall()]
