"""What the database has of a cloud that is discovered."""

from collections.abc import Collection, Mapping
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row, tuple_row

from ringfence.clouds.commands import CloudRow, existing_clouds
from ringfence.clouds.placement import PLACEMENT_COLUMNS, PLACEMENT_JOINS, Placement
from ringfence.database.pool import Database
from ringfence.discovery.found import ExistingTenant, Found, Ids, Selection
from ringfence.errors import OperatorError

# Tenants of the cloud, and those of other clouds that the same entries lead to
_OF_CLOUD: LiteralString = """
    cloud.backend = 'openstack'
    AND tenant.backend_id <> ''
    AND (
        cloud.name = %(cloud)s
        OR coalesce(tenant.openstack_cloud, cloud.openstack_cloud) = ANY(%(entries)s)
    )
"""

_EXISTING: LiteralString = (
    """
SELECT
    tenant.backend_id, tenant.uuid, project.uuid, project.name, customer.uuid, customer.name
FROM tenants AS tenant
"""
    + PLACEMENT_JOINS
    + "WHERE"
    + _OF_CLOUD
    + "ORDER BY tenant.id DESC"
)

_PULLED: LiteralString = """
SELECT tenant.uuid
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
INNER JOIN tenant_pulls AS pull ON tenant.id = pull.tenant_id
WHERE {condition}
""".replace("{condition}", _OF_CLOUD)

# Tenants whose groups were never read
_NEVER_PULLED: LiteralString = (
    "SELECT"
    + PLACEMENT_COLUMNS
    + "FROM tenants AS tenant"
    + PLACEMENT_JOINS
    + """
WHERE
    tenant.uuid = ANY(%(uuids)s)
    AND NOT EXISTS (SELECT FROM tenant_pulls AS pull WHERE pull.tenant_id = tenant.id)
ORDER BY tenant.id
"""
)

_PLACEMENTS: LiteralString = (
    "SELECT"
    + PLACEMENT_COLUMNS
    + "FROM tenants AS tenant"
    + PLACEMENT_JOINS
    + "WHERE tenant.openstack_cloud IS NULL AND"
    + _OF_CLOUD
    + "ORDER BY tenant.id"
)


async def existing_tenants(
    database: Database, selection: Selection
) -> Mapping[str, ExistingTenant]:
    """Return the tenants of the cloud by the id of their project; discovered ones win."""
    ids = Ids.of(selection.cloud)
    found: dict[str, ExistingTenant] = {}
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=tuple_row)
        await cursor.execute(_EXISTING, _values(selection))
        for project_id, *row in await cursor.fetchall():
            tenant = ExistingTenant(*row)
            if project_id not in found or tenant.uuid == ids.tenant(project_id):
                found[project_id] = tenant
    return found


async def existing_cloud(database: Database, selection: Selection) -> CloudRow | None:
    """Return the cloud of this name; raise `OperatorError` if it is a sandbox."""
    async with database.connection() as connection:
        clouds = await existing_clouds(connection, [], [selection.cloud], lock=False)
    if not clouds:
        return None
    [cloud] = clouds
    if cloud.openstack_cloud is None:
        raise OperatorError(
            f"the cloud {cloud.name} is a sandbox: give this one another name with --name"
        )
    return cloud


async def cloud_entry(database: Database, found: Found, selection: Selection) -> str | None:
    """Return the entry of the cloud if it exists; raise `OperatorError` if it is another cloud."""
    cloud = await existing_cloud(database, selection)
    if cloud is None:
        return None
    if found.shows_all_projects and cloud.openstack_cloud != selection.entries[0]:
        raise OperatorError(
            f"the cloud {cloud.name} has the entry {cloud.openstack_cloud} of clouds.yaml, not "
            f"{selection.entries[0]}: give this one another name with --name"
        )
    return cloud.openstack_cloud


async def pulled_tenants(database: Database, selection: Selection) -> set[UUID]:
    """Return the tenants of the cloud whose groups were read before."""
    async with database.connection() as connection:
        cursor = await connection.execute(_PULLED, _values(selection))
        return {row[0] for row in await cursor.fetchall()}


async def never_pulled(database: Database, uuids: Collection[UUID]) -> list[Placement]:
    """Return those of the tenants whose groups were never read."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Placement))
        await cursor.execute(_NEVER_PULLED, {"uuids": list(uuids)})
        return await cursor.fetchall()


async def placements(database: Database, selection: Selection) -> list[Placement]:
    """Return the tenants of the cloud that its entry leads to."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Placement))
        await cursor.execute(_PLACEMENTS, _values(selection))
        return await cursor.fetchall()


def _values(selection: Selection) -> dict[str, object]:
    return {"cloud": selection.cloud, "entries": list(selection.entries)}
