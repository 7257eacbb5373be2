"""A small world to ask about: one cloud, two customers, and a user for every role."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from ringfence.access.authentication import token_digest
from ringfence.access.permissions import Role
from ringfence.database.pool import Connection, Database
from ringfence.security_groups.port_exposures.refresh import refresh_groups
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.versions import Cause, record_versions

# On the customer and project that the world's own tenant belongs to.
USERS: dict[str, Role | None] = {
    "staff": Role.STAFF,
    "support": Role.SUPPORT,
    "owner": Role.CUSTOMER_OWNER,
    "customer-manager": Role.CUSTOMER_MANAGER,
    "customer-support": Role.CUSTOMER_SUPPORT,
    "admin": Role.PROJECT_ADMIN,
    "manager": Role.PROJECT_MANAGER,
    "member": Role.PROJECT_MEMBER,
    "unrelated": None,
}


@dataclass
class World:
    """Ids and uuids of what was made; a user's token is its name with `-token`."""

    database: Database
    cloud_id: int
    customer_id: int
    customer_uuid: UUID
    project_id: int
    project_uuid: UUID
    tenant_id: int
    tenant_uuid: UUID
    foreign_tenant_id: int
    foreign_tenant_uuid: UUID
    users: dict[str, int] = field(default_factory=dict)

    async def group(self, name: str = "web", **columns: Any) -> UUID:
        """Insert a group as it stands, with `rules` as rows; give its uuid."""
        rules = columns.pop("rules", [])
        values = {
            "uuid": uuid4(),
            "tenant_id": self.tenant_id,
            "name": name,
            "description": "",
            "backend_id": uuid4().hex,
            "state": "OK",
            "version": 1,
            "applied_version": 1,
            "created": datetime.now(UTC),
        } | columns
        async with self.database.transaction() as connection:
            group_id = await _insert(connection, "security_groups", values)
            for position, rule in enumerate(rules):
                await _insert(
                    connection,
                    "security_group_rules",
                    {"security_group_id": group_id, "position": position} | rule,
                )
            await record_versions(connection, [group_id], Cause.LOAD)
            await documents.refresh(connection, documents.GROUPS, [group_id])
            await refresh_groups(connection, [group_id])
        return values["uuid"]

    async def discovery(self) -> UUID:
        """Store a discovery of another cloud that nobody requested."""
        return await self.value(
            "INSERT INTO discoveries (cloud, entries) VALUES (gen_random_uuid()::text, '{east}')"
            " RETURNING uuid"
        )

    async def one(self, statement: str, *parameters: Any) -> Any:
        """Return the first row of a statement."""
        async with self.database.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchone()

    async def value(self, statement: str, *parameters: Any) -> Any:
        """Return the first value of a statement's first row."""
        row = await self.one(statement, *parameters)
        return row[0] if row else None

    async def execute(self, statement: str, *parameters: Any) -> None:
        """Run a statement."""
        async with self.database.connection() as connection:
            await connection.execute(statement, parameters)


async def _insert(connection: Connection, table: str, values: dict[str, Any]) -> int:
    cursor = await connection.execute(_insertion(table, values, returning=sql.SQL("id")), values)
    (row_id,) = await cursor.fetchone()
    return row_id


def _insertion(table: str, values: dict[str, Any], *, returning: sql.Composable) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
        returning,
    )


async def make_world(database: Database) -> World:
    """Make the world's rows."""
    uuids = {name: uuid4() for name in ("customer", "project", "tenant", "foreign")}
    async with database.transaction() as connection:
        cloud = await _insert(connection, "clouds", {"name": "east", "backend": "sandbox"})
        customer = await _insert(
            connection,
            "customers",
            {
                "uuid": uuids["customer"],
                "name": "Acme",
                "native_name": "Ακμή",
                "abbreviation": "ACME",
            },
        )
        project = await _insert(
            connection,
            "projects",
            {"uuid": uuids["project"], "customer_id": customer, "name": "Web"},
        )
        tenant = await _insert(
            connection,
            "tenants",
            {
                "uuid": uuids["tenant"],
                "project_id": project,
                "cloud_id": cloud,
                "name": "web-prod",
                "backend_id": uuid4().hex,
            },
        )
        other = await _insert(connection, "customers", {"name": "Other"})
        other_project = await _insert(
            connection, "projects", {"customer_id": other, "name": "Elsewhere"}
        )
        foreign = await _insert(
            connection,
            "tenants",
            {
                "uuid": uuids["foreign"],
                "project_id": other_project,
                "cloud_id": cloud,
                "name": "foreign",
                "backend_id": uuid4().hex,
            },
        )
        world = World(
            database,
            cloud,
            customer,
            uuids["customer"],
            project,
            uuids["project"],
            tenant,
            uuids["tenant"],
            foreign,
            uuids["foreign"],
        )
        for name, role in USERS.items():
            world.users[name] = await _insert_user(connection, world, name, role)
    return world


async def _insert_user(connection: Connection, world: World, name: str, role: Role | None) -> int:
    user = await _insert(
        connection,
        "users",
        {
            "username": name,
            "is_staff": role is Role.STAFF,
            "is_support": role is Role.SUPPORT,
        },
    )
    await _insert(connection, "tokens", {"user_id": user, "digest": token_digest(f"{name}-token")})
    if role and "." in role:
        scope = (
            {"customer_id": world.customer_id}
            if role.startswith("CUSTOMER")
            else {"project_id": world.project_id}
        )
        await _insert(connection, "role_grants", {"user_id": user, "role": role} | scope)
    return user


async def set_quotas(world: World, **limits: int) -> None:
    """Set limits of the world's tenant."""
    for name, limit in limits.items():
        await world.execute(
            "INSERT INTO tenant_quotas (tenant_id, name, limit_value) VALUES (%s, %s, %s)",
            world.tenant_id,
            name,
            limit,
        )


async def set_marketplace(world: World, **columns: Any) -> None:
    """Return the world's tenant a marketplace reference."""
    options = columns.pop("offering_plugin_options", {})
    values = {"tenant_id": world.tenant_id, "offering_plugin_options": Jsonb(options)} | columns
    async with world.database.transaction() as connection:
        await connection.execute(
            _insertion("marketplace_references", values, returning=sql.SQL("tenant_id")), values
        )
        await documents.refresh(connection, documents.TENANTS, [world.tenant_id])
