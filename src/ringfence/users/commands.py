"""Store and remove users, their tokens and their roles, as `ringfence load` does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.users.sessions.ending import EndReason, end_of_users


@dataclass(frozen=True, slots=True)
class UserRow:
    """A row of `users`, as provisioning reads and writes it."""

    uuid: UUID
    name: str
    is_staff: bool = False
    is_support: bool = False
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role of a user in a customer or a project, all by UUID."""

    user: UUID
    role: str
    customer: UUID | None
    project: UUID | None


# With a stronger lock, all changes by these users would wait for the end of the load.
_EXISTING: LiteralString = """
SELECT uuid, username AS name, is_staff, is_support, is_active
FROM users
WHERE uuid = ANY(%(uuids)s) OR username = ANY(%(names)s)
ORDER BY id
FOR KEY SHARE
"""

_LOCK: LiteralString = """
SELECT account.id FROM users AS account
WHERE account.uuid = ANY(%(uuids)s)
ORDER BY account.id
FOR NO KEY UPDATE
"""

# Two users can swap their names in one file.
_PARK_NAMES: LiteralString = """
UPDATE users SET username = users.uuid::text
FROM jsonb_to_recordset(%(rows)s) AS entry (uuid uuid, name text)
WHERE users.uuid = entry.uuid AND users.username <> entry.name
"""

_STORE: LiteralString = """
INSERT INTO users (uuid, username, is_staff, is_support, is_active)
SELECT entry.uuid, entry.name, entry.is_staff, entry.is_support, entry.is_active
FROM jsonb_to_recordset(%(rows)s)
AS entry (uuid uuid, name text, is_staff boolean, is_support boolean, is_active boolean)
ON CONFLICT (uuid) DO UPDATE
SET
    username = excluded.username,
    is_staff = excluded.is_staff,
    is_support = excluded.is_support,
    is_active = excluded.is_active
"""

_DIGEST_OWNERS: LiteralString = """
SELECT token.digest, holder.uuid
FROM tokens AS token
INNER JOIN users AS holder ON token.user_id = holder.id
WHERE token.digest = ANY(%(digests)s)
"""

# A fixed token does not expire.
_STORE_TOKENS: LiteralString = """
INSERT INTO tokens (user_id, digest)
SELECT holder.id, entry.digest
FROM unnest(%(users)s::uuid[], %(digests)s::bytea[]) AS entry (holder, digest)
INNER JOIN users AS holder ON entry.holder = holder.uuid
ON CONFLICT (digest) DO UPDATE SET expires = NULL
WHERE tokens.user_id = excluded.user_id AND tokens.expires IS NOT NULL
RETURNING (SELECT holder.uuid FROM users AS holder WHERE holder.id = tokens.user_id)
"""

_GRANT: LiteralString = """
INSERT INTO role_grants (user_id, role, customer_id, project_id)
SELECT holder.id, entry.role, customer.id, project.id
FROM jsonb_to_recordset(%(rows)s) AS entry ("user" uuid, role text, customer uuid, project uuid)
INNER JOIN users AS holder ON entry."user" = holder.uuid
LEFT JOIN customers AS customer ON entry.customer = customer.uuid
LEFT JOIN projects AS project ON entry.project = project.uuid
ON CONFLICT DO NOTHING
RETURNING
    (SELECT holder.uuid FROM users AS holder WHERE holder.id = role_grants.user_id),
    role_grants.role,
    (SELECT customer.uuid FROM customers AS customer WHERE customer.id = role_grants.customer_id),
    (SELECT project.uuid FROM projects AS project WHERE project.id = role_grants.project_id)
"""

_GRANTS: LiteralString = """
SELECT holder.uuid AS "user", role_grant.role, customer.uuid AS customer, project.uuid AS project
FROM role_grants AS role_grant
INNER JOIN users AS holder ON role_grant.user_id = holder.id
LEFT JOIN customers AS customer ON role_grant.customer_id = customer.id
LEFT JOIN projects AS project ON role_grant.project_id = project.id
WHERE
    holder.uuid = ANY(%(users)s)
    OR customer.uuid = ANY(%(customers)s)
    OR project.uuid = ANY(%(projects)s)
ORDER BY role_grant.id
"""

_REVOKE: LiteralString = """
DELETE FROM role_grants AS role_grant
USING
    users AS holder,
    jsonb_to_recordset(%(rows)s) AS entry ("user" uuid, role text, customer uuid, project uuid)
WHERE
    role_grant.user_id = holder.id
    AND holder.uuid = entry."user"
    AND role_grant.role = entry.role
    AND role_grant.customer_id IS NOT DISTINCT FROM (
        SELECT customer.id FROM customers AS customer WHERE customer.uuid = entry.customer
    )
    AND role_grant.project_id IS NOT DISTINCT FROM (
        SELECT project.id FROM projects AS project WHERE project.uuid = entry.project
    )
RETURNING holder.uuid, role_grant.role, entry.customer, entry.project, holder.username
"""

_COUNT_TOKENS: LiteralString = """
SELECT holder.uuid, count(token.id)
FROM users AS holder
LEFT JOIN tokens AS token ON holder.id = token.user_id
WHERE holder.uuid = ANY(%(uuids)s)
GROUP BY holder.uuid
"""

# With tokens, roles and idempotency keys. Events keep the name, versions lose their author.
_REMOVE: LiteralString = "DELETE FROM users WHERE uuid = ANY(%(uuids)s)"


async def existing_users(
    connection: Connection, uuids: Sequence[UUID], names: Sequence[str]
) -> list[UserRow]:
    """Return the users that have one of the UUIDs or names, locked against deletion."""
    async with connection.cursor(row_factory=class_row(UserRow)) as cursor:
        await cursor.execute(_EXISTING, {"uuids": list(uuids), "names": list(names)})
        return await cursor.fetchall()


async def lock_users(connection: Connection, uuids: Sequence[UUID]) -> None:
    """Lock users: wait for their running changes, and let their next changes wait."""
    await connection.execute(_LOCK, {"uuids": list(uuids)})


async def store_users(connection: Connection, users: Sequence[UserRow]) -> None:
    """Insert the users, or update those whose UUID exists; end the sessions of inactive ones."""
    rows = {"rows": recordset(users)}
    await connection.execute(_PARK_NAMES, rows)
    await connection.execute(_STORE, rows)
    inactive = [user.uuid for user in users if not user.is_active]
    await end_of_users(connection, inactive, EndReason.DEACTIVATED)


async def token_owners(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, UUID]:
    """Return the users who have tokens with these digests."""
    cursor = await connection.execute(_DIGEST_OWNERS, {"digests": list(digests)})
    return {bytes(digest): uuid for digest, uuid in await cursor.fetchall()}


async def store_tokens(connection: Connection, tokens: Sequence[tuple[UUID, bytes]]) -> list[UUID]:
    """Store (user, digest) pairs as tokens without expiry; return the users of changed ones."""
    users, digests = [user for user, _ in tokens], [digest for _, digest in tokens]
    cursor = await connection.execute(_STORE_TOKENS, {"users": users, "digests": digests})
    return [row[0] for row in await cursor.fetchall()]


async def grant_roles(connection: Connection, grants: Sequence[GrantRow]) -> list[GrantRow]:
    """Grant the roles; return those that are new."""
    rows = recordset(grants)
    cursor = await connection.execute(_GRANT, {"rows": rows})
    return [GrantRow(*row) for row in await cursor.fetchall()]


async def existing_grants(
    connection: Connection,
    *,
    users: Collection[UUID] = (),
    customers: Collection[UUID] = (),
    projects: Collection[UUID] = (),
) -> list[GrantRow]:
    """Return the roles of these users, and those in these customers and projects."""
    async with connection.cursor(row_factory=class_row(GrantRow)) as cursor:
        values = {"users": list(users), "customers": list(customers), "projects": list(projects)}
        await cursor.execute(_GRANTS, values)
        return await cursor.fetchall()


async def revoke_roles(
    connection: Connection, grants: Sequence[GrantRow]
) -> list[tuple[GrantRow, str]]:
    """Take back the roles, with an event for each; return those that existed, with the users."""
    cursor = await connection.execute(_REVOKE, {"rows": recordset(grants)})
    revoked = [(GrantRow(*row), username) for *row, username in await cursor.fetchall()]
    events = [
        role_event(EventType.ROLE_REVOKED, grant, username, "no longer has")
        for grant, username in revoked
    ]
    await record_all(connection, events)
    return revoked


def role_event(kind: EventType, grant: GrantRow, username: str, verb: str) -> Event:
    """Return the event of a role that was granted or taken back."""
    return Event(
        kind,
        f"User {username} {verb} the role {grant.role}.",
        customer=grant.customer,
        project=grant.project,
        context=_about(grant.user, username) | {"role": grant.role},
    )


async def remove_users(connection: Connection, users: Sequence[UserRow]) -> None:
    """Delete users with their tokens, sessions and roles; their events stay."""
    uuids = [user.uuid for user in users]
    await end_of_users(connection, uuids, EndReason.REMOVED)
    cursor = await connection.execute(_COUNT_TOKENS, {"uuids": uuids})
    tokens: dict[UUID, int] = dict(await cursor.fetchall())
    await connection.execute(_REMOVE, {"uuids": uuids})
    events = [
        Event(
            EventType.USER_REMOVED,
            f"User {user.name} has been removed, and the user's tokens are revoked.",
            context=_about(user.uuid, user.name) | {"tokens": tokens.get(user.uuid, 0)},
        )
        for user in users
    ]
    await record_all(connection, events)


def _about(user: UUID, username: str) -> dict[str, object]:
    return {"affected_user_uuid": user.hex, "affected_user_username": username}
