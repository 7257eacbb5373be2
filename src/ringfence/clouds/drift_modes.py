"""Drift modes: what happens when a cloud differs from the desired rules; a tenant's default."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from ringfence.clouds.queries import Tenant, lock
from ringfence.database.pool import Connection, Database
from ringfence.database.recordset import recordset
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType


class DriftMode(StrEnum):
    """What happens when observed and desired rules differ."""

    # The observed rules become the desired ones; the replaced rules stay as a version.
    ADOPT = "adopt"
    # The desired rules are pushed again.
    ENFORCE = "enforce"
    # The drift is reported, and neither side changes.
    REPORT = "report"


_SET: LiteralString = """
INSERT INTO tenant_drift_modes (tenant_id, drift_mode) VALUES (%(id)s, %(mode)s)
ON CONFLICT (tenant_id) DO UPDATE SET drift_mode = excluded.drift_mode
"""

_GET: LiteralString = """
SELECT coalesce(
    (SELECT mode.drift_mode FROM tenant_drift_modes AS mode WHERE mode.tenant_id = %s), 'adopt'
)
"""

# A tenant without a row adopts: storing that says the same.
_STORE: LiteralString = """
INSERT INTO tenant_drift_modes AS mode (tenant_id, drift_mode)
SELECT tenant.id, entry.drift_mode
FROM jsonb_to_recordset(%(rows)s) AS entry (tenant uuid, drift_mode text)
INNER JOIN tenants AS tenant ON entry.tenant = tenant.uuid
WHERE
    entry.drift_mode <> 'adopt'
    OR EXISTS (SELECT FROM tenant_drift_modes AS stored WHERE stored.tenant_id = tenant.id)
ON CONFLICT (tenant_id) DO UPDATE SET drift_mode = excluded.drift_mode
WHERE mode.drift_mode <> excluded.drift_mode
RETURNING (SELECT tenant.uuid FROM tenants AS tenant WHERE tenant.id = mode.tenant_id)
"""


_EXISTING: LiteralString = """
SELECT tenant.uuid, coalesce(mode.drift_mode, 'adopt')
FROM tenants AS tenant
LEFT JOIN tenant_drift_modes AS mode ON tenant.id = mode.tenant_id
WHERE tenant.uuid = ANY(%(tenants)s)
"""


async def default_mode(connection: Connection, tenant_id: int) -> DriftMode:
    """Return the mode of the tenant's groups that have none of their own."""
    cursor = await connection.execute(_GET, [tenant_id])
    row = await cursor.fetchone()
    return DriftMode(row[0]) if row else DriftMode.ADOPT


async def existing_default_modes(
    connection: Connection, tenants: Collection[UUID]
) -> dict[UUID, dict[str, str]]:
    """Return the default modes of the tenants, each as a mapping of the key in a file."""
    cursor = await connection.execute(_EXISTING, {"tenants": list(tenants)})
    return {tenant: {"drift_mode": mode} for tenant, mode in await cursor.fetchall()}


async def store_default_modes(connection: Connection, modes: Mapping[UUID, str]) -> set[UUID]:
    """Set the default modes of the tenants; return the tenants that changed."""
    rows = [{"tenant": tenant, "drift_mode": mode} for tenant, mode in modes.items()]
    cursor = await connection.execute(_STORE, {"rows": recordset(rows)})
    return {row[0] for row in await cursor.fetchall()}


async def set_default_mode(database: Database, tenant: Tenant, mode: DriftMode) -> bool:
    """Set the default mode of the tenant's groups; return whether it changed."""
    async with database.transaction() as connection:
        await lock(connection, tenant.id)
        before = await default_mode(connection, tenant.id)
        if before is mode:
            return False
        await connection.execute(_SET, {"id": tenant.id, "mode": mode})
        message = f"The default drift mode of tenant {tenant.name} is now {mode}."
        await record(
            connection,
            Event(
                EventType.DRIFT_MODE_SET,
                message,
                customer=tenant.customer_uuid,
                project=tenant.project_uuid,
                tenant=tenant.uuid,
                context={"from": before, "to": mode},
            ),
        )
    return True
