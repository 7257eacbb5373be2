"""Read and store the marketplace references of tenants."""

from collections.abc import Collection, Mapping
from typing import Any, LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset

# Only stated columns change: those that are keys of `entry.stated`.
_STORE: LiteralString = """
INSERT INTO marketplace_references AS present
SELECT (jsonb_populate_record(
    coalesce(old, jsonb_populate_record(NULL::marketplace_references, '{}')),
    entry.stated || jsonb_build_object('tenant_id', tenant.id)
)).*
FROM jsonb_to_recordset(%(rows)s) AS entry (tenant uuid, stated jsonb)
INNER JOIN tenants AS tenant ON entry.tenant = tenant.uuid
LEFT JOIN marketplace_references AS old ON tenant.id = old.tenant_id
ON CONFLICT (tenant_id) DO UPDATE
SET
    resource_uuid = excluded.resource_uuid,
    resource_state = excluded.resource_state,
    offering_uuid = excluded.offering_uuid,
    offering_name = excluded.offering_name,
    offering_type = excluded.offering_type,
    offering_plugin_options = excluded.offering_plugin_options,
    category_uuid = excluded.category_uuid,
    category_name = excluded.category_name,
    plan_uuid = excluded.plan_uuid,
    is_usage_based = excluded.is_usage_based,
    is_limit_based = excluded.is_limit_based
WHERE present IS DISTINCT FROM excluded
RETURNING
    tenant_id, (SELECT tenant.uuid FROM tenants AS tenant WHERE tenant.id = present.tenant_id)
"""


_EXISTING: LiteralString = """
SELECT tenant.uuid, to_jsonb(reference) - 'tenant_id'
FROM marketplace_references AS reference
INNER JOIN tenants AS tenant ON reference.tenant_id = tenant.id
WHERE tenant.uuid = ANY(%(tenants)s)
"""


async def existing_references(
    connection: Connection, tenants: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    """Return the references of the tenants, by column; values as in JSON."""
    cursor = await connection.execute(_EXISTING, {"tenants": list(tenants)})
    return dict(await cursor.fetchall())


async def store_references(
    connection: Connection, references: Mapping[UUID, Mapping[str, Any]]
) -> dict[UUID, int]:
    """Set the stated columns of the tenants' references.

    Return the UUID and the id of each tenant that changed.
    """
    rows = [{"tenant": tenant, "stated": stated} for tenant, stated in references.items()]
    cursor = await connection.execute(_STORE, {"rows": recordset(rows)})
    return {uuid: identifier for identifier, uuid in await cursor.fetchall()}
