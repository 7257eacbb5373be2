"""Where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.requests import Request

UNKNOWN = "unknown"


def address_of_peer(request: Request) -> str:
    """Give the address that the request comes from.

    A peer on this machine is taken for a proxy: what it says last in `X-Forwarded-For` counts,
    since that is what it added itself.
    """
    peer = _address(request.client.host if request.client else "")
    if peer is None:
        return UNKNOWN
    if peer.is_loopback:
        said = ",".join(request.headers.getlist("x-forwarded-for"))
        peer = _address(said.rpartition(",")[2].strip()) or peer
    return str(peer)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
