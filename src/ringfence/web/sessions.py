"""Sessions of the console: begun with a password or a token, ended, ended everywhere."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString

from ringfence.access.authentication import authenticate, digest
from ringfence.database.pool import Database
from ringfence.errors import Unauthenticated
from ringfence.http.fields import Field, Text, clean_fields
from ringfence.http.limits import Limits
from ringfence.users.sign_in import sign_in

LASTS = timedelta(hours=12)
SECRET_BYTES = 32

TOKEN_FIELDS: Mapping[str, Field] = {"token": Text(max_length=200)}

_BEGIN: LiteralString = """
INSERT INTO console_sessions (digest, token_id, owns_token, expires)
SELECT
    %(digest)s,
    token.id,
    %(owns_token)s,
    least(now() + %(lasts)s::interval, coalesce(token.expires, 'infinity'))
FROM tokens AS token
WHERE token.digest = %(token)s
RETURNING ceil(extract(epoch FROM expires - now()))::integer
"""

_FORGET_EXPIRED: LiteralString = "DELETE FROM console_sessions WHERE expires <= now()"

# One snapshot for all of it: whose session it is must be known before it is gone.
_END: LiteralString = """
WITH mine AS (
    SELECT token.user_id
    FROM console_sessions AS session
    INNER JOIN tokens AS token ON session.token_id = token.id
    WHERE session.digest = %(digest)s
),
ended AS (
    DELETE FROM console_sessions AS session
    USING tokens AS token
    WHERE
        token.id = session.token_id
        AND (
            session.digest = %(digest)s
            OR (%(everywhere)s AND token.user_id = (SELECT mine.user_id FROM mine))
        )
    RETURNING session.token_id, session.owns_token
)
DELETE FROM tokens
WHERE id IN (SELECT ended.token_id FROM ended WHERE ended.owns_token)
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it begins; the secret is nowhere else."""

    secret: str
    seconds: int


async def begin(
    database: Database,
    address: str,
    body: Any,  # noqa: ANN401 - whatever JSON holds
    limits: Limits,
    longest: timedelta | None = None,
) -> Session:
    """Begin a session for who sends a token, or a username with its password.

    `address` is where the request comes from; a token that is made lasts no longer than `longest`.
    Raises `Invalid`, `Unauthenticated` and
    `TooManyRequests`.
    """
    if isinstance(body, Mapping) and "token" in body:
        token = clean_fields(body, TOKEN_FIELDS, required=("token",))["token"]
        await authenticate(database, f"Token {token}")
        return await _begin(database, token, owns_token=False)
    made = await sign_in(database, address, body, limits, longest)
    return await _begin(database, made.secret, owns_token=True)


async def end(database: Database, secret: str, *, everywhere: bool) -> None:
    """End this session, or all of its user's; a token that somebody brought is left alone."""
    async with database.transaction() as connection:
        await connection.execute(_END, {"digest": digest(secret), "everywhere": everywhere})


async def _begin(database: Database, token: str, *, owns_token: bool) -> Session:
    secret = secrets.token_hex(SECRET_BYTES)
    values = {
        "digest": digest(secret),
        "token": digest(token),
        "owns_token": owns_token,
        "lasts": LASTS,
    }
    async with database.transaction() as connection:
        await connection.execute(_FORGET_EXPIRED)
        cursor = await connection.execute(_BEGIN, values)
        row = await cursor.fetchone()
    if row is None:
        # Revoked in this very moment
        raise Unauthenticated("Invalid token.")
    return Session(secret, row[0])
