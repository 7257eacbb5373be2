"""The traffic that rules admit, apart from their remote ends, as intervals. Pure.

Finds rules that overlap or contain a given one, in logarithmic time.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Generic, TypeVar

from ringfence.security_groups.rules import EVERY_PROTOCOL, RuleKey

_ICMP = frozenset({"icmp", "ipv6-icmp"})
# ICMP codes per type
_CODES = 256
_LAST = 65_535

T = TypeVar("T")
Kind = tuple[str, str, str | None]
Interval = tuple[int, int]


class OverlapIndex(Generic[T]):
    """Values by the traffic that their rules admit."""

    def __init__(self, rules: Iterable[tuple[RuleKey, T]]) -> None:
        by_kind: dict[Kind, list[tuple[Interval, T]]] = {}
        for key, value in rules:
            # Under its own protocol, and under "some" for rules of every protocol.
            by_kind.setdefault(_kind(key), []).append((_interval(key), value))
            if _protocol(key) is not None:
                by_kind.setdefault((*_kind(key)[:2], "some"), []).append((_interval(key), value))
        self._lists = {kind: _Intervals(entries) for kind, entries in by_kind.items()}

    def overlapping(self, key: RuleKey) -> T | None:
        """Return the value of a rule that admits some of the same traffic."""
        first, last = _interval(key)
        for protocol in (None, _protocol(key) or "some"):
            intervals = self._lists.get((*_kind(key)[:2], protocol))
            whole = (0, _LAST) if None in {protocol, _protocol(key)} else (first, last)
            if intervals and (value := intervals.reaching(whole[1], whole[0])) is not None:
                return value
        return None

    def containing(self, key: RuleKey) -> T | None:
        """Return the value of a rule that admits all of the same traffic."""
        first, last = _interval(key)
        for protocol in (None, _protocol(key)):
            intervals = self._lists.get((*_kind(key)[:2], protocol))
            whole = (0, _LAST) if protocol is None else (first, last)
            if intervals and (value := intervals.reaching(*whole)) is not None:
                return value
        return None


class _Intervals(Generic[T]):
    """Intervals by their beginnings; each entry is the interval so far that ends last."""

    def __init__(self, entries: Iterable[tuple[Interval, T]]) -> None:
        ordered = sorted(entries, key=lambda entry: entry[0])
        self._beginnings = [interval[0] for interval, _ in ordered]
        self._longest: list[tuple[Interval, T]] = list(accumulate(ordered, _later))

    def reaching(self, beginning: int, end: int) -> T | None:
        """Return the value of an interval that begins at or before, and ends at or after."""
        index = bisect_right(self._beginnings, beginning)
        if index == 0:
            return None
        interval, value = self._longest[index - 1]
        return value if interval[1] >= end else None


def _later(one: tuple[Interval, T], other: tuple[Interval, T]) -> tuple[Interval, T]:
    """Return the interval that ends last."""
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
