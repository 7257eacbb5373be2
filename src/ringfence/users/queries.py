"""Read users and their tokens: users see themselves, staff and support see all users."""

from dataclasses import replace
from typing import LiteralString

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES, Role
from ringfence.access.scope import USER_VISIBLE
from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Filter, Flag, Ordering
from ringfence.users.tokens.issuing import NO_SUCH_TOKEN, NO_SUCH_USER

# The newest valid token of a user, if any, without its secret
_NEWEST: LiteralString = """
LATERAL (
    SELECT
        token.created,
        token.expires,
        extract(epoch FROM token.expires - token.created)::bigint AS lifetime
    FROM tokens AS token
    WHERE token.user_id = account.id AND (token.expires IS NULL OR token.expires > now())
    ORDER BY token.id DESC
    LIMIT 1
) AS token ON true
"""

# A token for one project does not show its user's roles elsewhere.
_PERMISSIONS: LiteralString = """
coalesce((
    SELECT json_agg(json_build_object(
        'user_uuid', hex(account.uuid),
        'user_name', account.username,
        'user_username', account.username,
        'created', json_time(held.created)::json,
        'expiration_time', NULL,
        'role_name', held.role,
        'scope_type', CASE WHEN project.id IS NULL THEN 'customer' ELSE 'project' END,
        'scope_uuid', hex(coalesce(project.uuid, customer.uuid)),
        'scope_name', coalesce(project.name, customer.name),
        'customer_uuid', hex(customer.uuid),
        'customer_name', customer.name,
        'project_uuid', hex(project.uuid)
    ) ORDER BY held.id)
    FROM role_grants AS held
    LEFT JOIN projects AS project ON held.project_id = project.id
    INNER JOIN customers AS customer
        ON customer.id = coalesce(held.customer_id, project.customer_id)
    WHERE
        held.user_id = account.id
        AND (
            %(only_project)s::bigint IS NULL
            OR held.project_id = %(only_project)s
            OR held.customer_id = (
                SELECT reached.customer_id FROM projects AS reached
                WHERE reached.id = %(only_project)s
            )
        )
), '[]')
"""

# Waldur stores more about a person: those fields exist and are empty, because clients read them.
_USER: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/users/' || hex(account.uuid) || '/' AS url,
        hex(account.uuid) AS uuid,
        account.username,
        account.username AS slug,
        account.username AS full_name,
        '' AS native_name,
        '' AS job_title,
        '' AS email,
        '' AS phone_number,
        '' AS organization,
        NULL AS civil_number,
        '' AS description,
        account.is_staff,
        account.is_active,
        account.is_support,
        token.lifetime AS token_lifetime,
        json_time(token.expires)::json AS token_expires_at,
        'default' AS registration_method,
        json_time(account.created)::json AS date_joined,
        json_time(account.created)::json AS agreement_date,
        false AS notifications_enabled,
        'en' AS preferred_language,
        {permissions} AS permissions,
        NULL AS requested_email,
        '[]'::json AS affiliations,
        '' AS first_name,
        '' AS last_name,
        NULL AS birth_date,
        '' AS identity_provider_name,
        '' AS identity_provider_label,
        '' AS identity_provider_management_url,
        '[]'::json AS identity_provider_fields,
        NULL AS image,
        '' AS identity_source,
        token.created IS NOT NULL AS has_active_session,
        account.password_hash IS NOT NULL AS has_usable_password,
        NULL AS ip_address
    FROM users AS account
    LEFT JOIN {token}
    WHERE account.id = page.id
) AS shown
""".replace("{permissions}", _PERMISSIONS).replace("{token}", _NEWEST)

USERS = SqlCollection(
    path="/api/users/",
    missing=NO_SUCH_USER,
    source="FROM users AS account",
    alias="account",
    visible=USER_VISIBLE,
    document=_USER,
    filters={
        "username": Filter("account.username = %(username)s"),
        "full_name": Filter("strpos(lower(account.username), lower(%(full_name)s)) > 0"),
        "query": Filter("strpos(lower(account.username), lower(%(query)s)) > 0"),
        "is_active": Flag("account.is_active = %(is_active)s"),
        "is_staff": Flag("account.is_staff = %(is_staff)s"),
        "is_support": Flag("account.is_support = %(is_support)s"),
    },
    ordering=Ordering(
        {
            "username": "account.username",
            "full_name": "account.username",
            "is_active": "account.is_active",
            "is_staff": "account.is_staff",
            "is_support": "account.is_support",
            "date_joined": "account.created",
        },
        default="account.username, account.id",
        skips_unknown=True,
    ),
)

# Waldur's portal uses the token that it reads here. Only digests are stored, so it is the token of
# the request, and null for a session of the console.
ME = replace(
    USERS,
    document=_USER.replace("account.username,\n", "account.username,\n %(token)s AS token,", 1),
)

# The roles of grants; staff and support are flags of a user. Descriptions are Waldur's.
_DESCRIPTIONS = {
    Role.CUSTOMER_OWNER: "Organization owner",
    Role.CUSTOMER_MANAGER: "Organization manager",
    Role.CUSTOMER_SUPPORT: "Organization support",
    Role.PROJECT_ADMIN: "Project administrator",
    Role.PROJECT_MANAGER: "Project manager",
    Role.PROJECT_MEMBER: "Project member",
}
_ROLE_ROWS: LiteralString = ", ".join(
    f"({number}, '{role}', '{_DESCRIPTIONS[role]}', '{kind}')"
    for number, (role, kind) in enumerate(
        [(role, "customer") for role in CUSTOMER_ROLES]
        + [(role, "project") for role in PROJECT_ROLES],
        start=1,
    )
)
_ROLES: LiteralString = """
(SELECT known.*, md5(known.name)::uuid AS uuid, true AS is_active
FROM (VALUES {rows}) AS known (id, name, description, content_type)) AS role
""".replace("{rows}", _ROLE_ROWS)

_ROLE: LiteralString = """
SELECT json_build_object(
    'uuid', hex(role.uuid),
    'name', role.name,
    'description', role.description,
    'permissions', '[]'::json,
    'is_system_role', true,
    'is_active', true,
    'content_type', role.content_type
)::text AS document
FROM {roles}
WHERE role.id = page.id
""".replace("{roles}", _ROLES)

ROLES = SqlCollection(
    path="/api/roles/",
    missing="No Role matches the given query.",
    source="FROM " + _ROLES,
    alias="role",
    visible="true",
    document=_ROLE,
    filters={
        "name": Filter("strpos(lower(role.name), lower(%(name)s)) > 0"),
        "description": Filter("strpos(lower(role.description), lower(%(description)s)) > 0"),
        "is_active": Flag("role.is_active = %(is_active)s"),
    },
    ordering=Ordering({}, default="role.id", skips_unknown=True),
)

_TOKEN: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/auth-tokens/' || account.id || '/' AS url,
        json_time(token.created)::json AS created,
        %(base)s || '/api/users/' || hex(account.uuid) || '/' AS "user",
        '' AS user_first_name,
        '' AS user_last_name,
        account.username AS user_username,
        account.is_active AS user_is_active,
        token.lifetime AS user_token_lifetime
    FROM users AS account
    INNER JOIN {token}
    WHERE account.id = page.id
) AS shown
""".replace("{token}", _NEWEST)

# Waldur has one token for each user; here the newest one stands for all.
AUTH_TOKENS = SqlCollection(
    path="/api/auth-tokens/",
    missing=NO_SUCH_TOKEN,
    source="FROM users AS account INNER JOIN " + _NEWEST,
    alias="account",
    visible=USER_VISIBLE,
    document=_TOKEN,
    filters={},
    ordering=Ordering({}, default="account.username, account.id", skips_unknown=True),
)
