"""Personal access tokens: named, with an expiry, and optionally limited. Create, rotate, revoke."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.authentication import token_digest
from ringfence.access.permissions import Actor, require_unlimited
from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.database.pool import Connection, Database
from ringfence.errors import Forbidden, Invalid, NotFound
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.fields import Field, FieldError, Text, clean_fields, printable
from ringfence.text.json_value import Json
from ringfence.text.uuids import parse_uuid
from ringfence.users.sessions.ending import end_of_tokens
from ringfence.users.tokens.issuing import (
    NO_SUCH_TOKEN,
    Holder,
    Terms,
    format_period,
    issue,
    latest_end,
    new_secret,
)

SCOPES: Mapping[str, str] = {
    "read": "See what the user sees.",
    "write": "Change what the user may change.",
}
PROJECT = "project"
_OUTLIVES = (
    "That token expires later than yours; use that token itself, or one that expires no earlier."
)
# The name is accepted because responses contain it.
_ALLOWED_SCOPE_KEYS = frozenset({"type", "uuid", "name"})

_PROJECT: LiteralString = (
    """
SELECT project.id FROM projects AS project WHERE project.uuid = %(uuid)s AND """
    + VISIBLE
)

_LOCKED: LiteralString = """
SELECT
    token.id,
    token.uuid,
    token.name,
    account.id AS user_id,
    account.uuid AS user_uuid,
    account.username,
    coalesce(token.expires, 'infinity') > coalesce(%(own_end)s, 'infinity'::timestamptz)
        AS outlives_own
FROM tokens AS token
INNER JOIN users AS account ON token.user_id = account.id
WHERE token.uuid = %(uuid)s AND (account.id = %(actor_id)s OR %(is_staff)s)
FOR UPDATE OF token
"""

_ROTATE: LiteralString = """
UPDATE tokens SET digest = %(digest)s, expires = least(expires, %(until)s) WHERE id = %(id)s
"""

_REVOKE: LiteralString = "DELETE FROM tokens WHERE id = %(id)s"


@dataclass(frozen=True, slots=True)
class _Scopes:
    """What the token may do: names in `SCOPES`, always including `read`."""

    allowed = ", ".join(SCOPES)

    def clean(self, value: Json) -> bool:
        """Return whether the token is read-only."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise FieldError("Expected a list of strings.")
        if unknown := [each for each in value if each not in SCOPES]:
            raise FieldError(f'"{printable(unknown[0])}" is not one of {", ".join(SCOPES)}.')
        if "read" not in value:
            raise FieldError("A token can always read: include read.")
        return "write" not in value


@dataclass(frozen=True, slots=True)
class _FutureTime:
    """A time in the future."""

    allowed = "a time in the future in ISO 8601, as in 2999-12-31T00:00:00Z"

    def clean(self, value: Json) -> datetime:
        """Return the time; without a time zone it is UTC."""
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            # A time beyond the year 9999 in UTC could be stored but not read.
            moment = moment.astimezone(UTC)
            is_past = moment <= datetime.now(UTC)
        except OverflowError:
            raise FieldError("Ensure this is before the year 10000, in UTC.") from None
        except (TypeError, ValueError):
            raise FieldError("Datetime has wrong format: expected ISO 8601.") from None
        if is_past:
            raise FieldError("This is not in the future.")
        return moment


@dataclass(frozen=True, slots=True)
class _AllowedScopes:
    """The reach of the token: all projects, or one."""

    allowed = "a list of at most one project"

    def clean(self, value: Json) -> UUID | None:
        """Return the project's UUID, or None for all projects."""
        # Other empty values may be intended as a limit, so they are refused.
        if value is None or value == []:
            return None
        if not isinstance(value, list) or len(value) > 1 or not isinstance(value[0], dict):
            raise FieldError(
                "Expected a list of at most one object: a token reaches all projects, or one."
            )
        if unknown := sorted(value[0].keys() - _ALLOWED_SCOPE_KEYS):
            allowed = ", ".join(sorted(_ALLOWED_SCOPE_KEYS))
            raise FieldError(
                f'There is no such key: "{printable(unknown[0])}". Allowed: {allowed}.'
            )
        if value[0].get("type") != PROJECT:
            raise FieldError('A token can only be limited to a "project".')
        uuid = parse_uuid(str(value[0].get("uuid")))
        if uuid is None:
            raise FieldError("Must be a valid UUID.")
        return uuid


@dataclass(frozen=True, slots=True)
class _Networks:
    """Networks from which the token may be used, which are not supported."""

    allowed = "an empty list"

    def clean(self, value: Json) -> None:
        """Refuse a value: a limit that is not enforced is worse than none."""
        if value is not None and value != []:
            raise FieldError("Tokens cannot be limited to networks; omit this field, or send [].")


TOKEN_FIELDS: Mapping[str, Field] = {
    "name": Text(max_length=150, one_line=True),
    "scopes": _Scopes(),
    "expires_at": _FutureTime(),
    "allowed_scopes": _AllowedScopes(),
    "allowed_networks": _Networks(),
}
REQUIRED = ("name", "scopes", "expires_at")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token with its secret, which is returned once."""

    uuid: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class _Token:
    id: int
    uuid: UUID
    name: str
    user_id: int
    user_uuid: UUID
    username: str
    # Whether it expires later than the token or session of the request
    outlives_own: bool


async def create(
    database: Database,
    actor: Actor,
    body: Json,
    max_lifetime: timedelta | None = None,
) -> IssuedToken:
    """Create a token for the actor, with no more permissions and no later expiry than its own.

    `max_lifetime` is the setting `token_max_lifetime`. Raises `Invalid`, `Forbidden`.
    """
    require_unlimited(actor)
    values = clean_fields(body, TOKEN_FIELDS, required=REQUIRED)
    _check_lifetime(actor, values["expires_at"], max_lifetime)
    holder = Holder(actor.user_id, actor.user_uuid, actor.username, is_active=True)
    async with database.transaction() as connection:
        terms = Terms(
            name=values["name"],
            is_read_only=values["scopes"],
            project_id=await _project(connection, actor, values.get("allowed_scopes")),
            expires=values["expires_at"],
        )
        token = await issue(connection, holder, terms)
        assert token.uuid is not None  # noqa: S101 - every token has one
        await _record(connection, EventType.TOKEN_CREATED, actor, holder, (token.uuid, terms.name))
    return IssuedToken(token.uuid, token.secret)


async def rotate(
    database: Database, actor: Actor, uuid: UUID, max_lifetime: timedelta | None = None
) -> IssuedToken:
    """Replace the secret of the actor's token; the old secret is invalid at once.

    The token expires no later than after `max_lifetime`. Raises `NotFound`; `Forbidden` for another
    user's token, and for one that expires later than the actor's own.
    """
    secret = new_secret()
    until = max_lifetime and datetime.now(UTC) + max_lifetime
    async with database.transaction() as connection:
        token = await _lock(connection, actor, uuid)
        if token.user_id != actor.user_id:
            raise Forbidden
        if token.outlives_own:
            raise Forbidden(_OUTLIVES)
        values = {"id": token.id, "digest": token_digest(secret), "until": until}
        await end_of_tokens(connection, [uuid], actor)
        await connection.execute(_ROTATE, values)
        await _record(
            connection, EventType.TOKEN_ROTATED, actor, _holder(token), (uuid, token.name)
        )
    return IssuedToken(uuid, secret)


async def revoke(database: Database, actor: Actor, uuid: UUID) -> None:
    """Revoke a token at once. Raises `NotFound`, `Forbidden`."""
    async with database.transaction() as connection:
        token = await _lock(connection, actor, uuid)
        await end_of_tokens(connection, [uuid], actor)
        await connection.execute(_REVOKE, {"id": token.id})
        await _record(
            connection, EventType.TOKEN_REVOKED, actor, _holder(token), (uuid, token.name)
        )


async def _lock(connection: Connection, actor: Actor, uuid: UUID) -> _Token:
    # A limited token can revoke or rotate itself, and no other.
    if not (actor.token and actor.token.uuid == uuid):
        require_unlimited(actor)
    cursor = connection.cursor(row_factory=class_row(_Token))
    values = {
        "uuid": uuid,
        "actor_id": actor.user_id,
        "is_staff": actor.is_staff,
        "own_end": actor.token and actor.token.expires,
    }
    await cursor.execute(_LOCKED, values)
    token = await cursor.fetchone()
    if token is None:
        raise NotFound(NO_SUCH_TOKEN)
    return token


def _check_lifetime(actor: Actor, end: datetime, max_lifetime: timedelta | None) -> None:
    latest = latest_end(actor, max_lifetime)
    if latest is None or end <= latest:
        return
    own = actor.token and actor.token.expires
    reason = (
        "A token expires no later than the token or session that creates it"
        if own == latest
        else f"A token lasts {format_period(max_lifetime or timedelta())} at most"
    )
    raise Invalid({"expires_at": [f"{reason}: until {latest:%Y-%m-%dT%H:%M:%SZ} at the latest."]})


async def _project(connection: Connection, actor: Actor, uuid: UUID | None) -> int | None:
    if uuid is None:
        return None
    values = {"uuid": uuid, **scope_parameters(Scope.of(actor))}
    row = await (await connection.execute(_PROJECT, values)).fetchone()
    if row is None:
        raise Invalid({"allowed_scopes": ["There is no such project."]})
    identifier: int = row[0]
    return identifier


def _holder(token: _Token) -> Holder:
    return Holder(token.user_id, token.user_uuid, token.username, is_active=True)


async def _record(
    connection: Connection, kind: EventType, actor: Actor, holder: Holder, token: tuple[UUID, str]
) -> None:
    done = {
        EventType.TOKEN_CREATED: "created",
        EventType.TOKEN_ROTATED: "rotated",
        EventType.TOKEN_REVOKED: "revoked",
    }[kind]
    context = {
        "affected_user_uuid": holder.uuid.hex,
        "affected_user_username": holder.username,
        "token_uuid": token[0].hex,
        "token_name": token[1],
    }
    message = f"A token of user {holder.username} has been {done}."
    await record(connection, Event(kind, message, actor, context=context))
