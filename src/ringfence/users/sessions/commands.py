"""Start and end sessions of the console, with a password or a token.

A session is bound to a token and has no more permissions than it. Its end is recorded with the
reason: by its user, by another session, by a new password, or because its token ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.authentication import authenticate, token_digest
from ringfence.access.origin import current_origin
from ringfence.access.permissions import Actor, require_unlimited
from ringfence.database.pool import Database
from ringfence.errors import Forbidden, NotFound, Unauthenticated
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.fields import Field, Text, clean_fields
from ringfence.http.limits import Limits
from ringfence.text.json_value import Json
from ringfence.users.sessions.ending import EndReason, end_of_users, end_oldest, end_sessions
from ringfence.users.sign_in import sign_in
from ringfence.users.tokens.issuing import new_secret

SESSION_LIFETIME = timedelta(hours=12)
NO_SUCH_SESSION = "No Session matches the given query."

TOKEN_FIELDS: Mapping[str, Field] = {"token": Text(max_length=200)}


# Locks the user first, in the order of all changes (`access/authentication.py`).
_LOCK_USER: LiteralString = """
SELECT account.id, account.uuid, account.username
FROM tokens AS token
INNER JOIN users AS account ON token.user_id = account.id
WHERE
    token.digest = %(token)s
    AND account.is_active
    AND (token.expires IS NULL OR token.expires > now())
FOR NO KEY UPDATE OF account FOR KEY SHARE OF token
"""

_BEGIN: LiteralString = """
INSERT INTO console_sessions (digest, token_id, owns_token, expires, address)
SELECT
    %(digest)s,
    token.id,
    %(owns_token)s,
    least(now() + %(lasts)s::interval, coalesce(token.expires, 'infinity')),
    %(address)s::inet
FROM tokens AS token
WHERE token.digest = %(token)s
RETURNING ceil(extract(epoch FROM expires - now()))::integer, uuid, expires
"""

_DELETE_EXPIRED: LiteralString = "DELETE FROM console_sessions WHERE expires <= now()"

_OWN: LiteralString = """
SELECT
    session.uuid,
    account.id AS user_id,
    account.uuid AS user_uuid,
    account.username,
    (
        token.is_read_only
        OR token.project_id IS NOT NULL
        OR session.expires <= now()
        OR NOT account.is_active
    ) AS is_limited
FROM console_sessions AS session
INNER JOIN tokens AS token ON session.token_id = token.id
INNER JOIN users AS account ON token.user_id = account.id
WHERE session.digest = %(digest)s
FOR NO KEY UPDATE OF account FOR UPDATE OF session
"""

_VISIBLE_TO: LiteralString = """
SELECT session.uuid
FROM console_sessions AS session
INNER JOIN tokens AS token ON session.token_id = token.id
INNER JOIN users AS account ON token.user_id = account.id
WHERE session.uuid = %(uuid)s AND (account.id = %(actor_id)s OR %(is_staff)s)
FOR NO KEY UPDATE OF account
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A new session; its secret is not stored."""

    secret: str
    seconds: int


@dataclass(frozen=True, slots=True)
class _Own:
    uuid: UUID
    user_id: int
    user_uuid: UUID
    username: str
    is_limited: bool


async def begin(
    database: Database,
    address: str,
    body: Json,
    limits: Limits,
    max_lifetime: timedelta | None = None,
) -> Session:
    """Start a session with a token, or with a name and its password.

    `address` is the client's IP address; an issued token lasts no longer than `max_lifetime`.
    Raises `Invalid`, `Unauthenticated` and `TooManyRequests`.
    """
    if isinstance(body, Mapping) and "token" in body:
        token = clean_fields(body, TOKEN_FIELDS, required=("token",))["token"]
        with limits.unknown_client(address):
            await authenticate(database, f"Token {token}")
        return await _begin(database, token, owns_token=False)
    issued = await sign_in(database, address, body, limits, max_lifetime)
    return await _begin(database, issued.secret, owns_token=True)


async def end(database: Database, secret: str, *, everywhere: bool) -> None:
    """End this session, or all sessions of its user; a token that the user brought stays valid.

    Raises `Forbidden` if a session of a limited token would end others.
    """
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(_Own))
        await cursor.execute(_OWN, {"digest": token_digest(secret)})
        own = await cursor.fetchone()
        if own is None:
            return
        actor = Actor(own.user_id, own.user_uuid, own.username, ())
        if not everywhere:
            await end_sessions(connection, [own.uuid], EndReason.SIGNED_OUT, actor)
            return
        if own.is_limited:
            raise Forbidden(
                "This session was started with a limited token and can only end itself; "
                "sign in with an unlimited token to sign out everywhere."
            )
        await end_of_users(connection, [own.user_uuid], EndReason.EVERYWHERE, actor)


async def end_one(database: Database, actor: Actor, uuid: UUID) -> None:
    """End a session of the actor, or, for staff, of anybody. Raises `NotFound`, `Forbidden`."""
    require_unlimited(actor)
    values = {"uuid": uuid, "actor_id": actor.user_id, "is_staff": actor.is_staff}
    async with database.transaction() as connection:
        cursor = await connection.execute(_VISIBLE_TO, values)
        if await cursor.fetchone() is None:
            raise NotFound(NO_SUCH_SESSION)
        await end_sessions(connection, [uuid], EndReason.ENDED, actor)


async def _begin(database: Database, token: str, *, owns_token: bool) -> Session:
    secret = new_secret()
    values = {
        "digest": token_digest(secret),
        "token": token_digest(token),
        "owns_token": owns_token,
        "lasts": SESSION_LIFETIME,
        "address": current_origin().address,
    }
    async with database.transaction() as connection:
        user = await (await connection.execute(_LOCK_USER, values)).fetchone()
        if user is None:
            # Revoked, expired or deactivated just now
            raise Unauthenticated("Invalid token.")
        user_id, user_uuid, username = user
        actor = Actor(user_id, user_uuid, username, ())
        await connection.execute(_DELETE_EXPIRED)
        cursor = await connection.execute(_BEGIN, values)
        row = await cursor.fetchone()
        assert row is not None  # noqa: S101 - its token is locked
        seconds, uuid, expires = row
        await record(connection, _start_event(actor, uuid, expires))
        await end_oldest(connection, actor.user_uuid, actor)
    return Session(secret, seconds)


def _start_event(actor: Actor, uuid: UUID, expires: datetime) -> Event:
    return Event(
        EventType.SESSION_STARTED,
        f"A session of user {actor.username} in the console has started.",
        actor,
        context={
            "affected_user_uuid": actor.user_uuid.hex,
            "affected_user_username": actor.username,
            "session_uuid": uuid.hex,
            "expires": expires.isoformat(),
        },
    )
