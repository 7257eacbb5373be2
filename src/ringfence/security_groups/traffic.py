"""What rules admit, apart from their remote ends, as intervals: which overlap, which contain.

Everything here is pure. Looking one up takes logarithmic time, whatever was sent.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Generic, TypeVar

from ringfence.security_groups.rules import EVERY_PROTOCOL, RuleKey

_ICMP = frozenset({"icmp", "ipv6-icmp"})
# Of ICMP, a type and a code: 256 codes a type.
_CODES = 256
_LAST = 65_535

T = TypeVar("T")
Kind = tuple[str, str, str | None]
Interval = tuple[int, int]


class Traffic(Generic[T]):
    """Values by what their rules admit."""

    def __init__(self, rules: Iterable[tuple[RuleKey, T]]) -> None:
        found: dict[Kind, list[tuple[Interval, T]]] = {}
        for key, value in rules:
            # Once by its own protocol, once for those of every protocol that overlap it.
            found.setdefault(_kind(key), []).append((_interval(key), value))
            if _protocol(key) is not None:
                found.setdefault((*_kind(key)[:2], "some"), []).append((_interval(key), value))
        self._lists = {kind: _Intervals(entries) for kind, entries in found.items()}

    def overlapping(self, key: RuleKey) -> T | None:
        """Return the value of a rule that admits some of what this one does."""
        first, last = _interval(key)
        for protocol in (None, _protocol(key) or "some"):
            found = self._lists.get((*_kind(key)[:2], protocol))
            whole = (0, _LAST) if None in {protocol, _protocol(key)} else (first, last)
            if found and (value := found.reaching(whole[1], whole[0])) is not None:
                return value
        return None

    def containing(self, key: RuleKey) -> T | None:
        """Return the value of one rule that admits all that this one does."""
        first, last = _interval(key)
        for protocol in (None, _protocol(key)):
            found = self._lists.get((*_kind(key)[:2], protocol))
            whole = (0, _LAST) if protocol is None else (first, last)
            if found and (value := found.reaching(*whole)) is not None:
                return value
        return None


class _Intervals(Generic[T]):
    """Intervals by their beginnings, each with the one before it, or itself, that ends last."""

    def __init__(self, entries: Iterable[tuple[Interval, T]]) -> None:
        ordered = sorted(entries, key=lambda entry: entry[0])
        self._beginnings = [interval[0] for interval, _ in ordered]
        self._longest: list[tuple[Interval, T]] = list(accumulate(ordered, _later))

    def reaching(self, beginning: int, end: int) -> T | None:
        """Return the value of one that begins no later, and ends no earlier."""
        place = bisect_right(self._beginnings, beginning)
        if place == 0:
            return None
        interval, value = self._longest[place - 1]
        return value if interval[1] >= end else None


def _later(one: tuple[Interval, T], other: tuple[Interval, T]) -> tuple[Interval, T]:
    """Return the one that ends last."""
    return other if other[0][1] > one[0][1] else one


def _kind(key: RuleKey) -> Kind:
    return key.ethertype, key.direction, _protocol(key)


def _protocol(key: RuleKey) -> str | None:
    return None if key.protocol in EVERY_PROTOCOL else key.protocol


def _interval(key: RuleKey) -> Interval:
    first, last = key.port_range_min, key.port_range_max
    if first is None:
        return 0, _LAST
    if key.protocol not in _ICMP:
        return first, first if last is None else last
    beginning = first * _CODES
    return (beginning, beginning + _CODES - 1) if last is None else (beginning + last,) * 2
