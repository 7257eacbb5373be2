"""Reading a request's body: JSON, bounded, and nothing that PostgreSQL could not store."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from ringfence.errors import BodyTooLarge, BodyTooSlow, Invalid, UnsupportedMediaType
from ringfence.http.context import context_of
from ringfence.http.fields import printable
from ringfence.http.headers import joined
from ringfence.http.offload import in_thread
from ringfence.settings import Settings
from ringfence.text.json_value import Json

# What a client has on the way when it is refused before its body was read: a request of its usual
# size, sent behind its headers. Whoever sends more, or later, finds the connection closed.
REST_BYTES = 65_536
REST_SECONDS = 3.0
# From here on reading JSON takes milliseconds.
_LARGE = 65_536
# A name and a password, however they are escaped: whoever sends it is not known yet.
SIGN_IN_BYTES = 16_384
PACKED = 'Unsupported content coding "{}"; send the body as it is. Nothing was done.'
_GZIP = b"\x1f\x8b"


class BodyBroken(Invalid):
    """The body ended before it was whole."""

    def __init__(self) -> None:
        super().__init__({"detail": "The request body ended before it was complete."})


class _NotJson(ValueError):
    """What Python takes for JSON, and nobody else does."""


class Incoming:
    """A request's body as it comes: the `receive` of ASGI, and whether there is more."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._is_over = False

    async def __call__(self) -> Message:
        """Return the next message."""
        # Whoever gave up waiting for one is not made to wait once more.
        self._is_over = True
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        return message

    async def drop_rest(self) -> None:
        """Read what is still on its way, and keep nothing of it.

        The server closes a connection whose request it has not read to the end. A client that is
        still sending then is told of the closed connection, and never sees its answer.
        """
        try:
            async with asyncio.timeout(REST_SECONDS):
                while not self._is_over and self._size <= REST_BYTES:
                    await self()
        except TimeoutError:
            return


async def read_json(request: Request, most: int | None = None) -> Json:
    """Return the decoded body, of `most` bytes; no body counts as an empty object, as at Waldur.

    Keys that the operation does not have are refused, or noted as ignored (`unknown_names`).

    Raises `Invalid`, `UnsupportedMediaType`, `BodyTooLarge`, `BodyTooSlow`.
    """
    raw = await read_body(request, most)
    if not raw:
        return {}
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(f'Unsupported media type "{content_type}" in request.')
    if len(raw) > _LARGE:
        # Others are answered meanwhile.
        return await in_thread(lambda: _checked(request.scope, raw))
    return _checked(request.scope, raw)


def _checked(scope: Scope, raw: bytes) -> Json:
    body = _decoded(raw)
    expected = context_of(scope).expected
    if expected is not None:
        expected.check_body(scope, body, raw)
    return body


def _decoded(raw: bytes) -> Json:
    try:
        return json.loads(
            raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except RecursionError:
        raise Invalid({"detail": "JSON parse error - nested too deeply"}) from None
    except (json.JSONDecodeError, UnicodeDecodeError, _NotJson) as error:
        raise Invalid({"detail": f"JSON parse error - {error}"}) from None
    except ValueError:
        # Python reads no longer ones, and its words for that are about Python.
        raise Invalid({"detail": "JSON parse error - a number has too many digits"}) from None


async def check_unread_body(scope: Scope, receive: Receive) -> Receive:
    """Check the body of a change that its operation does not read; return a new `receive` of it.

    Waldur ignores such a body whatever it is. So this one may be JSON, a form or neither; a
    parameter of ours in it must not be lost. No change takes a packed body. Raises `Invalid`, and
    what reading a body raises.
    """
    expected = context_of(scope).expected
    if expected is None:
        return receive
    if (coding := joined(scope, b"content-encoding").strip().lower()) not in {"", "identity"}:
        raise UnsupportedMediaType(PACKED.format(printable(coding)))
    if expected.body is not None:
        return receive
    body = await read_body(Request(scope, receive))
    if body.startswith(_GZIP):
        raise UnsupportedMediaType(PACKED.format("gzip"))
    if body:
        expected.check_unread(scope, body)
    return replayed(body)


def replayed(body: bytes) -> Receive:
    """Return a `receive` of ASGI that gives a body which was read already."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def read_body(request: Request, most: int | None = None) -> bytes:
    """Return the bytes of the body, as often as they are asked for.

    There may be as many as the settings allow, and no more than `most` of an operation that says
    so.
    A body that comes too slowly only holds memory, and no place among the requests that run.
    Raises `BodyTooLarge`, `BodyTooSlow`.
    """
    context = context_of(request)
    if context.body is not None:
        return context.body
    settings: Settings = request.app.state.settings
    try:
        with context.limits.away():
            async with asyncio.timeout(settings.body_seconds):
                maximum = min(settings.body_bytes, most or settings.body_bytes)
                body = context.body = await _read(request, maximum)
                return body
    except TimeoutError:
        detail = f"The request body did not arrive within {settings.body_seconds:g} seconds."
        raise BodyTooSlow(detail) from None


async def _read(request: Request, maximum: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > maximum:
            raise BodyTooLarge(f"The request body may not exceed {maximum} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raises `_NotJson` for a key that stands twice: one would be lost."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _NotJson(f"the key {ascii(key)[:100]} is given twice")
            seen.add(key)
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJson(f"Out of range float values are not JSON compliant: {name!r}")
