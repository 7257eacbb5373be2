"""Read personal access tokens: users their own, staff all. Secrets are not stored."""

from typing import LiteralString

from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Filter, Ordering
from ringfence.users.tokens.issuing import NO_SUCH_TOKEN

# A token for one project shows no token that reaches others.
_VISIBLE: LiteralString = """(
    (%(is_staff)s OR account.id = %(actor_id)s)
    AND (%(only_project)s::bigint IS NULL OR token.project_id = %(only_project)s)
)"""

# Waldur's client requires times. A token that never expires shows the end of the year 9999, and one
# that was never used (`use_count` is 0) the time of its creation.
_DOCUMENT: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        hex(token.uuid) AS uuid,
        token.name,
        '' AS token_prefix,
        CASE WHEN token.is_read_only THEN '["read"]' ELSE '["read","write"]' END::json AS scopes,
        CASE
            WHEN project.id IS NULL THEN '[]'::json
            ELSE json_build_array(
                json_build_object(
                    'type', 'project', 'uuid', hex(project.uuid), 'name', project.name
                )
            )
        END AS allowed_scopes,
        '[]'::json AS allowed_networks,
        json_time(coalesce(token.expires, '9999-12-31T23:59:59Z'))::json AS expires_at,
        coalesce(token.expires > now(), true) AS is_active,
        json_time(coalesce(token.last_used, token.created))::json AS last_used_at,
        coalesce(host(token.last_used_address), '') AS last_used_ip,
        token.use_count,
        json_time(token.created)::json AS created,
        account.username AS user_username
    FROM tokens AS token
    INNER JOIN users AS account ON token.user_id = account.id
    LEFT JOIN projects AS project ON token.project_id = project.id
    WHERE token.id = page.id
) AS shown
"""

PERSONAL_TOKENS = SqlCollection(
    path="/api/personal-access-tokens/",
    missing=NO_SUCH_TOKEN,
    source="FROM tokens AS token INNER JOIN users AS account ON token.user_id = account.id",
    alias="token",
    visible=_VISIBLE,
    document=_DOCUMENT,
    filters={
        "name": Filter("token.name = %(name)s"),
        "username": Filter("account.username = %(username)s"),
    },
    ordering=Ordering(
        {"created": "token.created", "name": "token.name"},
        default="account.username, token.id",
        skips_unknown=True,
    ),
)
