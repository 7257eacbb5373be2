"""Rules that others cover, and a part of a list of rules that admits the same traffic. Pure.

A rule is left out if the others together admit all that it admits. Narrow rules are tried first, so
that wide ones stay; of equal ones, the first stays. None of those that stay can be left out.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ringfence.security_groups.intervals import BITS, LAST_ADDRESS, Interval, meet
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import Box, Symbol, box_of

# How many parts of rules are compared at most, which takes half a second
MOST_PARTS = 250_000

# Intervals of protocols, ports and addresses
Space = tuple[Interval, Interval, Interval]
# Ethertype and direction
Kind = tuple[str, str]
End = tuple[Kind, Interval | Symbol | None]
_NONE: Mapping[Interval, list[tuple[int, int, int]]] = {}


@dataclass(frozen=True, slots=True)
class Reduction:
    """A list of rules by their indexes: those that stay, and the others.

    `covered` maps each other rule to rules that stay and together admit all that it admits.
    `is_complete` is False if the list was too complex to find all of them.
    """

    kept: Sequence[int]
    covered: Mapping[int, Sequence[int]]
    is_complete: bool = True


def reduce(rules: Sequence[Rule], fixed: Collection[int] = ()) -> Reduction:
    """Return which of the rules can be left out.

    Rules at the indexes of `fixed` stay, and cover no other: what they admit is not known.
    """
    boxes = [box_of(rule) for rule in rules]
    known = [number for number in range(len(boxes)) if number not in fixed]
    left = _Left(boxes, known)
    budget = _Budget(MOST_PARTS)
    for number in sorted(known, key=lambda each: (*_width(boxes[each]), -each)):
        if _cover(boxes, number, left.overlapping(number), budget) is not None:
            left.remove(number)
    naming = _Budget(MOST_PARTS)
    covered = {
        # Those that are left cover it, as those before did, if only all of them together.
        number: _cover(boxes, number, others := left.overlapping(number), naming) or others
        for number in known
        if number not in left
    }
    kept = [number for number in range(len(boxes)) if number not in covered]
    return Reduction(kept, covered, is_complete=not budget.is_spent)


class _Budget:
    """How many parts of rules may still be compared."""

    def __init__(self, parts: int) -> None:
        self._parts = parts

    def spend(self, parts: int) -> None:
        self._parts -= parts

    @property
    def is_spent(self) -> bool:
        return self._parts < 0


class _Left:
    """The rules that are left, by their remote ends and protocols.

    Of two prefixes that overlap, one contains the other. Those that overlap with a prefix are
    therefore its supernets, and the prefixes that begin within it.
    """

    def __init__(self, boxes: Sequence[Box], numbers: Iterable[int]) -> None:
        self._boxes = boxes
        # By kind and end, then by protocols: the first and the last port, and the number
        self._by_end: dict[End, dict[Interval, list[tuple[int, int, int]]]] = {}
        prefixes: dict[Kind, set[Interval]] = {}
        self._left = set(numbers)
        for number in sorted(self._left):
            box = boxes[number]
            by_protocols = self._by_end.setdefault(_end(box), {})
            by_protocols.setdefault(box.protocols, []).append((*box.ports, number))
            if box.addresses:
                prefixes.setdefault((box.ethertype, box.direction), set()).add(box.addresses)
        self._prefixes = {kind: sorted(found) for kind, found in prefixes.items()}

    def __contains__(self, number: int) -> bool:
        return number in self._left

    def remove(self, number: int) -> None:
        """Leave out a rule."""
        box = self._boxes[number]
        self._left.remove(number)
        self._by_end[_end(box)][box.protocols].remove((*box.ports, number))

    def overlapping(self, number: int) -> list[int]:
        """Return the other rules that admit some of its traffic, those from wide prefixes first.

        Of a symbolic end, those from any prefix: together they may admit any address.
        """
        box = self._boxes[number]
        from_port, to_port = box.ports
        return [
            other
            for end in self._ends(box)
            for protocols, rules in self._by_end.get(end, _NONE).items()
            if meet(protocols, box.protocols)
            for first, last, other in rules
            if first <= to_port and last >= from_port and other != number
        ]

    def _ends(self, box: Box) -> Iterator[End]:
        kind = box.ethertype, box.direction
        if box.addresses is None:
            yield kind, box.symbol
            yield from ((kind, prefix) for prefix in self._prefixes.get(kind, ()))
            return
        first, last = box.addresses
        for wider in range(BITS[box.ethertype], (last - first).bit_length(), -1):
            beginning = first >> wider << wider
            yield kind, (beginning, beginning + (1 << wider) - 1)
        prefixes = self._prefixes[kind]
        for index in range(bisect_left(prefixes, (first, 0)), len(prefixes)):
            if prefixes[index][0] > last:
                return
            # Those with the same first address and a later last one were among the supernets.
            if prefixes[index][1] <= last:
                yield kind, prefixes[index]


def _end(box: Box) -> End:
    return (box.ethertype, box.direction), box.addresses or box.symbol


def _cover(
    boxes: Sequence[Box], number: int, others: Sequence[int], budget: _Budget
) -> tuple[int, ...] | None:
    """Return rules among `others` that together admit all of a rule; `None` if they do not."""
    box, space = boxes[number], _space(boxes[number])
    for other in others:
        if _contains(boxes[other], box):
            return (other,)
    budget.spend(len(others))
    if budget.is_spent:
        return None
    shared = [(_shared(space, boxes[other]), other) for other in others]
    sizes = {other: _volume(part) for part, other in shared}
    # If their sizes do not add up to its own, they cannot cover it, however they overlap.
    if sum(sizes.values()) < _volume(space):
        return None
    shared.sort(key=lambda each: -sizes[each[1]])
    rest, used = [space], []
    for part, other in shared:
        budget.spend(len(rest))
        if budget.is_spent:
            return None
        cut = [piece for each in rest for piece in _without(each, part)]
        if cut != rest:
            used.append(other)
        rest = cut
        if not rest:
            return tuple(sorted(used))
    return None


def _contains(one: Box, other: Box) -> bool:
    """Return whether a box contains one that overlaps with it."""
    if (
        one.ports[0] > other.ports[0]
        or one.ports[1] < other.ports[1]
        or one.protocols[0] > other.protocols[0]
        or one.protocols[1] < other.protocols[1]
    ):
        return False
    (first, last), (other_first, other_last) = _addresses(one), _addresses(other)
    return first <= other_first and other_last <= last


def _addresses(box: Box) -> Interval:
    """Return the addresses; of a symbolic end all, as only all of them cover it."""
    return box.addresses or (0, LAST_ADDRESS[box.ethertype])


def _space(box: Box) -> Space:
    return box.protocols, box.ports, _addresses(box)


def _width(box: Box) -> tuple[bool, int]:
    """Return what orders boxes; those with a symbolic end are the narrowest."""
    return box.symbol is None, _volume(_space(box))


def _shared(space: Space, other: Box) -> Space:
    """Return the common part of a rule and one that overlaps with it."""
    protocols, ports, addresses = space
    return (
        _common(protocols, other.protocols),
        _common(ports, other.ports),
        _common(addresses, _addresses(other)),
    )


def _common(one: Interval, other: Interval) -> Interval:
    return max(one[0], other[0]), min(one[1], other[1])


def _volume(space: Space) -> int:
    size = 1
    for first, last in space:
        size *= last - first + 1
    return size


def _without(space: Space, part: Space) -> Iterator[Space]:
    """Yield disjoint parts that are left of a space, along one axis after the other."""
    if not all(meet(one, other) for one, other in zip(space, part, strict=True)):
        yield space
        return
    rest = list(space)
    for axis, (first, last) in enumerate(part):
        if rest[axis][0] < first:
            yield _replaced(rest, axis, (rest[axis][0], first - 1))
        if rest[axis][1] > last:
            yield _replaced(rest, axis, (last + 1, rest[axis][1]))
        rest[axis] = _common(rest[axis], (first, last))


def _replaced(space: Sequence[Interval], axis: int, interval: Interval) -> Space:
    one, two, three = (interval if index == axis else each for index, each in enumerate(space))
    return one, two, three
