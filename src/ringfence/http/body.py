"""Reading a request's body: JSON, bounded, and nothing that PostgreSQL could not store."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import Request

from ringfence.errors import Invalid, RequestError

MAXIMUM_BYTES = 1_048_576
# A body that takes longer only holds memory.
MAXIMUM_SECONDS = 30.0


class UnsupportedMediaType(RequestError):
    """The body is not JSON by its own account."""


class BodyTooLarge(RequestError):
    """The body is longer than any sensible request."""


class BodyTooSlow(RequestError):
    """The body did not arrive in time."""


class BodyBroken(Invalid):
    """The body ended before it was whole."""

    def __init__(self) -> None:
        super().__init__({"detail": "The request body ended before it was complete."})


class _NotJson(ValueError):
    """What Python takes for JSON, and nobody else does."""


async def read_json(request: Request) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Give the decoded body; no body counts as an empty object, as at Waldur.

    Raises `Invalid`, `UnsupportedMediaType`, `BodyTooLarge`, `BodyTooSlow`.
    """
    try:
        async with asyncio.timeout(MAXIMUM_SECONDS):
            raw = await _read(request)
    except TimeoutError:
        detail = f"The request body did not arrive within {MAXIMUM_SECONDS:g} seconds."
        raise BodyTooSlow(detail) from None
    if not raw:
        return {}
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(f'Unsupported media type "{content_type}" in request.')
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise Invalid({"detail": "JSON parse error - nested too deeply"}) from None
    except (json.JSONDecodeError, UnicodeDecodeError, _NotJson) as error:
        raise Invalid({"detail": f"JSON parse error - {error}"}) from None
    except ValueError:
        # Python reads no longer ones, and its words for that are about Python.
        raise Invalid({"detail": "JSON parse error - a number has too many digits"}) from None


async def _read(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAXIMUM_BYTES:
            raise BodyTooLarge(f"The request body may not exceed {MAXIMUM_BYTES} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJson(f"Out of range float values are not JSON compliant: {name!r}")
