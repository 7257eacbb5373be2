"""Which ports carry a tenant's groups, as its cloud last showed them.

This is what was seen, never what was asked for: a reading takes the place of the one before, also
where it is empty. What it gets wrong, the next one mends.
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

# Of two readings at once, the one that began later stands.
_TAKE: LiteralString = """
WITH before AS (
    SELECT FROM tenant_port_observations AS earlier WHERE earlier.tenant_id = %(tenant)s
)
INSERT INTO tenant_port_observations AS reading (tenant_id, observed_at)
VALUES (%(tenant)s, %(taken)s)
ON CONFLICT (tenant_id) DO UPDATE SET observed_at = excluded.observed_at
WHERE reading.observed_at < excluded.observed_at
RETURNING NOT EXISTS (SELECT FROM before)
"""

_FORGET: LiteralString = """
DELETE FROM cloud_ports AS port
WHERE
    port.tenant_id = %(tenant)s
    AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(%(found)s) AS found (backend_id text)
        WHERE found.backend_id = port.backend_id
    )
"""

_KEEP: LiteralString = """
INSERT INTO cloud_ports AS port (
    tenant_id, backend_id, name, device_id, device_owner, addresses, floating_addresses
)
SELECT
    %(tenant)s, found.backend_id, found.name, found.device_id, found.device_owner,
    found.addresses, found.floating_addresses
FROM jsonb_to_recordset(%(found)s) AS found (
    backend_id text, name text, device_id text, device_owner text, addresses text [],
    floating_addresses text []
)
ORDER BY found.backend_id
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

_CARRY: LiteralString = """
WITH carried AS (
    SELECT port.id AS port_id, sg.id AS security_group_id
    FROM jsonb_to_recordset(%(found)s) AS found (backend_id text, group_ids text [])
    INNER JOIN cloud_ports AS port
        ON port.tenant_id = %(tenant)s AND port.backend_id = found.backend_id
    INNER JOIN security_groups AS sg
        ON
            sg.tenant_id = %(tenant)s
            AND sg.backend_id <> ''
            AND sg.backend_id = ANY(found.group_ids)
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
class FoundPort:
    """A port of the cloud; groups by backend id."""

    backend_id: str
    name: str
    device_id: str
    device_owner: str
    addresses: tuple[str, ...]
    floating_addresses: tuple[str, ...]
    group_ids: tuple[str, ...]


async def begin_reading(connection: Connection) -> datetime:
    """Give the moment of a reading, to be taken before the cloud is asked."""
    cursor = await connection.execute(_NOW)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    moment: datetime = row[0]
    return moment


async def take_reading(
    connection: Connection, tenant_id: int, found: Sequence[FoundPort], taken: datetime
) -> bool:
    """Make the rows those ports that carry a group; tells whether no later reading stands.

    Only answers whose number of instances changed are rendered anew.
    """
    await tenants.lock(connection, tenant_id)
    cursor = await connection.execute(_TAKE, {"tenant": tenant_id, "taken": taken})
    row = await cursor.fetchone()
    if row is None:
        return False
    before = await _instances(connection, tenant_id)
    carrying = [port for port in found if port.group_ids]
    values = {"tenant": tenant_id, "found": recordset(carrying)}
    for statement in (_FORGET, _KEEP, _CARRY):
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
