"""The operations on personal access tokens, as the OpenAPI document describes them."""

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    UUID,
    Model,
    array,
    fields_schema,
    object_of,
)
from ringfence.users.tokens.commands import PROJECT, REQUIRED, SCOPES, TOKEN_FIELDS
from ringfence.users.tokens.queries import PERSONAL_TOKENS

_SCOPES = array({**STRING, "enum": list(SCOPES)})
_ALLOWED_SCOPE = Model(
    "AllowedScopeOutput", object_of({"type": STRING, "uuid": HEX_UUID, "name": STRING})
)
_COMMON_FIELDS = {
    "uuid": HEX_UUID,
    "name": STRING,
    "scopes": _SCOPES,
    "allowed_scopes": array(_ALLOWED_SCOPE),
    "allowed_networks": array(STRING),
    "expires_at": TIME,
    "created": TIME,
    "user_username": STRING,
}
_TOKEN = Model(
    "PersonalAccessToken",
    object_of(
        {
            **_COMMON_FIELDS,
            "token_prefix": STRING,
            "is_active": BOOLEAN,
            "last_used_at": TIME,
            "last_used_ip": STRING,
            "use_count": INTEGER,
        }
    ),
)
_CREATED = Model(
    "PersonalAccessTokenCreated", object_of({**_COMMON_FIELDS, "token": STRING}, ["token"])
)
_ALLOWED_SCOPE_REQUEST = Model(
    "AllowedScopeInputRequest",
    object_of({"type": {**STRING, "enum": [PROJECT]}, "uuid": UUID}, ["type", "uuid"]),
)
_CREATE_REQUEST = Model(
    "PersonalAccessTokenCreateRequest",
    fields_schema(
        TOKEN_FIELDS,
        required=REQUIRED,
        more={
            "scopes": {**_SCOPES, "minItems": 1},
            "expires_at": TIME,
            "allowed_scopes": {**array(_ALLOWED_SCOPE_REQUEST), "maxItems": 1},
            "allowed_networks": {**array(STRING), "maxItems": 0},
        },
    ),
)
_SCOPE = Model("AvailableScope", object_of({"permission": STRING, "description": STRING}))
_TAG = "personal-access-tokens"
_PATH = PERSONAL_TOKENS.path + "{uuid}/"
_EXAMPLE = {"name": "backup", "scopes": ["read"], "expires_at": "2999-12-31T00:00:00Z"}

operations = (
    *list_count_retrieve(
        PERSONAL_TOKENS, _TOKEN, "personal access token", "personal access tokens"
    ),
    Operation(
        "personal_access_tokens_create",
        "POST",
        PERSONAL_TOKENS.path,
        tag=_TAG,
        title="Create personal access token",
        description="Create a token for the user of the request; only this response shows it.",
        # Ignoring an unknown limit would create a token with more permissions than intended.
        body=Body(_CREATE_REQUEST, example=_EXAMPLE, unknown_keys="refused"),
        responses={201: Response(_CREATED)},
    ),
    Operation(
        "personal_access_tokens_destroy",
        "DELETE",
        _PATH,
        tag=_TAG,
        title="Delete personal access token",
        description="Revoke a token at once.",
        parameters=(UUID_IN_PATH,),
        responses={204: Response()},
        errors=(404,),
        ends_tokens=True,
    ),
    Operation(
        "personal_access_tokens_rotate",
        "POST",
        _PATH + "rotate/",
        tag=_TAG,
        section="Other Actions",
        title="Rotate personal access token",
        description="Replace the secret of a token; only this response shows the new one.",
        parameters=(UUID_IN_PATH,),
        responses={201: Response(_CREATED)},
        errors=(404,),
        ends_tokens=True,
    ),
    Operation(
        "personal_access_tokens_available_scopes_list",
        "GET",
        PERSONAL_TOKENS.path + "available_scopes/",
        tag=_TAG,
        section="Other Actions",
        title="List available scopes",
        description="`read` is always one of them; without `write`, a token changes nothing.",
        responses={200: Response(array(_SCOPE))},
    ),
)
