"""Tokens: issued to who signs in, made anew, revoked. A secret is shown once, when it is made."""

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.authentication import token_digest
from ringfence.access.permissions import Actor, require_unlimited
from ringfence.database.pool import Connection, Database
from ringfence.errors import Forbidden, NotFound
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.users.commands import TOKEN_BYTES
from ringfence.users.sessions.ending import Why, end_of_users

NO_SUCH_USER = "No User matches the given query."
NO_SUCH_TOKEN = "No Token matches the given query."  # noqa: S105 - words, not a token

# How long a token lasts that was got by password.
SIGNED_IN_FOR = timedelta(hours=24)
# How many of those a user has at once; of more, the oldest end.
MOST_BY_PASSWORD = 200

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

_FORGET_EXPIRED: LiteralString = """
DELETE FROM tokens WHERE user_id = %(user_id)s AND expires <= now()
"""

# Those of sessions are counted by sessions.
_FORGET_OLDEST: LiteralString = """
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
    """A user, as the holder of tokens."""

    id: int
    uuid: UUID
    username: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Token:
    """What can be told of a token; `lifetime` is in seconds, None for one that never expires.

    `secret` is there only in the moment when the token is made.
    """

    created: datetime
    lifetime: int | None
    secret: str = ""
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token is to be: without a lifetime or time it never expires; no project means all.

    With both it ends with the earlier one.
    """

    lifetime: timedelta | None = None
    name: str = ""
    is_read_only: bool = False
    project_id: int | None = None
    expires: datetime | None = None
    # It ends when its user's password is changed.
    is_by_password: bool = False


async def holder_by_uuid(database: Database, actor: Actor, uuid: UUID) -> Holder:
    """Give a user whose tokens the actor may handle; raises `NotFound`, `Forbidden`."""
    return await _holder(database, actor, "holder.uuid = %(key)s", uuid, NO_SUCH_USER)


async def holder_by_id(database: Database, actor: Actor, user_id: int) -> Holder:
    """Give a user whose tokens the actor may handle; raises `NotFound`, `Forbidden`."""
    return await _holder(database, actor, "holder.id = %(key)s", user_id, NO_SUCH_TOKEN)


async def seen_holder(database: Database, actor: Actor, user_id: int) -> Holder:
    """Give a user of whose tokens the actor may know; raises `NotFound`."""
    return await _seen(database, actor, "holder.id = %(key)s", user_id, NO_SUCH_TOKEN)


async def newest_token(database: Database, holder: Holder) -> Token:
    """Give the user's newest token that is valid; raises `NotFound`."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Token))
        await cursor.execute(_NEWEST, {"user_id": holder.id})
        token = await cursor.fetchone()
    if token is None:
        raise NotFound(NO_SUCH_TOKEN)
    return token


def latest_end(actor: Actor, longest: timedelta | None) -> datetime | None:
    """Return when a token that the actor makes ends at the latest; None for never.

    It lives no longer than the token, or the session, that it is made with, nor than the setting
    `token_max_lifetime` says.
    """
    ends = [
        *([actor.token.expires] if actor.token and actor.token.expires else []),
        *([datetime.now(UTC) + longest] if longest else []),
    ]
    return min(ends, default=None)


def in_words(period: timedelta) -> str:
    """Return a period as settings have it: `90d`, `12h`, `30m`."""
    minutes = int(period.total_seconds()) // 60
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


async def replace_tokens(
    database: Database, actor: Actor, holder: Holder, longest: timedelta | None = None
) -> Token:
    """Revoke all of a user's tokens and make one, of a day at most.

    It never expires if it was asked for by the user with one that never does. It ends with the
    token that it was asked for with: who holds a token for a day cannot make it last. Raises
    `Forbidden` for an actor whose own token is limited.
    """
    require_unlimited(actor)
    until = latest_end(actor, longest)
    async with database.transaction() as connection:
        await _lock(connection, holder)
        lasts = holder.id == actor.user_id and actor.token and actor.token.expires is None
        await end_of_users(connection, [holder.uuid], Why.TOKEN, actor)
        await connection.execute(_REVOKE, {"user_id": holder.id})
        terms = Terms(None if lasts else SIGNED_IN_FOR, expires=until)
        token = await issue(connection, holder, terms)
        said = f"The tokens of user {holder.username} have been replaced."
        await record(connection, _event(EventType.TOKEN_CREATED, said, actor, holder))
    return token


async def revoke_tokens(database: Database, actor: Actor, holder: Holder) -> None:
    """Revoke all of a user's tokens; raises `NotFound` where there is none, `Forbidden`."""
    require_unlimited(actor)
    async with database.transaction() as connection:
        await _lock(connection, holder)
        await end_of_users(connection, [holder.uuid], Why.TOKEN, actor)
        revoked = await connection.execute(_REVOKE, {"user_id": holder.id})
        if not revoked.rowcount:
            raise NotFound(NO_SUCH_TOKEN)
        said = f"The tokens of user {holder.username} have been revoked."
        await record(connection, _event(EventType.TOKENS_REVOKED, said, actor, holder))


async def revoke_got_by_password(connection: Connection, user_id: int) -> None:
    """End the tokens of a user that a password was enough for."""
    await connection.execute(_REVOKE_BY_PASSWORD, {"user_id": user_id})


async def issue(connection: Connection, holder: Holder, terms: Terms) -> Token:
    """Make a token for a user, who loses those that have expired."""
    secret = new_secret()
    await connection.execute(_FORGET_EXPIRED, {"user_id": holder.id})
    values = {"user_id": holder.id, "digest": token_digest(secret), **asdict(terms)}
    cursor = await connection.execute(_INSERT, values)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row or raises
    if terms.is_by_password:
        kept = {"user_id": holder.id, "kept": MOST_BY_PASSWORD}
        await connection.execute(_FORGET_OLDEST, kept)
    return Token(row[0], row[1], secret, row[2])


def new_secret() -> str:
    """Give 256 random bits, as hexadecimal digits."""
    return secrets.token_hex(TOKEN_BYTES)


async def _holder(
    database: Database, actor: Actor, condition: LiteralString, key: object, missing: str
) -> Holder:
    holder = await _seen(database, actor, condition, key, missing)
    # Support sees all users; their tokens are their own, and staff's to handle.
    if holder.id != actor.user_id and not actor.is_staff:
        raise Forbidden
    return holder


async def _seen(
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
    # Of two who replace at once, the second revokes what the first has made.
    cursor = await connection.execute(_LOCK_USER, [holder.id])
    if await cursor.fetchone() is None:
        raise NotFound(NO_SUCH_USER)


def _event(kind: EventType, message: str, actor: Actor, holder: Holder) -> Event:
    context = {"affected_user_uuid": holder.uuid.hex, "affected_user_username": holder.username}
    return Event(kind, message, actor, context=context)
