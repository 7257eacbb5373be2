"""What a group opens to the internet: protocols and ports, desired or in the cloud. Pure.

`judgement` says which addresses reach which ports; an overview says on which ports the internet
reaches the members of a group at all, and whether anybody desired that. `group_openings` stores it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ringfence.security_groups.intervals import LAST_ADDRESS, Interval
from ringfence.security_groups.rules import WITH_PORTS, protocol_number
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import ALL_PORTS, Box
from ringfence.security_groups.traffic_pieces import sortable_pieces

# Protocols and ports, which are type and code for ICMP
_Kind = tuple[Interval, Interval]
_EVERY_PROTOCOL = 200_000


class Opening(NamedTuple):
    """Ports that addresses of the internet reach.

    `desired` and `observed` say whether desired rules and rules in the cloud admit them;
    `observed` is None if the group was not observed yet.
    """

    protocol: str
    from_port: int | None
    to_port: int | None
    desired: bool
    observed: bool | None


def openings_of(desired: Sequence[Box], observed: Sequence[Box] | None) -> list[Opening]:
    """Return what the boxes, which all admit the internet, open: what nobody desired first.

    What only some addresses may reach in one of both is there as often as both differ: SSH from
    everywhere in the cloud, and from a part of it as desired, is both desired and not.
    """
    if not desired and not observed:
        return []
    written = {_kind_of(box) for box in (*desired, *(observed or ()))}
    if observed is None or set(desired) == set(observed):
        is_observed = None if observed is None else True
        return _shown(desired, written, desired=True, observed=is_observed)
    try:
        of_desired, of_observed = Traffic.of_boxes(desired), Traffic.of_boxes(observed)
        only_observed = list((of_observed - of_desired).boxes())
        only_desired = list((of_desired - of_observed).boxes())
        both = list((of_desired & of_observed).boxes())
    except TooComplex:
        # Rule by rule: what is on one side only may be a part of the other one.
        only_observed = [box for box in observed if box not in set(desired)]
        only_desired = [box for box in desired if box not in set(observed)]
        both = [box for box in desired if box in set(observed)]
    return [
        *_shown(only_observed, written, desired=False, observed=True),
        *_shown(only_desired, written, desired=True, observed=False),
        *_shown(both, written, desired=True, observed=True),
    ]


def openness_of(opened: tuple[str, int | None, int | None]) -> int:
    """Return how many ports a protocol and its ports are, to order groups by what they open.

    Every protocol is more than all ports of two of them; ICMP and the like are one.
    """
    protocol, first, last = opened
    if not protocol:
        return _EVERY_PROTOCOL
    if protocol_number(protocol) not in WITH_PORTS:
        return 1
    if first is None:
        return ALL_PORTS[1] + 1
    return (first if last is None else last) - first + 1


def _kind_of(box: Box) -> _Kind:
    return box.protocols, box.ports


def _shown(
    boxes: Iterable[Box], written: Iterable[_Kind], *, desired: bool, observed: bool | None
) -> list[Opening]:
    """Return the openings of boxes, whatever their addresses are: the widest first."""
    kinds = {_kind_of(box) for box in boxes}
    pieces = sorted(sortable_pieces(map(_anywhere, _readable(kinds, written))))
    openings = (
        Opening(piece.protocol, piece.from_port, piece.to_port, desired, observed)
        for _, piece in pieces
    )
    return list(dict.fromkeys(openings))


def _anywhere(kind: _Kind) -> Box:
    protocols, ports = kind
    return Box("IPv4", "ingress", protocols, ports, (0, LAST_ADDRESS["IPv4"]))


def _readable(kinds: set[_Kind], written: Iterable[_Kind]) -> set[_Kind]:
    """Return kinds that together are the union of these, as rules write them where they can.

    Ports 80 and 81 of two rules stay two; ports of which an address reaches only some, and ports
    that are within others, are what is left of them.
    """
    if not kinds:
        return kinds
    try:
        union = Traffic.of_boxes(map(_anywhere, kinds))
        whole = [kind for kind in written if union.covers(Traffic.of_boxes([_anywhere(kind)]))]
        rest = union - Traffic.of_boxes(map(_anywhere, whole))
    except TooComplex:
        return set(_widest(kinds))
    return {*_widest(whole), *map(_kind_of, rest.boxes())}


def _widest(kinds: Iterable[_Kind]) -> Iterator[_Kind]:
    """Yield the kinds that are not within others."""
    by_protocols: dict[Interval, list[Interval]] = {}
    for protocols, ports in set(kinds):
        by_protocols.setdefault(protocols, []).append(ports)
    for protocols, of_protocols in by_protocols.items():
        if any(
            ALL_PORTS in others and _holds(wider, protocols)
            for wider, others in by_protocols.items()
            if wider != protocols
        ):
            continue
        last = -1
        for ports in sorted(of_protocols, key=lambda each: (each[0], -each[1])):
            if ports[1] > last:
                last = ports[1]
                yield protocols, ports


def _holds(wider: Interval, narrower: Interval) -> bool:
    return wider[0] <= narrower[0] and narrower[1] <= wider[1]
