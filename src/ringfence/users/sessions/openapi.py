"""The operations on sessions of the console, as the OpenAPI document describes them."""

from dataclasses import replace

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    HEX_UUID,
    STRING,
    TIME,
    Model,
    described,
    nullable,
    object_of,
)
from ringfence.users.sessions.queries import SESSIONS

_SESSION = Model(
    "ConsoleSession",
    object_of(
        {
            "uuid": described(HEX_UUID, "The session's UUID."),
            "user_username": described(STRING, "The name of the user who signed in."),
            "token_uuid": described(
                nullable(HEX_UUID),
                "The token that the session was started with; null for a password.",
            ),
            "begun_with": described(
                {**STRING, "enum": ["password", "token"]}, "How the user signed in."
            ),
            "created": described(TIME, "When the user signed in."),
            "expires_at": described(TIME, "When the session ends by itself."),
            "ip_address": described(
                nullable(STRING), "From where the user signed in; null if unknown."
            ),
        }
    ),
)

operations = tuple(
    replace(operation, own=True)
    for operation in (
        *list_count_retrieve(
            SESSIONS,
            _SESSION,
            "console session",
            "console sessions",
            {"username": "The username of the user is this text."},
        ),
        Operation(
            "console_sessions_destroy",
            "DELETE",
            SESSIONS.path + "{uuid}/",
            tag="console-sessions",
            title="End console session",
            description="End a session at once. Requires an unlimited token or session.",
            parameters=(UUID_IN_PATH,),
            responses={204: Response()},
            errors=(403, 404),
            ends_tokens=True,
        ),
    )
)
