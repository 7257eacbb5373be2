"""Pairs of rules that Neutron takes for duplicates, and pairs that it distinguishes.

They come from a real Neutron; `test_duplicate_key.py` checks them again. Each side is as sent.
"""

from typing import NamedTuple

from ringfence.neutron.port import CloudRule


class Pair(NamedTuple):
    what: str
    one: CloudRule
    other: CloudRule
    same: bool


def v4(**values) -> CloudRule:
    return CloudRule(ethertype="IPv4", direction="ingress", **values)


def v6(**values) -> CloudRule:
    return CloudRule(ethertype="IPv6", direction="ingress", **values)


def tcp(lowest: int | None, highest: int | None, **values) -> CloudRule:
    return v4(protocol="tcp", port_range_min=lowest, port_range_max=highest, **values)


def icmp(kind: int | None, code: int | None) -> CloudRule:
    return v4(protocol="icmp", port_range_min=kind, port_range_max=code)


PAIRS = (
    Pair("description", tcp(1, 2, description="a"), tcp(1, 2, description="b"), same=True),
    Pair(
        "number 6", tcp(80, 80), v4(protocol="6", port_range_min=80, port_range_max=80), same=True
    ),
    Pair("number 17", v4(protocol="udp"), v4(protocol="17"), same=True),
    Pair("number 1", v4(protocol="icmp"), v4(protocol="1"), same=True),
    Pair("number 112", v4(protocol="vrrp"), v4(protocol="112"), same=True),
    Pair("number 0 and ip", v4(protocol="ip"), v4(protocol="0"), same=True),
    Pair("number 0 and hopopt", v4(protocol="hopopt"), v4(protocol="0"), same=False),
    Pair("ip and hopopt", v4(protocol="hopopt"), v4(protocol="ip"), same=False),
    Pair("number without name", v4(protocol="200"), v4(protocol="201"), same=False),
    Pair("letter case of protocol", v4(protocol="TCP"), v4(protocol="tcp"), same=True),
    Pair("any protocol", v4(protocol="any"), v4(), same=True),
    Pair("protocol 0 is not any", v4(protocol="0"), v4(), same=False),
    Pair("icmp in IPv6", v6(protocol="icmp"), v6(protocol="ipv6-icmp"), same=True),
    Pair("icmpv6 in IPv6", v6(protocol="icmpv6"), v6(protocol="ipv6-icmp"), same=True),
    Pair("number 58 in IPv6", v6(protocol="58"), v6(protocol="ipv6-icmp"), same=True),
    Pair("number 1 in IPv6", v6(protocol="1"), v6(protocol="58"), same=True),
    Pair("number 1 and name in IPv6", v6(protocol="1"), v6(protocol="icmp"), same=True),
    Pair("icmp of IPv4 and IPv6", v4(protocol="icmp"), v6(protocol="icmp"), same=False),
    Pair("ethertype", v4(protocol="tcp"), v6(protocol="tcp"), same=False),
    Pair("direction", v4(protocol="tcp"), CloudRule("IPv4", "egress", "tcp"), same=False),
    Pair("all IPv4 addresses", v4(remote_ip_prefix="0.0.0.0/0"), v4(), same=True),
    Pair("all IPv6 addresses", v6(remote_ip_prefix="::/0"), v6(), same=True),
    Pair("all addresses long", v6(remote_ip_prefix="0:0::0/0"), v6(), same=True),
    Pair("host bits of nothing", v4(remote_ip_prefix="10.0.0.1/0"), v4(), same=False),
    Pair(
        "host bits",
        v4(remote_ip_prefix="10.1.2.3/8"),
        v4(remote_ip_prefix="10.0.0.0/8"),
        same=False,
    ),
    Pair(
        "bare IPv4 address",
        v4(remote_ip_prefix="192.0.2.7"),
        v4(remote_ip_prefix="192.0.2.7/32"),
        same=True,
    ),
    Pair(
        "bare IPv6 address",
        v6(remote_ip_prefix="2001:db8::7"),
        v6(remote_ip_prefix="2001:db8::7/128"),
        same=True,
    ),
    Pair(
        "spelling of IPv6",
        v6(remote_ip_prefix="2001:DB8:0:0::/32"),
        v6(remote_ip_prefix="2001:db8::/32"),
        same=True,
    ),
    Pair(
        "mapped IPv4",
        v6(remote_ip_prefix="::ffff:192.0.2.7"),
        v6(remote_ip_prefix="::ffff:c000:207/128"),
        same=True,
    ),
    Pair(
        "zero before the length",
        v4(remote_ip_prefix="10.0.0.0/08"),
        v4(remote_ip_prefix="10.0.0.0/8"),
        same=True,
    ),
    Pair("whole range of tcp", tcp(1, 65535), tcp(None, None), same=True),
    Pair("almost the whole range", tcp(1, 65534), tcp(None, None), same=False),
    Pair("other range", tcp(80, 81), tcp(80, 80), same=False),
    Pair("other protocol", tcp(None, None), v4(protocol="udp"), same=False),
    Pair("any and tcp", tcp(None, None), v4(), same=False),
    Pair("type 0 and any type", icmp(0, None), icmp(None, None), same=False),
    Pair("code 0 and any code", icmp(8, 0), icmp(8, None), same=False),
    Pair("other code", icmp(3, 1), icmp(3, 4), same=False),
)
