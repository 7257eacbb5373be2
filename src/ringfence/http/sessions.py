"""The cookie of a browser's session, and when it counts.

A browser sends a cookie with whatever any site makes it send. So it counts only beside a header
that a foreign site cannot add without asking first, and never from another origin.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from ringfence.settings import Settings

# Its value says nothing: that it is there does.
MARK = "x-ringfence-console"

_NAME = "ringfence"
_READING = frozenset({"GET", "HEAD"})


def session_of(scope: Scope, headers: Headers, settings: Settings) -> str | None:
    """Give the secret of the session that the request belongs to, if it is the console's own."""
    if not is_own_request(scope, headers, settings):
        return None
    cookies = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return None
    found = cookies.get(_cookie_name(scope, settings))
    return found.value if found else None


def is_own_request(scope: Scope, headers: Headers, settings: Settings) -> bool:
    """Tell whether a page of this origin made the request, rather than a foreign site."""
    if MARK not in headers:
        return False
    origin = headers.get("origin")
    if origin is None:
        # Browsers name the origin of whatever can change something.
        return scope["method"] in _READING
    return urlsplit(origin).netloc in _hosts(scope, settings)


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
    return is_public or bool(scope["caller"].scheme == "https")


def _hosts(scope: Scope, settings: Settings) -> set[str]:
    public = {urlsplit(settings.public_url).netloc} if settings.public_url else set()
    return public | {scope["caller"].host}
