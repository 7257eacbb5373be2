"""What a group opens to the internet, desired or in the cloud. Pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.security_groups.port_exposures.judgement import internet_boxes
from ringfence.security_groups.port_exposures.openings import openings_of
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import Traffic
from ringfence.security_groups.traffic_boxes import box_of


def opened(desired, observed=()):
    """Return the openings as protocol, ports, and whether they are desired and observed."""
    boxes = [
        None if rules is None else internet_boxes(map(box_of, rules), {})
        for rules in (desired, observed)
    ]
    return [tuple(each) for each in openings_of(*boxes)]


def tcp(port, cidr=None, last=None):
    return Rule(protocol="tcp", from_port=port, to_port=last or port, cidr=cidr)


SSH = tcp(22)


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        ([SSH], None, [("tcp", 22, 22, True, None)]),
        ([SSH], [SSH], [("tcp", 22, 22, True, True)]),
        ([SSH], [], [("tcp", 22, 22, True, False)]),
        ([], [SSH], [("tcp", 22, 22, False, True)]),
        ([tcp(22, "10.0.0.0/8")], [tcp(22, "192.168.0.0/16")], []),
        ([tcp(22, "0.0.0.0/1"), tcp(22, "128.0.0.0/1")], [SSH], [("tcp", 22, 22, True, True)]),
        # A part of it is desired: the rest is not.
        (
            [tcp(22, "8.0.0.0/8")],
            [SSH],
            [("tcp", 22, 22, False, True), ("tcp", 22, 22, True, True)],
        ),
        ([tcp(80), tcp(81)], None, [("tcp", 80, 80, True, None), ("tcp", 81, 81, True, None)]),
        ([tcp(20, last=25), SSH], None, [("tcp", 20, 25, True, None)]),
        ([Rule(), SSH], None, [("", None, None, True, None)]),
        (
            [SSH],
            [Rule(protocol="tcp")],
            [
                ("tcp", 23, 65535, False, True),
                ("tcp", 0, 21, False, True),
                ("tcp", 22, 22, True, True),
            ],
        ),
        ([Rule(protocol="icmp", from_port=8)], None, [("icmp", 8, None, True, None)]),
        ([Rule("IPv6", protocol="udp", cidr="::/0")], None, [("udp", None, None, True, None)]),
        ([Rule(direction="egress")], [Rule(direction="egress")], []),
    ],
)
def test_openings_say_who_desires_them_and_whether_the_cloud_has_them(desired, observed, expected):
    assert opened(desired, observed) == expected


RULES = st.lists(
    st.builds(
        lambda protocol, first, width, cidr: Rule(
            protocol=protocol,
            from_port=first if protocol == "tcp" else None,
            to_port=min(first + width, 65535) if protocol == "tcp" else None,
            cidr=cidr,
        ),
        st.sampled_from(["", "tcp", "tcp", "udp", "icmp"]),
        st.sampled_from([1, 20, 22, 443]),
        st.sampled_from([0, 2, 442, 65535]),
        st.sampled_from([None, "8.0.0.0/8", "9.0.0.0/8", "10.0.0.0/8", "0.0.0.0/1"]),
    ),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(RULES, RULES)
def test_openings_are_the_differences_and_what_is_common_whatever_the_addresses(desired, observed):
    found = opened(desired, observed)
    wanted, cloud = (
        Traffic.of_boxes(internet_boxes(map(box_of, rules), {})) for rules in (desired, observed)
    )
    expected = {(False, True): cloud - wanted, (True, False): wanted - cloud}
    expected[True, True] = wanted & cloud
    for kind, traffic in expected.items():
        shown = Traffic.of(
            Rule(protocol=protocol, from_port=first, to_port=last)
            for protocol, first, last, *kinds in found
            if tuple(kinds) == kind and "-" not in protocol
        )
        # A range of protocols is what "every protocol" leaves of others.
        if not any("-" in each[0] for each in found):
            assert shown == anywhere(traffic)
        else:
            assert anywhere(traffic).covers(shown)


def anywhere(traffic):
    return Traffic.of_boxes(
        box._replace(addresses=(0, 2**32 - 1), ethertype="IPv4") for box in traffic.boxes()
    )
