"""Read what an export writes, in an order that is the same on every machine."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.clouds.commands import CloudRow
from ringfence.database.pool import Connection
from ringfence.errors import OperatorError
from ringfence.organisations.commands import CustomerRow
from ringfence.security_groups.bulk_load import Group
from ringfence.text.uuids import parse_uuid
from ringfence.users.commands import UserRow

# One state of the database for the whole file
_SNAPSHOT: LiteralString = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

_FIND: LiteralString = """
SELECT 'customer', customer.uuid FROM customers AS customer
WHERE customer.name = %(name)s OR customer.uuid = %(uuid)s
UNION ALL
SELECT 'tenant', tenant.uuid FROM tenants AS tenant
WHERE tenant.name = %(name)s OR tenant.uuid = %(uuid)s
ORDER BY 1, 2
"""

_SELECTED: LiteralString = """
(%(customer)s::uuid IS NULL OR customer.uuid = %(customer)s)
AND (%(tenant)s::uuid IS NULL OR tenant.uuid = %(tenant)s)
"""

_CLOUDS: LiteralString = """
SELECT
    cloud.uuid, cloud.name, cloud.backend, cloud.openstack_cloud, cloud.firewall_driver,
    cloud.state, cloud.error_message
FROM clouds AS cloud
WHERE
    (%(customer)s::uuid IS NULL AND %(tenant)s::uuid IS NULL)
    OR EXISTS (
        SELECT FROM tenants AS tenant
        INNER JOIN projects AS project ON tenant.project_id = project.id
        INNER JOIN customers AS customer ON project.customer_id = customer.id
        WHERE tenant.cloud_id = cloud.id AND {selected}
    )
ORDER BY cloud.name COLLATE "C"
""".replace("{selected}", _SELECTED)

# Of a customer only those with a role there, and of a tenant none
_USERS: LiteralString = """
SELECT
    account.uuid, account.username AS name, account.is_staff, account.is_support, account.is_active
FROM users AS account
WHERE
    %(tenant)s::uuid IS NULL
    AND (
        %(customer)s::uuid IS NULL
        OR EXISTS (
            SELECT FROM role_grants AS role_grant
            LEFT JOIN projects AS project ON role_grant.project_id = project.id
            INNER JOIN customers AS customer
                ON coalesce(role_grant.customer_id, project.customer_id) = customer.id
            WHERE role_grant.user_id = account.id AND customer.uuid = %(customer)s
        )
    )
ORDER BY account.username COLLATE "C"
"""

_TENANTS: LiteralString = """
SELECT
    customer.uuid AS customer_uuid, customer.name AS customer_name, customer.native_name,
    customer.abbreviation, project.uuid AS project_uuid, project.name AS project_name,
    tenant.uuid, tenant.name, cloud.name AS cloud, cloud.uuid AS cloud_uuid, tenant.backend_id,
    tenant.openstack_cloud, mode.drift_mode,
    (
        SELECT jsonb_object_agg(quota.name, quota.limit_value)
        FROM tenant_quotas AS quota
        WHERE quota.tenant_id = tenant.id
    ) AS quotas,
    to_jsonb(reference) - 'tenant_id' AS marketplace
FROM customers AS customer
LEFT JOIN projects AS project ON customer.id = project.customer_id
LEFT JOIN tenants AS tenant ON project.id = tenant.project_id
LEFT JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
LEFT JOIN tenant_drift_modes AS mode ON tenant.id = mode.tenant_id
LEFT JOIN marketplace_references AS reference ON tenant.id = reference.tenant_id
WHERE {selected}
ORDER BY
    customer.name COLLATE "C", customer.uuid, project.name COLLATE "C", project.uuid,
    tenant.name COLLATE "C", tenant.uuid
""".replace("{selected}", _SELECTED)

_GROUPS: LiteralString = """
SELECT
    sg.uuid, tenant.uuid AS parent, sg.name, sg.description, sg.backend_id, sg.state,
    sg.error_message, sg.created, sg.modified, sg.version, sg.applied_version, sg.is_duplicate_name
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE tenant.uuid = %(tenant)s
ORDER BY sg.name COLLATE "C", sg.uuid
"""

_ROLES: LiteralString = """
SELECT
    account.uuid AS user_uuid, account.username, role_grant.role, customer.uuid AS customer_uuid,
    customer.name AS customer_name, project.uuid AS project_uuid, project.name AS project_name
FROM role_grants AS role_grant
INNER JOIN users AS account ON role_grant.user_id = account.id
LEFT JOIN customers AS customer ON role_grant.customer_id = customer.id
LEFT JOIN projects AS project ON role_grant.project_id = project.id
LEFT JOIN customers AS owner ON project.customer_id = owner.id
WHERE
    %(tenant)s::uuid IS NULL
    AND (%(customer)s::uuid IS NULL OR coalesce(customer.uuid, owner.uuid) = %(customer)s)
ORDER BY
    account.username COLLATE "C", role_grant.role COLLATE "C", customer.name COLLATE "C",
    project.name COLLATE "C", customer.uuid, project.uuid
"""

# Names that a reference cannot use, because several have them
_AMBIGUOUS: LiteralString = """
SELECT 'customer', name FROM customers GROUP BY name HAVING count(*) > 1
UNION ALL
SELECT 'project', name FROM projects GROUP BY name HAVING count(*) > 1
"""

# A UUID that is also a name would refer to the object of that name.
_LIKE_UUIDS: LiteralString = """
SELECT name FROM customers WHERE length(name) BETWEEN 32 AND 36
UNION ALL
SELECT name FROM projects WHERE length(name) BETWEEN 32 AND 36
UNION ALL
SELECT name FROM clouds WHERE length(name) BETWEEN 32 AND 36
UNION ALL
SELECT username FROM users WHERE length(username) BETWEEN 32 AND 36
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: a customer, a tenant, or everything."""

    customer: UUID | None = None
    tenant: UUID | None = None

    @property
    def values(self) -> dict[str, UUID | None]:
        return {"customer": self.customer, "tenant": self.tenant}


@dataclass(frozen=True, slots=True)
class TenantLine:
    """A tenant with its ancestors; without a tenant, an empty project or an empty customer."""

    customer_uuid: UUID
    customer_name: str
    native_name: str
    abbreviation: str
    project_uuid: UUID | None
    project_name: str | None
    uuid: UUID | None
    name: str | None
    cloud: str | None
    cloud_uuid: UUID | None
    backend_id: str | None
    openstack_cloud: str | None
    drift_mode: str | None
    quotas: Mapping[str, int] | None
    marketplace: Mapping[str, Any] | None

    @property
    def customer(self) -> CustomerRow:
        return CustomerRow(
            self.customer_uuid, self.customer_name, self.native_name, self.abbreviation
        )


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role of a user in a customer or a project."""

    user_uuid: UUID
    username: str
    role: str
    customer_uuid: UUID | None
    customer_name: str | None
    project_uuid: UUID | None
    project_name: str | None


@dataclass(frozen=True, slots=True)
class Ambiguities:
    """Names of customers and projects that several have, and names that may look like UUIDs."""

    names: frozenset[tuple[str, str]]
    like_uuids: frozenset[str]


async def begin(connection: Connection) -> None:
    """Make the transaction read one state of the database; it must have read nothing yet."""
    await connection.execute(_SNAPSHOT)


async def find(connection: Connection, named: str | None) -> Selection:
    """Return what a name or UUID of a customer or tenant selects; raises `OperatorError`."""
    if named is None:
        return Selection()
    values = {"name": named, "uuid": parse_uuid(named)}
    found = await (await connection.execute(_FIND, values)).fetchall()
    if not found:
        raise OperatorError(
            f"no customer and no tenant is called {named!r}: pass the name or UUID of one, "
            "or nothing to export everything"
        )
    if len(found) > 1:
        uuids = ", ".join(f"{kind} {uuid.hex}" for kind, uuid in found)
        raise OperatorError(f"{named!r} may be one of several; say which by UUID: {uuids}")
    kind, uuid = found[0]
    return Selection(customer=uuid) if kind == "customer" else Selection(tenant=uuid)


async def clouds(connection: Connection, selection: Selection) -> list[CloudRow]:
    """Return the clouds of the selected tenants."""
    async with connection.cursor(row_factory=class_row(CloudRow)) as cursor:
        await cursor.execute(_CLOUDS, selection.values)
        return await cursor.fetchall()


async def users(connection: Connection, selection: Selection) -> list[UserRow]:
    """Return the selected users; never their tokens or passwords."""
    async with connection.cursor(row_factory=class_row(UserRow)) as cursor:
        await cursor.execute(_USERS, selection.values)
        return await cursor.fetchall()


async def tenants(connection: Connection, selection: Selection) -> list[TenantLine]:
    """Return the selected tenants with their ancestors, and ancestors without tenants."""
    async with connection.cursor(row_factory=class_row(TenantLine)) as cursor:
        await cursor.execute(_TENANTS, selection.values)
        return await cursor.fetchall()


async def groups_of(connection: Connection, tenant: UUID) -> list[Group]:
    """Return the groups of a tenant; nothing is locked."""
    async with connection.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(_GROUPS, {"tenant": tenant})
        return await cursor.fetchall()


async def roles(connection: Connection, selection: Selection) -> AsyncIterator[RoleLine]:
    """Yield the selected roles."""
    async with connection.cursor(row_factory=class_row(RoleLine)) as cursor:
        await cursor.execute(_ROLES, selection.values)
        async for line in cursor:
            yield line


async def ambiguities(connection: Connection) -> Ambiguities:
    """Return the names by which a reference would not find its object."""
    ambiguous = await (await connection.execute(_AMBIGUOUS)).fetchall()
    like_uuids = await (await connection.execute(_LIKE_UUIDS)).fetchall()
    return Ambiguities(frozenset(ambiguous), frozenset(name for (name,) in like_uuids))
