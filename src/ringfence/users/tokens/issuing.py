"""Issue, replace and revoke tokens. A secret is returned once, when the token is issued."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.authentication import token_digest
from ringfence.access.permissions import Actor, require_unlimited
from ringfence.database.pool import Connection, Database
from ringfence.errors import Forbidden, NotFound
from ringfence.events.commands import record, record_all
from ringfence.events.types import Event, EventType
from ringfence.users.sessions.ending import EndReason, end_of_tokens, end_of_users

SECRET_BYTES = 32
NO_SUCH_USER = "No User matches the given query."
NO_SUCH_TOKEN = "No Token matches the given query."  # noqa: S105 - words, not a token

# The lifetime of a token that is issued for a password
SIGN_IN_LIFETIME = timedelta(hours=24)
# A user's tokens issued for a password; beyond that, the oldest are deleted.
MAX_BY_PASSWORD = 200

_HOLDER: LiteralString = """
SELECT holder.id, holder.uuid, holder.username, holder.is_active
FROM users AS holder
WHERE {condition}
"""

_INSERT: LiteralString = """
INSERT INTO tokens (
    user_id, digest, expires, name, is_read_only, project_id, is_by_password
)
VALUES (
    %(user_id)s, %(digest)s,
    least(%(expires)s::timestamptz, now() + %(lifetime)s::interval),
    %(name)s, %(is_read_only)s, %(project_id)s, %(is_by_password)s
)
RETURNING created, extract(epoch FROM expires - created)::bigint AS lifetime, uuid
"""

_NEWEST: LiteralString = """
SELECT token.created, extract(epoch FROM token.expires - token.created)::bigint AS lifetime
FROM tokens AS token
WHERE token.user_id = %(user_id)s AND (token.expires IS NULL OR token.expires > now())
ORDER BY token.id DESC
LIMIT 1
"""

_LOCK_USER: LiteralString = "SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE"

_REVOKE: LiteralString = "DELETE FROM tokens WHERE user_id = %(user_id)s"

_REVOKE_BY_PASSWORD: LiteralString = _REVOKE + " AND is_by_password"

_OF_PROJECTS: LiteralString = """
SELECT token.uuid, holder.uuid AS user_uuid, holder.username
FROM tokens AS token
INNER JOIN users AS holder ON token.user_id = holder.id
INNER JOIN projects AS project ON token.project_id = project.id
WHERE project.uuid = ANY(%(projects)s)
ORDER BY token.id
FOR UPDATE OF token
"""

_REVOKE_THESE: LiteralString = "DELETE FROM tokens WHERE uuid = ANY(%(uuids)s)"

_DELETE_EXPIRED: LiteralString = """
DELETE FROM tokens WHERE user_id = %(user_id)s AND expires <= now()
"""

# Tokens of sessions do not count: the number of sessions is limited.
_DELETE_OLDEST: LiteralString = """
DELETE FROM tokens
WHERE id IN (
    SELECT token.id
    FROM tokens AS token
    WHERE
        token.user_id = %(user_id)s
        AND token.is_by_password
        AND NOT EXISTS (
            SELECT 1 FROM console_sessions AS session WHERE session.token_id = token.id
        )
    ORDER BY token.id DESC
    OFFSET %(kept)s
)
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A user who has tokens."""

    id: int
    uuid: UUID
    username: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A token; `lifetime` is in seconds, or None if it never expires.

    `secret` is set only when the token has just been issued.
    """

    created: datetime
    lifetime: int | None
    secret: str = ""
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a new token; it expires at the earlier of `lifetime` and `expires`.

    Without both it never expires. Without a project it reaches all projects of its user.
    """

    lifetime: timedelta | None = None
    name: str = ""
    is_read_only: bool = False
    project_id: int | None = None
    expires: datetime | None = None
    # It is revoked when its user's password changes.
    is_by_password: bool = False


async def holder_by_uuid(database: Database, actor: Actor, uuid: UUID) -> Holder:
    """Return a user whose tokens the actor may change; raises `NotFound`, `Forbidden`."""
    return await _holder(database, actor, "holder.uuid = %(key)s", uuid, NO_SUCH_USER)


async def holder_by_id(database: Database, actor: Actor, user_id: int) -> Holder:
    """Return a user whose tokens the actor may change; raises `NotFound`, `Forbidden`."""
    return await _holder(database, actor, "holder.id = %(key)s", user_id, NO_SUCH_TOKEN)


async def visible_holder(database: Database, actor: Actor, user_id: int) -> Holder:
    """Return a user whose tokens the actor may see; raises `NotFound`."""
    return await _visible(database, actor, "holder.id = %(key)s", user_id, NO_SUCH_TOKEN)


async def newest_token(database: Database, holder: Holder) -> Token:
    """Return the user's newest valid token; raises `NotFound`."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Token))
        await cursor.execute(_NEWEST, {"user_id": holder.id})
        token = await cursor.fetchone()
    if token is None:
        raise NotFound(NO_SUCH_TOKEN)
    return token


def latest_end(actor: Actor, max_lifetime: timedelta | None) -> datetime | None:
    """Return the latest expiry of a token that the actor creates; None means never.

    It is bounded by the actor's own token or session, and by `max_lifetime` (the setting
    `token_max_lifetime`).
    """
    ends = [
        *([actor.token.expires] if actor.token and actor.token.expires else []),
        *([datetime.now(UTC) + max_lifetime] if max_lifetime else []),
    ]
    return min(ends, default=None)


def format_period(period: timedelta) -> str:
    """Format a period as in settings: `90d`, `12h`, `30m`."""
    minutes = int(period.total_seconds()) // 60
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


async def replace_tokens(
    database: Database, actor: Actor, holder: Holder, max_lifetime: timedelta | None = None
) -> Token:
    """Revoke all of a user's tokens and issue a new one, which lasts a day at most.

    It never expires if the user requests it with a token that never does. It expires no later than
    the token of the request, so that a temporary token cannot be extended. Raises `Forbidden` for
    an actor whose token is limited.
    """
    require_unlimited(actor)
    until = latest_end(actor, max_lifetime)
    async with database.transaction() as connection:
        await _lock(connection, holder)
        lasts = holder.id == actor.user_id and actor.token and actor.token.expires is None
        await end_of_users(connection, [holder.uuid], EndReason.TOKEN, actor)
        await connection.execute(_REVOKE, {"user_id": holder.id})
        terms = Terms(None if lasts else SIGN_IN_LIFETIME, expires=until)
        token = await issue(connection, holder, terms)
        message = f"The tokens of user {holder.username} have been replaced."
        await record(connection, _event(EventType.TOKEN_CREATED, message, actor, holder))
    return token


async def revoke_tokens(database: Database, actor: Actor, holder: Holder) -> None:
    """Revoke all of a user's tokens; raises `NotFound` if there is none, `Forbidden`."""
    require_unlimited(actor)
    async with database.transaction() as connection:
        await _lock(connection, holder)
        await end_of_users(connection, [holder.uuid], EndReason.TOKEN, actor)
        revoked = await connection.execute(_REVOKE, {"user_id": holder.id})
        if not revoked.rowcount:
            raise NotFound(NO_SUCH_TOKEN)
        message = f"The tokens of user {holder.username} have been revoked."
        await record(connection, _event(EventType.TOKENS_REVOKED, message, actor, holder))


async def revoke_of_projects(connection: Connection, projects: Sequence[UUID]) -> None:
    """Revoke the tokens that reach one of these projects only, with an event for each."""
    cursor = await connection.execute(_OF_PROJECTS, {"projects": list(projects)})
    found = await cursor.fetchall()
    uuids = [uuid for uuid, _, _ in found]
    await end_of_tokens(connection, uuids, None)
    await connection.execute(_REVOKE_THESE, {"uuids": uuids})
    events = [
        Event(
            EventType.TOKEN_REVOKED,
            f"A token of user {username} has been revoked: its project was removed.",
            context={
                "affected_user_uuid": user.hex,
                "affected_user_username": username,
                "token_uuid": uuid.hex,
            },
        )
        for uuid, user, username in found
    ]
    await record_all(connection, events)


async def revoke_all(connection: Connection, user_id: int) -> None:
    """Revoke all of a user's tokens."""
    await connection.execute(_REVOKE, {"user_id": user_id})


async def revoke_by_password(connection: Connection, user_id: int) -> None:
    """Revoke a user's tokens that were issued for the password."""
    await connection.execute(_REVOKE_BY_PASSWORD, {"user_id": user_id})


async def issue(connection: Connection, holder: Holder, terms: Terms) -> Token:
    """Issue a token for a user, and delete the user's expired tokens."""
    secret = new_secret()
    await connection.execute(_DELETE_EXPIRED, {"user_id": holder.id})
    values = {"user_id": holder.id, "digest": token_digest(secret), **asdict(terms)}
    cursor = await connection.execute(_INSERT, values)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING returns a row or raises
    if terms.is_by_password:
        kept = {"user_id": holder.id, "kept": MAX_BY_PASSWORD}
        await connection.execute(_DELETE_OLDEST, kept)
    return Token(row[0], row[1], secret, row[2])


def new_secret() -> str:
    """Return the secret of a token or a session: 256 random bits as hexadecimal digits."""
    return secrets.token_hex(SECRET_BYTES)


async def _holder(
    database: Database, actor: Actor, condition: LiteralString, key: object, missing: str
) -> Holder:
    holder = await _visible(database, actor, condition, key, missing)
    # Support sees all users, but only staff changes the tokens of others.
    if holder.id != actor.user_id and not actor.is_staff:
        raise Forbidden
    return holder


async def _visible(
    database: Database, actor: Actor, condition: LiteralString, key: object, missing: str
) -> Holder:
    statement = _HOLDER.replace("{condition}", condition)
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Holder))
        await cursor.execute(statement, {"key": key})
        holder = await cursor.fetchone()
    if holder is None or not (holder.id == actor.user_id or actor.global_roles()):
        raise NotFound(missing)
    return holder


async def _lock(connection: Connection, holder: Holder) -> None:
    # Of two concurrent replacements, the second revokes the token of the first.
    cursor = await connection.execute(_LOCK_USER, [holder.id])
    if await cursor.fetchone() is None:
        raise NotFound(NO_SUCH_USER)


def _event(kind: EventType, message: str, actor: Actor, holder: Holder) -> Event:
    context = {"affected_user_uuid": holder.uuid.hex, "affected_user_username": holder.username}
    return Event(kind, message, actor, context=context)
