"""The traffic that rules admit, as sets with union, difference and cover. Pure.

`Traffic` keeps, for each ethertype and direction, the remote ends that each protocol and port is
admitted from. That form is canonical: however rules are ordered or split, equal traffic is an equal
value. `traffic_boxes` turns rules into boxes, `traffic_pieces` boxes into what responses show;
`docs/explanation/traffic.md` has the semantics.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple, TypeVar

from ringfence.security_groups.intervals import (
    LAST_ADDRESS,
    Interval,
    aligned,
    elementary,
    merged,
    subtracted,
)
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import Box, Symbol, box_of
from ringfence.security_groups.traffic_pieces import Piece, sortable_pieces

V = TypeVar("V")
# Ethertype and direction
Kind = tuple[str, str]

# More pieces are more than anybody reads, and would take long to compute.
MAX_PIECES = 10_000
# Enough for a thousand rules that all overlap, and done in a second
_MAX_STEPS = 1_000_000


class TooComplex(Exception):
    """The traffic has more than `MAX_PIECES` pieces."""


class Ends(NamedTuple):
    """Remote ends: sorted, disjoint, not adjacent intervals of addresses, and symbols."""

    addresses: tuple[Interval, ...] = ()
    symbols: frozenset[Symbol] = frozenset()


NO_ENDS = Ends()
# Ends by intervals of ports, and the ports by intervals of protocols: sorted, without gaps of
# equal neighbours and without empty entries
Ports = tuple[tuple[Interval, Ends], ...]
Protocols = tuple[tuple[Interval, Ports], ...]
# From the ends of two values at one protocol and port to those of the result
Combine = Callable[[Ends, Ends, int], Ends]


class Traffic:
    """A set of traffic. Equal sets are equal values."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: Mapping[Kind, Protocols]) -> None:
        self.kinds = {kind: protocols for kind, protocols in kinds.items() if protocols}

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Traffic":
        """Return what the rules admit together. Raises `TooComplex`."""
        return cls.of_boxes(map(box_of, rules))

    @classmethod
    def of_boxes(cls, boxes: Iterable[Box]) -> "Traffic":
        """Return the union of the boxes. Raises `TooComplex`."""
        by_kind: dict[Kind, set[Box]] = {}
        for box in boxes:
            by_kind.setdefault((box.ethertype, box.direction), set()).add(box)
        return cls({kind: _union(kind[0], each) for kind, each in by_kind.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Traffic) and self.kinds == other.kinds

    def __hash__(self) -> int:
        return hash(frozenset(self.kinds.items()))

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def __repr__(self) -> str:
        return f"Traffic({list(islice(self.boxes(), 20))!r})"

    def __or__(self, other: "Traffic") -> "Traffic":
        return self._combined(other, _either)

    def __and__(self, other: "Traffic") -> "Traffic":
        return self._combined(other, _both)

    def __sub__(self, other: "Traffic") -> "Traffic":
        return self._combined(other, _without)

    def covers(self, other: "Traffic") -> bool:
        """Return whether all of `other` is in this."""
        return not other - self

    def boxes(self) -> Iterator[Box]:
        """Yield disjoint boxes, in the order of ethertype, direction, protocol and port."""
        for (ethertype, direction), by_protocol in sorted(self.kinds.items()):
            for protocols, by_port in by_protocol:
                for ports, ends in by_port:
                    for interval in ends.addresses:
                        yield Box(ethertype, direction, protocols, ports, interval)
                    if ends.symbols:
                        for symbol in sorted(ends.symbols):
                            yield Box(ethertype, direction, protocols, ports, None, symbol)

    def pieces(self) -> list[Piece]:
        """Return disjoint pieces, as prefixes: the widest first. Raises `TooComplex`."""
        pieces = list(islice(sortable_pieces(self.boxes()), MAX_PIECES + 1))
        if len(pieces) > MAX_PIECES:
            raise TooComplex
        pieces.sort(key=lambda piece: piece[0])
        return [piece for _, piece in pieces]

    def _combined(self, other: "Traffic", combine: Combine) -> "Traffic":
        kinds = self.kinds.keys() | other.kinds.keys()
        return Traffic(
            {
                kind: _combine(
                    self.kinds.get(kind, ()),
                    other.kinds.get(kind, ()),
                    combine,
                    LAST_ADDRESS[kind[0]],
                )
                for kind in kinds
            }
        )


def _union(ethertype: str, boxes: Iterable[Box]) -> Protocols:
    """Return the union of boxes of one ethertype and direction."""
    everywhere = LAST_ADDRESS[ethertype]
    by_protocols: dict[Interval, list[Box]] = {}
    for box in boxes:
        by_protocols.setdefault(box.protocols, []).append(box)
    layers = {each: _by_port(of_each, everywhere) for each, of_each in by_protocols.items()}
    result: list[tuple[Interval, Ports]] = []
    size = 0
    for interval in elementary(layers):
        ports: Ports = ()
        for protocols, layer in layers.items():
            if protocols[0] <= interval[0] and interval[1] <= protocols[1]:
                ports = _combine_ports(ports, layer, _either, everywhere) if ports else layer
        size += sum(_size(ends) for _, ends in ports)
        _append(result, interval, ports, size)
    return tuple(result)


def _by_port(boxes: Sequence[Box], everywhere: int) -> Ports:
    """Return the ends by intervals of ports, from boxes of the same protocols."""
    starts: dict[int, list[Box]] = {}
    stops: dict[int, list[Box]] = {}
    for box in boxes:
        starts.setdefault(box.ports[0], []).append(box)
        stops.setdefault(box.ports[1] + 1, []).append(box)
    active: dict[Box, None] = {}
    result: list[tuple[Interval, Ends]] = []
    size = 0
    for first, following in pairwise(sorted(starts.keys() | stops.keys())):
        for box in stops.get(first, ()):
            del active[box]
        for box in starts.get(first, ()):
            active[box] = None
        if active:
            # Counted before it is done: many ranges within each other cost their product.
            size += len(active)
            if size > _MAX_STEPS:
                raise TooComplex
            _append(result, (first, following - 1), _ends_of(active, everywhere), size=0)
    return tuple(result)


def _ends_of(boxes: Iterable[Box], everywhere: int) -> Ends:
    addresses = merged(box.addresses for box in boxes if box.addresses)
    symbols = frozenset(box.symbol for box in boxes if box.symbol)
    return _ends(addresses, symbols, everywhere)


def _ends(addresses: tuple[Interval, ...], symbols: frozenset[Symbol], everywhere: int) -> Ends:
    """Return ends; anywhere covers every symbolic one."""
    if _is_everywhere(addresses, everywhere):
        return Ends(addresses)
    return Ends(addresses, symbols)


def _is_everywhere(addresses: Sequence[Interval], everywhere: int) -> bool:
    return len(addresses) == 1 and addresses[0] == (0, everywhere)


def _either(one: Ends, other: Ends, everywhere: int) -> Ends:
    if one == other or not any(other):
        return one
    addresses = merged((*one.addresses, *other.addresses))
    return _ends(addresses, one.symbols | other.symbols, everywhere)


def _both(one: Ends, other: Ends, everywhere: int) -> Ends:
    if _is_everywhere(one.addresses, everywhere):
        return other
    if _is_everywhere(other.addresses, everywhere):
        return one
    rest = subtracted(one.addresses, other.addresses)
    return Ends(subtracted(one.addresses, rest), one.symbols & other.symbols)


def _without(one: Ends, other: Ends, everywhere: int) -> Ends:
    if one == other:
        return NO_ENDS
    if _is_everywhere(other.addresses, everywhere):
        return NO_ENDS
    return Ends(subtracted(one.addresses, other.addresses), one.symbols - other.symbols)


def _combine(one: Protocols, other: Protocols, combine: Combine, everywhere: int) -> Protocols:
    result: list[tuple[Interval, Ports]] = []
    size = 0
    for interval, ours, theirs in aligned(one, other):
        ports = _combine_ports(ours or (), theirs or (), combine, everywhere)
        size += sum(_size(ends) for _, ends in ports)
        _append(result, interval, ports, size)
    return tuple(result)


def _combine_ports(one: Ports, other: Ports, combine: Combine, everywhere: int) -> Ports:
    result: list[tuple[Interval, Ends]] = []
    size = 0
    for interval, ours, theirs in aligned(one, other):
        ends = combine(ours or NO_ENDS, theirs or NO_ENDS, everywhere)
        if any(ends):
            size += _size(ends)
            _append(result, interval, ends, size)
    return tuple(result)


def _size(ends: Ends) -> int:
    return len(ends.addresses) + len(ends.symbols)


def _append(result: list[tuple[Interval, V]], interval: Interval, value: V, size: int) -> None:
    """Append an entry, or extend the one before if it is its equal neighbour."""
    if size > _MAX_STEPS:
        raise TooComplex
    if not value:
        return
    if result and result[-1][0][1] + 1 == interval[0] and result[-1][1] == value:
        result[-1] = ((result[-1][0][0], interval[1]), value)
    else:
        result.append((interval, value))
