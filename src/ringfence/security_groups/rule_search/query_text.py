"""Read what a search text means: `443`, `tcp 22`, `10.0.0.0/8`, `ssh`, `icmp`. Pure.

A text is understood only as a whole, word by word, and each kind of word once. Any other text is
searched for as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from ringfence.security_groups.rules import DIRECTIONS, protocol_number
from ringfence.security_groups.well_known_ports import SERVICES

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LAST_PORT = 65_535
# ICMP has another number with IPv6, and rules of both are shown as icmp.
ICMP_NUMBERS = (1, 58)
# More words are a sentence.
_MOST_WORDS = 6
# The longest is an IPv6 prefix with an embedded IPv4 address.
_LONGEST_WORD = 50
_ETHERTYPES = {"ipv4": "IPv4", "ipv6": "IPv6"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means; None for what it does not say. Only `text` is set if it is a mere text."""

    text: str | None = None
    protocols: tuple[int, ...] | None = None
    port: int | None = None
    admits: Address | None = None
    within: Network | None = None
    direction: str | None = None
    ethertype: str | None = None


def meaning_of(text: str) -> Meaning:
    """Return what a search text means."""
    words = text.lower().replace(",", " ").split(maxsplit=_MOST_WORDS)
    found: dict[str, object] = {}
    if len(words) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in words):
        return Meaning(text)
    for word in words:
        part = _part_of(word)
        if not part or not found.keys().isdisjoint(part):
            return Meaning(text)
        found.update(part)
    return Meaning(**found) if found else Meaning(text)  # type: ignore[arg-type] # by `_part_of`


def protocols_of(word: str) -> tuple[int, ...] | None:
    """Return the numbers of a protocol's name or number; None if it is neither."""
    number = protocol_number(word)
    if number in ICMP_NUMBERS[:1]:
        return ICMP_NUMBERS
    return None if number is None else (number,)


def address_of(word: str) -> Address | None:
    """Return an IP address; None for anything else."""
    try:
        return None if "%" in word else ip_address(word)
    except ValueError:
        return None


def network_of(word: str) -> Network | None:
    """Return a prefix without its host bits, or a single address; None for anything else."""
    length = word.partition("/")[2]
    try:
        if "%" in word or ("/" in word and not (length.isascii() and length.isdecimal())):
            return None
        return ip_network(word, strict=False)
    except ValueError:
        return None


def _part_of(word: str) -> Mapping[str, object] | None:
    """Return the fields of `Meaning` that a word sets; None for a word that means nothing."""
    if word.isascii() and word.isdecimal():
        return {"port": int(word)} if int(word) <= LAST_PORT else None
    if service := SERVICES.get(word):
        return {"protocols": service.protocols, "port": service.port}
    values = (
        ("direction", word if word in DIRECTIONS else None),
        ("ethertype", _ETHERTYPES.get(word)),
        ("protocols", protocols_of(word)),
        ("admits", address_of(word)),
        ("within", network_of(word)),
    )
    found = next(({name: value} for name, value in values if value is not None), None)
    return found or _protocol_and_port(word)


def _protocol_and_port(word: str) -> Mapping[str, object] | None:
    """Return the parts of `tcp/22`, `22/tcp` and `tcp:22`."""
    one, _, other = word.replace(":", "/", 1).partition("/")
    name, port = (other, one) if one.isdecimal() else (one, other)
    protocols = None if name.isdecimal() else protocols_of(name)
    if protocols and port.isascii() and port.isdecimal() and int(port) <= LAST_PORT:
        return {"protocols": protocols, "port": int(port)}
    return None
