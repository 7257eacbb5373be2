"""The audit trail of refused changes.

A refusal is written after the response, in a transaction of its own.
"""

import json
import time
from collections.abc import Mapping
from typing import LiteralString

from psycopg.types.json import Jsonb
from starlette.types import Scope

from ringfence.access.origin import Origin
from ringfence.access.permissions import SAFE_METHODS
from ringfence.database.pool import Database
from ringfence.errors import Detail, Unavailable
from ringfence.http.context import UNKNOWN, context_of
from ringfence.http.limits import Rate, network_of
from ringfence.text.json_value import Json
from ringfence.text.masking import mask

# A client that was too fast or left was not refused.
PASSING = frozenset({408, 429, 499})
FIRST_REFUSAL, FIRST_SERVER_ERROR = 400, 500

# Per second for one token, or for one network without a token, with bursts of twice as many
RECORDED_PER_SECOND = 5.0
# Per second for all clients, and the burst in seconds
TOTAL_PER_SECOND, TOTAL_BURST = 10.0, 10.0
# One a minute shows that an unauthenticated client tries; the rest is counted. An attacker can use
# many networks, so there is a limit for all of them.
UNAUTHENTICATED_PER_SECOND = 1 / 60
UNAUTHENTICATED_TOTAL_PER_SECOND, UNAUTHENTICATED_TOTAL_BURST = 1 / 10, 300.0
PATH_LENGTH = 500
DETAIL_LENGTH = 500
ERRORS_LENGTH = 10_000

_RECORD: LiteralString = """
INSERT INTO refusals (
    method, path, status, detail, errors, user_uuid, username, address, token_uuid, token_name,
    request_id, left_out
)
VALUES (
    %(method)s, %(path)s, %(status)s, %(detail)s, %(errors)s, %(user_uuid)s, %(username)s,
    %(address)s, %(token_uuid)s, %(token_name)s, %(request_id)s, %(left_out)s
)
"""

_FORGET: LiteralString = "SELECT forget_refusals(%(days)s)"


def is_refusal(scope: Scope, status: int) -> bool:
    """Return whether the request was a change that was refused."""
    return (
        scope["method"] not in SAFE_METHODS
        and FIRST_REFUSAL <= status < FIRST_SERVER_ERROR
        and status not in PASSING
        and scope["path"].startswith(("/api/", "/api-auth/"))
    )


class RefusedChanges:
    """Records refused changes for `days` days, at a limited rate per client."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._rate = Rate(RECORDED_PER_SECOND)
        self._total = Rate(TOTAL_PER_SECOND, TOTAL_BURST)
        self._unauthenticated = Rate(UNAUTHENTICATED_PER_SECOND, 0)
        self._unauthenticated_total = Rate(
            UNAUTHENTICATED_TOTAL_PER_SECOND, UNAUTHENTICATED_TOTAL_BURST
        )
        self._left_out = 0

    async def record(self, scope: Scope, origin: Origin, status: int, detail: Detail) -> None:
        """Record a refusal; if the database is unavailable, only the log has it."""
        actor = context_of(scope).known_actor
        if not self._is_recorded(origin, is_unauthenticated=actor is None):
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        values = {
            "method": scope["method"][:16],
            "path": _text(mask(scope["path"]))[:PATH_LENGTH],
            "status": status,
            "detail": _storable(detail) if isinstance(detail, str) else "",
            "errors": None if isinstance(detail, str) else Jsonb(_bounded(_storable_json(detail))),
            "user_uuid": actor and actor.user_uuid,
            "username": actor and actor.username,
            "address": origin.address,
            "token_uuid": origin.token_uuid,
            "token_name": origin.token_name,
            "request_id": origin.request_id,
            "left_out": left_out,
        }
        database: Database = scope["app"].state.database
        try:
            async with database.connection() as connection:
                await connection.execute(_RECORD, values)
                await connection.execute(_FORGET, {"days": self._days})
        except Unavailable:
            self._left_out += left_out + 1

    def _is_recorded(self, origin: Origin, *, is_unauthenticated: bool) -> bool:
        client = origin.token_uuid or network_of(origin.address or UNKNOWN)
        one, everyone = self._rate, self._total
        if is_unauthenticated:
            one, everyone = self._unauthenticated, self._unauthenticated_total
        now = time.monotonic()
        return not one.take(client, now) and not everyone.take(None, now)


def _text(text: str) -> str:
    """Return a text as PostgreSQL can store it."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _storable(text: str) -> str:
    return _text(mask(text))[:DETAIL_LENGTH]


def _storable_json(value: Json) -> Json:
    """Return a body as PostgreSQL can store it, with each text masked and shortened."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(item) for item in value]
    return value


def _bounded(body: Json) -> Json:
    """Return the body, or the beginning of its text if it is too long."""
    text = json.dumps(body, ensure_ascii=False)
    return body if len(text) <= ERRORS_LENGTH else {"shortened": text[:DETAIL_LENGTH]}
