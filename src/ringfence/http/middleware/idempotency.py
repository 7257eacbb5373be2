"""`Idempotency-Key`: a request that is sent again has its effect once, and the same response.

The request runs in one transaction, in which its response is stored. So the change and its response
are both committed or neither, whenever a process or a connection fails: a client that received no
response sends the request again with the same key.

A stored response shows no more than the user may see by then: the permissions that the request
required are stored beside it, and required again.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, LiteralString

from psycopg.types.json import Jsonb
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from ringfence.access.permissions import Actor, Permission, Requirement, recording_requirements
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid, KeyUsedOtherwise, RequestError
from ringfence.http.body import read_body, replayed
from ringfence.http.context import context_of
from ringfence.http.errors import error_response
from ringfence.http.unknown_names import warning_header

HEADER = "idempotency-key"
REPLAYED = "Idempotency-Replayed"

# The request had no effect and may succeed later, so these responses are not stored.
PASSING = frozenset({401, 408, 409, 413, 429})
FIRST_SERVER_ERROR = 500

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
# Expired keys that one statement deletes
_AT_ONCE = 100
_STORED_HEADERS = ("content-type", "etag", "location", "warning", "ringfence-hint")

# Held until the transaction ends. Keys of these locks are negative; those of migrations and loads
# are positive.
_CLAIM: LiteralString = """
SELECT pg_try_advisory_xact_lock(
    hashtextextended(%(key)s, %(user_id)s) | (-9223372036854775808)::bigint
)
"""

_FIND: LiteralString = """
SELECT request_digest, status, headers, body, demands
FROM idempotency_keys
WHERE user_id = %(user_id)s AND key = %(key)s AND created > now() - interval '24 hours'
"""

# A key that is older than a day is replaced.
_STORE: LiteralString = """
INSERT INTO idempotency_keys (user_id, key, request_digest, status, headers, body, demands)
VALUES (%(user_id)s, %(key)s, %(request_digest)s, %(status)s, %(headers)s, %(body)s, %(demands)s)
ON CONFLICT (user_id, key) DO UPDATE
SET
    request_digest = excluded.request_digest,
    created = excluded.created,
    status = excluded.status,
    headers = excluded.headers,
    body = excluded.body,
    demands = excluded.demands
"""

_DELETE_OLD: LiteralString = """
DELETE FROM idempotency_keys
WHERE (user_id, key) IN (
    SELECT old.user_id, old.key FROM idempotency_keys AS old
    WHERE old.created < now() - interval '24 hours'
    ORDER BY old.created
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
"""

Run = Callable[[Receive, Callable[[Message], Awaitable[None]]], Awaitable[None]]


@dataclass(slots=True)
class _Captured:
    """A response that the routes sent."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Collect a message of ASGI."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def response(self) -> Response:
        response = Response(self.body, self.status)
        response.raw_headers = self.headers
        return response


def read_key(headers: Headers) -> str | None:
    """Return the key of a request, if any; raises `Invalid` for a malformed one."""
    sent = headers.getlist(HEADER)
    if not sent:
        return None
    if len(sent) > 1 or not _KEY.fullmatch(sent[0].strip()):
        raise Invalid({"detail": "An Idempotency-Key has 1 to 255 printable ASCII characters."})
    return sent[0].strip()


def never_store_response(request: Request) -> None:
    """Mark the response as secret, so that it is not stored."""
    context_of(request).response_is_secret = True


async def run_once(
    database: Database, scope: Scope, receive: Receive, key: str, run: Run
) -> Response:
    """Return the response of the first request with this key: an earlier one, or this one by `run`.

    Raises `KeyUsedOtherwise`, `Conflict` while the first one is running, `Forbidden` or `NotFound`
    if its permissions are missing by now, and the errors of `read_body`.
    """
    body = await read_body(Request(scope, receive))
    context = context_of(scope)
    actor = context.actor
    parameters: dict[str, Any] = {
        "user_id": actor.user_id,
        "key": key,
        "request_digest": _request_digest(scope, body),
    }
    async with database.enclosing() as connection:
        await _claim(connection, parameters)
        if stored := await _stored(connection, parameters, actor):
            return stored
        with recording_requirements() as requirements:
            captured = await _serve(run, body)
        if warning := warning_header.warning(context):
            # A stored response keeps its warning, because the body is not checked again.
            captured.headers.append((warning_header.HEADER, warning))
        if captured.status < FIRST_SERVER_ERROR and captured.status not in PASSING:
            parameters["demands"] = Jsonb([asdict(requirement) for requirement in requirements])
            await _store(connection, parameters, captured, is_secret=context.response_is_secret)
    return captured.response()


async def delete_expired(database: Database) -> int:
    """Delete the keys that are older than a day; return how many.

    Each key that is stored deletes some, so that more remain only if no key is sent any more.
    """
    deleted = 0
    while True:
        async with database.connection() as connection:
            cursor = await connection.execute(_DELETE_OLD, {"most": _AT_ONCE})
        deleted += cursor.rowcount
        if cursor.rowcount < _AT_ONCE:
            return deleted


async def _claim(connection: Connection, parameters: dict[str, Any]) -> None:
    row = await (await connection.execute(_CLAIM, parameters)).fetchone()
    if not (row and row[0]):
        raise Conflict("A request with this Idempotency-Key is under way; try again later.")


async def _stored(
    connection: Connection, parameters: dict[str, Any], actor: Actor
) -> Response | None:
    row = await (await connection.execute(_FIND, parameters)).fetchone()
    if row is None:
        return None
    request_digest, status, headers, body, demands = row
    if bytes(request_digest) != parameters["request_digest"]:
        raise KeyUsedOtherwise
    for demand in demands:
        Requirement(**demand | {"permission": Permission(demand["permission"])}).check_again(actor)
    if body is None:
        raise Conflict(
            "This request was carried out; its response held a secret, which is not kept."
        )
    return Response(bytes(body), status, headers={**headers, REPLAYED: "true"})


async def _serve(run: Run, body: bytes) -> _Captured:
    captured = _Captured()
    try:
        await run(replayed(body), captured.send)
    except RequestError as error:
        # The savepoint of the command was rolled back.
        refusal = error_response(error)
        return _Captured(refusal.status_code, refusal.raw_headers, bytes(refusal.body))
    return captured


async def _store(
    connection: Connection, parameters: dict[str, Any], captured: _Captured, *, is_secret: bool
) -> None:
    headers = Headers(raw=captured.headers)
    kept = {name: headers[name] for name in _STORED_HEADERS if name in headers}
    is_hidden = is_secret and captured.status < 300  # noqa: PLR2004 - errors contain no secret
    values = {"status": captured.status, "headers": Jsonb(kept)}
    await connection.execute(_DELETE_OLD, {"most": _AT_ONCE})
    await connection.execute(
        _STORE, {**parameters, **values, "body": None if is_hidden else captured.body}
    )


def _request_digest(scope: Scope, body: bytes) -> bytes:
    """Return a digest of everything in a request that determines its response."""
    context = context_of(scope)
    token = context.actor.token
    headers = Headers(scope=scope)
    parts: Iterable[str | None] = (
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        headers.get("content-type"),
        headers.get("if-match"),
        context.contract,
        # A token for one project must not read the response to another one.
        str(token.project_id if token else None),
    )
    return hashlib.sha256(repr(tuple(parts)).encode() + body).digest()
