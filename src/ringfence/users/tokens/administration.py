"""Issue, list, rotate and revoke tokens, for the command line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import LiteralString, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.authentication import token_digest
from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.settings import read_period
from ringfence.text.escaping import controls
from ringfence.text.uuids import parse_uuid
from ringfence.users.sessions.ending import end_of_tokens
from ringfence.users.tokens.issuing import Holder, Terms, format_period, issue, new_secret

MAX_NAME_LENGTH = 150
Row = TypeVar("Row")

_BY_NAME: LiteralString = """
SELECT id, uuid, username, is_active FROM users WHERE username = %(username)s
"""

_PROJECTS: LiteralString = """
SELECT id FROM projects
WHERE name = %(project)s OR replace(uuid::text, '-', '') = replace(lower(%(project)s), '-', '')
LIMIT 2
"""

# Python's calendar ends with the year 9999.
_LISTED: LiteralString = """
SELECT
    token.uuid,
    account.username,
    token.name,
    token.is_read_only,
    project.name AS project,
    token.created,
    -- Of no time and a time, `least` would be the time.
    CASE
        WHEN token.expires IS NOT NULL THEN least(token.expires, '9999-12-31T23:59:59Z')
    END AS expires,
    token.last_used
FROM tokens AS token
INNER JOIN users AS account ON token.user_id = account.id
LEFT JOIN projects AS project ON token.project_id = project.id
WHERE %(username)s::text IS NULL OR account.username = %(username)s
ORDER BY account.username, token.name, token.id
"""

_SESSIONS: LiteralString = """
SELECT
    session.uuid,
    account.username,
    CASE WHEN NOT session.owns_token THEN token.uuid END AS token,
    session.created,
    session.expires,
    host(session.address) AS address
FROM console_sessions AS session
INNER JOIN tokens AS token ON session.token_id = token.id
INNER JOIN users AS account ON token.user_id = account.id
WHERE
    session.expires > now()
    AND (%(username)s::text IS NULL OR account.username = %(username)s)
ORDER BY account.username, session.created, session.uuid
"""

_RENEW: LiteralString = """
UPDATE tokens SET digest = %(digest)s, expires = least(tokens.expires, %(until)s)
FROM users AS account
WHERE tokens.user_id = account.id AND tokens.uuid = %(uuid)s
RETURNING account.id, account.uuid, account.username, account.is_active
"""

_REVOKE: LiteralString = """
DELETE FROM tokens USING users AS account
WHERE tokens.user_id = account.id AND tokens.uuid = %(uuid)s
RETURNING account.id, account.uuid, account.username, account.is_active
"""


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token, for lists on the command line."""

    uuid: UUID
    username: str
    name: str
    is_read_only: bool
    project: str | None
    created: datetime
    expires: datetime | None
    last_used: datetime | None

    def line(self) -> str:
        """Return the token as one line of text."""
        limits = [
            *(["read-only"] if self.is_read_only else []),
            *([f"project {self.project}"] if self.project else []),
        ]
        return ", ".join(
            [
                # Quoted, because a name can look like the fields after it.
                f"{self.uuid.hex} {self.username}: {_quoted(self.name)}",
                *limits,
                f"expires {_minute(self.expires)}",
                f"last used {_minute(self.last_used)}",
            ]
        )


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session of the console; `token` is the one that it was started with."""

    uuid: UUID
    username: str
    token: UUID | None
    created: datetime
    expires: datetime
    address: str | None

    def line(self) -> str:
        """Return the session as one line of text."""
        begun = f"token {self.token.hex}" if self.token else "a password"
        return (
            f"{self.uuid.hex} {self.username}: begun {_minute(self.created)} with {begun} "
            f"from {self.address or 'an unknown address'}, expires {_minute(self.expires)}"
        )


def read_lifetime(text: str) -> timedelta:
    """Parse `90d`, `12h` or `30m`; raises `OperatorError`."""
    try:
        return read_period(text)
    except ValueError as error:
        raise OperatorError(f"--expires {text!r}: {error}") from None


def require_lifetime(lifetime: timedelta | None, max_lifetime: timedelta | None) -> None:
    """Raise `OperatorError` for a token that would last longer than the setting allows."""
    if max_lifetime is not None and (lifetime is None or lifetime > max_lifetime):
        longest = format_period(max_lifetime)
        raise OperatorError(
            f"RINGFENCE_TOKEN_MAX_LIFETIME allows {longest} at most: pass --expires"
        )


def read_name(text: str) -> str:
    """Return the name of a token; raises `OperatorError` for one that lists could not show."""
    name = text.strip()
    if controls(name) or len(name) > MAX_NAME_LENGTH:
        raise OperatorError(
            f"--name {text[:40]!r}: expected at most {MAX_NAME_LENGTH} characters, "
            "without control characters and direction marks"
        )
    return name


async def issue_token(
    database: Database, username: str, terms: Terms, *, project: str | None = None
) -> str:
    """Issue a token for a user and return its secret.

    `project` is the name or UUID of the only project that it reaches. Raises `OperatorError` for an
    unknown or inactive user, and for an unknown or ambiguous project.
    """
    async with database.transaction() as connection:
        holder = await _holder(connection, username)
        if project is not None:
            terms = replace(terms, project_id=await _project(connection, project))
        token = await issue(connection, holder, terms)
        await record(connection, _event(EventType.TOKEN_CREATED, "issued", holder, token.uuid))
    return token.secret


async def listed(database: Database, username: str | None) -> Sequence[ListedToken]:
    """Return the tokens of a user, or of all, by user and name.

    Raises `OperatorError` for a user who does not exist.
    """
    return await _all_of(database, _LISTED, ListedToken, username)


async def listed_sessions(database: Database, username: str | None) -> Sequence[ListedSession]:
    """Return the sessions of a user, or of all, the oldest first.

    Raises `OperatorError` for a user who does not exist.
    """
    return await _all_of(database, _SESSIONS, ListedSession, username)


async def _all_of(
    database: Database, statement: LiteralString, kind: type[Row], username: str | None
) -> Sequence[Row]:
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(kind))
        await cursor.execute(statement, {"username": username})
        found = await cursor.fetchall()
        if not found:
            await _require_user(connection, username)
        return found


async def renew(database: Database, token: str, max_lifetime: timedelta | None = None) -> str:
    """Replace the secret of a token, by its UUID; the old secret is invalid at once.

    The token expires no later than after `max_lifetime`.
    """
    secret = new_secret()
    values = {
        "digest": token_digest(secret),
        "until": max_lifetime and datetime.now(UTC) + max_lifetime,
    }
    await _change(database, _RENEW, token, EventType.TOKEN_ROTATED, values)
    return secret


async def revoke(database: Database, token: str) -> None:
    """Revoke a token, by its UUID."""
    await _change(database, _REVOKE, token, EventType.TOKEN_REVOKED)


async def _change(
    database: Database,
    statement: LiteralString,
    token: str,
    kind: EventType,
    values: Mapping[str, object] = MappingProxyType({}),
) -> None:
    uuid = parse_uuid(token)
    if uuid is None:
        raise OperatorError(f"{token!r} is not a token UUID: see ringfence tokens list")
    done = "rotated" if kind is EventType.TOKEN_ROTATED else "revoked"
    async with database.transaction() as connection:
        await end_of_tokens(connection, [uuid], None)
        cursor = connection.cursor(row_factory=class_row(Holder))
        await cursor.execute(statement, {**values, "uuid": uuid})
        holder = await cursor.fetchone()
        if holder is None:
            raise OperatorError(f"there is no token {token}: see ringfence tokens list")
        await record(connection, _event(kind, done, holder, uuid))


async def _require_user(connection: Connection, username: str | None) -> None:
    if username is None:
        return
    cursor = await connection.execute(_BY_NAME, {"username": username})
    if await cursor.fetchone() is None:
        raise OperatorError(
            f"no user is called {username!r}; ringfence tokens list shows the tokens of all users"
        )


async def _holder(connection: Connection, username: str) -> Holder:
    cursor = connection.cursor(row_factory=class_row(Holder))
    await cursor.execute(_BY_NAME, {"username": username})
    holder = await cursor.fetchone()
    if holder is None:
        raise OperatorError(
            f"no user is called {username!r}: add it with ringfence user add, or load a file that "
            "names it (ringfence load FILE)"
        )
    if not holder.is_active:
        raise OperatorError(
            f"the user {username!r} is inactive: load a file with is_active: true for it"
        )
    return holder


async def _project(connection: Connection, project: str) -> int:
    cursor = await connection.execute(_PROJECTS, {"project": project})
    found = await cursor.fetchall()
    if not found:
        raise OperatorError(f"no project is called {project!r}: pass its name or its UUID")
    if len(found) > 1:
        raise OperatorError(f"several projects are called {project!r}: pass the UUID of one")
    identifier: int = found[0][0]
    return identifier


def _event(kind: EventType, done: str, holder: Holder, token: UUID | None) -> Event:
    context = {
        "affected_user_uuid": holder.uuid.hex,
        "affected_user_username": holder.username,
        "token_uuid": token and token.hex,
    }
    return Event(
        kind,
        f"A token of user {holder.username} has been {done} by an operator.",
        context=context,
    )


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if name else "no name"


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
