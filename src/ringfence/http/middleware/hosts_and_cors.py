"""The Host check, CORS, and the security headers of every response.

CORS is not Starlette's middleware: that handles preflights before the host check and the rate
limits, responds with a body, and refuses those of other origins instead of ignoring them.
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

# The syntax of Host (RFC 9110, section 7.2)
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
# Longer ones are checked each time, so that they cannot fill the memory.
_CACHED_HOST = 256

# Probes of load balancers come with any host or none.
HEALTH = "/health/"
METRICS = "/metrics"

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = (
    "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-ID, traceparent, tracestate, "
    # The service refuses it, which a page can show only if its browser sends it.
    "X-Impersonated-User-Uuid"
)
EXPOSED_HEADERS = (
    "Link, X-Result-Count, X-Result-Count-At-Least, ETag, Location, Retry-After, X-Request-ID, "
    "Warning, Ringfence-Hint, Ringfence-Events-Removed-Before"
)
PREFLIGHT_SECONDS = 600

# A year, as browsers' preload lists require; for this host name alone
_HSTS = {"http": (), "https": ((b"strict-transport-security", b"max-age=31536000"),)}

_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Responses are data: a browser that shows one as a page must run and load nothing.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)

Header = tuple[bytes, bytes]


class HostsAndCors:
    """The hosts that are served, and the origins whose pages may call the API."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._origins = frozenset(settings.cors_origins)
        names = {"localhost", gethostname().lower(), *settings.allowed_hosts}
        if settings.public_url:
            names.add(urlsplit(settings.public_url).hostname or "")
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name.removeprefix("*") for name in names if name.startswith("*."))
        vary = b"Accept, Accept-Encoding, Authorization, Cookie"
        vary += b", Origin" if self._origins else b""
        self._common_headers = (*_SECURITY_HEADERS, (b"vary", vary))
        self._cached_error_of = lru_cache(maxsize=256)(self._error_of)

    def check_host(self, client: Client) -> None:
        """Raise `Invalid` for a host that is not served: protection against DNS rebinding.

        IP addresses are allowed, because no DNS name leads to them.
        """
        error_of = self._cached_error_of if len(client.host) <= _CACHED_HOST else self._error_of
        if error := error_of(client.host):
            raise Invalid({"detail": error})

    def _error_of(self, host: str) -> str:
        """Return why a host is refused; empty where it is served."""
        match = _HOST.fullmatch(host)
        if match is None:
            return "The Host header is missing, malformed or sent more than once."
        name = match["name"].lower()
        if name in self._names or name.endswith(self._suffixes) or _is_ip_address(name):
            return ""
        return (
            f"The host {name[:253]} is not served here. "
            "Its operator can name it in RINGFENCE_ALLOWED_HOSTS."
        )

    def base_url(self, client: Client) -> str:
        """Return the start of every URL in the response, without a slash at its end."""
        return self._public_url or f"{client.scheme}://{client.host}"

    def preflight(self, scope: Scope) -> Response | None:
        """Return the response to a CORS preflight of a configured origin; None for all else."""
        if scope["method"] != "OPTIONS" or not self._origin(scope):
            return None
        if not first(scope, b"access-control-request-method"):
            return None
        headers = {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=headers)

    def headers(self, scope: Scope, client: Client) -> Sequence[Header]:
        """Return the headers that every response has, unless its route sets them."""
        origin = self._origin(scope)
        if not origin and client.scheme == "http":
            return self._common_headers
        cors = _cors_headers(origin) if origin else ()
        return [*self._common_headers, *cors, *_HSTS[client.scheme]]

    def _origin(self, scope: Scope) -> bytes:
        """Return the `Origin` of the request if it is a configured one."""
        if not self._origins:
            return b""
        origin = first(scope, b"origin") or b""
        return origin if origin.decode("latin-1") in self._origins else b""


def _cors_headers(origin: bytes) -> tuple[Header, Header]:
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
    )


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
