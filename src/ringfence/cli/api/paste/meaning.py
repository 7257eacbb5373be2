"""Expands a parsed line into rows: one for each port and each remote."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.cli.api.paste.description import (
    Described,
    Row,
    check_description,
    could_be_keyword,
)
from ringfence.cli.api.paste.values import End, ParseError, has_ports, is_icmp

# The most rules that a person can be expected to review
MAX_RULES = 1000
_MAX_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class Opening:
    """A protocol ("icmpv6" too) and its ports.

    None if the line names no ports; one empty text for an explicit any.
    """

    protocol: str
    ports: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a line says; `ethertype` is empty if the line does not name it."""

    direction: str
    ethertype: str
    opens: Sequence[Opening]
    ends: Sequence[End]
    described: Described


def length_of(text: str) -> int:
    """Return the length that JavaScript has for a text: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def rows_of(meaning: Meaning) -> list[Row]:
    """Return the rows of a parsed line; raises `ParseError` if its parts contradict each other."""
    description = meaning.described.text()
    if length_of(description) > _MAX_DESCRIPTION:
        raise ParseError("", f"The description is longer than {_MAX_DESCRIPTION} characters.")
    for end in meaning.ends:
        if end.kind == "group" and (not end.end or could_be_keyword(end.end)):
            raise ParseError(
                end.end, "is ambiguous as the name of a group: choose the group in the table."
            )
    opened = [(opening.protocol, _ports_of(opening)) for opening in meaning.opens]
    number = sum(len(ports) for _, ports in opened) * len(meaning.ends)
    if number > MAX_RULES:
        raise ParseError(
            "",
            f"The line expands to {number} rules or more; at most {MAX_RULES} can be pasted at "
            "once.",
        )
    rows = [
        Row(
            meaning.direction,
            family,
            "icmp" if protocol == "icmpv6" else protocol,
            each or ("any" if has_ports(protocol) else ""),
            end.kind,
            end.end,
            description,
        )
        for protocol, ports in opened
        for each in ports
        for end in meaning.ends
        for family in _ethertypes_of(end, meaning.ethertype, protocol)
    ]
    # A CIDR that is listed twice is one rule.
    unique = list(dict.fromkeys(rows))
    check_description(meaning.described, unique)
    return unique


def _ports_of(opening: Opening) -> Sequence[str]:
    protocol, ports = opening.protocol, opening.ports
    if has_ports(protocol):
        if ports is None:
            raise ParseError(
                protocol, "requires ports: 22, or 80,443, or 8000-8100, or any for all ports."
            )
        return ports
    if ports and ports[0] != "" and not is_icmp(protocol):
        raise ParseError(
            ports[0],
            "is not allowed here: only tcp, udp, dccp, sctp and udplite have ports."
            if protocol
            else "requires a protocol: write tcp or udp instead of any.",
        )
    return [""] if ports is None else ports


def _ethertypes_of(end: End, explicit: str, protocol: str) -> list[str]:
    if explicit and end.ethertype and explicit != end.ethertype:
        raise ParseError(
            end.end or end.ethertype, f"is {end.ethertype}, but the line says {explicit}."
        )
    known = explicit or end.ethertype
    own = {"icmpv6": "IPv6", "icmp": "IPv4"}.get(protocol, "")
    # In a rule with ethertype IPv6, Neutron takes "icmp" for ICMPv6, whose types differ.
    if own and known and own != known and not (protocol == "icmp" and explicit):
        raise ParseError(
            protocol,
            f"requires {own}, but the addresses are {known}: write "
            f"{'icmpv6' if own == 'IPv4' else 'icmp'}.",
        )
    if known or own:
        return [known or own]
    return ["IPv4"] if end.kind == "group" else ["IPv4", "IPv6"]
