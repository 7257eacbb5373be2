"""What a CIDR with bits behind its prefix can mean: one address, or the network."""

import ipaddress
import re

_IPV4_BITS = 32
# The most addresses that are written as a number are 2 to the power of this.
_MOST_BITS = 32
_IPV6_ZEROS = re.compile(r"\b0(?::0)+\b")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def host_bits_of(word: str) -> tuple[str, str, str] | None:
    """Return the CIDR of the address, that of its network, and what the network covers.

    None if the CIDR has no such bits; `word` is a valid CIDR.
    """
    given = ipaddress.ip_interface(word)
    network = given.network
    if "/" not in word or given.ip == network.network_address:
        return None
    free = network.max_prefixlen - network.prefixlen
    count = f"{network.num_addresses:,}" if free <= _MOST_BITS else f"2^{free}"
    first, last = (_text(each) for each in (network.network_address, network.broadcast_address))
    address = f"{word.split('/', maxsplit=1)[0]}/{network.max_prefixlen}"
    return address, f"{first}/{network.prefixlen}", f"{first}\u2013{last}, {count} addresses"


def _text(address: Address) -> str:
    """Return the text of an address as browsers write it, which is never mixed (RFC 5952)."""
    if address.max_prefixlen == _IPV4_BITS:
        return str(address)
    groups = [f"{int(group, 16):x}" for group in address.exploded.split(":")]
    text = ":".join(groups)
    longest = max(_IPV6_ZEROS.finditer(text), key=lambda found: len(found[0]), default=None)
    if longest is None:
        return text
    return f"{text[: longest.start()].rstrip(':')}::{text[longest.end() :].lstrip(':')}"
