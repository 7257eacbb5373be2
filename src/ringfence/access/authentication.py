"""From the `Authorization` header, or a session, to an actor, or a 401 in Waldur's words."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, NamedTuple

from psycopg.rows import namedtuple_row

from ringfence.access.permissions import Actor, Grant, Role, TokenUsed, confined
from ringfence.access.scope import actor_parameters
from ringfence.database.pool import Database
from ringfence.errors import Unauthenticated

# `Bearer` is what newer command lines send.
SCHEMES = ("token", "bearer")

# Grants in one order, so that the same ones are the same bytes.
_ACTOR: LiteralString = """
SELECT
    account.id,
    account.uuid,
    account.username,
    account.is_staff,
    account.is_support,
    account.is_active,
    coalesce(token.expires <= now(), false) AS expired,
    token.id AS token_id,
    token.uuid AS token_uuid,
    token.name AS token_name,
    token.is_read_only,
    token.project_id,
    project.customer_id,
    known.position AS written,
    coalesce(held.roles, '{}') AS roles,
    coalesce(held.customers, '{}') AS customers,
    coalesce(held.projects, '{}') AS projects
FROM tokens AS token
INNER JOIN users AS account ON token.user_id = account.id
LEFT JOIN projects AS project ON token.project_id = project.id
LEFT JOIN caller_positions AS known ON account.id = known.user_id
LEFT JOIN LATERAL (
    SELECT
        array_agg(role_grant.role) AS roles,
        array_agg(role_grant.customer_id) AS customers,
        array_agg(role_grant.project_id) AS projects
    FROM (
        SELECT role_grants.role, role_grants.customer_id, role_grants.project_id
        FROM role_grants
        WHERE role_grants.user_id = account.id
        ORDER BY role_grants.id
    ) AS role_grant
) AS held ON true
WHERE {which}
"""

Kind = Literal["token", "session"]

# A session is worth what the token is that it was begun with, and no more.
ACTORS: Mapping[Kind, LiteralString] = {
    "token": _ACTOR.replace("{which}", "token.digest = %(credential)s"),
    "session": _ACTOR.replace(
        "{which}",
        """token.id = (
    SELECT session.token_id FROM console_sessions AS session
    WHERE session.digest = %(credential)s AND session.expires > now()
)""",
    ),
}

# The whole row is one value as well: equal values, equal rows.
_WITH_FINGERPRINT: LiteralString = """
SELECT actor.*, record_send(actor) AS fingerprint FROM ({actor}) AS actor
"""
_RECOGNISE: Mapping[Kind, LiteralString] = {
    kind: _WITH_FINGERPRINT.replace("{actor}", statement) for kind, statement in ACTORS.items()
}


class Credential(NamedTuple):
    """What a caller shows, by its digest."""

    kind: Kind
    digest: bytes


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
    if len(words) > 2 and [word.lower() for word in words[:2]] == ["bearer", "token"]:  # noqa: PLR2004
        # Waldur's JavaScript client from 8.0.9 on puts its own scheme before the one it is given.
        del words[0]
    if len(words) > 2:  # noqa: PLR2004 - the scheme and the token
        raise Unauthenticated("Invalid token. Token string should not contain spaces.")
    return words[1]


def of_token(header: str | None) -> Credential:
    """Give what an `Authorization` header shows; raises `Unauthenticated`."""
    return Credential("token", digest(read_token(header)))


def of_session(secret: str) -> Credential:
    """Give what the secret of a session shows."""
    return Credential("session", digest(secret))


@dataclass(frozen=True, slots=True)
class Recognised:
    """An actor, with what statements take of it, and the row that told of it, as bytes."""

    actor: Actor
    parameters: Mapping[str, Any]
    fingerprint: bytes


async def authenticate(database: Database, header: str | None) -> Actor:
    """Give who makes the request, by one statement; raises `Unauthenticated`."""
    return (await recognise(database, of_token(header))).actor


async def recognise(database: Database, credential: Credential) -> Recognised:
    """Give whose credential it is, by one statement; raises `Unauthenticated`."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=namedtuple_row)
        await cursor.execute(
            _RECOGNISE[credential.kind], {"credential": credential.digest}, binary=True
        )
        row: Any = await cursor.fetchone()
    if row is None:
        raise Unauthenticated("Invalid token.")
    if not row.is_active:
        raise Unauthenticated("User inactive or deleted.")
    if row.expired:
        raise Unauthenticated("Token has expired.")
    actor = _actor(row)
    return Recognised(actor, actor_parameters(actor), row.fingerprint)


def _actor(row: Any) -> Actor:  # noqa: ANN401 - a row of `ACTOR`, by its names
    grants = tuple(
        Grant(Role(role), customer_id, project_id)
        for role, customer_id, project_id in zip(
            row.roles, row.customers, row.projects, strict=True
        )
    )
    actor = Actor(
        row.id,
        row.uuid,
        row.username,
        grants,
        is_staff=row.is_staff,
        is_support=row.is_support,
        token=TokenUsed(
            row.token_id, row.token_uuid, row.token_name, row.is_read_only, row.project_id
        ),
        written=row.written,
    )
    if row.project_id is None:
        return actor
    return confined(actor, row.customer_id, row.project_id)
