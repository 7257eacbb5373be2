"""The status and body of each error."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from ringfence.errors import (
    BodyTooLarge,
    BodyTooSlow,
    Conflict,
    Forbidden,
    Invalid,
    KeyUsedOtherwise,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    RequestError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from ringfence.http.hints import header_of, hints_of

STATUSES: Mapping[type[RequestError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    NotAcceptable: 406,
    BodyTooSlow: 408,
    Conflict: 409,
    PreconditionFailed: 412,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    KeyUsedOtherwise: 422,
    TooManyRequests: 429,
    Unavailable: 503,
}

HEADERS: Mapping[type[RequestError], dict[str, str]] = {
    Unauthenticated: {"WWW-Authenticate": "Token"},
    Unavailable: {"Retry-After": "2"},
}


def status_of(error: RequestError) -> int:
    """Return the status of the nearest class in the table."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def error_response(error: RequestError) -> Response:
    detail = error.detail
    body: Any = {"detail": detail} if isinstance(detail, str) else detail
    if isinstance(detail, str) and error.hint:
        body["hint"] = error.hint
    headers = dict(next((HEADERS[kind] for kind in type(error).__mro__ if kind in HEADERS), {}))
    headers |= header_of({"detail": error.hint} if error.hint else hints_of(body))
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.seconds)
    return JSONResponse(body, status_of(error), headers=headers)


def unexpected_error_response(reference: str) -> Response:
    """Return the response to an unexpected exception: a reference to the log, nothing else."""
    detail = f"Internal server error. Please quote the reference {reference}."
    return JSONResponse({"detail": detail, "reference": reference}, 500)
