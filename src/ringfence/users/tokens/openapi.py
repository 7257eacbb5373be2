"""The operations on personal access tokens, as the OpenAPI document describes them."""

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    KEPT_EMPTY,
    STRING,
    TIME,
    UUID,
    Model,
    array,
    described,
    fields_schema,
    object_of,
)
from ringfence.users.tokens.commands import PROJECT, REQUIRED, SCOPES, TOKEN_FIELDS
from ringfence.users.tokens.queries import PERSONAL_TOKENS

_SCOPES = array({**STRING, "enum": list(SCOPES)})
_ALLOWED_SCOPE = Model(
    "AllowedScopeOutput",
    object_of(
        {
            "type": described(STRING, "Always `project`."),
            "uuid": described(HEX_UUID, "The project's UUID."),
            "name": described(STRING, "The project's name."),
        }
    ),
)
_COMMON_FIELDS = {
    "uuid": described(HEX_UUID, "The token's UUID."),
    "name": described(STRING, "What the user called it."),
    "scopes": described(_SCOPES, "What it may do."),
    "allowed_scopes": described(
        array(_ALLOWED_SCOPE), "The project it is limited to; empty for all."
    ),
    "allowed_networks": described(
        array(STRING), "Always empty: tokens are not limited to networks."
    ),
    "expires_at": described(TIME, "When it stops working; the end of the year 9999 for never."),
    "created": described(TIME, "When it was created."),
    "user_username": described(STRING, "The name of the user it stands for."),
}
_TOKEN = Model(
    "PersonalAccessToken",
    object_of(
        {
            **_COMMON_FIELDS,
            "token_prefix": described(STRING, KEPT_EMPTY),
            "is_active": described(BOOLEAN, "Whether it has not expired."),
            "last_used_at": described(
                TIME, "When it was last used; the time of creation if never."
            ),
            "last_used_ip": described(
                STRING, "The IP address it was last used from; empty if never."
            ),
            "use_count": described(INTEGER, "How many requests used it."),
        }
    ),
)
_CREATED = Model(
    "PersonalAccessTokenCreated",
    object_of(
        {
            **_COMMON_FIELDS,
            "token": described(STRING, "The secret, which no other response shows."),
        },
        ["token"],
    ),
)
_ALLOWED_SCOPE_REQUEST = Model(
    "AllowedScopeInputRequest",
    object_of(
        {
            "type": described({**STRING, "enum": [PROJECT]}, "What the token is limited to."),
            "uuid": described(UUID, "The project's UUID."),
        },
        ["type", "uuid"],
    ),
)
_CREATE_REQUEST = Model(
    "PersonalAccessTokenCreateRequest",
    fields_schema(
        TOKEN_FIELDS,
        required=REQUIRED,
        more={
            "name": {"description": "What you call it; unique among your tokens."},
            "scopes": described(
                _SCOPES,
                "`read`, or `read` and `write`: without `write`, nothing can be changed.",
                minItems=1,
            ),
            "expires_at": described(TIME, "When it stops working, in the future."),
            "allowed_scopes": described(
                array(_ALLOWED_SCOPE_REQUEST),
                "One project to limit it to; empty for all.",
                maxItems=1,
                default=[],
            ),
            "allowed_networks": described(
                array(STRING),
                "Tokens cannot be limited to networks: send none.",
                maxItems=0,
                default=[],
            ),
        },
    ),
)
_SCOPE = Model(
    "AvailableScope",
    object_of(
        {
            "permission": described(STRING, "What `scopes` takes."),
            "description": described(STRING, "What it permits."),
        }
    ),
)
_TAG = "personal-access-tokens"
_PATH = PERSONAL_TOKENS.path + "{uuid}/"
_EXAMPLE = {"name": "backup", "scopes": ["read"], "expires_at": "2999-12-31T00:00:00Z"}

operations = (
    *list_count_retrieve(
        PERSONAL_TOKENS,
        _TOKEN,
        "personal access token",
        "personal access tokens",
        {
            "name": "The token's name is this text.",
            "username": "The username of its user is this text.",
        },
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
