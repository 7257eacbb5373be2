"""Descriptions in lines.

Text that could be meant as a restriction is an error and not a description. A broad rule takes a
description only where the syntax marks it as one, because no list of words covers every way to
write a restriction.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringfence.cli.api.paste.presets import PRESETS
from ringfence.cli.api.paste.values import (
    ParseError,
    has_ports,
    is_anywhere,
    is_every,
    is_icmp,
    named_protocol,
    strip,
    words_of,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as the console's editor has it: `kind` is that of its remote end."""

    direction: str
    ethertype: str
    protocol: str
    ports: str
    kind: str
    end: str
    description: str


@dataclass(frozen=True, slots=True)
class Described:
    """The texts of a line that describe its rules.

    `free` are unmarked words after the last remote, `comment` is the text of an option, `column`
    that of a CSV column, `remark` the text after a #.
    """

    free: Sequence[str] = ()
    comment: str | None = None
    column: str | None = None
    remark: str | None = None

    def text(self) -> str:
        parts = [" ".join(self.free), self.comment, self.column, self.remark]
        return " ".join(part for part in parts if part)


_AFTER = "If it is part of the description, put the description after a #."
_LEAVE_OUT = "Remove it from the description of a broad rule."
_UNMARKED = "could be meant as a restriction of a broad rule: put the description after a #."
# The shortest prefix length of a CIDR that is not broad, by IP version
_SHORTEST_NARROW = {"IPv4": 8, "IPv6": 16}
_ALL_PORTS = "1-65535"
_RESTRICTIONS = frozenset(
    """except excepting excluding excludes exclude but not no non none never neither nor only just
    without minus unless if when while until till during deny denies denied drop reject block
    blocked refuse limit limited established related forward port ports proto protocol type code
    sport dport src dst source sources destination dest interface iface via group groups sg instead
    alone solely exclusively""".split()  # noqa: SIM905 - as the console lists them
)
# As the first word of a description, these would continue the rule.
_CONTINUATIONS = frozenset({"to", "and", "or", "on", "at", "x", "-", "\u2013", "allow", "proto"})
_DIRECTIONS = {
    **dict.fromkeys(("ingress", "inbound", "incoming", "in", "input"), "ingress"),
    **dict.fromkeys(("egress", "outbound", "outgoing", "out", "output"), "egress"),
}
_ETHERTYPES = {
    **dict.fromkeys(("ipv4", "v4", "inet", "ip4"), "IPv4"),
    **dict.fromkeys(("ipv6", "v6", "inet6", "ip6"), "IPv6"),
}
_ADDRESS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]|[0-9]/[0-9]|::|[0-9a-f]:[0-9a-f]{1,4}:|\.\*")
_INTERFACE = re.compile(r"(?:eth|en[ospx]|wlan|bond|br|tun|tap|veth|lo)[0-9]")
_PORTS = re.compile(r"[0-9]+[-\u2013:][0-9]*|[-\u2013:][0-9]+|[0-9]+(,[0-9]+)+,?")
_NUMBER_FIRST = re.compile(r"[0-9]+([,;.:]|$)")


def check_description(described: Described, rows: Sequence[Row]) -> None:
    """Raise `ParseError` if a text may be meant as more than a description of the rows."""
    _check_words(described.free, rows, _AFTER)
    if not any(map(_is_broad, rows)):
        return
    if described.free:
        raise ParseError(described.free[0], _UNMARKED)
    _check_words(words_of(described.comment or ""), rows, _AFTER)
    _check_words(words_of(described.column or ""), rows, _LEAVE_OUT)
    for word in words_of(described.remark or ""):
        if _is_end_or_ports(_plain(word)):
            raise ParseError(word, f"could be meant as a part of the rule. {_LEAVE_OUT}")


def could_be_keyword(word: str) -> bool:
    """Return whether a word at the position of a name could be meant as another part of a rule."""
    plain = _plain(word)
    is_keyword = plain in _DIRECTIONS or plain in _ETHERTYPES or named_protocol(plain) is not None
    return (
        is_keyword
        or plain in _RESTRICTIONS
        or plain in _CONTINUATIONS
        or is_anywhere(plain)
        or _is_value(plain)
        or re.fullmatch(r"[0-9]+", plain) is not None
    )


def _plain(word: str) -> str:
    # NFKC maps full-width and other compatibility characters to the ordinary ones.
    return unicodedata.normalize("NFKC", word).lower()


def _is_broad(row: Row) -> bool:
    """Return whether a rule is broad in any part: its remote, protocol, ports or ICMP types."""
    if row.kind == "all" or row.protocol == "":
        return True
    if row.kind == "cidr" and int(row.end.split("/")[1]) < _SHORTEST_NARROW[row.ethertype]:
        return True
    ports = strip(row.ports)
    is_any = ports == "" or is_every(ports)
    if has_ports(row.protocol):
        return is_any or row.ports == _ALL_PORTS
    return is_icmp(row.protocol) and is_any


def _check_words(words: Sequence[str], rows: Sequence[Row], how: str) -> None:
    """Raise `ParseError` for a word that contradicts or restricts the rows.

    A description may repeat a property of the rule. `how` is the hint how to write such a
    description.
    """
    for index, word in enumerate(words):
        plain = _plain(word)
        is_part = (index == 0 and _continues(plain)) or _is_value(plain)
        if is_part:
            raise ParseError(word, f"could be meant as a part of the rule. {how}")
        # The words of a URL are not part of the rule.
        if _is_url(plain):
            continue
        for each in _pieces(plain):
            if each in _RESTRICTIONS:
                raise ParseError(
                    word, f"could be meant as a restriction, which a rule cannot express. {how}"
                )
            if not _agrees(each, rows):
                raise ParseError(word, f"contradicts the rest of the line. {how}")
        if not _agrees(plain, rows):
            raise ParseError(word, f"contradicts the rest of the line. {how}")


def _is_url(plain: str) -> bool:
    rest = plain.removeprefix("https://") if plain.startswith("https://") else plain[7:]
    return plain.startswith(("http://", "https://")) and rest[:1].isalpha()


def _pieces(plain: str) -> Iterable[str]:
    return "".join(letter if letter.isalnum() else " " for letter in plain).split(" ")


def _continues(plain: str) -> bool:
    return _NUMBER_FIRST.match(plain) is not None or plain in _CONTINUATIONS or is_anywhere(plain)


def _is_value(plain: str) -> bool:
    start = next((index for index, letter in enumerate(plain) if letter.isalnum()), 0)
    is_option = start > 0 and plain[start - 1] == "-" and "a" <= plain[start] <= "z"
    return (
        is_option
        or "!" in plain
        or "=" in plain
        or _INTERFACE.match(plain) is not None
        or _is_end_or_ports(plain)
    )


def _is_end_or_ports(plain: str) -> bool:
    pair = plain.split("/")
    is_pair = (
        len(pair) > 1
        and any(re.match(r"[0-9]", each) for each in pair)
        and any(named_protocol(each) is not None for each in pair)
    )
    return is_pair or bool(_ADDRESS.search(plain)) or bool(_PORTS.fullmatch(plain))


def _agrees(word: str, rows: Sequence[Row]) -> bool:
    protocol = named_protocol(word)
    if protocol is not None and any(_own_protocol(row) != protocol for row in rows):
        return False
    if word in _DIRECTIONS and any(row.direction != _DIRECTIONS[word] for row in rows):
        return False
    if word in _ETHERTYPES and any(row.ethertype != _ETHERTYPES[word] for row in rows):
        return False
    opens = PRESETS.get(word)
    return not opens or all((row.protocol, row.ports) in opens for row in rows)


def _own_protocol(row: Row) -> str:
    return "icmpv6" if row.protocol == "icmp" and row.ethertype == "IPv6" else row.protocol
