"""Decides how much of a request is admitted, from regions that are and may be. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from ringfence.ports.verdicts.reach import Region
from ringfence.security_groups.intervals import Interval, meet

# More than any real request has; what needs more is undetermined.
_MAX_PIECES = 10_000
# How often a piece is compared with a region, which takes a few seconds
_MAX_STEPS = 5_000_000


class TooComplex(Exception):
    """The request is cut into more than 10,000 pieces, or they take too long to compare."""


class Outcome(StrEnum):
    """Whether traffic is admitted."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    PARTLY = "partly"
    UNDETERMINED = "undetermined"


def decide(
    request: Sequence[Region], sure: Iterable[Region], possible: Iterable[Region]
) -> Outcome:
    """Return how much of the request is admitted. Raises `TooComplex`."""
    sure = [
        each for each in dict.fromkeys(sure) if any(_regions_meet(each, one) for one in request)
    ]
    rest = without(request, sure)
    if not rest:
        return Outcome.ADMITTED
    possible = list(dict.fromkeys(possible))
    if len(rest) * len(possible) > _MAX_STEPS:
        raise TooComplex
    perhaps = [each for each in possible if any(_regions_meet(each, one) for one in rest)]
    refused = without(rest, perhaps)
    if sure:
        return Outcome.PARTLY if refused else Outcome.UNDETERMINED
    return Outcome.UNDETERMINED if perhaps else Outcome.REFUSED


def without(regions: Sequence[Region], others: Iterable[Region]) -> list[Region]:
    """Return the regions without others, as disjoint ones. Raises `TooComplex`."""
    left = list(regions)
    steps = 0
    for other in others:
        steps += len(left)
        left = [piece for each in left for piece in _cut(each, other)]
        if len(left) > _MAX_PIECES or steps > _MAX_STEPS:
            raise TooComplex
        if not left:
            break
    return left


def serial(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what passes all of them, one after the other."""
    if Outcome.REFUSED in outcomes:
        return Outcome.REFUSED
    # What passes one in part may be what the other refuses.
    if Outcome.UNDETERMINED in outcomes or outcomes.count(Outcome.PARTLY) > 1:
        return Outcome.UNDETERMINED
    return Outcome.PARTLY if Outcome.PARTLY in outcomes else Outcome.ADMITTED


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return how much of several requests is admitted."""
    found = set(outcomes)
    if len(found) == 1:
        return outcomes[0]
    some = found & {Outcome.ADMITTED, Outcome.PARTLY}
    not_all = found & {Outcome.REFUSED, Outcome.PARTLY}
    return Outcome.PARTLY if some and not_all else Outcome.UNDETERMINED


def _regions_meet(one: Region, other: Region) -> bool:
    return (
        meet(one.addresses, other.addresses)
        and meet(one.ports, other.ports)
        and meet(one.protocols, other.protocols)
    )


def _cut(region: Region, other: Region) -> Iterator[Region]:
    """Yield what is left of a region without another."""
    if not _regions_meet(region, other):
        yield region
        return
    protocols, ports, addresses = region
    for outside in _outside(protocols, other.protocols):
        yield Region(outside, ports, addresses)
    protocols = _common(protocols, other.protocols)
    for outside in _outside(ports, other.ports):
        yield Region(protocols, outside, addresses)
    ports = _common(ports, other.ports)
    for outside in _outside(addresses, other.addresses):
        yield Region(protocols, ports, outside)


def _outside(interval: Interval, other: Interval) -> Iterator[Interval]:
    if interval[0] < other[0]:
        yield interval[0], other[0] - 1
    if other[1] < interval[1]:
        yield other[1] + 1, interval[1]


def _common(one: Interval, other: Interval) -> Interval:
    return max(one[0], other[0]), min(one[1], other[1])
