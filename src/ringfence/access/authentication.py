"""Authentication: from the `Authorization` header, or a session, to the actor, or a 401."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, NamedTuple

from psycopg.rows import namedtuple_row

from ringfence.access.permissions import Actor, Grant, Role, TokenUsed, restricted_to_project
from ringfence.access.scope import actor_parameters
from ringfence.database.binary_rows import TRUE, find_rows, on_one_line
from ringfence.database.connect import Session
from ringfence.database.pool import Database
from ringfence.errors import Message, Unauthenticated
from ringfence.text.masking import present

# Newer command-line clients of Waldur send `Bearer`.
SCHEMES = ("token", "bearer")
NOT_PROVIDED = "Authentication credentials were not provided."
UNKNOWN_HINT = "The token is unknown or revoked: issue one with ringfence token USER."
SCHEME_HINT = 'Begin the Authorization header with the scheme "Token", then the token.'

# The actor of a credential, with token and grants. Python's calendar ends with the year 9999, so a
# token that expires then never does. Grants are sorted, so that equal rows are equal bytes.
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
    CASE WHEN {expires} < '9999-12-31Z' THEN {expires} END AS expires,
    project.customer_id,
    {written} AS written,
    coalesce(held.roles, '{}') AS roles,
    coalesce(held.customers, '{}') AS customers,
    coalesce(held.projects, '{}') AS projects
FROM {source}
INNER JOIN users AS account ON token.user_id = account.id
LEFT JOIN projects AS project ON token.project_id = project.id
LEFT JOIN user_write_positions AS known ON account.id = known.user_id
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
        {lock_grants}
    ) AS role_grant
) AS held ON true
WHERE {which}
{locks}
"""

Kind = Literal["token", "session"]
KINDS: Sequence[Kind] = ("token", "session")

# A session has the rights of the token that it was started with.
_SOURCES: Mapping[Kind, LiteralString] = {
    "token": "tokens AS token",
    "session": """console_sessions AS session
INNER JOIN tokens AS token ON session.token_id = token.id""",
}
_WHICH: Mapping[Kind, LiteralString] = {
    "token": "token.digest = %(credential)s",
    "session": "session.digest = %(credential)s AND session.expires > now()",
}
# A session ends with its token at the latest.
_EXPIRES: Mapping[Kind, LiteralString] = {"token": "token.expires", "session": "session.expires"}


def _actor_statement(
    kind: Kind, *, written: LiteralString, grants: LiteralString = "", locks: LiteralString = ""
) -> LiteralString:
    return (
        _ACTOR.replace("{source}", _SOURCES[kind])
        .replace("{which}", _WHICH[kind])
        .replace("{expires}", _EXPIRES[kind])
        .replace("{written}", written)
        .replace("{lock_grants}", grants)
        .replace("{locks}", locks)
    )


ACTORS: Mapping[Kind, LiteralString] = {
    kind: _actor_statement(kind, written="known.position") for kind in KINDS
}

# Revoking deletes the token, session or grant, or replaces the token's secret. `KEY SHARE`
# conflicts with those, and not with counting uses of the token. A user is restricted by flags,
# which only `SHARE` conflicts with. The user is locked first, as everywhere.
_SHARED: Mapping[Kind, LiteralString] = {
    "token": "FOR SHARE OF account FOR KEY SHARE OF token",
    "session": "FOR SHARE OF account FOR KEY SHARE OF token, session",
}
# For operations that end tokens: two that share a lock and then both upgrade it would deadlock.
_EXCLUSIVE: Mapping[Kind, LiteralString] = {
    "token": "FOR NO KEY UPDATE OF account FOR UPDATE OF token",
    "session": "FOR NO KEY UPDATE OF account FOR UPDATE OF token, session",
}

_IS_SAME: LiteralString = """
SELECT record_send(actor) = %(fingerprint)s AS is_same FROM ({actor}) AS actor
"""


def _lock_statement(kind: Kind, locks: LiteralString) -> LiteralString:
    # The position that replicas must have replayed is not compared: it gives no rights.
    actor = _actor_statement(
        kind, written="%(written)s::bigint", grants="FOR KEY SHARE", locks=locks
    )
    return on_one_line(_IS_SAME.replace("{actor}", actor))


_LOCK: Mapping[tuple[Kind, bool], LiteralString] = {
    (kind, exclusive): _lock_statement(kind, locks[kind])
    for kind in KINDS
    for exclusive, locks in ((False, _SHARED), (True, _EXCLUSIVE))
}

# The fingerprint is the whole row as one value: equal fingerprints, equal rows.
_WITH_FINGERPRINT: LiteralString = """
SELECT actor.*, record_send(actor) AS fingerprint FROM ({actor}) AS actor
"""
_LOOK_UP: Mapping[Kind, LiteralString] = {
    kind: _WITH_FINGERPRINT.replace("{actor}", statement) for kind, statement in ACTORS.items()
}


class Credential(NamedTuple):
    """A token or the secret of a session, by its digest."""

    kind: Kind
    digest: bytes


def token_digest(token: str) -> bytes:
    """Return the stored form of a token or session secret: the SHA-256 of its UTF-8 bytes.

    A secret has 256 random bits, so a plain hash is enough: there is nothing to guess.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def read_token(header: str | None) -> str:
    """Return the token of an `Authorization` header; raises `Unauthenticated`."""
    words = (header or "").split()
    if not words or words[0].lower() not in SCHEMES:
        # The value is not repeated: it may be a token without its scheme.
        if words:
            raise Unauthenticated(NOT_PROVIDED, hint=SCHEME_HINT)
        raise Unauthenticated(Message(NOT_PROVIDED, "Send the header Authorization: Token TOKEN."))
    if len(words) == 1:
        raise Unauthenticated("Invalid token. No credentials provided.")
    if len(words) > 2 and [word.lower() for word in words[:2]] == ["bearer", "token"]:  # noqa: PLR2004
        # Waldur's JavaScript client from 8.0.9 on prepends its own scheme.
        del words[0]
    if len(words) > 2:  # noqa: PLR2004 - the scheme and the token
        raise Unauthenticated("Invalid token. Token string should not contain spaces.")
    present(words[1])
    return words[1]


def of_token(header: str | None) -> Credential:
    """Return the credential of an `Authorization` header; raises `Unauthenticated`."""
    return Credential("token", token_digest(read_token(header)))


def of_session(secret: str) -> Credential:
    return Credential("session", token_digest(secret))


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor, the statement parameters of its scope, and the fingerprint of its row."""

    actor: Actor
    parameters: Mapping[str, Any]
    fingerprint: bytes


async def authenticate(database: Database, header: str | None) -> Actor:
    """Look up the actor of an `Authorization` header; raises `Unauthenticated`."""
    return (await look_up(database, of_token(header))).actor


async def look_up(database: Database, credential: Credential) -> Identity:
    """Look up the identity of a credential; raises `Unauthenticated`."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=namedtuple_row)
        await cursor.execute(
            _LOOK_UP[credential.kind], {"credential": credential.digest}, binary=True
        )
        row: Any = await cursor.fetchone()
    if row is None:
        raise Unauthenticated(Message("Invalid token.", UNKNOWN_HINT))
    if not row.is_active:
        raise Unauthenticated("User inactive or deleted.")
    if row.expired:
        raise Unauthenticated("Token has expired.")
    actor = _actor(row)
    return Identity(actor, actor_parameters(actor), row.fingerprint)


async def lock(
    connection: Session, credential: Credential, known: Identity, *, exclusive: bool
) -> bool:
    """Lock an identity until the transaction ends; return whether it is still `known`.

    Revoking the token, ending the session, deactivating the user or removing a role waits for the
    transaction. With an `exclusive` lock, other changes of the user wait as well.
    """
    parameters = {
        "credential": credential.digest,
        "fingerprint": known.fingerprint,
        "written": known.actor.written,
    }
    found = await find_rows(connection, _LOCK[credential.kind, exclusive], parameters)
    return bool(found.ntuples) and found.get_value(0, 0) == TRUE


def _actor(row: Any) -> Actor:  # noqa: ANN401 - a row of `ACTORS`, by column name
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
            row.token_id,
            row.token_uuid,
            row.token_name,
            row.is_read_only,
            row.project_id,
            row.expires,
        ),
        written=row.written,
    )
    if row.project_id is None:
        return actor
    return restricted_to_project(actor, row.customer_id, row.project_id)
