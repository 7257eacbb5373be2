"""The placement of a tenant: its cloud, the entry with its credentials, and its project there."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection

# For statements that join `tenants AS tenant` with its cloud, project and customer
PLACEMENT_COLUMNS: LiteralString = """
    tenant.id AS tenant_id,
    tenant.uuid AS tenant_uuid,
    tenant.name AS tenant_name,
    tenant.backend_id AS project_backend_id,
    cloud.backend AS backend,
    coalesce(tenant.openstack_cloud, cloud.openstack_cloud) AS openstack_cloud,
    project.uuid AS project_uuid,
    customer.uuid AS customer_uuid
"""
PLACEMENT_JOINS: LiteralString = """
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
"""

_PLACEMENT: LiteralString = (
    "SELECT"
    + PLACEMENT_COLUMNS
    + "FROM tenants AS tenant"
    + PLACEMENT_JOINS
    + "WHERE tenant.uuid = %s"
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A tenant, as the sync needs it; `project_backend_id` is its OpenStack project, or empty."""

    tenant_id: int
    tenant_uuid: UUID
    tenant_name: str
    project_backend_id: str
    backend: str
    openstack_cloud: str | None
    project_uuid: UUID
    customer_uuid: UUID


async def placement_of(connection: Connection, tenant: UUID) -> Placement | None:
    """Return the placement of a tenant, or None if there is no such tenant."""
    cursor = connection.cursor(row_factory=class_row(Placement))
    await cursor.execute(_PLACEMENT, [tenant])
    return await cursor.fetchone()
