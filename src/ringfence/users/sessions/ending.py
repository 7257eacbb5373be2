"""End sessions of the console; each end is recorded with its reason."""

from collections.abc import Sequence
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType

# A user's concurrent sessions; beyond that, the oldest end.
MAX_SESSIONS = 20


class EndReason(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed out"
    EVERYWHERE = "signed out everywhere"
    ENDED = "ended by its user or by staff"
    TOO_MANY = "replaced by newer sessions"
    PASSWORD = "the password was changed"  # noqa: S105 - words, not a password
    DEACTIVATED = "the user was deactivated"
    REMOVED = "the user was removed"
    TOKEN = "its token was revoked or rotated"  # noqa: S105 - words, not a token


# A token that was issued for a session is deleted with it, unless the token itself is changed.
_END: LiteralString = """
WITH ended AS (
    DELETE FROM console_sessions AS session
    USING tokens AS token, users AS account
    WHERE
        session.token_id = token.id
        AND token.user_id = account.id
        AND {which}
    RETURNING
        session.uuid, session.token_id, session.owns_token, session.created,
        account.uuid AS user_uuid, account.username
),
gone AS (
    DELETE FROM tokens
    WHERE id IN (SELECT ended.token_id FROM ended WHERE ended.owns_token AND %(with_tokens)s)
)
SELECT ended.uuid, ended.user_uuid, ended.username FROM ended
ORDER BY ended.created, ended.uuid
"""

_OF_USERS: LiteralString = "account.uuid = ANY(%(which)s)"
_OF_TOKENS: LiteralString = "token.uuid = ANY(%(which)s)"
_THESE: LiteralString = "session.uuid = ANY(%(which)s)"
_OLDEST: LiteralString = """session.digest IN (
    SELECT other.digest
    FROM console_sessions AS other
    INNER JOIN tokens AS of_other ON other.token_id = of_other.id
    INNER JOIN users AS of_token ON of_other.user_id = of_token.id
    WHERE of_token.uuid = ANY(%(which)s)
    ORDER BY other.created DESC, other.digest
    OFFSET %(kept)s
)"""


async def end_of_tokens(
    connection: Connection, tokens: Sequence[UUID], actor: Actor | None
) -> None:
    """End the sessions of tokens that are revoked or rotated."""
    await _end(connection, _OF_TOKENS, tokens, EndReason.TOKEN, actor)


async def end_of_users(
    connection: Connection, users: Sequence[UUID], reason: EndReason, actor: Actor | None = None
) -> None:
    """End all sessions of users."""
    await _end(connection, _OF_USERS, users, reason, actor)


async def end_sessions(
    connection: Connection, sessions: Sequence[UUID], reason: EndReason, actor: Actor
) -> None:
    await _end(connection, _THESE, sessions, reason, actor)


async def end_oldest(connection: Connection, user: UUID, actor: Actor) -> None:
    """End the oldest sessions of a user with too many."""
    await _end(connection, _OLDEST, [user], EndReason.TOO_MANY, actor)


async def _end(
    connection: Connection,
    condition: LiteralString,
    which: Sequence[object],
    reason: EndReason,
    actor: Actor | None,
) -> None:
    statement = _END.replace("{which}", condition)
    cursor = await connection.execute(
        statement,
        {"which": list(which), "kept": MAX_SESSIONS, "with_tokens": reason is not EndReason.TOKEN},
    )
    await record_all(
        connection, [_end_event(actor, reason, *row) for row in await cursor.fetchall()]
    )


def _end_event(
    actor: Actor | None, reason: EndReason, uuid: UUID, user_uuid: UUID, username: str
) -> Event:
    return Event(
        EventType.SESSION_ENDED,
        f"A session of user {username} in the console has ended: {reason}.",
        actor,
        context={
            "affected_user_uuid": user_uuid.hex,
            "affected_user_username": username,
            "session_uuid": uuid.hex,
            "reason": reason,
        },
    )
