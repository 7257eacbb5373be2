"""What a request meets first and an answer last: its host, other sites' pages, what browsers obey.

None of it knows who asks; all of it holds for every path.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from socket import gethostname
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Scope

from ringfence.errors import Invalid
from ringfence.http.context import Client
from ringfence.http.headers import first
from ringfence.settings import Settings

# What a Host header may hold (RFC 9110, section 7.2).
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
# Longer ones are read each time, so that nobody fills the memory with them.
_REMEMBERED = 256

# Machines ask for these again and again, of a load balancer's checks with any host or none.
HEALTH = "/health/"
METRICS = "/metrics"

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
TAKEN = (
    "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-ID, traceparent, tracestate, "
    # Refused, which a page learns only if its browser sends it.
    "X-Impersonated-User-Uuid"
)
SHOWN = "Link, X-Result-Count, ETag, Location, Retry-After, X-Request-ID, Warning"
PREFLIGHT_SECONDS = 600

# A year, as browsers' own lists ask for; it concerns this host name alone.
_HSTS = {"http": (), "https": ((b"strict-transport-security", b"max-age=31536000"),)}

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # An answer is data: a browser that shows it as a page runs and loads nothing.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)

Header = tuple[bytes, bytes]


class HostsAndCors:
    """The door: which hosts are ours, which other sites' pages may read answers."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._origins = frozenset(settings.cors_origins)
        names = {"localhost", gethostname().lower(), *settings.allowed_hosts}
        if settings.public_url:
            names.add(urlsplit(settings.public_url).hostname or "")
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._ends = tuple(name.removeprefix("*") for name in names if name.startswith("*."))
        vary = b"Accept, Accept-Encoding, Authorization, Cookie"
        vary += b", Origin" if self._origins else b""
        self._always = (*_ALWAYS, (b"vary", vary))
        self._remembered = lru_cache(maxsize=256)(self._wrong_with)

    def check_host(self, client: Client) -> None:
        """Refuse what was meant for somebody else: a page whose name was bent to this address.

        An address as host is let pass, since no name leads to it. Raises `Invalid`.
        """
        judge = self._remembered if len(client.host) <= _REMEMBERED else self._wrong_with
        if wrong := judge(client.host):
            raise Invalid({"detail": wrong})

    def _wrong_with(self, host: str) -> str:
        """Tell what is wrong with a host; nothing, where it is served."""
        match = _HOST.fullmatch(host)
        if match is None:
            return "The Host header is missing, malformed or sent more than once."
        name = match["name"].lower()
        if name in self._names or name.endswith(self._ends) or _is_address(name):
            return ""
        return (
            f"The host {name[:253]} is not served here. "
            "Its operator can name it in RINGFENCE_ALLOWED_HOSTS."
        )

    def base_url(self, client: Client) -> str:
        """Give the base of every address in the answer, without a slash at its end."""
        return self._public_url or f"{client.scheme}://{client.host}"

    def preflight(self, scope: Scope) -> Response | None:
        """Answer a browser that asks whether a configured site's page may send a request."""
        if scope["method"] != "OPTIONS" or not self._origin(scope):
            return None
        if not first(scope, b"access-control-request-method"):
            return None
        headers = {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": TAKEN,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=headers)

    def headers(self, scope: Scope, client: Client) -> Sequence[Header]:
        """Give the headers that the answer has, unless its route set them."""
        origin = self._origin(scope)
        if not origin and client.scheme == "http":
            return self._always
        return [*self._always, *(_sharing(origin) if origin else ()), *_HSTS[client.scheme]]

    def _origin(self, scope: Scope) -> bytes:
        """Give the origin of the page that asks, if it is a configured one."""
        if not self._origins:
            return b""
        origin = first(scope, b"origin") or b""
        return origin if origin.decode("latin-1") in self._origins else b""


def _sharing(origin: bytes) -> tuple[Header, Header]:
    """Give what lets a page of this origin read the answer."""
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", SHOWN.encode()),
    )


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
