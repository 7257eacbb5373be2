"""The OpenStack projects of tenants, and the entries of `clouds.yaml` that lead to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset

_STORED_PROJECTS: LiteralString = """
SELECT DISTINCT coalesce(tenant.openstack_cloud, cloud.openstack_cloud), tenant.backend_id
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
WHERE tenant.backend_id = ANY(%s) AND cloud.backend = 'openstack'
"""

# The newest groups are the likeliest to exist still.
_OTHER_ENTRIES: LiteralString = """
SELECT DISTINCT
    tenant.uuid,
    desired.entry,
    tenant.backend_id,
    ARRAY(
        SELECT sg.backend_id FROM security_groups AS sg
        WHERE sg.tenant_id = tenant.id AND sg.backend_id <> ''
        ORDER BY sg.id DESC LIMIT 3
    )
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
CROSS JOIN LATERAL (
    VALUES
    ('tenant', tenant.name), ('tenant', tenant.uuid::text),
    ('cloud', cloud.name), ('cloud', cloud.uuid::text)
) AS own (kind, key)
INNER JOIN
    jsonb_to_recordset(%(desired)s) AS desired (kind text, key text, entry text)
    ON own.kind = desired.kind AND own.key = desired.key
WHERE
    tenant.backend_id <> ''
    AND (desired.kind = 'tenant' OR tenant.openstack_cloud IS NULL)
    AND desired.entry IS DISTINCT FROM coalesce(tenant.openstack_cloud, cloud.openstack_cloud)
LIMIT %(limit)s
"""


async def stored_projects(
    connection: Connection, projects: Collection[str]
) -> set[tuple[str, str]]:
    """Return which of these OpenStack projects a tenant has, each with its entry."""
    cursor = await connection.execute(_STORED_PROJECTS, [list(projects)])
    return {(entry, project) for entry, project in await cursor.fetchall()}


async def tenants_with_other_entries(
    connection: Connection, desired: Sequence[Mapping[str, str]], limit: int
) -> list[tuple[UUID, str, str, list[str]]]:
    """Return the tenants to which an entry leads that is not the stored one.

    `desired` has `kind` (tenant or cloud), `key` (name or UUID) and `entry`. Each result is the
    tenant, the new entry, the tenant's project, and the backend ids of up to three groups.
    """
    values = {"desired": recordset(desired), "limit": limit}
    return await (await connection.execute(_OTHER_ENTRIES, values)).fetchall()
