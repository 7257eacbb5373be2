"""Stores the members of address groups that rules of a tenant refer to, as last observed.

An address group without a row is not known: no rule refers to it, the credentials do not show it,
or its members cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.clouds import queries as tenants
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.port_exposures import refresh as port_exposures

_REFERRED: LiteralString = """
SELECT DISTINCT rule.remote_address_group_backend_id
FROM security_groups AS sg
INNER JOIN security_group_rules AS rule ON sg.id = rule.security_group_id
WHERE sg.tenant_id = %s AND rule.remote_address_group_backend_id IS NOT NULL
ORDER BY rule.remote_address_group_backend_id
"""

_STORED: LiteralString = """
SELECT stored.backend_id, stored.name, stored.addresses
FROM cloud_address_groups AS stored
WHERE stored.tenant_id = %s
"""

_DELETE: LiteralString = """
DELETE FROM cloud_address_groups AS stored
WHERE stored.tenant_id = %(tenant)s AND stored.backend_id <> ALL(%(ids)s)
"""

_UPSERT: LiteralString = """
INSERT INTO cloud_address_groups (tenant_id, backend_id, name, addresses, observed_at)
SELECT
    %(tenant)s, observed.backend_id, observed.name, observed.addresses, now()
FROM jsonb_to_recordset(%(observed)s) AS observed (backend_id text, name text, addresses text [])
LEFT JOIN cloud_address_groups AS stored
    ON stored.tenant_id = %(tenant)s AND observed.backend_id = stored.backend_id
WHERE
    stored.id IS NULL
    OR (stored.name, stored.addresses) IS DISTINCT FROM (observed.name, observed.addresses)
ORDER BY observed.backend_id
ON CONFLICT (tenant_id, backend_id) DO UPDATE
SET name = excluded.name, addresses = excluded.addresses, observed_at = excluded.observed_at
"""


@dataclass(frozen=True, slots=True)
class ObservedAddressGroup:
    """An address group in the cloud with all of its members."""

    backend_id: str
    name: str
    addresses: tuple[str, ...]


async def referred_address_groups(connection: Connection, tenant_id: int) -> list[str]:
    """Return the ids of the address groups that desired rules of the tenant refer to."""
    cursor = await connection.execute(_REFERRED, [tenant_id])
    return [row[0] for row in await cursor.fetchall()]


async def store_address_groups(
    connection: Connection,
    tenant_id: int,
    groups: Sequence[ObservedAddressGroup],
) -> None:
    """Replace the stored address groups of a tenant; write nothing if none differs."""
    if await _stored(connection, tenant_id) == set(groups):
        return
    await tenants.lock(connection, tenant_id)
    values = {
        "tenant": tenant_id,
        "ids": [group.backend_id for group in groups],
        "observed": recordset(groups),
    }
    await connection.execute(_DELETE, values)
    await connection.execute(_UPSERT, values)
    port_exposures.refresh_tenant_before_commit(connection, tenant_id)


async def _stored(connection: Connection, tenant_id: int) -> set[ObservedAddressGroup]:
    cursor = await connection.execute(_STORED, [tenant_id])
    return {
        ObservedAddressGroup(backend_id, name, tuple(addresses))
        for backend_id, name, addresses in await cursor.fetchall()
    }
