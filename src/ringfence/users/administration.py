"""Add, list, deactivate and remove users, and grant and take back roles, for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, TypeVar
from uuid import UUID, uuid4

from psycopg.rows import class_row

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES
from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.text.counting import counted
from ringfence.text.escaping import controls
from ringfence.text.uuids import parse_uuid
from ringfence.users.commands import (
    GrantRow,
    UserRow,
    grant_roles,
    remove_users,
    revoke_roles,
    role_event,
    store_users,
)
from ringfence.users.sessions.ending import EndReason, end_of_users
from ringfence.users.tokens.issuing import revoke_all

MAX_NAME_LENGTH = 255
Row = TypeVar("Row")

# A name comes before a UUID that is written the same.
_FIND_USER: LiteralString = """
SELECT account.id, account.uuid, account.username, account.is_active
FROM users AS account
WHERE account.username = %(name)s OR account.uuid = %(uuid)s
ORDER BY account.id
FOR NO KEY UPDATE
"""

_USERS: LiteralString = """
SELECT
    account.username,
    account.uuid,
    account.is_active,
    account.is_staff,
    account.is_support,
    account.password_hash IS NOT NULL AS has_password,
    (SELECT count(*) FROM tokens AS token WHERE token.user_id = account.id) AS tokens,
    (SELECT count(*) FROM role_grants AS held WHERE held.user_id = account.id) AS roles,
    account.created
FROM users AS account
ORDER BY account.username, account.id
"""

_ROLES: LiteralString = """
SELECT
    account.username AS "user",
    role_grant.role,
    coalesce(customer.name, owner.name) AS customer,
    project.name AS project,
    coalesce(customer.uuid, project.uuid) AS scope_uuid,
    role_grant.created
FROM role_grants AS role_grant
INNER JOIN users AS account ON role_grant.user_id = account.id
LEFT JOIN customers AS customer ON role_grant.customer_id = customer.id
LEFT JOIN projects AS project ON role_grant.project_id = project.id
LEFT JOIN customers AS owner ON project.customer_id = owner.id
WHERE
    (%(user)s::uuid IS NULL OR account.uuid = %(user)s)
    AND (%(customer)s::uuid IS NULL OR coalesce(customer.uuid, owner.uuid) = %(customer)s)
    AND (%(project)s::uuid IS NULL OR project.uuid = %(project)s)
ORDER BY 1, 2, 3, 4, role_grant.id
"""

_FIND_CUSTOMER: LiteralString = """
SELECT uuid FROM customers WHERE name = %(name)s OR uuid = %(uuid)s ORDER BY id
"""

_FIND_PROJECT: LiteralString = """
SELECT uuid FROM projects WHERE name = %(name)s OR uuid = %(uuid)s ORDER BY id
"""

_SET_ACTIVE: LiteralString = "UPDATE users SET is_active = %(is_active)s WHERE id = %(id)s"


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user, for lists on the command line."""

    username: str
    uuid: UUID
    is_active: bool
    is_staff: bool
    is_support: bool
    has_password: bool
    tokens: int
    roles: int
    created: datetime

    def line(self) -> str:
        """Return the user as one line of text."""
        flags = [
            *(["staff"] if self.is_staff else []),
            *(["support"] if self.is_support else []),
            *([] if self.is_active else ["inactive"]),
            *(["password"] if self.has_password else []),
        ]
        counts = [counted(self.tokens, "token"), counted(self.roles, "role")]
        return f"{self.uuid.hex} {self.username}: {', '.join([*flags, *counts])}"


@dataclass(frozen=True, slots=True)
class ListedRole:
    """A role of a user; `scope_uuid` is the UUID of its customer or its project."""

    user: str
    role: str
    customer: str
    project: str | None
    scope_uuid: UUID
    created: datetime

    def line(self) -> str:
        """Return the role as one line of text."""
        where = f"{self.customer} / {self.project}" if self.project is not None else self.customer
        return f"{self.user}: {self.role} in {where}"


@dataclass(frozen=True, slots=True)
class _User:
    id: int
    uuid: UUID
    username: str
    is_active: bool


async def list_users(database: Database) -> Sequence[ListedUser]:
    """Return all users by name."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(ListedUser))
        await cursor.execute(_USERS)
        return await cursor.fetchall()


async def add_user(database: Database, username: str, *, is_staff: bool, is_support: bool) -> UUID:
    """Add a user and return the UUID; raises `OperatorError`."""
    name = _clean_name(username)
    user = UserRow(uuid4(), name, is_staff=is_staff, is_support=is_support)
    async with database.transaction() as connection:
        if await _find_user(connection, name) is not None:
            raise OperatorError(
                f"there is a user {name!r} already; change one with ringfence load, "
                "or see ringfence user list"
            )
        await store_users(connection, [user])
        message = f"User {name} has been added."
        flags = {"is_staff": is_staff, "is_support": is_support}
        await record(connection, _event(EventType.USER_CREATED, message, user, flags))
    return user.uuid


async def remove_user(database: Database, named: str) -> None:
    """Delete a user with tokens, sessions and roles; events stay. Raises `OperatorError`."""
    async with database.transaction() as connection:
        user = await _require_user(connection, named)
        await remove_users(connection, [UserRow(user.uuid, user.username)])


async def set_active(database: Database, named: str, *, is_active: bool) -> bool:
    """Let a user sign in, or not; return whether that is a change. Raises `OperatorError`.

    Tokens and sessions of an inactive user are deleted: they do not come back.
    """
    async with database.transaction() as connection:
        user = await _require_user(connection, named)
        if user.is_active is is_active:
            return False
        await connection.execute(_SET_ACTIVE, {"id": user.id, "is_active": is_active})
        kind, done = EventType.USER_ACTIVATED, "activated"
        if not is_active:
            kind, done = EventType.USER_DEACTIVATED, "deactivated, and the user's tokens revoked"
            await end_of_users(connection, [user.uuid], EndReason.DEACTIVATED)
            await revoke_all(connection, user.id)
        message = f"User {user.username} has been {done}."
        await record(connection, _event(kind, message, UserRow(user.uuid, user.username), {}))
    return True


async def list_roles(
    database: Database, user: str | None, customer: str | None, project: str | None
) -> Sequence[ListedRole]:
    """Return roles by user; each filter is a name or a UUID. Raises `OperatorError`."""
    async with database.transaction() as connection:
        values = {
            "user": user and (await _require_user(connection, user)).uuid,
            "customer": customer and await _require(connection, "customer", customer),
            "project": project and await _require(connection, "project", project),
        }
        cursor = connection.cursor(row_factory=class_row(ListedRole))
        await cursor.execute(_ROLES, values)
        return await cursor.fetchall()


async def add_role(database: Database, named: str, role: str, scope: str) -> bool:
    """Grant a role in a customer or a project; return whether it is new. Raises `OperatorError`."""
    async with database.transaction() as connection:
        user, grant = await _grant(connection, named, role, scope)
        added = await grant_roles(connection, [grant])
        if added:
            kind = EventType.ROLE_GRANTED
            await record(connection, role_event(kind, grant, user.username, "now has"))
    return bool(added)


async def remove_role(database: Database, named: str, role: str, scope: str) -> None:
    """Take back a role; raises `OperatorError`, also if the user does not have it."""
    async with database.transaction() as connection:
        user, grant = await _grant(connection, named, role, scope)
        if not await revoke_roles(connection, [grant]):
            raise OperatorError(
                f"the user {user.username!r} does not have {role} in {scope!r}; "
                "see ringfence role list"
            )


async def _grant(
    connection: Connection, named: str, role: str, scope: str
) -> tuple[_User, GrantRow]:
    if role not in {*CUSTOMER_ROLES, *PROJECT_ROLES}:
        known = ", ".join([*CUSTOMER_ROLES, *PROJECT_ROLES])
        raise OperatorError(f"{role!r} is not a role; use one of {known}")
    user = await _require_user(connection, named)
    if role in CUSTOMER_ROLES:
        customer = await _require(connection, "customer", scope)
        return user, GrantRow(user.uuid, role, customer, None)
    project = await _require(connection, "project", scope)
    return user, GrantRow(user.uuid, role, None, project)


async def _find_user(connection: Connection, named: str) -> _User | None:
    cursor = connection.cursor(row_factory=class_row(_User))
    await cursor.execute(_FIND_USER, {"name": named, "uuid": parse_uuid(named)})
    found = await cursor.fetchall()
    if len(found) > 1:
        # Whoever chose the name must not receive what is meant for the other.
        raise OperatorError(
            f"{named!r} is the name of one user and the UUID of another: pass the UUID of the "
            "first, or the name of the second"
        )
    return found[0] if found else None


async def _require_user(connection: Connection, named: str) -> _User:
    user = await _find_user(connection, named)
    if user is None:
        raise OperatorError(f"no user is called {named!r}; ringfence user list shows all")
    return user


async def _require(connection: Connection, kind: str, named: str) -> UUID:
    """Return the customer or project of this name or UUID; raises `OperatorError`."""
    statement = _FIND_CUSTOMER if kind == "customer" else _FIND_PROJECT
    values = {"name": named, "uuid": parse_uuid(named)}
    found = await (await connection.execute(statement, values)).fetchall()
    if not found:
        raise OperatorError(f"no {kind} is called {named!r}: pass its name or its UUID")
    if len(found) > 1:
        uuids = ", ".join(uuid.hex for (uuid,) in found)
        raise OperatorError(f"several {kind}s are called {named!r}; say which by UUID: {uuids}")
    uuid: UUID = found[0][0]
    return uuid


def _clean_name(username: str) -> str:
    is_wrong = not username.strip() or len(username) > MAX_NAME_LENGTH or controls(username)
    if is_wrong:
        raise OperatorError(
            f"{username[:40]!r} cannot be the name of a user: expected 1 to {MAX_NAME_LENGTH} "
            "characters, without control characters and direction marks"
        )
    return username


def _event(kind: EventType, message: str, user: UserRow, more: dict[str, bool]) -> Event:
    about = {"affected_user_uuid": user.uuid.hex, "affected_user_username": user.name}
    return Event(kind, message, context=about | more)
