"""Traffic as rules write it: disjoint pieces with prefixes. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ringfence.security_groups.intervals import BITS, Interval, prefixes
from ringfence.security_groups.rules import shown_protocol
from ringfence.security_groups.traffic_boxes import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP,
    ICMP_CODES,
    Box,
    Symbol,
)

# Sorts the widest first: length of the prefix, numbers of protocols and ports, then the values
Narrowness = tuple[int, int, int, tuple[str, str], Interval, int, str]


class Piece(NamedTuple):
    """A part of traffic as a rule writes it. Pieces of one traffic are disjoint.

    `protocol` is also a range of numbers, such as `7-16`, where all but some are admitted. Ports
    of ICMP are type and code. Without a symbolic end, `cidr` is a prefix, for anywhere too.
    """

    ethertype: str
    direction: str
    protocol: str
    from_port: int | None
    to_port: int | None
    cidr: str | None
    remote_group: str | None = None
    remote_address_group: str | None = None
    # The end of a rule that cannot be read
    unknown_end: str | None = None


def sortable_pieces(boxes: Iterable[Box]) -> Iterator[tuple[Narrowness, Piece]]:
    """Yield the pieces of disjoint boxes, each with what sorts the widest first."""
    for box in boxes:
        ethertype, direction, symbol = box.ethertype, box.direction, box.symbol
        kind, ends = (ethertype, direction), _symbol_fields(symbol)
        for protocol, protocols in _shown_protocols(box):
            width = protocols[0] - protocols[1]
            for (from_port, to_port), size in _shown_ports(box, protocols):
                for cidr, length in _shown_ends(box):
                    piece = Piece(ethertype, direction, protocol, from_port, to_port, cidr, *ends)
                    end = cidr or str(symbol)
                    yield (length, width, -size, kind, protocols, from_port or 0, end), piece


def _shown_protocols(box: Box) -> Iterator[tuple[str, Interval]]:
    first, last = box.protocols
    if box.protocols == ALL_PROTOCOLS:
        yield "", box.protocols
    # Number 0 alone is a range, too: as a protocol of a rule, 0 is every protocol.
    elif (first < last or last == 0) and box.ports == ALL_PORTS:
        yield f"{first}-{last}", box.protocols
    else:
        for number in range(first, last + 1):
            yield _shown_protocol(number, box.ethertype), (number, number)


@lru_cache(maxsize=1024)
def _shown_protocol(number: int, ethertype: str) -> str:
    return shown_protocol(str(number), ethertype) or str(number)


def _shown_ports(
    box: Box, protocols: Interval
) -> Iterator[tuple[tuple[int | None, int | None], int]]:
    """Yield ports, or types and codes, as rules write them, with their number."""
    first, last = box.ports
    if box.ports == ALL_PORTS:
        yield (None, None), last + 1
    elif protocols[0] not in ICMP:
        yield (first, last), last - first + 1
    else:
        while first <= last:
            kind, code = divmod(first, ICMP_CODES)
            whole = code == 0 and first + ICMP_CODES - 1 <= last
            yield (kind, None if whole else code), ICMP_CODES if whole else 1
            first += ICMP_CODES if whole else 1


def _shown_ends(box: Box) -> Sequence[tuple[str | None, int]]:
    """Return prefixes with their lengths; a symbolic end comes after all of them."""
    if box.addresses is None:
        return ((None, BITS["IPv6"] + 1),)
    return _shown_prefixes(box.ethertype, box.addresses)


@lru_cache(maxsize=4096)
def _shown_prefixes(ethertype: str, addresses: Interval) -> Sequence[tuple[str, int]]:
    return [(prefix, int(prefix.rpartition("/")[2])) for prefix in prefixes(ethertype, addresses)]


def _symbol_fields(symbol: Symbol | None) -> tuple[str | None, str | None, str | None]:
    kind, end = symbol or ("", None)
    return (
        end if kind == "group" else None,
        end if kind == "address_group" else None,
        end if kind == "unknown" else None,
    )
