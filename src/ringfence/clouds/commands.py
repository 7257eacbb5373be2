"""Store and remove clouds and tenants, as `ringfence load` does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType


@dataclass(frozen=True, slots=True)
class CloudRow:
    """A row of `clouds`; `openstack_cloud` is its entry in `clouds.yaml`.

    `firewall_driver` is the operator's word, which wins over the observed one; `None` for none.
    """

    uuid: UUID
    name: str
    backend: str
    openstack_cloud: str | None = None
    state: str = "OK"
    error_message: str = ""
    firewall_driver: str | None = None


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A row of `tenants`; `parent` is its project."""

    uuid: UUID
    parent: UUID
    name: str
    cloud: UUID
    backend_id: str = ""
    openstack_cloud: str | None = None
    state: str = "OK"


_CLOUDS: LiteralString = """
SELECT uuid, name, backend, openstack_cloud, state, error_message, firewall_driver
FROM clouds
WHERE uuid = ANY(%(uuids)s) OR name = ANY(%(names)s)
ORDER BY id
"""

# Two clouds can swap their names in one file.
_PARK_CLOUD_NAMES: LiteralString = """
UPDATE clouds SET name = clouds.uuid::text
FROM jsonb_to_recordset(%(rows)s) AS entry (uuid uuid, name text)
WHERE clouds.uuid = entry.uuid AND clouds.name <> entry.name
"""

_STORE_CLOUDS: LiteralString = """
INSERT INTO clouds (uuid, name, backend, openstack_cloud, state, error_message, firewall_driver)
SELECT
    entry.uuid, entry.name, entry.backend, entry.openstack_cloud, entry.state,
    entry.error_message, entry.firewall_driver
FROM jsonb_to_recordset(%(rows)s) AS entry (
    uuid uuid, name text, backend text, openstack_cloud text, state text, error_message text,
    firewall_driver text
)
ON CONFLICT (uuid) DO UPDATE
SET
    name = excluded.name,
    backend = excluded.backend,
    openstack_cloud = excluded.openstack_cloud,
    state = excluded.state,
    error_message = excluded.error_message,
    firewall_driver = excluded.firewall_driver
RETURNING id
"""

_RECORD_FIREWALL_DRIVER: LiteralString = """
UPDATE clouds AS cloud SET observed_firewall_driver = %(driver)s
FROM tenants AS tenant
WHERE
    tenant.id = %(tenant)s
    AND cloud.id = tenant.cloud_id
    AND cloud.observed_firewall_driver IS DISTINCT FROM %(driver)s
"""

_LOCK_TENANTS: LiteralString = """
SELECT
    tenant.uuid, project.uuid AS parent, tenant.name, cloud.uuid AS cloud, tenant.backend_id,
    tenant.openstack_cloud, tenant.state
FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
WHERE {condition}
ORDER BY tenant.id
FOR NO KEY UPDATE OF tenant
"""

_EXISTING_TENANTS: LiteralString = _LOCK_TENANTS.replace(
    "{condition}",
    """
    tenant.uuid = ANY(%(uuids)s)
    OR tenant.name = ANY(%(names)s)
    OR (tenant.backend_id <> '' AND tenant.backend_id = ANY(%(backend_ids)s))
    """,
)

# Tenants with a project that are reached through the entry of their cloud
_TENANTS_OF_CLOUDS: LiteralString = _LOCK_TENANTS.replace(
    "{condition}",
    """
    cloud.uuid = ANY(%(clouds)s) AND tenant.openstack_cloud IS NULL AND tenant.backend_id <> ''
    """,
)

_TENANTS_OF_PROJECTS: LiteralString = _LOCK_TENANTS.replace(
    "{condition}", "project.uuid = ANY(%(projects)s)"
)

_ALL_TENANTS_OF_CLOUDS: LiteralString = _LOCK_TENANTS.replace(
    "{condition}", "cloud.uuid = ANY(%(clouds)s)"
)

# With quotas, marketplace references, drift modes, ports and pulls
_REMOVE_TENANTS: LiteralString = """
DELETE FROM tenants AS tenant USING projects AS project, customers AS customer
WHERE
    tenant.uuid = ANY(%(uuids)s)
    AND tenant.project_id = project.id
    AND project.customer_id = customer.id
RETURNING tenant.uuid, tenant.name, tenant.backend_id, project.uuid, customer.uuid
"""

_REMOVE_CLOUDS: LiteralString = "DELETE FROM clouds WHERE uuid = ANY(%(uuids)s)"

_QUOTAS: LiteralString = """
SELECT tenant.uuid, quota.name, quota.limit_value
FROM tenant_quotas AS quota
INNER JOIN tenants AS tenant ON quota.tenant_id = tenant.id
WHERE tenant.uuid = ANY(%(tenants)s)
"""

_PARK_BACKEND_IDS: LiteralString = """
UPDATE tenants SET backend_id = ''
FROM jsonb_to_recordset(%(rows)s) AS entry (uuid uuid, backend_id text)
WHERE tenants.uuid = entry.uuid AND tenants.backend_id NOT IN ('', entry.backend_id)
"""

_STORE_TENANTS: LiteralString = """
INSERT INTO tenants (uuid, project_id, cloud_id, name, backend_id, openstack_cloud, state)
SELECT
    entry.uuid, project.id, cloud.id, entry.name, entry.backend_id, entry.openstack_cloud,
    entry.state
FROM jsonb_to_recordset(%(rows)s) AS entry (
    uuid uuid, parent uuid, cloud uuid, name text, backend_id text, openstack_cloud text,
    state text
)
INNER JOIN projects AS project ON entry.parent = project.uuid
INNER JOIN clouds AS cloud ON entry.cloud = cloud.uuid
ON CONFLICT (uuid) DO UPDATE
SET
    cloud_id = excluded.cloud_id,
    name = excluded.name,
    backend_id = excluded.backend_id,
    openstack_cloud = excluded.openstack_cloud,
    state = excluded.state,
    modified = now()
RETURNING id
"""

_STORE_QUOTAS: LiteralString = """
INSERT INTO tenant_quotas AS quota (tenant_id, name, limit_value)
SELECT tenant.id, entry.name, entry.limit_value
FROM jsonb_to_recordset(%(rows)s) AS entry (tenant uuid, name text, limit_value integer)
INNER JOIN tenants AS tenant ON entry.tenant = tenant.uuid
ON CONFLICT (tenant_id, name) DO UPDATE SET limit_value = excluded.limit_value
WHERE quota.limit_value <> excluded.limit_value
RETURNING (SELECT tenant.uuid FROM tenants AS tenant WHERE tenant.id = quota.tenant_id)
"""


async def existing_clouds(
    connection: Connection, uuids: Collection[UUID], names: Collection[str], *, lock: bool
) -> list[CloudRow]:
    """Return the clouds that have one of the UUIDs or names; lock them if `lock` is set."""
    statement = _CLOUDS + "FOR NO KEY UPDATE" if lock else _CLOUDS
    async with connection.cursor(row_factory=class_row(CloudRow)) as cursor:
        await cursor.execute(statement, {"uuids": list(uuids), "names": list(names)})
        return await cursor.fetchall()


async def store_clouds(connection: Connection, clouds: Sequence[CloudRow]) -> list[int]:
    """Insert the clouds, or update those whose UUID exists; return their ids."""
    rows = {"rows": recordset(clouds)}
    await connection.execute(_PARK_CLOUD_NAMES, rows)
    cursor = await connection.execute(_STORE_CLOUDS, rows)
    return [row[0] for row in await cursor.fetchall()]


async def existing_tenants(
    connection: Connection,
    uuids: Sequence[UUID],
    names: Sequence[str],
    backend_ids: Sequence[str],
) -> list[TenantRow]:
    """Lock and return all tenants that have one of the UUIDs, names or backend ids."""
    values = {"uuids": list(uuids), "names": list(names), "backend_ids": list(backend_ids)}
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute(_EXISTING_TENANTS, values)
        return await cursor.fetchall()


async def tenants_of_clouds(connection: Connection, clouds: Collection[UUID]) -> list[TenantRow]:
    """Lock and return the tenants that are reached through the entry of one of the clouds."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute(_TENANTS_OF_CLOUDS, {"clouds": list(clouds)})
        return await cursor.fetchall()


async def store_tenants(connection: Connection, tenants: Sequence[TenantRow]) -> list[int]:
    """Insert the tenants, or update those whose UUID exists; return their ids."""
    rows = {"rows": recordset(tenants)}
    await connection.execute(_PARK_BACKEND_IDS, rows)
    cursor = await connection.execute(_STORE_TENANTS, rows)
    return [row[0] for row in await cursor.fetchall()]


async def store_quotas(
    connection: Connection, quotas: Mapping[UUID, Mapping[str, int]]
) -> set[UUID]:
    """Set the named limits of the tenants (-1: no limit); return the tenants that changed."""
    rows = [
        {"tenant": tenant, "name": name, "limit_value": limit}
        for tenant, limits in quotas.items()
        for name, limit in limits.items()
    ]
    cursor = await connection.execute(_STORE_QUOTAS, {"rows": recordset(rows)})
    return {row[0] for row in await cursor.fetchall()}


async def existing_quotas(
    connection: Connection, tenants: Collection[UUID]
) -> dict[UUID, dict[str, int]]:
    """Return the limits of the tenants by name."""
    cursor = await connection.execute(_QUOTAS, {"tenants": list(tenants)})
    found: dict[UUID, dict[str, int]] = {}
    for tenant, name, limit in await cursor.fetchall():
        found.setdefault(tenant, {})[name] = limit
    return found


async def tenants_of_projects(
    connection: Connection, projects: Collection[UUID]
) -> list[TenantRow]:
    """Lock and return all tenants of the projects."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute(_TENANTS_OF_PROJECTS, {"projects": list(projects)})
        return await cursor.fetchall()


async def all_tenants_of_clouds(
    connection: Connection, clouds: Collection[UUID]
) -> list[TenantRow]:
    """Lock and return all tenants of the clouds."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute(_ALL_TENANTS_OF_CLOUDS, {"clouds": list(clouds)})
        return await cursor.fetchall()


async def remove_tenants(connection: Connection, tenants: Sequence[TenantRow]) -> None:
    """Delete tenants without groups. Nothing is deleted in the cloud."""
    cursor = await connection.execute(
        _REMOVE_TENANTS, {"uuids": [tenant.uuid for tenant in tenants]}
    )
    events = [
        Event(
            EventType.TENANT_REMOVED,
            f"Tenant {name} has been removed; its project stays in the cloud.",
            customer=customer,
            project=project,
            tenant=uuid,
            context={"backend_id": backend_id},
        )
        for uuid, name, backend_id, project, customer in await cursor.fetchall()
    ]
    await record_all(connection, events)


async def remove_clouds(connection: Connection, clouds: Sequence[CloudRow]) -> None:
    """Delete clouds without tenants."""
    await connection.execute(_REMOVE_CLOUDS, {"uuids": [cloud.uuid for cloud in clouds]})
    events = [
        Event(
            EventType.CLOUD_REMOVED,
            f"Cloud {cloud.name} has been removed.",
            context={"uuid": cloud.uuid.hex, "name": cloud.name},
        )
        for cloud in clouds
    ]
    await record_all(connection, events)


async def record_firewall_driver(
    connection: Connection, tenant_id: int, driver: str | None
) -> None:
    """Store the firewall driver that the tenant's cloud shows; `None` if it has several."""
    values = {"tenant": tenant_id, "driver": driver}
    await connection.execute(_RECORD_FIREWALL_DRIVER, values)
