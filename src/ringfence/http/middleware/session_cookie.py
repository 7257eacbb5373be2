"""The session cookie of the console, and when it is accepted.

Browsers send cookies with requests that other sites trigger. So the cookie is accepted only with a
header that other sites cannot add without a CORS preflight, and never from another origin.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from ringfence.access.permissions import READ_METHODS
from ringfence.http.context import context_of
from ringfence.settings import Settings

# Its presence counts, whatever its value.
MARK = "x-ringfence-console"

_NAME = "ringfence"
_SCHEMES = frozenset({"http", "https"})


def session_of(scope: Scope, headers: Headers, settings: Settings) -> str | None:
    """Return the secret of the session, if the request is the console's own."""
    if not is_own_request(scope, headers, settings):
        return None
    return _cookie(headers, _cookie_name(scope, settings))


def _cookie(headers: Headers, name: str) -> str | None:
    """Return the value of a cookie; None if it is missing or has different values.

    Secrets are never quoted, so `http.cookies` is not needed: before Python 3.11.10 it takes
    quadratic time.
    """
    pairs = (pair.partition("=") for sent in headers.getlist("cookie") for pair in sent.split(";"))
    values = {value.strip() for key, _, value in pairs if key.strip() == name}
    # A site on a sibling domain can set a cookie of the same name: neither is trusted.
    return values.pop() or None if len(values) == 1 else None


def is_own_request(scope: Scope, headers: Headers, settings: Settings) -> bool:
    """Return whether a page of this origin sent the request, not another site."""
    if MARK not in headers:
        return False
    origins = headers.getlist("origin")
    if not origins:
        # Browsers send `Origin` with every method that may change something.
        return scope["method"] in READ_METHODS
    # An origin is a scheme and a host, with nothing behind (RFC 6454, section 7).
    scheme, _, host = origins[0].partition("://")
    return len(origins) == 1 and scheme in _SCHEMES and host in _hosts(scope, settings)


def keep_session(
    response: Response, scope: Scope, settings: Settings, secret: str, seconds: int
) -> None:
    """Set the cookie, which scripts cannot read."""
    _set_cookie(response, scope, settings, secret, seconds)


def drop_session(response: Response, scope: Scope, settings: Settings) -> None:
    """Delete the cookie."""
    _set_cookie(response, scope, settings, "", 0)


def _set_cookie(
    response: Response, scope: Scope, settings: Settings, secret: str, seconds: int
) -> None:
    response.set_cookie(
        _cookie_name(scope, settings),
        secret,
        max_age=seconds,
        path="/",
        secure=_is_secure(scope, settings),
        httponly=True,
        samesite="strict",
    )


def _cookie_name(scope: Scope, settings: Settings) -> str:
    # No other host, and no plain HTTP, can set a cookie with this prefix (RFC 6265bis, 4.1.3).
    return f"__Host-{_NAME}" if _is_secure(scope, settings) else _NAME


def _is_secure(scope: Scope, settings: Settings) -> bool:
    # The public URL counts as well, for a proxy that does not send X-Forwarded-Proto.
    is_public = (settings.public_url or "").startswith("https:")
    return is_public or context_of(scope).client.scheme == "https"


def _hosts(scope: Scope, settings: Settings) -> set[str]:
    public = {urlsplit(settings.public_url).netloc} if settings.public_url else set()
    return public | {context_of(scope).client.host}
