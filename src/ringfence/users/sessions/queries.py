"""Read sessions of the console: users their own, staff all. Secrets are never read."""

from typing import LiteralString

from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Filter, Ordering
from ringfence.users.sessions.commands import NO_SUCH_SESSION

# A token for one project shows no session that reaches others.
_VISIBLE: LiteralString = """(
    session.expires > now()
    AND (%(is_staff)s OR account.id = %(actor_id)s)
    AND (%(only_project)s::bigint IS NULL OR token.project_id = %(only_project)s)
)"""

_SOURCE: LiteralString = """
FROM (SELECT own.digest AS id, own.* FROM console_sessions AS own) AS session
INNER JOIN tokens AS token ON session.token_id = token.id
INNER JOIN users AS account ON token.user_id = account.id
"""

_DOCUMENT: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        hex(session.uuid) AS uuid,
        account.username AS user_username,
        CASE WHEN NOT session.owns_token THEN hex(token.uuid) END AS token_uuid,
        CASE WHEN session.owns_token THEN 'password' ELSE 'token' END AS begun_with,
        json_time(session.created)::json AS created,
        json_time(session.expires)::json AS expires_at,
        host(session.address) AS ip_address
    FROM console_sessions AS session
    INNER JOIN tokens AS token ON session.token_id = token.id
    INNER JOIN users AS account ON token.user_id = account.id
    WHERE session.digest = page.id
) AS shown
"""

SESSIONS = SqlCollection(
    path="/api/console-sessions/",
    missing=NO_SUCH_SESSION,
    source=_SOURCE,
    alias="session",
    visible=_VISIBLE,
    document=_DOCUMENT,
    filters={"username": Filter("account.username = %(username)s")},
    ordering=Ordering(
        {"created": "session.created"},
        default="account.username, session.created, session.uuid",
        skips_unknown=True,
    ),
)
