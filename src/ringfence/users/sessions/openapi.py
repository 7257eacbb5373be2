"""The operations on sessions of the console, as the OpenAPI document describes them."""

from dataclasses import replace

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import HEX_UUID, STRING, TIME, Model, nullable, object_of
from ringfence.users.sessions.queries import SESSIONS

_SESSION = Model(
    "ConsoleSession",
    object_of(
        {
            "uuid": HEX_UUID,
            "user_username": STRING,
            "token_uuid": nullable(HEX_UUID),
            "begun_with": {"enum": ["password", "token"]},
            "created": TIME,
            "expires_at": TIME,
            "ip_address": nullable(STRING),
        }
    ),
)

operations = tuple(
    replace(operation, own=True)
    for operation in (
        *list_count_retrieve(SESSIONS, _SESSION, "console session", "console sessions"),
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
