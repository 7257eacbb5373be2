"""`Idempotency-Key`: a request that is sent again has its effect once, and the same answer.

The whole request runs in one transaction, which its answer is part of. So the change and the
answer to give again are both there or neither, wherever a process or a connection dies: who is
left without an answer sends the same request with the same key, and learns what came of it.

An answer that is given again shows no more than its reader may see by then: what was required for
it is kept beside it, and required again.
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
from ringfence.http import warning_header
from ringfence.http.body import read_body, replayed
from ringfence.http.context import context_of
from ringfence.http.errors import error_response

HEADER = "idempotency-key"
REPLAYED = "Idempotency-Replayed"

# Nothing was done, and the same request may succeed later: a key is not spent on these.
PASSING = frozenset({401, 408, 409, 413, 429})
FIRST_FAULT = 500

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_KEPT_HEADERS = ("content-type", "etag", "location", "warning")

# Held until the transaction ends, also by the death of who holds it. Its numbers are negative;
# those of migrations and loads are positive, so no key is ever taken for one of them.
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

# A key that is older than a day starts anew.
_KEEP: LiteralString = """
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

_FORGET: LiteralString = """
DELETE FROM idempotency_keys
WHERE (user_id, key) IN (
    SELECT kept.user_id, kept.key FROM idempotency_keys AS kept
    WHERE kept.created < now() - interval '24 hours'
    ORDER BY kept.created
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""

Run = Callable[[Receive, Callable[[Message], Awaitable[None]]], Awaitable[None]]


@dataclass(slots=True)
class _Answer:
    """An answer as the routes sent it."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Take a message of ASGI."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def response(self) -> Response:
        """Give it to be sent."""
        response = Response(self.body, self.status)
        response.raw_headers = self.headers
        return response


def read_key(headers: Headers) -> str | None:
    """Give the key of a request, if it has one; raises `Invalid` for one that is none."""
    sent = headers.getlist(HEADER)
    if not sent:
        return None
    if len(sent) > 1 or not _KEY.fullmatch(sent[0].strip()):
        raise Invalid({"detail": "An Idempotency-Key has 1 to 255 printable ASCII characters."})
    return sent[0].strip()


def never_store_response(request: Request) -> None:
    """Say that the answer holds a secret, so that it is never kept."""
    context_of(request).response_is_secret = True


async def run_once(
    database: Database, scope: Scope, receive: Receive, key: str, run: Run
) -> Response:
    """Give the answer of the first request with this key, which is this one or an earlier one.

    `run` serves the request. Raises `KeyUsedOtherwise`, `Conflict` while the first one is under
    way, what reading a body raises, and what was required of the first one and is not met any more.
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
        if kept := await _kept(connection, parameters, actor):
            return kept
        with recording_requirements() as requirements:
            given = await _serve(run, body)
        if warning := warning_header.warning(context):
            # What the body had is not looked at again for who sends the request again.
            given.headers.append((warning_header.HEADER, warning))
        if given.status < FIRST_FAULT and given.status not in PASSING:
            parameters["demands"] = Jsonb([asdict(requirement) for requirement in requirements])
            await _keep(connection, parameters, given, is_secret=context.response_is_secret)
    return given.response()


async def _claim(connection: Connection, parameters: dict[str, Any]) -> None:
    row = await (await connection.execute(_CLAIM, parameters)).fetchone()
    if not (row and row[0]):
        raise Conflict("A request with this Idempotency-Key is under way; try again later.")


async def _kept(
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
        raise Conflict("This request was carried out; its answer held a secret, which is not kept.")
    return Response(bytes(body), status, headers={**headers, REPLAYED: "true"})


async def _serve(run: Run, body: bytes) -> _Answer:
    given = _Answer()
    try:
        await run(replayed(body), given.take)
    except RequestError as error:
        # What a command began was undone with its own part of the transaction.
        refusal = error_response(error)
        return _Answer(refusal.status_code, refusal.raw_headers, bytes(refusal.body))
    return given


async def _keep(
    connection: Connection, parameters: dict[str, Any], given: _Answer, *, is_secret: bool
) -> None:
    headers = Headers(raw=given.headers)
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    is_hidden = is_secret and given.status < 300  # noqa: PLR2004 - refusals hold no secret
    values = {"status": given.status, "headers": Jsonb(kept)}
    await connection.execute(_FORGET)
    await connection.execute(
        _KEEP, {**parameters, **values, "body": None if is_hidden else given.body}
    )


def _request_digest(scope: Scope, body: bytes) -> bytes:
    """Give the digest of everything in a request that decides on its answer."""
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
        # A token for one project must not read what another one was told.
        str(token.project_id if token else None),
    )
    return hashlib.sha256(repr(tuple(parts)).encode() + body).digest()
