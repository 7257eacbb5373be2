"""Reading a request's body: JSON, bounded, and nothing that PostgreSQL could not store."""

import json
from typing import Any, NoReturn

from starlette.requests import Request

from ringfence.errors import Invalid, RequestError

MAXIMUM_BYTES = 1_048_576


class UnsupportedMediaType(RequestError):
    """The body is not JSON by its own account."""


class BodyTooLarge(RequestError):
    """The body is longer than any sensible request."""


async def read_json(request: Request) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Give the decoded body; no body counts as an empty object, as at Waldur.

    Raises `Invalid`, `UnsupportedMediaType`, `BodyTooLarge`.
    """
    raw = await _read(request)
    if not raw:
        return {}
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(f'Unsupported media type "{content_type}" in request.')
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise Invalid({"detail": "JSON parse error - nested too deeply"}) from None
    except ValueError as error:
        raise Invalid({"detail": f"JSON parse error - {error}"}) from None


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
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")
