"""Intervals of integers: union, difference, alignment; addresses as intervals and prefixes. Pure.

An interval is its first and its last value. A set is a sequence of intervals: sorted, disjoint and
not adjacent, so equal sets are equal values.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from typing import Generic, TypeVar

V = TypeVar("V")
# The first and the last value, both included
Interval = tuple[int, int]

BITS = {"IPv4": 32, "IPv6": 128}
LAST_ADDRESS = {ethertype: 2**bits - 1 for ethertype, bits in BITS.items()}


def prefixes(ethertype: str, interval: Interval) -> Iterator[str]:
    """Yield the fewest prefixes that make up an interval of addresses."""
    make, bits = (IPv4Address, 32) if ethertype == "IPv4" else (IPv6Address, 128)
    first, last = interval
    while first <= last:
        # As many addresses as the alignment of the first one and the rest of the interval allow
        alignment = (first & -first).bit_length() - 1 if first else bits
        free = min(alignment, (last - first + 1).bit_length() - 1)
        yield f"{make(first)}/{bits - free}"
        first += 1 << free


@lru_cache(maxsize=4096)
def interval_of(cidr: str, ethertype: str) -> Interval | None:
    """Return the addresses of a prefix, host bits cleared; `None` if it is not one."""
    try:
        network = ip_network(cidr.strip(), strict=False)
    except ValueError:
        return None
    if network.max_prefixlen != BITS[ethertype]:
        return None
    first = int(network.network_address)
    return first, first + network.num_addresses - 1


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union of intervals: sorted, disjoint and not adjacent."""
    result: list[Interval] = []
    for first, last in sorted(intervals):
        if result and first <= result[-1][1] + 1:
            if last > result[-1][1]:
                result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return tuple(result)


def subtracted(intervals: Iterable[Interval], others: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return sorted, disjoint `intervals` without `others`, which are so, too."""
    result: list[Interval] = []
    start = 0
    for first, last in intervals:
        while start < len(others) and others[start][1] < first:
            start += 1
        position = start
        while position < len(others) and others[position][0] <= last:
            if others[position][0] > first:
                result.append((first, others[position][0] - 1))
            first = others[position][1] + 1  # noqa: PLW2901 - what is left of it
            position += 1
        if first <= last:
            result.append((first, last))
    return tuple(result)


def meet(one: Interval, other: Interval) -> bool:
    """Return whether two intervals have a value in common."""
    return one[0] <= other[1] and other[0] <= one[1]


def elementary(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Yield the parts of the union of intervals that each of them holds whole or not at all."""
    ordered = sorted(intervals)
    bounds = sorted({first for first, _ in ordered} | {last + 1 for _, last in ordered})
    for first, following in pairwise(bounds):
        if any(one <= first and following - 1 <= last for one, last in ordered):
            yield first, following - 1


def aligned(
    one: Sequence[tuple[Interval, V]], other: Sequence[tuple[Interval, V]]
) -> Iterator[tuple[Interval, V | None, V | None]]:
    """Yield the parts of both, in order, with the value that each has there."""
    bounds = sorted({bound for (first, last), _ in (*one, *other) for bound in (first, last + 1)})
    ours, theirs = _At(one), _At(other)
    for first, following in pairwise(bounds):
        values = ours.value(first), theirs.value(first)
        if values != (None, None):
            yield (first, following - 1), *values


class _At(Generic[V]):
    """Looks up values at increasing positions."""

    def __init__(self, entries: Sequence[tuple[Interval, V]]) -> None:
        self._entries = entries
        self._index = 0

    def value(self, position: int) -> V | None:
        while self._index < len(self._entries) and self._entries[self._index][0][1] < position:
            self._index += 1
        if self._index == len(self._entries):
            return None
        (first, _), value = self._entries[self._index]
        return value if first <= position else None
