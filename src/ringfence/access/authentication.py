"""From the `Authorization` header to an actor, or a 401 in Waldur's words."""

import hashlib
from typing import LiteralString

from ringfence.access.permissions import Actor, Grant, Role
from ringfence.database.pool import Database
from ringfence.errors import Unauthenticated

# `Bearer` is what newer command lines send.
SCHEMES = ("token", "bearer")

_ACTOR: LiteralString = """
SELECT
    account.id,
    account.uuid,
    account.username,
    account.is_staff,
    account.is_support,
    account.is_active,
    coalesce(token.expires <= now(), false) AS expired,
    coalesce(held.roles, '{}') AS roles,
    coalesce(held.customers, '{}') AS customers,
    coalesce(held.projects, '{}') AS projects
FROM tokens AS token
INNER JOIN users AS account ON token.user_id = account.id
LEFT JOIN LATERAL (
    SELECT
        array_agg(role_grant.role) AS roles,
        array_agg(role_grant.customer_id) AS customers,
        array_agg(role_grant.project_id) AS projects
    FROM role_grants AS role_grant
    WHERE role_grant.user_id = account.id
) AS held ON true
WHERE token.digest = %(digest)s
"""


def digest(token: str) -> bytes:
    """Give what is stored of a token: the SHA-256 of its UTF-8 bytes.

    A token is 256 random bits, so a plain hash is enough: there is nothing to guess.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def read_token(header: str | None) -> str:
    """Give the token of an `Authorization` header; raises `Unauthenticated`."""
    words = (header or "").split()
    if not words or words[0].lower() not in SCHEMES:
        raise Unauthenticated("Authentication credentials were not provided.")
    if len(words) == 1:
        raise Unauthenticated("Invalid token. No credentials provided.")
    if len(words) > 2:  # noqa: PLR2004 - the scheme and the token
        raise Unauthenticated("Invalid token. Token string should not contain spaces.")
    return words[1]


async def authenticate(database: Database, header: str | None) -> Actor:
    """Give who makes the request, by one statement; raises `Unauthenticated`."""
    token = read_token(header)
    async with database.connection() as connection:
        cursor = await connection.execute(_ACTOR, {"digest": digest(token)})
        row = await cursor.fetchone()
    if row is None:
        raise Unauthenticated("Invalid token.")
    user_id, uuid, username, is_staff, is_support, is_active, expired, *held = row
    if not is_active:
        raise Unauthenticated("User inactive or deleted.")
    if expired:
        raise Unauthenticated("Token has expired.")
    grants = tuple(
        Grant(Role(role), customer_id, project_id)
        for role, customer_id, project_id in zip(*held, strict=True)
    )
    return Actor(user_id, uuid, username, grants, is_staff=is_staff, is_support=is_support)
