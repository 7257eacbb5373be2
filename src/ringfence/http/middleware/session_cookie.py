"""The cookie of a browser's session, and when it counts.

A browser sends a cookie with whatever any site makes it send. So it counts only beside a header
that a foreign site cannot add without asking first, and never from another origin.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from ringfence.access.permissions import READ_METHODS
from ringfence.http.context import context_of
from ringfence.settings import Settings

# Its value says nothing: that it is there does.
MARK = "x-ringfence-console"

_NAME = "ringfence"
_SCHEMES = frozenset({"http", "https"})


def session_of(scope: Scope, headers: Headers, settings: Settings) -> str | None:
    """Give the secret of the session that the request belongs to, if it is the console's own."""
    if not is_own_request(scope, headers, settings):
        return None
    return _cookie(headers, _cookie_name(scope, settings))


def _cookie(headers: Headers, name: str) -> str | None:
    """Return the value of a cookie; None where it is not sent, or with different values.

    The secrets need no quoting, so there is none to undo: that of `http.cookies` takes quadratic
    time before Python 3.11.10.
    """
    pairs = (pair.partition("=") for sent in headers.getlist("cookie") for pair in sent.split(";"))
    values = {value.strip() for key, _, value in pairs if key.strip() == name}
    # A site beside this one can set a cookie of the same name: neither is known to be ours.
    return values.pop() or None if len(values) == 1 else None


def is_own_request(scope: Scope, headers: Headers, settings: Settings) -> bool:
    """Tell whether a page of this origin made the request, rather than a foreign site."""
    if MARK not in headers:
        return False
    origins = headers.getlist("origin")
    if not origins:
        # Browsers name the origin of whatever can change something.
        return scope["method"] in READ_METHODS
    # As a browser writes an origin: a scheme, a host, and nothing behind it (RFC 6454, section 7).
    scheme, _, host = origins[0].partition("://")
    return len(origins) == 1 and scheme in _SCHEMES and host in _hosts(scope, settings)


def keep_session(
    response: Response, scope: Scope, settings: Settings, secret: str, seconds: int
) -> None:
    """Have the browser keep the session's secret, out of reach of any script."""
    _set_cookie(response, scope, settings, secret, seconds)


def drop_session(response: Response, scope: Scope, settings: Settings) -> None:
    """Have the browser forget the session."""
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
    # With this prefix no other host, and no plain HTTP, can set it (RFC 6265bis, section 4.1.3).
    return f"__Host-{_NAME}" if _is_secure(scope, settings) else _NAME


def _is_secure(scope: Scope, settings: Settings) -> bool:
    # Behind a proxy that says nothing of TLS, the address that clients use does.
    is_public = (settings.public_url or "").startswith("https:")
    return is_public or context_of(scope).client.scheme == "https"


def _hosts(scope: Scope, settings: Settings) -> set[str]:
    public = {urlsplit(settings.public_url).netloc} if settings.public_url else set()
    return public | {context_of(scope).client.host}
