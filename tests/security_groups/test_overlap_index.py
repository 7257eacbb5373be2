"""Overlapping and containing rules, compared with a model that enumerates packets."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.security_groups.overlap_index import OverlapIndex
from ringfence.security_groups.rules import Rule, canonical

PORTS = st.sampled_from([1, 2, 3, 22, 65_534, 65_535])


@st.composite
def rules(draw):
    protocol = draw(st.sampled_from(["", "tcp", "udp", "6", "icmp", "47", "0", "hopopt"]))
    first, last = None, None
    if protocol in {"tcp", "udp", "6"} and draw(st.booleans()):
        first, last = sorted((draw(PORTS), draw(PORTS)))
    elif protocol == "icmp":
        first = draw(st.sampled_from([None, 0, 8, 255]))
        last = None if first is None else draw(st.sampled_from([None, 0, 1, 255]))
    return Rule(
        draw(st.sampled_from(["IPv4", "IPv6"])),
        draw(st.sampled_from(["ingress", "egress"])),
        protocol,
        first,
        last,
    )


# Every kind of packet that the rules above distinguish
PACKETS = [
    *((name, port, None) for name in ("tcp", "udp") for port in (1, 2, 3, 4, 22, 65_534, 65_535)),
    *(("icmp", kind, code) for kind in (0, 1, 8, 255) for code in (0, 1, 2, 255)),
    ("gre", None, None),
    ("other", None, None),
]


def admitted(rule):
    """Return the packets that a rule admits. Number 0 is every protocol."""
    name = {"6": "tcp", "47": "gre", "0": "", "hopopt": ""}.get(rule.protocol, rule.protocol)
    admitted_packets = set()
    for packet in PACKETS:
        protocol, one, code = packet
        if name not in {"", protocol}:
            continue
        if protocol == "icmp":
            is_in = rule.from_port in {None, one} and rule.to_port in {None, code}
        else:
            is_in = rule.from_port is None or rule.from_port <= one <= rule.to_port
        if is_in:
            admitted_packets.add((rule.ethertype, rule.direction, *packet))
    return admitted_packets


@given(st.lists(rules(), max_size=6), rules())
def test_rules_overlap_or_contain_another_as_their_packets_do(present, rule):
    traffic = OverlapIndex((canonical(one), one) for one in present)
    sent = admitted(rule)
    overlapping = traffic.overlapping(canonical(rule))
    assert (overlapping is not None) == any(sent & admitted(one) for one in present)
    assert overlapping is None or sent & admitted(overlapping)
    containing = traffic.containing(canonical(rule))
    assert (containing is not None) == any(sent <= admitted(one) for one in present)
    assert containing is None or sent <= admitted(containing)
