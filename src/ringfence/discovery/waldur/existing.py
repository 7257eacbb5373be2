"""What the database has already: a site may be copied several times while it is in use."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row, tuple_row

from ringfence.database.pool import Connection, Database

# Every tenant, with its groups if it has any
_EXISTING: LiteralString = """
SELECT
    tenant.uuid AS tenant,
    sg.uuid AS uuid,
    sg.name AS name,
    sg.backend_id AS backend_id,
    sg.is_duplicate_name AS is_duplicate_name,
    version.cause <> 'load' AS is_changed_here
FROM tenants AS tenant
LEFT JOIN security_groups AS sg ON tenant.id = sg.tenant_id
LEFT JOIN security_group_versions AS version
    ON sg.id = version.security_group_id AND sg.version = version.number
"""

_DELETED: LiteralString = "SELECT uuid FROM deleted_security_groups"

_USERS: LiteralString = """
SELECT account.uuid, account.is_active, account.is_staff, account.is_support
FROM users AS account
"""


@dataclass(frozen=True, slots=True)
class ExistingGroup:
    """A group; it is changed here if its rules came from a user or from the cloud."""

    uuid: UUID
    name: str
    backend_id: str
    is_duplicate_name: bool
    is_changed_here: bool


@dataclass(frozen=True, slots=True)
class ExistingUser:
    """What a user may do here."""

    uuid: UUID
    is_active: bool = True
    is_staff: bool = False
    is_support: bool = False


@dataclass(frozen=True, slots=True)
class Existing:
    """The groups in the database by tenant, those that were deleted here, and the users by UUID.

    A tenant without groups has an empty list.
    """

    groups: Mapping[UUID, Sequence[ExistingGroup]] = field(default_factory=dict)
    deleted: Collection[UUID] = frozenset()
    users: Mapping[UUID, ExistingUser] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    tenant: UUID
    uuid: UUID | None
    name: str | None
    backend_id: str | None
    is_duplicate_name: bool | None
    is_changed_here: bool | None


async def read_existing(database: Database) -> Existing:
    """Return the tenants and groups of the database."""
    groups: dict[UUID, list[ExistingGroup]] = defaultdict(list)
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(_Row))
        await cursor.execute(_EXISTING)
        async for row in cursor:
            found = groups[row.tenant]
            if row.uuid is not None:
                found.append(
                    ExistingGroup(
                        row.uuid,
                        row.name or "",
                        row.backend_id or "",
                        bool(row.is_duplicate_name),
                        bool(row.is_changed_here),
                    )
                )
        deleted = await _deleted(connection)
        return Existing(dict(groups), deleted, await _users(connection))


async def _deleted(connection: Connection) -> set[UUID]:
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(_DELETED)
    return {row[0] for row in await cursor.fetchall()}


async def _users(connection: Connection) -> dict[UUID, ExistingUser]:
    cursor = connection.cursor(row_factory=class_row(ExistingUser))
    await cursor.execute(_USERS)
    return {user.uuid: user for user in await cursor.fetchall()}
