"""The operations on users and tokens, as the OpenAPI document describes them."""

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import (
    LIST_HEADERS,
    Body,
    Operation,
    Response,
    listed,
    retrieved,
)
from ringfence.http.openapi.parameters import (
    UUID_IN_PATH,
    Parameter,
    choice_of_fields,
    count_parameters,
    list_parameters,
)
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    URI,
    Model,
    array,
    fields_schema,
    nullable,
    object_of,
)
from ringfence.users.queries import AUTH_TOKENS, ROLES, USERS
from ringfence.users.sign_in import SIGN_IN_FIELDS

_PERMISSION = Model(
    "Permission",
    object_of(
        {
            "user_uuid": HEX_UUID,
            "user_name": STRING,
            "user_username": STRING,
            "created": TIME,
            "expiration_time": nullable(STRING),
            "role_name": STRING,
            "scope_type": nullable(STRING),
            "scope_uuid": HEX_UUID,
            "scope_name": STRING,
            "customer_uuid": HEX_UUID,
            "customer_name": STRING,
            "project_uuid": nullable(HEX_UUID),
        }
    ),
)

# No field is required: `field` selects fields.
USER = Model(
    "User",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "username": STRING,
            "slug": STRING,
            "full_name": STRING,
            "native_name": STRING,
            "job_title": STRING,
            "email": STRING,
            "phone_number": STRING,
            "organization": STRING,
            "civil_number": nullable(STRING),
            "description": STRING,
            "is_staff": BOOLEAN,
            "is_active": BOOLEAN,
            "is_support": BOOLEAN,
            "token_lifetime": nullable(INTEGER),
            "token_expires_at": nullable(STRING),
            "registration_method": STRING,
            "date_joined": TIME,
            "agreement_date": nullable(TIME),
            "notifications_enabled": BOOLEAN,
            "preferred_language": STRING,
            "permissions": array(_PERMISSION),
            "requested_email": nullable(STRING),
            "affiliations": array(STRING),
            "first_name": STRING,
            "last_name": STRING,
            "birth_date": nullable(STRING),
            "identity_provider_name": STRING,
            "identity_provider_label": STRING,
            "identity_provider_management_url": STRING,
            "identity_provider_fields": array(STRING),
            "image": nullable(STRING),
            "identity_source": STRING,
            "has_active_session": BOOLEAN,
            "has_usable_password": BOOLEAN,
            "ip_address": nullable(STRING),
        }
    ),
)
_ME = Model("CurrentUser", object_of({**USER.schema["properties"], "token": nullable(STRING)}))
_ROLE = Model(
    "RoleDetails",
    object_of(
        {
            "uuid": HEX_UUID,
            "name": STRING,
            "description": STRING,
            "permissions": array(STRING),
            "is_system_role": BOOLEAN,
            "is_active": BOOLEAN,
            "content_type": {"enum": ["customer", "project"]},
        }
    ),
)
AUTH_TOKEN = Model(
    "AuthToken",
    object_of(
        {
            "url": URI,
            "created": TIME,
            "user": URI,
            "user_first_name": STRING,
            "user_last_name": STRING,
            "user_username": STRING,
            "user_is_active": BOOLEAN,
            "user_token_lifetime": nullable(INTEGER),
        }
    ),
)
_USER_TOKEN = Model(
    "UserAuthToken",
    object_of(
        {
            "created": TIME,
            "user_first_name": STRING,
            "user_last_name": STRING,
            "user_username": STRING,
            "user_is_active": BOOLEAN,
            "user_token_lifetime": nullable(INTEGER),
            "token": STRING,
        }
    ),
)
_SECRET = Model("CoreAuthToken", object_of({"token": STRING}, ["token"]))
_SIGN_IN = Model(
    "ObtainAuthTokenRequest",
    fields_schema(
        SIGN_IN_FIELDS, required=list(SIGN_IN_FIELDS), more={"password": {**STRING, "minLength": 1}}
    ),
)

_USER_ID = Parameter("user_id", INTEGER, location="path")
_TOKENS = list_parameters(AUTH_TOKENS.filters, AUTH_TOKENS.ordering, AUTH_TOKEN)
_TOKEN = AUTH_TOKENS.path + "{user_id}/"

operations = (
    *list_count_retrieve(USERS, USER, "user", "users"),
    Operation(
        "users_me_retrieve",
        "GET",
        USERS.path + "me/",
        tag="users",
        title="Get current user details",
        description=(
            "Retrieve the user whose token was sent. `token` is the token of the request, as "
            "portals expect; it is null in a session of the console."
        ),
        parameters=(choice_of_fields(_ME),),
        responses=retrieved(_ME),
        errors=(400, 404),
    ),
    *list_count_retrieve(ROLES, _ROLE, "role", "roles"),
    Operation(
        "users_token_retrieve",
        "GET",
        USERS.path + "{uuid}/token/",
        tag="users",
        section="Other Actions",
        title="Get user auth token",
        description="Return the newest token without its secret, of which only a digest is stored.",
        parameters=(UUID_IN_PATH,),
        responses={200: Response(_USER_TOKEN)},
        errors=(403, 404),
    ),
    Operation(
        "users_refresh_token",
        "POST",
        USERS.path + "{uuid}/refresh_token/",
        tag="users",
        section="Other Actions",
        title="Refresh user auth token",
        description="Replace all tokens of the user by a new one, which only this response shows.",
        parameters=(UUID_IN_PATH,),
        responses={200: Response(_USER_TOKEN)},
        errors=(403, 404),
        ends_tokens=True,
    ),
    Operation(
        "auth_tokens_list",
        "GET",
        AUTH_TOKENS.path,
        tag="auth-tokens",
        title="List auth tokens",
        description="List the visible users who have a token.",
        parameters=_TOKENS,
        responses=listed(AUTH_TOKEN),
        errors=(400, 403, 404),
    ),
    Operation(
        "auth_tokens_count",
        "HEAD",
        AUTH_TOKENS.path,
        tag="auth-tokens",
        section="Other Actions",
        title="Count auth tokens",
        description="Get number of items in the collection matching the request parameters.",
        parameters=count_parameters(_TOKENS),
        responses={200: Response(headers=LIST_HEADERS)},
        errors=(400, 403, 404),
    ),
    Operation(
        "auth_tokens_retrieve",
        "GET",
        _TOKEN,
        tag="auth-tokens",
        title="Get auth token details",
        description="Return the newest token of a user, without its secret.",
        parameters=(_USER_ID, choice_of_fields(AUTH_TOKEN)),
        undeclared=tuple(each.name for each in _TOKENS),
        responses=retrieved(AUTH_TOKEN),
        errors=(400, 403, 404),
    ),
    Operation(
        "auth_tokens_destroy",
        "DELETE",
        _TOKEN,
        tag="auth-tokens",
        title="Delete auth tokens",
        description="Revoke all tokens of a user.",
        parameters=(_USER_ID,),
        responses={204: Response()},
        errors=(403, 404),
        ends_tokens=True,
    ),
    Operation(
        "api_auth_password",
        "POST",
        "/api-auth/password/",
        tag="api-auth",
        title="Obtain authentication token",
        description="Sign in with a name and a password; returns a token.",
        body=Body(_SIGN_IN, example={"username": "alice", "password": "correct horse"}),
        responses={200: Response(_SECRET)},
        errors=(401, 429),
        public=True,
    ),
)
