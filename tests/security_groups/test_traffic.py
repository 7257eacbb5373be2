"""Each sentence of docs/explanation/traffic.md about rules, symbolic ends and comparison."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.security_groups.intervals import interval_of, prefixes
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import overlaps


def ssh(cidr=None, **fields):
    return Rule(protocol="tcp", from_port=22, to_port=22, cidr=cidr, **fields)


def traffic(*rules):
    return Traffic.of(rules)


def shown(value):
    return [
        (each.protocol, each.from_port, each.to_port, each.cidr or each.remote_group)
        for each in value.pieces()
    ]


def test_rules_admit_the_union_of_what_each_admits():
    both = traffic(ssh("10.0.0.0/8"), ssh("192.168.0.0/16"))
    assert both == traffic(ssh("10.0.0.0/8")) | traffic(ssh("192.168.0.0/16"))
    assert both.covers(traffic(ssh("10.1.0.0/16")))
    assert both.covers(traffic(ssh("192.168.7.0/24")))
    assert not both.covers(traffic(ssh("11.0.0.0/8")))


def test_groups_of_a_port_admit_the_union():
    web, office = (
        traffic(Rule(protocol="tcp", from_port=443, to_port=443)),
        traffic(ssh("8.0.0.0/8")),
    )
    assert (web | office).covers(web)
    assert (web | office).covers(office)
    assert (web | office) - web == office


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp", "1", "47", "255"])
def test_no_protocol_is_every_protocol(protocol):
    assert traffic(Rule()).covers(traffic(Rule(protocol=protocol)))
    assert not traffic(Rule(protocol=protocol)).covers(traffic(Rule()))


@pytest.mark.parametrize("protocol", ["0", "ip", "hopopt", "any", "", "ANY"])
def test_protocol_0_counts_as_every_protocol(protocol):
    assert traffic(Rule(protocol=protocol)) == traffic(Rule())


@pytest.mark.parametrize(
    ("ethertype", "name", "number"),
    [
        ("IPv4", "tcp", "6"),
        ("IPv4", "UDP", "17"),
        ("IPv4", "icmp", "1"),
        ("IPv6", "icmp", "58"),
        ("IPv6", "icmpv6", "58"),
        ("IPv6", "ipv6-icmp", "58"),
        ("IPv4", "sctp", "132"),
    ],
)
def test_a_protocol_is_its_number(ethertype, name, number):
    assert traffic(Rule(ethertype, protocol=name)) == traffic(Rule(ethertype, protocol=number))


@pytest.mark.parametrize("ports", [(1, 65535), (0, 65535)])
@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp", "dccp"])
def test_all_ports_are_no_ports(protocol, ports):
    assert traffic(Rule("IPv4", "ingress", protocol, *ports)) == traffic(Rule(protocol=protocol))


def test_icmp_without_type_or_code_is_all_of_them():
    echo, codes = Rule(protocol="icmp", from_port=8, to_port=0), Rule(protocol="icmp", from_port=8)
    assert traffic(Rule(protocol="icmp")).covers(traffic(codes))
    assert traffic(codes).covers(traffic(echo))
    every_code = [Rule(protocol="icmp", from_port=8, to_port=code) for code in range(256)]
    assert traffic(*every_code) == traffic(codes)
    assert shown(traffic(*every_code)) == [("icmp", 8, None, "0.0.0.0/0")]
    assert not traffic(codes).covers(traffic(Rule(protocol="icmp", from_port=9, to_port=0)))


def test_host_bits_are_cleared():
    assert traffic(ssh("10.1.2.3/8")) == traffic(ssh("10.0.0.0/8"))
    assert traffic(ssh("10.1.2.3")) == traffic(ssh("10.1.2.3/32"))


@pytest.mark.parametrize(
    ("ethertype", "cidr"),
    [("IPv4", "0.0.0.0/0"), ("IPv4", ""), ("IPv4", "10.0.0.0/0"), ("IPv6", "::/0")],
)
def test_no_remote_end_is_anywhere(ethertype, cidr):
    assert traffic(ssh(cidr, ethertype=ethertype)) == traffic(ssh(ethertype=ethertype))


def test_ethertypes_and_directions_are_apart():
    kinds = [
        traffic(Rule(ethertype, direction))
        for ethertype in ("IPv4", "IPv6")
        for direction in ("ingress", "egress")
    ]
    assert not any(one & other for one, other in combinations(kinds, 2))


def test_a_symbolic_end_equals_itself_only():
    web, db = traffic(ssh(remote_group="web")), traffic(ssh(remote_group="db"))
    address_group = traffic(ssh(remote_address_group="web"))
    assert web - web == traffic()
    assert web - db == web
    assert web - address_group == web
    assert web - traffic(ssh("10.0.0.0/8")) == web
    assert traffic(ssh("10.0.0.0/8")) - web == traffic(ssh("10.0.0.0/8"))


def test_anywhere_covers_every_symbolic_end():
    assert traffic(ssh()).covers(traffic(ssh(remote_group="web")))
    assert traffic(ssh(), ssh(remote_address_group="office")) == traffic(ssh())
    assert not traffic(ssh()).covers(traffic(ssh(remote_group="web", ethertype="IPv6")))


def test_prefixes_that_make_up_anywhere_cover_symbolic_ends():
    halves = [ssh("0.0.0.0/1"), ssh("128.0.0.0/1")]
    assert traffic(*halves).covers(traffic(ssh(remote_group="web")))
    assert not traffic(halves[0]).covers(traffic(ssh(remote_group="web")))


@pytest.mark.parametrize("cidr", ["nonsense", "10.0.0.0/33", "2001:db8::/32", "10.0.0.0/x"])
def test_an_unreadable_end_is_neither_anywhere_nor_nothing(cidr):
    unreadable = traffic(ssh(cidr))
    assert unreadable
    assert not unreadable.covers(traffic(ssh()))
    assert not unreadable.covers(traffic(ssh("10.0.0.1/32")))
    assert [each.unknown_end for each in unreadable.pieces()] == [cidr]


PORTS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@st.composite
def rules(draw):
    first, last = draw(PORTS)
    protocol = draw(st.sampled_from(["tcp", "udp", "7", ""]))
    end = draw(st.sampled_from(["group", "0.0.0.0/0", "10.0.0.0/29", "10.0.0.4/30", "10.0.0.6/31"]))
    has_ports = protocol in {"tcp", "udp"}
    return Rule(
        direction=draw(st.sampled_from(["ingress", "egress"])),
        protocol=protocol,
        from_port=first if has_ports else None,
        to_port=last if has_ports else None,
        cidr=None if end == "group" else end,
        remote_group="web" if end == "group" else None,
    )


def split(rule):
    """Return rules that admit the same: of single ports and of half the addresses."""
    halves = [rule]
    if rule.cidr:
        address, _, length = rule.cidr.partition("/")
        first = interval_of(rule.cidr, "IPv4")[0] + 2 ** (31 - int(length))
        other = next(prefixes("IPv4", (first, first))).partition("/")[0]
        halves = [
            Rule(**fields(rule) | {"cidr": f"{half}/{int(length) + 1}"})
            for half in (address, other)
        ]
    if rule.from_port is None:
        return halves
    return [
        Rule(**fields(half) | {"from_port": port, "to_port": port})
        for half in halves
        for port in range(rule.from_port, rule.to_port + 1)
    ]


def fields(rule):
    return {name: getattr(rule, name) for name in Rule.__slots__}


@given(st.lists(rules(), max_size=6), st.randoms())
def test_order_and_splitting_change_nothing(chosen, random):
    parts = [part for rule in chosen for part in split(rule)] + chosen[:2]
    random.shuffle(parts)
    assert traffic(*parts) == traffic(*chosen)
    assert hash(traffic(*parts)) == hash(traffic(*chosen))
    assert traffic(*parts).pieces() == traffic(*chosen).pieces()


def test_a_difference_is_exact():
    old = traffic(ssh("10.0.0.0/8"))
    new = traffic(
        ssh("10.0.0.0/9"), Rule(protocol="tcp", from_port=20, to_port=23, cidr="9.0.0.0/8")
    )
    assert shown(new - old) == [("tcp", 20, 23, "9.0.0.0/8")]
    assert shown(old - new) == [("tcp", 22, 22, "10.128.0.0/9")]
    assert shown(traffic(Rule(protocol="tcp", from_port=1, to_port=100)) - traffic(ssh())) == [
        ("tcp", 23, 100, "0.0.0.0/0"),
        ("tcp", 1, 21, "0.0.0.0/0"),
    ]


def test_a_union_covers_what_no_single_rule_does():
    parts = [ssh("10.0.0.0/9"), ssh("10.128.0.0/9")]
    whole = traffic(ssh("10.0.0.0/8"))
    assert traffic(*parts).covers(whole)
    assert not any(traffic(part).covers(whole) for part in parts)


@given(st.lists(rules(), max_size=5), st.lists(rules(), max_size=5))
def test_pieces_are_disjoint_and_make_up_the_traffic(new, old):
    difference = traffic(*new) - traffic(*old)
    boxes = list(difference.boxes())
    assert not any(overlaps(one, other) for one, other in combinations(boxes, 2))
    assert Traffic.of_boxes(boxes) == difference
    assert difference | traffic(*old) == traffic(*new, *old)
    written = [
        Rule(
            *(each.ethertype, each.direction, each.protocol, each.from_port, each.to_port),
            cidr=each.cidr,
            remote_group=each.remote_group,
        )
        for each in difference.pieces()
        if "-" not in each.protocol
    ]
    if len(written) == len(difference.pieces()):
        assert traffic(*written) == difference


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_pieces_are_the_fewest_prefixes_and_the_widest_come_first(one, other):
    interval = (min(one, other), max(one, other))
    found = [interval_of(prefix, "IPv4") for prefix in prefixes("IPv4", interval)]
    assert found[0][0] == interval[0]
    assert found[-1][1] == interval[1]
    assert all(before[1] + 1 == after[0] for before, after in pairwise(found))
    # No two of them make up a prefix.
    sizes = [last - first + 1 for first, last in found]
    assert not any(
        sizes[n] == sizes[n + 1] and found[n][0] % (2 * sizes[n]) == 0
        for n in range(len(found) - 1)
    )
    parts = [ssh(prefix) for prefix in prefixes("IPv4", interval)]
    lengths = [int(each.cidr.partition("/")[2]) for each in traffic(*parts).pieces()]
    assert lengths == sorted(lengths)


def test_protocols_between_others_are_a_range():
    rest = traffic(Rule()) - traffic(Rule(protocol="tcp"), Rule(protocol="udp"))
    assert [each.protocol for each in rest.pieces()] == ["18-255", "7-16", "0-5"]
    rest = traffic(Rule()) - traffic(Rule(protocol="icmp"))
    assert [each.protocol for each in rest.pieces()] == ["2-255", "0-0"]


def test_more_pieces_than_the_limit_are_refused():
    many = [Rule(protocol="tcp", from_port=2 * n, to_port=2 * n, cidr=f"10.{n % 250}.1.1/32")
            for n in range(10_001)]  # fmt: skip
    with pytest.raises(TooComplex):
        traffic(*many).pieces()
    assert len(traffic(*many[:10_000]).pieces()) == 10_000


def test_a_difference_at_an_end_of_the_addresses_is_exact():
    assert shown(traffic(ssh()) - traffic(ssh("255.255.255.255/32")))[-1][3] == "255.255.255.254/32"
    last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"
    rest = traffic(ssh(ethertype="IPv6")) - traffic(ssh(last, ethertype="IPv6"))
    assert len(rest.pieces()) == 128
    assert not traffic(ssh("0.0.0.0/32")) & traffic(ssh("0.0.0.1/32"))
