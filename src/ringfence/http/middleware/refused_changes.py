"""What was refused of what would have changed something, for the audit trail.

It is written after the answer, by itself: what is refused has no transaction.
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

# A client that tried too fast, or left, is no refusal of what it asked for.
PASSING = frozenset({408, 429, 499})
FIRST_REFUSAL, FIRST_FAULT = 400, 500

# Kept of one token, or of one network without a token; in bursts of twice as many.
KEPT_A_SECOND = 5.0
# Kept of all together, whatever their number; as many seconds' worth may come at once.
KEPT_IN_ALL_A_SECOND, KEPT_IN_ALL_BURST = 10.0, 10.0
# Of who is nobody one in a minute tells that somebody tries: the rest is counted. Networks cost
# next to nothing, so of all of them no more than so many are kept.
NOBODYS_A_SECOND = 1 / 60
NOBODYS_IN_ALL_A_SECOND, NOBODYS_IN_ALL_BURST = 1 / 10, 300.0
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
    """Tell whether something would have changed, and was refused."""
    return (
        scope["method"] not in SAFE_METHODS
        and FIRST_REFUSAL <= status < FIRST_FAULT
        and status not in PASSING
        and scope["path"].startswith(("/api/", "/api-auth/"))
    )


class RefusedChanges:
    """Keeps refusals, as many of each caller as tell what it tries, for `days` days."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._rate = Rate(KEPT_A_SECOND)
        self._in_all = Rate(KEPT_IN_ALL_A_SECOND, KEPT_IN_ALL_BURST)
        self._nobodys = Rate(NOBODYS_A_SECOND, 0)
        self._nobodys_in_all = Rate(NOBODYS_IN_ALL_A_SECOND, NOBODYS_IN_ALL_BURST)
        self._left_out = 0

    async def record(self, scope: Scope, origin: Origin, status: int, detail: Detail) -> None:
        """Keep a refusal; where the database is away, the log has it alone."""
        actor = context_of(scope).known_actor
        if not self._is_kept(origin, is_nobody=actor is None):
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        values = {
            "method": scope["method"][:16],
            "path": _text(mask(scope["path"]))[:PATH_LENGTH],
            "status": status,
            "detail": _kept(detail) if isinstance(detail, str) else "",
            "errors": None if isinstance(detail, str) else Jsonb(_bounded(_kept_json(detail))),
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

    def _is_kept(self, origin: Origin, *, is_nobody: bool) -> bool:
        caller = origin.token_uuid or network_of(origin.address or UNKNOWN)
        one, everyone = self._rate, self._in_all
        if is_nobody:
            one, everyone = self._nobodys, self._nobodys_in_all
        now = time.monotonic()
        return not one.take(caller, now) and not everyone.take(None, now)


def _text(text: str) -> str:
    """Give what PostgreSQL can store of a text."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _kept(text: str) -> str:
    return _text(mask(text))[:DETAIL_LENGTH]


def _kept_json(value: Json) -> Json:
    """Return what PostgreSQL can store of a body, each text masked and shortened."""
    if isinstance(value, str):
        return _kept(value)
    if isinstance(value, Mapping):
        return {_kept(str(key)): _kept_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_kept_json(item) for item in value]
    return value


def _bounded(body: Json) -> Json:
    """Return the body, or where it is too long its beginning as one text."""
    text = json.dumps(body, ensure_ascii=False)
    return body if len(text) <= ERRORS_LENGTH else {"shortened": text[:DETAIL_LENGTH]}
