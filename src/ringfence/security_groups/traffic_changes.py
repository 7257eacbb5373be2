"""What a change of rules opens and closes: traffic that it newly admits, or admits no longer. Pure.

Rules that are on both sides are left out at first, so a change costs what it changes. Where clouds
differ, all that opens or closes in any of them is meant. A note says so, and that the result is not
`exact`; likewise if it depends on what is not known here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ringfence.security_groups.driver_protocols import DRIVERS, Difference
from ringfence.security_groups.internet import is_internet
from ringfence.security_groups.intervals import LAST_ADDRESS, Interval, meet
from ringfence.security_groups.readings import Meaning, meaning_of
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import Box, box_of, overlaps
from ringfence.security_groups.traffic_pieces import Piece

# How many pieces of each kind are shown
MAX_SHOWN = 20
# So few pairs of boxes are compared faster one by one than as traffic.
_FEW_PAIRS = 1_000


class Grade(StrEnum):
    """What a difference does: `opens` if it opens anything, whether or not it also closes."""

    OPENS = "opens"
    CLOSES = "closes"
    NONE = "none"


class Note(StrEnum):
    """Why a result is not exact; `groups_unknown` concerns other groups only."""

    REMOTE_MEMBERS = "remote_members"
    PORTS_OF_PROTOCOL = "ports_of_protocol"
    PROTOCOL_ZERO = "protocol_zero"
    ICMPV6_OVER_IPV4 = "icmpv6_over_ipv4"
    ICMP_TYPE_255 = "icmp_type_255"
    TOO_COMPLEX = "too_complex"
    RULES_UNREADABLE = "rules_unreadable"
    STATEFUL = "stateful"
    DRIFT = "drift"
    GROUPS_UNKNOWN = "groups_unknown"


MESSAGES = {
    Note.REMOTE_MEMBERS: (
        "The members of a remote group or an address group can change: whether they are among the "
        "addresses of other rules is not checked."
    ),
    Note.PORTS_OF_PROTOCOL: (
        "A rule has ports with a protocol other than tcp, udp and sctp: some clouds admit the "
        "whole protocol instead."
    ),
    Note.PROTOCOL_ZERO: (
        "A rule has protocol 0: an iptables firewall admits every protocol, other clouds that one "
        "only. What opens or closes in any cloud is in opens or closes."
    ),
    Note.ICMPV6_OVER_IPV4: (
        "A rule has the ICMP of IPv6 with IPv4: some clouds admit protocol 58, some the ICMP of "
        "IPv4."
    ),
    Note.ICMP_TYPE_255: (
        "A rule has type 255 of ICMP, which an iptables firewall may take for every type."
    ),
    Note.TOO_COMPLEX: (
        "The rules are too complex to compare as a whole: what opens and closes is that of each "
        "changed rule, at most."
    ),
    Note.RULES_UNREADABLE: (
        "Rules in the cloud cannot be read, and may admit anything: nothing of it is in opens or "
        "closes."
    ),
    Note.STATEFUL: (
        "The group differs in stateful: a stateful group admits replies without a rule, a stateless"
        " one does not. Nothing of it is in opens or closes."
    ),
    Note.DRIFT: (
        "Groups of the port have other rules in the cloud than is desired. What an added group "
        "admits by either is in opens; what another one admits by only one is not in closes."
    ),
    Note.GROUPS_UNKNOWN: (
        "Not all groups of the ports that carry this group are known here, or not all that they "
        "admit in the cloud: they may admit what is closed."
    ),
}

_NOTES = {
    Difference.PORTS_OF_PROTOCOL: Note.PORTS_OF_PROTOCOL,
    Difference.PROTOCOL_ZERO: Note.PROTOCOL_ZERO,
    Difference.ICMP_OF_OTHER_ETHERTYPE: Note.ICMPV6_OVER_IPV4,
    Difference.ICMP_TYPE_255: Note.ICMP_TYPE_255,
}


@dataclass(frozen=True, slots=True)
class ChangedPiece:
    """Traffic that opens or closes; `rules` are indexes of the rules that admit it newly."""

    piece: Piece
    rules: Sequence[int] = ()

    @property
    def is_internet(self) -> bool:
        """Whether it reaches beyond private addresses and the like."""
        piece = self.piece
        return piece.cidr is not None and is_internet(piece.cidr, piece.ethertype)


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """What opens and closes: the widest pieces, and how many there are.

    `closed` is all that closes, to compare it with what other groups admit.
    """

    opens: Sequence[ChangedPiece] = ()
    closes: Sequence[ChangedPiece] = ()
    opens_total: int = 0
    closes_total: int = 0
    notes: Sequence[Note] = ()
    closed: Sequence[Box] = ()

    @property
    def is_same(self) -> bool:
        """Whether the same traffic is admitted before and after."""
        return not self.opens_total and not self.closes_total


def compare(
    before: Sequence[Rule],
    after: Sequence[Rule],
    more_notes: Collection[Note] = (),
    *,
    submitted: int | None = None,
) -> TrafficChange:
    """Return what opens and closes from the rules `before` to those `after`.

    What opens or closes in any cloud does. Remote groups must have the same ids in both. `rules` of
    what opens are indexes of `after`, of which only the first ones were `submitted`.
    """
    old, new = _numbered(before), _numbered(after, submitted)
    added = {meaning: numbers for meaning, numbers in new.items() if meaning not in old}
    removed = [meaning for meaning in old if meaning not in new]
    added_boxes: dict[Box, list[int]] = {}
    for rule, numbers in added.items():
        for box in _most([rule]):
            added_boxes.setdefault(box, []).extend(numbers)
    closed_boxes = list(_most(removed))
    notes = {*more_notes, *_uncertainties((*old, *new), [*added_boxes, *closed_boxes])}
    try:
        opened, closed = _opened_and_closed(old, new)
        opens, closes = opened.pieces(), closed.pieces()
        closed_boxes = list(closed.boxes())
        if _is_symbolic(opened, _most(old)) or _is_symbolic(closed, _most(new)):
            notes.add(Note.REMOTE_MEMBERS)
    except TooComplex:
        notes.add(Note.TOO_COMPLEX)
        opens, closes = _each(added_boxes), _each(closed_boxes)
    return TrafficChange(
        opens=tuple(ChangedPiece(piece, _rules(piece, added_boxes)) for piece in opens[:MAX_SHOWN]),
        closes=tuple(map(ChangedPiece, closes[:MAX_SHOWN])),
        opens_total=len(opens),
        closes_total=len(closes),
        notes=sorted(notes),
        closed=tuple(closed_boxes),
    )


def grade(before: Sequence[Rule], after: Sequence[Rule]) -> Grade:
    """Return what the change from the rules `before` to those `after` does.

    Rules that are too complex to compare count as opening, if any of them is new.
    """
    old, new = dict.fromkeys(map(meaning_of, before)), dict.fromkeys(map(meaning_of, after))
    if old.keys() == new.keys():
        return Grade.NONE
    try:
        opened, closed = _opened_and_closed(old, new)
    except TooComplex:
        return Grade.OPENS if new.keys() - old.keys() else Grade.CLOSES
    if opened:
        return Grade.OPENS
    return Grade.CLOSES if closed else Grade.NONE


def uncertainty(rule: Rule) -> Note | None:
    """Return why clouds differ in what a rule admits; `None` if they do not."""
    return _note(meaning_of(rule))


def _note(meaning: Meaning) -> Note | None:
    return None if meaning.differs is None else _NOTES[meaning.differs]


def _uncertainties(rules: Iterable[Meaning], changed: Iterable[Box]) -> set[Note]:
    """Return why clouds differ in rules that have a protocol in common with a changed one."""
    protocols = {(box.ethertype, box.direction, box.protocols) for box in changed}
    found: set[Note] = set()
    for rule in rules if protocols else ():
        note = _note(rule)
        if note is not None and note not in found and _is_near(rule, protocols):
            found.add(note)
    return found


def _is_near(rule: Meaning, protocols: Iterable[tuple[str, str, Interval]]) -> bool:
    return any(
        (box.ethertype, box.direction) == (ethertype, direction) and meet(theirs, box.protocols)
        for ethertype, direction, theirs in protocols
        for box in _most([rule])
    )


def _numbered(rules: Sequence[Rule], submitted: int | None = None) -> dict[Meaning, list[int]]:
    found: dict[Meaning, list[int]] = {}
    for number, rule in enumerate(rules):
        numbers = found.setdefault(meaning_of(rule), [])
        if submitted is None or number < submitted:
            numbers.append(number)
    return found


def _most(rules: Iterable[Meaning]) -> dict[Box, None]:
    """Return all that rules admit in any cloud."""
    return dict.fromkeys(
        box for rule in rules for reading in rule.readings for box in reading.possible
    )


def _opened_and_closed(
    old: Collection[Meaning], new: Collection[Meaning]
) -> tuple[Traffic, Traffic]:
    """Return what opens and closes in any cloud; rules that are on both sides do neither."""
    added = [rule for rule in new if rule not in old]
    removed = [rule for rule in old if rule not in new]
    if not added and not removed:
        return Traffic({}), Traffic({})
    opened, closed = Traffic({}), Traffic({})
    is_certain = all(len(rule.readings) == 1 for rules in (old, new) for rule in rules)
    for reading in range(1 if is_certain else len(DRIVERS)):
        opened |= _possible(added, reading) - _sure(old, added, reading)
        closed |= _possible(removed, reading) - _sure(new, removed, reading)
    return opened, closed


def _possible(rules: Iterable[Meaning], reading: int) -> Traffic:
    """Return the most that rules admit, as one driver reads them."""
    return Traffic.of_boxes(box for rule in rules for box in rule.reading(reading).possible)


def _sure(rules: Iterable[Meaning], others: Iterable[Meaning], reading: int) -> Traffic:
    """Return the least that rules admit where they may have something in common with others."""
    kinds = {rule.kind for rule in others}
    return Traffic.of_boxes(
        box for rule in rules if rule.kind in kinds for box in rule.reading(reading).sure
    )


def _each(boxes: Iterable[Box]) -> list[Piece]:
    """Return the first piece of each box by itself."""
    return [Traffic.of_boxes([box]).pieces()[0] for box in boxes]


def _is_symbolic(changed: Traffic, others: Collection[Box]) -> bool:
    """Return whether a symbolic end is held against addresses, or against another one.

    That is where either of both has one, at the same protocol and port. An equal one, or anywhere,
    is not on both sides there.
    """
    boxes = list(changed.boxes())
    symbols = [box for box in boxes if box.symbol]
    symbols_of_others = [box for box in others if box.symbol]
    return _share_ports(boxes, symbols_of_others) or _share_ports(symbols, others)


def _share_ports(some: Collection[Box], others: Collection[Box]) -> bool:
    """Return whether any two of them have traffic in common, whatever their ends are."""
    if len(some) * len(others) > _FEW_PAIRS:
        return bool(_anywhere(some) & _anywhere(others))
    return any(
        meet(one.ports, other.ports)
        and meet(one.protocols, other.protocols)
        and (one.ethertype, one.direction) == (other.ethertype, other.direction)
        for one in some
        for other in others
    )


def _anywhere(boxes: Iterable[Box]) -> Traffic:
    """Return the traffic of boxes, whatever their ends are."""
    return Traffic.of_boxes(
        box._replace(addresses=(0, LAST_ADDRESS[box.ethertype]), symbol=None) for box in boxes
    )


def _rules(piece: Piece, added: Mapping[Box, Sequence[int]]) -> list[int]:
    """Return the rules that admit some of a piece, of those that are new."""
    its = _box(piece)
    return sorted(
        {number for box, numbers in added.items() if overlaps(box, its) for number in numbers}
    )


def _box(piece: Piece) -> Box:
    """Return the box of a piece, whose protocol can be a range of numbers."""
    first, dash, last = piece.protocol.partition("-")
    rule = Rule(
        piece.ethertype,
        piece.direction,
        "" if dash else piece.protocol,
        piece.from_port,
        piece.to_port,
        piece.cidr or piece.unknown_end,
        remote_group=piece.remote_group,
        remote_address_group=piece.remote_address_group,
    )
    box = box_of(rule)
    return box._replace(protocols=(int(first), int(last or first))) if first.isdigit() else box
