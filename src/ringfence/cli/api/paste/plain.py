"""Parses the syntax of Ringfence.

[in|out] [ipv4|ipv6] PROTOCOL [PORTS] [from|to] REMOTE… [DESCRIPTION] [# DESCRIPTION]
"""

import re
from typing import NamedTuple

from ringfence.cli.api.paste.description import Described, Row
from ringfence.cli.api.paste.meaning import Meaning, Opening, rows_of
from ringfence.cli.api.paste.presets import PRESETS
from ringfence.cli.api.paste.values import (
    End,
    ParseError,
    has_ports,
    icmp_types_of,
    is_anywhere,
    is_every,
    is_icmp,
    looks_like_address,
    named_protocol,
    ports_of,
    prefixes_of,
    protocol_of,
    words_of,
)
from ringfence.cli.api.paste.words import Words, without_remark

DIRECTIONS = {
    **dict.fromkeys(("in", "ingress", "inbound"), "ingress"),
    **dict.fromkeys(("out", "egress", "outbound"), "egress"),
}
ETHERTYPES = {"ipv4": "IPv4", "ipv6": "IPv6"}
_DENY_WORDS = frozenset({"deny", "reject", "drop", "block", "refuse"})
_FORM = (
    "is not recognised: write protocol, ports and address, such as tcp 22 10.0.0.0/8, or a rule "
    "of ufw, iptables or the openstack command."
)
_DIGIT = re.compile(r"[0-9]")


class Prefix(NamedTuple):
    """The direction and the IP version at the beginning; empty if not named."""

    direction: str
    ethertype: str


def read_plain(line: str) -> list[Row]:
    text, remark = without_remark(line)
    words = Words(words_of(text))
    prefix = take_prefix_words(words)
    opens = take_opens(words)
    direction = prefix.direction or "ingress"
    ends = _take_ends(words, direction)
    described = Described(free=words.words[words.position :], remark=remark)
    return rows_of(Meaning(direction, prefix.ethertype, opens, ends, described))


def take_prefix_words(words: Words) -> Prefix:
    """Take the direction and the IP version at the beginning, in either order."""
    direction = ethertype = ""
    while True:
        word = (words.next or "").lower()
        if not direction and word in DIRECTIONS:
            direction = DIRECTIONS[word]
        elif not ethertype and word in ETHERTYPES:
            ethertype = ETHERTYPES[word]
        else:
            return Prefix(direction, ethertype)
        words.position += 1


def take_opens(words: Words) -> list[Opening]:
    """Take the protocol and ports: "tcp 22", "22/tcp", "icmp 8/0", "esp", "any", or a preset."""
    is_numbered = words.take_if("protocol", "proto")
    word = words.take("The line is incomplete: protocol, ports and address are required.")
    service = PRESETS.get(word.lower())
    if not is_numbered and service:
        return [Opening(protocol, [ports]) for protocol, ports in service]
    pair = word.split("/")
    if len(pair) == 2 and not is_numbered:  # noqa: PLR2004 - protocol and ports
        for index, each in enumerate(pair):
            named = named_protocol(each)
            if named is not None and has_ports(named):
                return [Opening(named, ports_of(pair[1 - index]))]
    if not is_numbered and not is_every(word) and named_protocol(word) is None:
        raise _not_a_protocol(word)
    protocol = protocol_of(word)
    return [Opening(protocol, _take_ports(words, protocol))]


def _take_ports(words: Words, protocol: str) -> list[str] | None:
    if has_ports(protocol):
        has_keyword = words.take_if("port", "ports")
        if words.take_if("any", "all"):
            return [""]
        if has_keyword or _is_number(words.next):
            return ports_of(words.take_list("The line ends before the ports."))
        return None
    if is_icmp(protocol) and _is_number(words.next):
        return icmp_types_of(words.take_list(""))
    return None


def _is_number(word: str | None) -> bool:
    return word is not None and bool(_DIGIT.match(word)) and not looks_like_address(word)


def _take_ends(words: Words, direction: str) -> list[End]:
    """Take one or more remotes: CIDRs, "group NAME", or "any" for all addresses."""
    is_egress = direction == "egress"
    preposition = "to" if is_egress else "from"
    following = words.next or ""
    if following.lower() in {"from", "to"} and not words.take_if(preposition):
        raise ParseError(
            following,
            f"does not fit the direction of the rule: write {preposition}, or start the line with "
            f"{'in' if is_egress else 'out'}.",
        )
    word = words.take(
        f"The line has no {'destination' if is_egress else 'source'}: add an address such as "
        "10.0.0.0/8, or any for all addresses."
    )
    if is_anywhere(word):
        return [End("all")]
    if word.lower() == "group":
        return [End("group", end=_take_name(words))]
    words.position -= 1
    if not looks_like_address(word):
        raise ParseError(
            word,
            "is not a remote: write an address such as 10.0.0.0/8, any for all addresses, or group "
            "and a name.",
        )
    ends: list[End] = []
    while words.next and looks_like_address(words.next):
        ends += prefixes_of(words.take_list(""))
    return ends


def _take_name(words: Words) -> str:
    """Take the name of a group: one word, or words in double quotes."""
    name = words.take("The line ends before the name of the group.")
    if not name.startswith('"'):
        return name
    while len(name) < 2 or not name.endswith('"'):  # noqa: PLR2004 - both quotes
        name += f" {words.take('The name of the group has no closing quote.')}"
    inner = name[1:-1]
    if not inner or '"' in inner:
        raise ParseError(name, "is not the name of a group.")
    return inner


def _not_a_protocol(word: str) -> ParseError:
    if word.lower() in _DENY_WORDS:
        return ParseError(
            word, "is not supported: security group rules can only allow. Remove the line."
        )
    if looks_like_address(word):
        return ParseError(
            word,
            "is an address without protocol and ports: write tcp 22 before it, or any for all "
            "traffic.",
        )
    if _DIGIT.match(word):
        return ParseError(word, "is a port without a protocol: write tcp or udp before it.")
    return ParseError(word, _FORM)
