"""What opens or closes in any cloud is said, however its driver reads the rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.security_groups.driver_protocols import DRIVERS, protocol_parts
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_changes import Grade, Note, compare, grade

ZERO, NAMED_ZERO, HOPOPT = Rule(protocol="0"), Rule(protocol="ip"), Rule(protocol="hopopt")
EVERYTHING = Rule()
TCP = Rule(protocol="tcp")
DCCP = Rule(protocol="33")
SOME_DCCP = Rule(protocol="dccp", from_port=80, to_port=80)
ICMP_OVER_IPV4 = Rule(protocol="icmp")
ICMPV6_OVER_IPV4 = Rule(protocol="58")
ICMP_255 = Rule(protocol="icmp", from_port=255, to_port=None)
ICMP_8 = Rule(protocol="icmp", from_port=8, to_port=None)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Only iptables admits every protocol for protocol 0.
        ([ZERO], [EVERYTHING], Grade.OPENS),
        ([NAMED_ZERO], [TCP], Grade.OPENS),
        ([HOPOPT], [HOPOPT, TCP], Grade.OPENS),
        ([TCP], [ZERO], Grade.OPENS),
        ([EVERYTHING], [ZERO], Grade.CLOSES),
        ([EVERYTHING, ZERO], [ZERO], Grade.CLOSES),
        ([ZERO], [NAMED_ZERO, HOPOPT], Grade.NONE),
        # Only iptables matches these ports.
        ([DCCP], [SOME_DCCP], Grade.CLOSES),
        ([SOME_DCCP], [DCCP], Grade.OPENS),
        ([SOME_DCCP, DCCP], [DCCP], Grade.NONE),
        # It is ICMP for OVN, and protocol 58 for the others.
        ([ICMP_OVER_IPV4], [ICMPV6_OVER_IPV4], Grade.OPENS),
        ([ICMPV6_OVER_IPV4], [ICMP_OVER_IPV4], Grade.OPENS),
        ([ICMPV6_OVER_IPV4], [ICMPV6_OVER_IPV4, ICMP_OVER_IPV4], Grade.OPENS),
        # iptables may take it for every type, and may not.
        ([ICMP_8], [ICMP_8, ICMP_255], Grade.OPENS),
        ([ICMP_255], [ICMP_255, ICMP_8], Grade.OPENS),
        ([ICMP_8, ICMP_255], [ICMP_255], Grade.CLOSES),
    ],
)
def test_what_opens_in_some_clouds_opens(before, after, expected):
    change = compare(before, after)
    assert grade(before, after) is expected
    assert change.is_same is (expected is Grade.NONE)
    assert bool(change.opens) is (expected is Grade.OPENS)
    assert bool(change.notes) is not change.is_same or DCCP in after


def test_a_note_says_that_type_255_of_icmp_may_be_every_type():
    assert list(compare((), [ICMP_255]).notes) == [Note.ICMP_TYPE_255]
    assert {each.piece.from_port for each in compare((), [ICMP_255]).opens} == {None}


def test_the_other_protocols_are_what_opens_instead_of_protocol_0():
    assert [each.piece.protocol for each in compare([ZERO], [EVERYTHING]).opens] == ["1-255"]
    assert [each.piece.protocol for each in compare([EVERYTHING], [ZERO]).closes] == ["1-255"]


a_rule = (
    st.builds(
        lambda protocol, ports: Rule("IPv4", "ingress", protocol, *ports),
        st.sampled_from(["tcp", "6", "dccp", "136"]),
        st.sampled_from([(None, None), (1, 65535), (1, 2), (2, 3), (0, 3)]),
    )
    | st.builds(
        lambda protocol, ports: Rule("IPv4", "ingress", protocol, *ports),
        st.sampled_from(["icmp", "1", "58"]),
        st.sampled_from([(None, None), (8, 0), (8, None), (255, None), (255, 0)]),
    )
    | st.builds(
        lambda protocol: Rule("IPv4", "ingress", protocol),
        st.sampled_from(["", "any", "ip", "0", "hopopt", "253"]),
    )
)
a_packet = st.tuples(
    st.sampled_from([0, 1, 6, 33, 58, 136, 253]), st.sampled_from([0, 1, 2, 3, 8 * 256, 255 * 256])
)


def _admits(rule, packet, driver, *, at_most):
    """Return whether one driver admits a packet by a rule, at least or at most."""
    parts = protocol_parts(rule.ethertype, rule.protocol, rule.from_port, rule.to_port, driver)
    chosen = parts.possible or parts.sure if at_most else parts.sure
    return any(
        protocols[0] <= packet[0] <= protocols[1] and ports[0] <= packet[1] <= ports[1]
        for protocols, ports in chosen
    )


@settings(max_examples=400)
@given(st.lists(a_rule, max_size=4), st.lists(a_rule, max_size=4), a_packet)
def test_no_driver_admits_more_without_a_word(before, after, packet):
    found = grade(before, after)
    for driver in DRIVERS:
        was = [_admits(rule, packet, driver, at_most=False) for rule in before]
        is_now = [_admits(rule, packet, driver, at_most=rule not in before) for rule in after]
        if any(is_now) and not any(was):
            assert found is Grade.OPENS
        if any(was) and not any(_admits(rule, packet, driver, at_most=True) for rule in after):
            assert found is not Grade.NONE
