"""A universe that is small enough to look at each packet in it.

It has 8 addresses and one on each side of them, 16 ports and one beyond, 4 protocols and 3 that no
rule names, 4 types and codes of ICMP and one of each beyond, and 3 symbolic ends. What a rule
admits is a set of its packets, kept as one integer for each remote end, a bit for each message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from ipaddress import ip_address, ip_network
from itertools import product
from operator import and_, or_

from hypothesis import reject

from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_pieces import Piece

BASES = {"IPv4": "10.0.0.", "IPv6": "2001:db8::"}
EVERYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
HALVES = {"IPv4": ("0.0.0.0/1", "128.0.0.0/1"), "IPv6": ("::/1", "8000::/1")}
BEYOND = {"IPv4": ("9.255.255.255", "200.0.0.1"), "IPv6": ("2001:db7::1", "9000::1")}
SYMBOLS = (("group", "web"), ("group", "db"), ("address_group", "web"))
ICMP = {"IPv4": 1, "IPv6": 58}
NUMBERS = {"tcp": 6, "udp": 17}
KINDS = tuple(product(("IPv4", "IPv6"), ("ingress", "egress")))

# A number of a protocol, and a port or a type and a code
Message = tuple[int, int | tuple[int, int] | None]
# An address or a symbol
End = str | tuple[str, str]


def messages(ethertype: str) -> list[Message]:
    """Return all messages: of protocols with ports, of ICMP, and of other protocols."""
    with_ports = [(number, port) for number in (6, 17) for port in (*range(16), 65_535)]
    codes = (*range(4), 255)
    icmp = [(ICMP[ethertype], (kind, code)) for kind in codes for code in codes]
    return [*with_ports, *icmp, *((number, None) for number in (47, 0, 5, 200))]


def ends(ethertype: str) -> list[End]:
    """Return all remote ends."""
    addresses = [f"{BASES[ethertype]}{number}" for number in range(8)]
    return [*addresses, *BEYOND[ethertype], *SYMBOLS]


MESSAGES = {ethertype: messages(ethertype) for ethertype in BASES}
ENDS = {ethertype: ends(ethertype) for ethertype in BASES}


# The bits of one kind: of each address, then of each symbol
Bits = tuple[int, ...]
AXIS = -len(SYMBOLS)


@dataclass(frozen=True)
class Packets:
    """A set of packets: for each kind and remote end, the messages as bits.

    Messages that are admitted from anywhere have no symbolic ends: anywhere covers them all.
    """

    bits: tuple[Bits, ...]

    def __or__(self, other: "Packets") -> "Packets":
        return self._each(other, _either)

    def __and__(self, other: "Packets") -> "Packets":
        return self._each(other, _both)

    def __sub__(self, other: "Packets") -> "Packets":
        return self._each(other, _without)

    def __bool__(self) -> bool:
        return any(map(any, self.bits))

    def _each(self, other: "Packets", combine: Callable[[Bits, Bits], Bits]) -> "Packets":
        pairs = zip(self.bits, other.bits, strict=True)
        return Packets(tuple(_canonical(combine(*pair)) for pair in pairs))


def _anywhere(bits: Bits) -> int:
    """Return the messages that all addresses are admitted with."""
    return reduce(and_, bits[:AXIS])


def _canonical(bits: Bits) -> Bits:
    anywhere = _anywhere(bits)
    return (*bits[:AXIS], *(symbol & ~anywhere for symbol in bits[AXIS:]))


def _either(one: Bits, other: Bits) -> Bits:
    return tuple(map(or_, one, other))


def _both(one: Bits, other: Bits) -> Bits:
    everywhere, others = _anywhere(one), _anywhere(other)
    symbols = [
        (ours | everywhere) & (theirs | others)
        for ours, theirs in zip(one[AXIS:], other[AXIS:], strict=True)
    ]
    return (*map(and_, one[:AXIS], other[:AXIS]), *symbols)


def _without(one: Bits, other: Bits) -> Bits:
    others = _anywhere(other)
    addresses = [ours & ~theirs for ours, theirs in zip(one[:AXIS], other[:AXIS], strict=True)]
    symbols = [
        ours & ~theirs & ~others for ours, theirs in zip(one[AXIS:], other[AXIS:], strict=True)
    ]
    return (*addresses, *symbols)


NONE = Packets(tuple((0,) * len(ENDS[ethertype]) for ethertype, _ in KINDS))


def packets_of(rules: list[Rule]) -> Packets:
    """Return what rules admit, each looked at by itself."""
    admitted = NONE
    for rule in rules:
        admitted |= packets(rule)
    return admitted


def packets_in(traffic: Traffic) -> Packets:
    """Return the packets of the pieces that responses show; they are disjoint.

    A world with too many pieces is left out: 255 codes of ICMP, from 128 prefixes of IPv6.
    """
    admitted = NONE
    try:
        pieces = traffic.pieces()
    except TooComplex:
        reject()
    for piece in pieces:
        more = packets(piece)
        assert not admitted & more, f"{piece} is not disjoint of the others"
        admitted |= more
    return admitted


def with_members(admitted: Packets, members: Sequence[Sequence[int]]) -> Packets:
    """Return the set with addresses, by their positions, instead of symbolic ends."""
    bits = []
    for by_end in admitted.bits:
        addresses = list(by_end[:AXIS])
        for of_symbol, of_members in zip(by_end[AXIS:], members, strict=True):
            for position in of_members:
                addresses[position] |= of_symbol
        bits.append((*addresses, *(0 for _ in SYMBOLS)))
    return Packets(tuple(bits))


@lru_cache(maxsize=100_000)
def packets(written: Rule | Piece) -> Packets:
    """Return what one rule admits, message by message and end by end."""
    ethertype = written.ethertype
    of_kind = sum(
        1 << position
        for position, message in enumerate(MESSAGES[ethertype])
        if admits_message(written, message)
    )
    by_end = tuple(of_kind if admits_end(written, end) else 0 for end in ENDS[ethertype])
    return Packets(
        tuple(
            by_end if kind == (ethertype, written.direction) else none
            for kind, none in zip(KINDS, NONE.bits, strict=True)
        )
    )


def admits_message(written: Rule | Piece, message: Message) -> bool:
    """Return whether a rule admits a message, if it comes from the right end."""
    number, detail = message
    if not admits_protocol(written, number):
        return False
    first, last = written.from_port, written.to_port
    if first is None or detail is None:
        return True
    # In a rule these are all ports; a piece with all ports has none.
    if isinstance(written, Rule) and (first, last) == (1, 65_535):
        return True
    if isinstance(detail, tuple):
        return detail[0] == first and last in {None, detail[1]}
    return first <= detail <= (first if last is None else last)


def admits_protocol(written: Rule | Piece, number: int) -> bool:
    """Return whether a rule is for a protocol; a piece may be for a range of them."""
    word = written.protocol
    if word in {"", "any", "0"}:
        return True
    if word in {"icmp", "1"}:
        return number == ICMP[written.ethertype]
    if word in NUMBERS:
        return number == NUMBERS[word]
    first, _, last = word.partition("-")
    return int(first) <= number <= int(last or first)


def admits_end(written: Rule | Piece, end: End) -> bool:
    """Return whether a rule is for a remote end: the same one, or a prefix with its address."""
    if written.remote_group is not None:
        return end == ("group", written.remote_group)
    if written.remote_address_group is not None:
        return end == ("address_group", written.remote_address_group)
    network = ip_network(written.cidr or EVERYWHERE[written.ethertype], strict=False)
    return isinstance(end, str) and ip_address(end) in network


def all_rules() -> list[Rule]:
    """Return all rules of the universe, the widest first."""
    numbers = [(None, None), (1, 65_535), (0, 0), (0, 7), (4, 9), (3, 3), (10, 15), (8, 65_535)]
    icmp = [(None, None), (0, None), (2, None), (2, 0), (3, 3)]
    transports = [
        *(("", None, None), ("any", None, None), ("0", None, None), ("47", None, None)),
        *((name, *ports) for name in ("tcp", "udp", "6") for ports in numbers),
        *(("icmp", *codes) for codes in icmp),
    ]
    return [
        Rule(ethertype, direction, protocol, first, last, **end)
        for end_of, (protocol, first, last) in product(range(20), transports)
        for ethertype, direction in KINDS
        for end in [remote_ends(ethertype)[end_of]]
    ]


@lru_cache
def remote_ends(ethertype: str) -> list[dict[str, str | None]]:
    """Return the remote ends of rules: anywhere, prefixes, groups and address groups."""
    base = BASES[ethertype]
    longest = 32 if ethertype == "IPv4" else 128
    inside = [
        f"{base}{first}/{longest - size}" for size in (3, 2, 1, 0) for first in range(0, 8, 2**size)
    ]
    cidrs = [None, EVERYWHERE[ethertype], *HALVES[ethertype], *inside]
    # Host bits are no part of a prefix.
    cidrs[6] = cidrs[6] and cidrs[6].replace(f"{base}4", f"{base}7")
    return [
        *({"cidr": cidr} for cidr in cidrs[:13]),
        *({"cidr": cidr} for cidr in cidrs[15:19]),
        {"remote_group": "web"},
        {"remote_group": "db"},
        {"remote_address_group": "web"},
    ]


RULES = all_rules()
