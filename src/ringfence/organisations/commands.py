"""Store and remove customers and projects, as `ringfence load` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.users.tokens.issuing import revoke_of_projects


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row of `customers`, as provisioning reads and writes it."""

    uuid: UUID
    name: str
    native_name: str = ""
    abbreviation: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A row of `projects`; `parent` is its customer."""

    uuid: UUID
    parent: UUID
    name: str


_EXISTING_CUSTOMERS: LiteralString = """
SELECT uuid, name, native_name, abbreviation
FROM customers
WHERE uuid = ANY(%(uuids)s) OR name = ANY(%(names)s)
ORDER BY id
FOR NO KEY UPDATE
"""

_STORE_CUSTOMERS: LiteralString = """
INSERT INTO customers (uuid, name, native_name, abbreviation)
SELECT entry.uuid, entry.name, entry.native_name, entry.abbreviation
FROM jsonb_to_recordset(%(rows)s)
AS entry (uuid uuid, name text, native_name text, abbreviation text)
ON CONFLICT (uuid) DO UPDATE
SET
    name = excluded.name,
    native_name = excluded.native_name,
    abbreviation = excluded.abbreviation
RETURNING id
"""

_EXISTING_PROJECTS: LiteralString = """
SELECT project.uuid, customer.uuid AS parent, project.name
FROM projects AS project
INNER JOIN customers AS customer ON project.customer_id = customer.id
WHERE project.uuid = ANY(%(uuids)s) OR project.name = ANY(%(names)s)
ORDER BY project.id
FOR NO KEY UPDATE OF project
"""

_STORE_PROJECTS: LiteralString = """
INSERT INTO projects (uuid, customer_id, name)
SELECT entry.uuid, customer.id, entry.name
FROM jsonb_to_recordset(%(rows)s) AS entry (uuid uuid, parent uuid, name text)
INNER JOIN customers AS customer ON entry.parent = customer.uuid
ON CONFLICT (uuid) DO UPDATE SET name = excluded.name
RETURNING id
"""


_PROJECTS_OF_CUSTOMERS: LiteralString = """
SELECT project.uuid, customer.uuid AS parent, project.name
FROM projects AS project
INNER JOIN customers AS customer ON project.customer_id = customer.id
WHERE customer.uuid = ANY(%(customers)s)
ORDER BY project.id
FOR NO KEY UPDATE OF project
"""

_REMOVE_PROJECTS: LiteralString = "DELETE FROM projects WHERE uuid = ANY(%(uuids)s)"

_REMOVE_CUSTOMERS: LiteralString = "DELETE FROM customers WHERE uuid = ANY(%(uuids)s)"


async def existing_customers(
    connection: Connection, uuids: Sequence[UUID], names: Sequence[str]
) -> list[CustomerRow]:
    """Lock and return the customers that have one of the UUIDs or names."""
    async with connection.cursor(row_factory=class_row(CustomerRow)) as cursor:
        await cursor.execute(_EXISTING_CUSTOMERS, {"uuids": list(uuids), "names": list(names)})
        return await cursor.fetchall()


async def store_customers(connection: Connection, customers: Sequence[CustomerRow]) -> list[int]:
    """Insert the customers, or update those whose UUID exists; return their ids."""
    rows = recordset(customers)
    cursor = await connection.execute(_STORE_CUSTOMERS, {"rows": rows})
    return [row[0] for row in await cursor.fetchall()]


async def existing_projects(
    connection: Connection, uuids: Sequence[UUID], names: Sequence[str]
) -> list[ProjectRow]:
    """Lock and return the projects of any customer that have one of the UUIDs or names."""
    async with connection.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(_EXISTING_PROJECTS, {"uuids": list(uuids), "names": list(names)})
        return await cursor.fetchall()


async def store_projects(connection: Connection, projects: Sequence[ProjectRow]) -> list[int]:
    """Insert the projects, or update those whose UUID exists; return their ids."""
    rows = recordset(projects)
    cursor = await connection.execute(_STORE_PROJECTS, {"rows": rows})
    return [row[0] for row in await cursor.fetchall()]


async def projects_of_customers(
    connection: Connection, customers: Sequence[UUID]
) -> list[ProjectRow]:
    """Lock and return all projects of the customers."""
    async with connection.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(_PROJECTS_OF_CUSTOMERS, {"customers": list(customers)})
        return await cursor.fetchall()


async def remove_projects(connection: Connection, projects: Sequence[ProjectRow]) -> None:
    """Delete projects without tenants, their roles, and the tokens for one of them only."""
    await revoke_of_projects(connection, [row.uuid for row in projects])
    await connection.execute(_REMOVE_PROJECTS, {"uuids": [row.uuid for row in projects]})
    events = [
        Event(
            EventType.PROJECT_REMOVED,
            f"Project {row.name} has been removed.",
            customer=row.parent,
            project=row.uuid,
        )
        for row in projects
    ]
    await record_all(connection, events)


async def remove_customers(connection: Connection, customers: Sequence[CustomerRow]) -> None:
    """Delete customers without projects, and their roles."""
    await connection.execute(_REMOVE_CUSTOMERS, {"uuids": [row.uuid for row in customers]})
    events = [
        Event(
            EventType.CUSTOMER_REMOVED,
            f"Customer {row.name} has been removed.",
            customer=row.uuid,
        )
        for row in customers
    ]
    await record_all(connection, events)
