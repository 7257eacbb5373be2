"""Who a request comes from and what it asked for, said by the socket or by a trusted proxy."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from starlette.types import Scope

from ringfence.http.context import UNKNOWN, Client
from ringfence.http.headers import joined
from ringfence.settings import Network, ProxyHeaders, Settings

# More hops than these no installation has; a client may send as many as it likes.
HOPS = 16

Address = IPv4Address | IPv6Address

_SAID_BY_PROXIES = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}
)


class _Hop(NamedTuple):
    """What one proxy says: who asked it, and for what; empty where it says nothing."""

    address: str
    scheme: str = ""
    host: str = ""


class Proxies:
    """The proxies that are believed; what anyone else says of itself is passed over."""

    def __init__(self, settings: Settings) -> None:
        self._headers = settings.proxy_headers
        self._trusts = _trusting(settings.trusted_proxies)

    def client(self, scope: Scope) -> Client:
        """Find who asked, from the nearest hop outwards, as far as proxies are trusted."""
        sender = scope.get("client")
        peer = _canonical(sender[0]) if sender else UNKNOWN
        hosts: list[bytes] = []
        is_proxied = False
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name in _SAID_BY_PROXIES:
                is_proxied = True
        # Several are no host, whatever they say: whoever is in between may have read another one
        # (RFC 9112, section 3.2).
        host = b", ".join(hosts).decode("latin-1")
        asked = Client(peer, scope.get("scheme", "http"), host)
        if not is_proxied or not self._trusts(peer):
            return asked
        found = self._behind(asked, scope)
        return found if len(hosts) <= 1 else found._replace(host=host)

    def _behind(self, proxy: Client, scope: Scope) -> Client:
        address, scheme, host = proxy.address, proxy.scheme, proxy.host
        is_client = True
        for hop in reversed(_hops(self._headers, scope)):
            scheme = hop.scheme or scheme
            host = hop.host or host
            said = _canonical(_without_port(hop.address))
            if said == UNKNOWN:
                is_client = False
                break
            address = said
            if not self._trusts(said):
                break
        return Client(address, scheme if scheme in {"http", "https"} else "http", host, is_client)


def _trusting(networks: Sequence[Network]) -> Callable[[str], bool]:
    """Give the test whether an address is a trusted proxy's; few ask again and again."""

    @lru_cache(maxsize=1024)
    def trusts(text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in networks)

    return trusts


def _hops(headers: ProxyHeaders, scope: Scope) -> list[_Hop]:
    """Give what the proxies say, the client's own first and the nearest proxy last."""
    if headers == "forwarded":
        return [_forwarded(element) for element in _split(joined(scope, b"forwarded"), ",")[-HOPS:]]
    addresses = _split(joined(scope, b"x-forwarded-for"), ",")[-HOPS:]
    hops = [_Hop(address) for address in addresses] or [_Hop(UNKNOWN)]
    # Each names what the nearest proxy was asked for: it replaces them, others append to the list.
    scheme = _split(joined(scope, b"x-forwarded-proto"), ",")[-1:]
    host = _split(joined(scope, b"x-forwarded-host"), ",")[-1:]
    hops[-1] = _Hop(hops[-1].address, "".join(scheme).lower(), "".join(host))
    return hops


def _forwarded(element: str) -> _Hop:
    """Read one element of `Forwarded` (RFC 7239, section 4)."""
    said: dict[str, str] = {}
    for pair in _split(element, ";"):
        name, _, value = pair.partition("=")
        said[name.strip().lower()] = value.strip().strip('"')
    return _Hop(said.get("for", UNKNOWN), said.get("proto", "").lower(), said.get("host", ""))


def _split(text: str, separator: str) -> list[str]:
    """Split outside of quotation marks; empty parts are left out."""
    if '"' not in text:
        return [part.strip() for part in text.split(separator) if part.strip()]
    parts: list[str] = []
    quoted, start = False, 0
    for place, character in enumerate(text):
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _without_port(text: str) -> str:
    """Give the address of `[2001:db8::1]:80` or `192.0.2.1:80`, or the text as it is."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, _ = text.partition(":")
    return host if colon and text.count(":") == 1 else text


@lru_cache(maxsize=1024)
def _canonical(text: str) -> str:
    address = _address(text)
    return UNKNOWN if address is None else str(address)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # A zone (`fe80::1%eth0`) is of the machine that says it, and no part of the address. The mapped
    # form is how a socket for both families shows an IPv4 client.
    return address.ipv4_mapped or IPv6Address(int(address))
