"""Request bodies: JSON, bounded in size and time."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from ringfence.errors import BodyTooLarge, BodyTooSlow, Invalid, UnsupportedMediaType
from ringfence.errors import Message as ErrorMessage
from ringfence.http import hints
from ringfence.http.context import context_of
from ringfence.http.fields import printable
from ringfence.http.headers import joined
from ringfence.http.offload import in_thread
from ringfence.settings import Settings
from ringfence.text.json_value import Json

# How much of a body is read and dropped when the request is refused: a body of usual size that was
# sent with its headers. The connection is closed on a client that sends more.
REST_BYTES = 65_536
REST_SECONDS = 3.0
# Parsing a longer body takes milliseconds.
_LARGE = 65_536
# A username and a password, however they are escaped; their sender is not authenticated yet.
SIGN_IN_BYTES = 16_384
PACKED = 'Unsupported content coding "{}"; send the body as it is. Nothing was done.'
_GZIP = b"\x1f\x8b"


class BodyBroken(Invalid):
    """The body ended before it was complete."""

    def __init__(self) -> None:
        super().__init__({"detail": "The request body ended before it was complete."})


class _NotJson(ValueError):
    """JSON that only Python accepts."""


class Incoming:
    """The `receive` of ASGI, and how much of the body is left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._is_over = False

    async def __call__(self) -> Message:
        """Return the next message."""
        # If this wait is cancelled, `drop_rest` must not wait again.
        self._is_over = True
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        return message

    async def drop_rest(self) -> None:
        """Read and drop the rest of the body.

        The server closes a connection whose request was not read to the end. A client that is still
        sending then sees a closed connection instead of the response.
        """
        try:
            async with asyncio.timeout(REST_SECONDS):
                while not self._is_over and self._size <= REST_BYTES:
                    await self()
        except TimeoutError:
            return


async def read_json(request: Request, most: int | None = None) -> Json:
    """Return the parsed body, of at most `most` bytes; no body is an empty object, as in Waldur.

    Unknown keys are refused, or noted as ignored (`http/unknown_names/check.py`).

    Raises `Invalid`, `UnsupportedMediaType`, `BodyTooLarge`, `BodyTooSlow`.
    """
    raw = await read_body(request, most)
    if not raw:
        return {}
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        message = f'Unsupported media type "{content_type}" in request.'
        raise UnsupportedMediaType(ErrorMessage(message, hints.allowed("application/json")))
    if len(raw) > _LARGE:
        # The event loop serves other requests meanwhile.
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
        # Python limits the digits of integers, and its message is about Python.
        raise Invalid({"detail": "JSON parse error - a number has too many digits"}) from None


async def check_unread_body(scope: Scope, receive: Receive) -> Receive:
    """Check the body of a change that its operation does not read; return a new `receive` of it.

    Waldur ignores such a body, so it may be JSON, a form or neither. A parameter that Waldur does
    not have must not be ignored in it. Compressed bodies are refused. Raises `Invalid`, and the
    errors of `read_body`.
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
    """Return a `receive` of ASGI for a body that was read already."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def read_body(request: Request, most: int | None = None) -> bytes:
    """Return the bytes of the body; the first call reads them.

    The body has at most as many bytes as the settings allow, and at most `most`. While it is
    received, the request does not count as running. Raises `BodyTooLarge`, `BodyTooSlow`.
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
    """Return an object; raises `_NotJson` for a duplicate key, one of which would be lost."""
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
