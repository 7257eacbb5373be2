"""Parses the values of a rule: protocols, ports, ICMP types, addresses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.cli.api.paste.host_bits import host_bits_of

# What JavaScript takes for white space; Python's own set is another.
SPACES = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
SPACE = re.compile(f"[{SPACES}]+")
_ENDS = re.compile(f"^[{SPACES}]+|[{SPACES}]+$")


class ParseError(Exception):
    """An error in a line, and the word at which parsing failed.

    The message starts in lower case if the word is its subject.
    """

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word
        self.message = message


@dataclass(frozen=True, slots=True)
class End:
    """A remote end: `all`, `cidr` or `group`.

    Without an ethertype, it stands for every IP version that the rest of the line allows.
    """

    kind: str
    ethertype: str = ""
    end: str = ""


# The protocol names of Neutron (neutron_lib.constants.IP_PROTOCOL_MAP)
_NAMES = {
    "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmpv6", "ipv6-icmp": "icmpv6",
    "igmp": "2", "ipip": "4", "egp": "8", "dccp": "33", "ipv6-encap": "41", "ipv6-route": "43",
    "ipv6-frag": "44", "rsvp": "46", "gre": "47", "esp": "50", "ah": "51", "ipv6-nonxt": "59",
    "ipv6-opts": "60", "ospf": "89", "vrrp": "112", "pgm": "113", "sctp": "132", "udplite": "136",
}  # fmt: skip
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_WITH_PORTS = frozenset({"tcp", "udp", "33", "132", "136"})
_HIGHEST_PORT = 65535
_HIGHEST_BYTE = 255
_IPV4_BITS = 32
_IPV6_BITS = 128
_IPV6_GROUPS = 8

_PORTS = re.compile(r"([1-9][0-9]{0,4})(?:[-\u2013:]([1-9][0-9]{0,4}))?")
_BYTE = re.compile(r"0|[1-9][0-9]{0,2}")
_IPV4_LIKE = re.compile(r"[0-9.,/]*[0-9]\.[0-9]")
_IPV6_LIKE = re.compile(r"[0-9a-fA-F:.,/]+")
_IPV6_GROUP = re.compile(r"[0-9a-fA-F]{1,4}")
_ZERO = re.compile(r"[0.:]+")


def strip(text: str) -> str:
    return _ENDS.sub("", text)


def words_of(text: str) -> list[str]:
    return [word for word in SPACE.split(text) if word]


def has_ports(protocol: str | None) -> bool:
    return protocol in _WITH_PORTS


def is_icmp(protocol: str) -> bool:
    return protocol in {"icmp", "icmpv6"}


def is_every(word: str | None) -> bool:
    return (word or "").lower() in {"any", "all"}


def is_anywhere(word: str | None) -> bool:
    return (word or "").lower() in {"any", "anywhere"}


def named_protocol(word: str) -> str | None:
    """Return the protocol with a name, except "any"; None for any other word."""
    return _NAMES.get(word.lower())


def protocol_of(word: str) -> str:
    """Return the protocol for a name, a number, or "any"; raises `ParseError`."""
    named = "" if is_every(word) else named_protocol(word)
    if named is not None:
        return named
    # 0 is ambiguous: any protocol in iptables, a single protocol in Neutron.
    if not re.fullmatch(r"[1-9][0-9]{0,2}", word) or int(word) > _HIGHEST_BYTE:
        raise ParseError(
            word,
            "is not a protocol: write tcp, udp, icmp, icmpv6, esp, ah, gre, sctp, another IANA "
            "name or number, or any.",
        )
    return _NUMBERS.get(word, word)


def ports_of(word: str) -> list[str]:
    """Return each port or range of a list: "80,443", "8000-8100", "8000:8100"."""
    return _unique(_ports_in(part, word) for part in word.split(","))


def _ports_in(part: str, word: str) -> str:
    found = _PORTS.fullmatch(part)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last > _HIGHEST_PORT or first > last:
        raise ParseError(
            word, "is not a list of ports: write 22, 80,443 or 8000-8100, from 1 to 65535."
        )
    return str(first) if first == last else f"{first}-{last}"


def icmp_types_of(word: str) -> list[str]:
    """Return each ICMP type of a list, with its code or without: "8", "8/0", "3,11"."""
    parts = word.split(",")
    for part in parts:
        numbers = part.split("/")
        if len(numbers) > 2 or not all(map(_is_byte, numbers)):  # noqa: PLR2004 - type and code
            raise ParseError(word, "is not an ICMP type: write 8, or 8/0 for type and code.")
    return _unique(parts)


def looks_like_address(word: str) -> bool:
    """Return whether a word can only be meant as an address, valid or not."""
    is_ipv6_like = _IPV6_LIKE.fullmatch(word) is not None and word.count(":") > 1
    return _IPV4_LIKE.match(word) is not None or is_ipv6_like


def prefixes_of(word: str) -> list[End]:
    """Return the remotes of a list of CIDRs."""
    return [_prefix_of(part) for part in word.split(",")]


def _prefix_of(word: str) -> End:
    address, *lengths = word.split("/")
    length = lengths[0] if lengths else None
    ethertype = "IPv4" if _is_ipv4(address) else "IPv6" if _is_ipv6(address) else ""
    bits = _IPV6_BITS if ethertype == "IPv6" else _IPV4_BITS
    is_length = length is None or (_BYTE.fullmatch(length) is not None and int(length) <= bits)
    if not ethertype or not is_length or len(lengths) > 1:
        raise ParseError(
            word,
            "is not an IP address or CIDR: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.",
        )
    is_zero = _ZERO.fullmatch(address) is not None
    if length == "0" and is_zero:
        return End("all", ethertype)
    if length == "0" or (length is None and is_zero):
        every = "::/0" if ethertype == "IPv6" else "0.0.0.0/0"
        raise ParseError(
            word, f"is ambiguous: write {every} for all {ethertype} addresses, or a longer prefix."
        )
    if meant := host_bits_of(word):
        one, network, covers = meant
        raise ParseError(
            word, f"covers {covers}: write {one} for the one address, or {network} for the network."
        )
    return End("cidr", ethertype, f"{address}/{bits}" if length is None else word)


def _is_byte(text: str) -> bool:
    return _BYTE.fullmatch(text) is not None and int(text) <= _HIGHEST_BYTE


def _is_ipv4(text: str) -> bool:
    octets = text.split(".")
    return len(octets) == 4 and all(map(_is_byte, octets))  # noqa: PLR2004


def _is_ipv6(text: str) -> bool:
    halves = text.split("::")
    if len(halves) > 2:  # noqa: PLR2004
        return False
    groups = [group for half in halves if half for group in half.split(":")]
    last = groups[-1] if groups else ""
    # The last 32 bits may be written as in IPv4.
    is_mixed = "." in last
    if is_mixed and not (_is_ipv4(last) and text.endswith(last)):
        return False
    length = len(groups) + is_mixed
    hexadecimal = groups[:-1] if is_mixed else groups
    is_whole = length < _IPV6_GROUPS if len(halves) > 1 else length == _IPV6_GROUPS
    return is_whole and all(_IPV6_GROUP.fullmatch(group) for group in hexadecimal)


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
