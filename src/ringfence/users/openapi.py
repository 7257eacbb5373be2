"""The operations on users and tokens, as the OpenAPI document describes them."""

from collections.abc import Mapping

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
    KEPT_EMPTY,
    KEPT_FALSE,
    KEPT_NULL,
    STRING,
    TIME,
    URI,
    Model,
    array,
    described,
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
            "user_uuid": described(HEX_UUID, "The UUID of the user who has the role."),
            "user_name": described(STRING, "The user's name."),
            "user_username": described(STRING, "The name that the user signs in with."),
            "created": described(TIME, "When the role was given."),
            "expiration_time": described(nullable(STRING), "Always null: roles do not expire."),
            "role_name": described(STRING, "The role, for example `PROJECT.ADMIN`."),
            "scope_type": described(nullable(STRING), "`customer` or `project`."),
            "scope_uuid": described(
                HEX_UUID, "The UUID of the customer or project in which the role holds."
            ),
            "scope_name": described(STRING, "The name of that customer or project."),
            "customer_uuid": described(
                HEX_UUID, "The UUID of that customer, or of the project's customer."
            ),
            "customer_name": described(STRING, "The name of that customer."),
            "project_uuid": described(
                nullable(HEX_UUID), "The project's UUID; null for a role in a customer."
            ),
        }
    ),
)

# No field is required: `field` selects fields.
USER = Model(
    "User",
    object_of(
        {
            "url": described(URI, "The URL of the user."),
            "uuid": described(HEX_UUID, "The user's UUID."),
            "username": described(STRING, "The name that the user signs in with."),
            "slug": described(STRING, "The same as `username`."),
            "full_name": described(STRING, "The same as `username`."),
            "native_name": described(STRING, KEPT_EMPTY),
            "job_title": described(STRING, KEPT_EMPTY),
            "email": described(STRING, KEPT_EMPTY),
            "phone_number": described(STRING, KEPT_EMPTY),
            "organization": described(STRING, KEPT_EMPTY),
            "civil_number": described(nullable(STRING), KEPT_NULL),
            "description": described(STRING, KEPT_EMPTY),
            "is_staff": described(BOOLEAN, "Whether the user sees and changes everything."),
            "is_active": described(BOOLEAN, "Whether the user may sign in and use tokens."),
            "is_support": described(BOOLEAN, "Whether the user sees everything."),
            "token_lifetime": described(
                nullable(INTEGER), "How many seconds the newest token lasts; null for no end."
            ),
            "token_expires_at": described(
                nullable(STRING), "When the newest token expires; null for no end."
            ),
            "registration_method": described(STRING, "Always `default`."),
            "date_joined": described(TIME, "When the user was created."),
            "agreement_date": described(nullable(TIME), "The same as `date_joined`."),
            "notifications_enabled": described(BOOLEAN, KEPT_FALSE),
            "preferred_language": described(STRING, "Always `en`."),
            "permissions": described(array(_PERMISSION), "The roles of the user."),
            "requested_email": described(nullable(STRING), KEPT_NULL),
            "affiliations": described(array(STRING), KEPT_EMPTY),
            "first_name": described(STRING, KEPT_EMPTY),
            "last_name": described(STRING, KEPT_EMPTY),
            "birth_date": described(nullable(STRING), KEPT_NULL),
            "identity_provider_name": described(STRING, KEPT_EMPTY),
            "identity_provider_label": described(STRING, KEPT_EMPTY),
            "identity_provider_management_url": described(STRING, KEPT_EMPTY),
            "identity_provider_fields": described(array(STRING), KEPT_EMPTY),
            "image": described(nullable(STRING), KEPT_NULL),
            "identity_source": described(STRING, KEPT_EMPTY),
            "has_active_session": described(BOOLEAN, "Whether the user has a token."),
            "has_usable_password": described(
                BOOLEAN, "Whether the user can sign in with a password."
            ),
            "ip_address": described(nullable(STRING), KEPT_NULL),
        }
    ),
)
_ME = Model(
    "CurrentUser",
    object_of(
        {
            **USER.schema["properties"],
            "token": described(
                nullable(STRING), "The token of this request; null in a session of the console."
            ),
        }
    ),
)
_ROLE = Model(
    "RoleDetails",
    object_of(
        {
            "uuid": described(HEX_UUID, "The role's UUID."),
            "name": described(STRING, "The role, for example `PROJECT.ADMIN`."),
            "description": described(STRING, "What the role is called for people."),
            "permissions": described(array(STRING), KEPT_EMPTY),
            "is_system_role": described(BOOLEAN, "Always true: roles are predefined."),
            "is_active": described(BOOLEAN, "Always true."),
            "content_type": described(
                {"enum": ["customer", "project"]}, "In what the role is given."
            ),
        }
    ),
)
AUTH_TOKEN = Model(
    "AuthToken",
    object_of(
        {
            "url": described(URI, "The URL of the user's token."),
            "created": described(TIME, "When the newest token was issued."),
            "user": described(URI, "The URL of the user."),
            "user_first_name": described(STRING, KEPT_EMPTY),
            "user_last_name": described(STRING, KEPT_EMPTY),
            "user_username": described(STRING, "The name that the user signs in with."),
            "user_is_active": described(BOOLEAN, "Whether the user may sign in and use tokens."),
            "user_token_lifetime": described(
                nullable(INTEGER), "How many seconds the newest token lasts; null for no end."
            ),
        }
    ),
)
_USER_TOKEN = Model(
    "UserAuthToken",
    object_of(
        {
            "created": described(TIME, "When the newest token was issued."),
            "user_first_name": described(STRING, KEPT_EMPTY),
            "user_last_name": described(STRING, KEPT_EMPTY),
            "user_username": described(STRING, "The name that the user signs in with."),
            "user_is_active": described(BOOLEAN, "Whether the user may sign in and use tokens."),
            "user_token_lifetime": described(
                nullable(INTEGER), "How many seconds the newest token lasts; null for no end."
            ),
            "token": described(STRING, "The secret, only when it was just issued."),
        }
    ),
)
_SECRET = Model(
    "CoreAuthToken",
    object_of({"token": described(STRING, "The secret, to send in `Authorization`.")}, ["token"]),
)
_SIGN_IN = Model(
    "ObtainAuthTokenRequest",
    fields_schema(
        SIGN_IN_FIELDS,
        required=list(SIGN_IN_FIELDS),
        more={
            "username": {"description": "The name of the user."},
            "password": described({**STRING, "minLength": 1}, "The user's password."),
        },
    ),
)

_USER_ID = Parameter(
    "user_id", INTEGER, "The number at the end of the token's `url`.", location="path"
)
_TOKENS = list_parameters(AUTH_TOKENS.filters, AUTH_TOKENS.ordering, AUTH_TOKEN, descriptions={})
_USER_DESCRIPTIONS: Mapping[str, str] = {
    "username": "The username is this text.",
    "full_name": "The username contains this text, in upper or lower case.",
    "query": "The username contains this text, in upper or lower case.",
    "is_active": "Whether the user may sign in and use tokens.",
    "is_staff": "Whether the user sees and changes everything.",
    "is_support": "Whether the user sees everything.",
}
_ROLE_DESCRIPTIONS: Mapping[str, str] = {
    "name": "The name contains this text, in upper or lower case.",
    "description": "The description contains this text, in upper or lower case.",
    "is_active": "All roles are active: `true` finds all, `false` nothing.",
}
_TOKEN = AUTH_TOKENS.path + "{user_id}/"

operations = (
    *list_count_retrieve(USERS, USER, "user", "users", _USER_DESCRIPTIONS),
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
    *list_count_retrieve(ROLES, _ROLE, "role", "roles", _ROLE_DESCRIPTIONS),
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
