"""The client of a request, from its connection or from the headers of trusted proxies."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import Scope

from ringfence.http.context import UNKNOWN, Client
from ringfence.http.headers import joined
from ringfence.settings import Network, Settings

# More proxies than any installation has; a client may send as many entries as it likes.
MOST_HOPS = 16

Address = IPv4Address | IPv6Address

# A request with one of these came through a proxy. `Forwarded` (RFC 7239) is not read: who sends
# only that does not name its client.
_PROXY_HEADERS = frozenset(
    {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"}
)


class Proxies:
    """The trusted proxies; headers of any other sender are ignored."""

    def __init__(self, settings: Settings) -> None:
        self._trusts = _trust_in(settings.trusted_proxies)

    def client(self, scope: Scope) -> Client:
        """Return the client: the last address in the chain that is not a trusted proxy."""
        connection = scope.get("client")
        sender = _canonical(connection[0]) if connection else UNKNOWN
        hosts: list[bytes] = []
        is_proxied = False
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name in _PROXY_HEADERS:
                is_proxied = True
        # Several Host headers are invalid: the host check refuses the joined text, because a proxy
        # may have read another one of them (RFC 9112, section 3.2).
        host = b", ".join(hosts).decode("latin-1")
        direct = Client(sender, scope.get("scheme", "http"), host)
        if not is_proxied or not self._trusts(sender):
            return direct
        client = self._behind(direct, scope)
        return client if len(hosts) <= 1 else client._replace(host=host)

    def _behind(self, proxy: Client, scope: Scope) -> Client:
        address, is_client = self._address_behind(proxy.address, scope)
        # The nearest proxy replaces these two, so only the last value is not the client's.
        scheme = _last(scope, b"x-forwarded-proto").lower() or proxy.scheme
        host = _last(scope, b"x-forwarded-host") or proxy.host
        return Client(address, scheme if scheme in {"http", "https"} else "http", host, is_client)

    def _address_behind(self, address: str, scope: Scope) -> tuple[str, bool]:
        """Return the first address that is not a proxy's, and whether the proxies named one."""
        hops = _split(joined(scope, b"x-forwarded-for"))[-MOST_HOPS:]
        for text in reversed(hops):
            named = _canonical(_without_port(text))
            if named == UNKNOWN:
                return address, False
            address = named
            if not self._trusts(named):
                break
        return address, bool(hops)


def _trust_in(networks: Sequence[Network]) -> Callable[[str], bool]:
    """Return a cached check whether an address is in the networks."""

    @lru_cache(maxsize=1024)
    def trusts(text: str) -> bool:
        address = _parse(text)
        return address is not None and any(address in network for network in networks)

    return trusts


def _last(scope: Scope, name: bytes) -> str:
    return "".join(_split(joined(scope, name))[-1:])


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _without_port(text: str) -> str:
    """Return the address of `[2001:db8::1]:80` or `192.0.2.1:80`, or the text unchanged."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, _ = text.partition(":")
    return host if colon and text.count(":") == 1 else text


@lru_cache(maxsize=1024)
def _canonical(text: str) -> str:
    address = _parse(text)
    return UNKNOWN if address is None else str(address)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # A zone (`fe80::1%eth0`) has a meaning on one machine only. A dual-stack socket shows an IPv4
    # client in the mapped form.
    return address.ipv4_mapped or IPv6Address(int(address))
