"""What a verdict says, sentence by sentence of the semantics."""

import pytest

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.verdict import judge
from ringfence.ports.verdicts.world import (
    AddressPair,
    End,
    Group,
    Packet,
    Port,
    World,
)
from ringfence.security_groups.driver_protocols import DRIVERS
from ringfence.security_groups.rules import Rule

ICMP, TCP, UDP, GRE, ICMPV6, UDPLITE, DCCP = 1, 6, 17, 47, 58, 136, 33
ANYWHERE = End(cidr="203.0.113.7")
ANYWHERE_6 = End(cidr="2001:db8:ffff::7")
WEB = End(("web",))
HTTPS = Rule(protocol="tcp", from_port=443, to_port=443)


def world_of(*rules, groups=("g",), address_groups=None, members=(), others=(), **port):
    """Return a world with the port `web`, whose group `g` has these rules."""
    values = {"addresses": ("10.0.0.5", "2001:db8::5")} | port
    web = Port("web", groups=groups, **values)
    return World.of(
        [web, *members], [Group.of("g", rules), Group.of("peers", []), *others], address_groups
    )


def member(address="10.0.0.9", *pairs, groups=("peers",)):
    return Port(
        f"member-{address}",
        (address,),
        groups,
        address_pairs=tuple(AddressPair(pair, "fa:16:3e:00:00:01") for pair in pairs),
    )


def verdict(world, protocol=TCP, port=443, driver="ovn", source=ANYWHERE, to=WEB, **packet):
    return judge(world, Packet(source, to, protocol, port, **packet), driver).verdict


def by_driver(world, **packet):
    return [verdict(world, driver=driver, **packet) for driver in (*DRIVERS, None)]


def test_a_group_only_allows_so_without_a_rule_a_packet_is_refused():
    assert by_driver(world_of()) == ["refused"] * 4
    assert by_driver(world_of(HTTPS)) == ["admitted"] * 4


def test_a_port_with_several_groups_admits_the_union_of_all():
    ssh = Group.of("h", [Rule(protocol="tcp", from_port=22, to_port=22)])
    world = world_of(HTTPS, groups=("g", "h"), others=[ssh])
    assert [verdict(world, port=port) for port in (22, 443, 80)] == [
        "admitted",
        "admitted",
        "refused",
    ]


@pytest.mark.parametrize(
    ("rule", "packet"),
    [
        (HTTPS, {"protocol": UDP}),
        (HTTPS, {"port": 442}),
        (HTTPS, {"port": 444}),
        (HTTPS, {"source": ANYWHERE_6}),
        (Rule(direction="egress"), {}),
        (Rule(cidr="203.0.113.8/32"), {}),
        (Rule(cidr="203.0.112.0/24"), {}),
    ],
)
def test_a_rule_is_a_box_that_admits_nothing_outside(rule, packet):
    assert by_driver(world_of(rule), **packet) == ["refused"] * 4


def test_no_protocol_is_all_protocols():
    assert verdict(world_of(Rule()), protocol=GRE, port=None) == "admitted"


@pytest.mark.parametrize("ports", [(None, None), (1, 65535)])
def test_no_ports_or_all_of_them_are_all_ports_with_port_0(ports):
    rule = Rule(protocol="tcp", from_port=ports[0], to_port=ports[1])
    assert [verdict(world_of(rule), port=port) for port in (0, 1, 65535)] == ["admitted"] * 3


def test_icmp_without_a_type_is_all_types_and_without_a_code_all_codes():
    every = world_of(Rule(protocol="icmp"))
    echo = world_of(Rule(protocol="icmp", from_port=8))
    exact = world_of(Rule(protocol="icmp", from_port=8, to_port=0))
    packets = [(8, 0), (8, 1), (3, 1)]
    found = [
        [verdict(world, ICMP, None, icmp_type=kind, icmp_code=code) for kind, code in packets]
        for world in (every, echo, exact)
    ]
    assert found == [
        ["admitted", "admitted", "admitted"],
        ["admitted", "admitted", "refused"],
        ["admitted", "refused", "refused"],
    ]


def test_host_bits_of_a_prefix_are_cleared():
    assert verdict(world_of(Rule(cidr="203.0.113.99/24"))) == "admitted"


@pytest.mark.parametrize("cidr", [None, "", "0.0.0.0/0"])
def test_no_remote_end_is_anywhere(cidr):
    assert verdict(world_of(Rule(cidr=cidr))) == "admitted"
    assert verdict(world_of(Rule(cidr=cidr)), source=ANYWHERE_6) == "refused"


def test_a_remote_group_is_the_addresses_of_its_members():
    world = world_of(Rule(remote_group="peers"), members=[member("10.0.0.9")])
    assert by_driver(world, source=End(cidr="10.0.0.9")) == ["admitted"] * 4
    assert by_driver(world, source=End(cidr="10.0.0.8")) == ["refused"] * 4


def test_an_address_group_is_its_prefixes():
    world = world_of(Rule(remote_address_group="a"), address_groups={"a": ("10.1.0.0/16",)})
    assert by_driver(world, source=End(cidr="10.1.2.3")) == ["admitted"] * 4
    assert verdict(world, source=End(cidr="10.2.0.1")) == "refused"


def test_a_remote_group_against_a_prefix_is_not_exact():
    world = world_of(Rule(remote_group="peers"), members=[member("10.0.0.9")])
    found = judge(world, Packet(End(cidr="10.0.0.0/24"), WEB, TCP, 443), "ovn")
    assert (found.verdict, found.exact) == ("partly", False)
    found = judge(world, Packet(End(cidr="10.0.0.9"), WEB, TCP, 443), "ovn")
    assert (found.verdict, found.exact) == ("admitted", True)


def test_ports_with_another_protocol_are_not_exact():
    rule = Rule(protocol="udplite", from_port=7, to_port=7)
    assert judge(world_of(rule), Packet(ANYWHERE, WEB, UDPLITE, 7)).exact is False
    assert judge(world_of(HTTPS), Packet(ANYWHERE, WEB, TCP, 443)).exact is True


def test_address_pairs_of_a_member_belong_to_its_group_in_iptables_and_open_vswitch_not_in_ovn():
    pairs = member("10.0.0.9", "10.9.0.0/24")
    world = world_of(Rule(remote_group="peers"), members=[pairs])
    found = by_driver(world, source=End(cidr="10.9.0.1"))
    assert dict(zip((*DRIVERS, None), found, strict=True)) == {
        "ovn": "refused",
        "openvswitch": "admitted",
        "iptables": "admitted",
        None: "undetermined",
    }


def test_a_pair_of_every_address_is_matched_by_its_mac_address_in_open_vswitch():
    world = world_of(Rule(remote_group="peers"), members=[member("10.0.0.9", "0.0.0.0/0")])
    assert verdict(world, driver="openvswitch") == "undetermined"
    assert verdict(world, driver="iptables") == "admitted"


@pytest.mark.parametrize(("protocol", "number"), [("dccp", DCCP), ("udplite", UDPLITE)])
def test_iptables_matches_ports_of_dccp_and_udplite_and_ovn_admits_the_protocol(protocol, number):
    world = world_of(Rule(protocol=protocol, from_port=7, to_port=9))
    assert by_driver(world, protocol=number, port=8) == ["admitted"] * 4
    ovn, _, iptables, unknown = by_driver(world, protocol=number, port=10)
    assert (ovn, iptables, unknown) == ("admitted", "refused", "undetermined")


def test_ipv6_icmp_over_ipv4_is_protocol_58_for_iptables_and_icmp_for_ovn():
    world = world_of(Rule(protocol="ipv6-icmp"))
    ovn, _, iptables, unknown = by_driver(world, protocol=ICMP, port=None, icmp_type=8)
    assert (ovn, iptables, unknown) == ("admitted", "refused", "undetermined")


def test_own_addresses_are_left_out_of_the_remote_group_by_iptables_and_open_vswitch():
    world = world_of(Rule(remote_group="g"))
    own = End(cidr="10.0.0.5")
    ovn, openvswitch, iptables, unknown = by_driver(world, source=own)
    assert ovn == "admitted"
    assert "admitted" not in {openvswitch, iptables, unknown}


def test_iptables_may_ignore_an_address_group():
    world = world_of(Rule(remote_address_group="a"), address_groups={"a": ("10.1.0.0/16",)})
    outside = End(cidr="10.2.0.1")
    assert by_driver(world, source=outside) == [
        "refused",
        "refused",
        "undetermined",
        "undetermined",
    ]
    found = judge(world, Packet(outside, WEB, TCP, 443))
    assert Because.DRIVERS_DIFFER in found.because
    assert Because.ADDRESS_GROUP_MAY_BE_IGNORED in found.because


def test_protocol_0_is_every_protocol_for_iptables_only():
    world = world_of(Rule(protocol="0"))
    assert by_driver(world) == ["refused", "refused", "admitted", "undetermined"]


def test_drivers_that_agree_give_a_definite_verdict():
    world = world_of(Rule(remote_group="peers"), HTTPS, members=[member("10.0.0.9", "10.9.0.0/24")])
    assert verdict(world, driver=None, source=End(cidr="10.9.0.1")) == "admitted"


@pytest.mark.parametrize("owner", ["network:dhcp", "network:router_interface"])
def test_a_port_of_the_network_admits_everything(owner):
    assert by_driver(world_of(device_owner=owner, groups=())) == ["admitted"] * 4


def test_a_port_without_port_security_admits_everything():
    assert by_driver(world_of(port_security=False, groups=())) == ["admitted"] * 4
    assert by_driver(world_of(port_security=None, groups=())) == ["refused"] * 4


def test_a_port_without_groups_admits_only_what_neutron_always_admits():
    world = world_of(groups=())
    assert by_driver(world) == ["refused"] * 4
    icmp = {"protocol": ICMPV6, "port": None, "source": ANYWHERE_6}
    for always in (130, 134, 135, 136):
        assert by_driver(world, **icmp, icmp_type=always) == ["admitted"] * 4
    assert by_driver(world, **icmp, icmp_type=128) == ["refused"] * 4
    assert by_driver(world, protocol=UDP, port=68, source_port=4000) == ["refused"] * 4


def test_dhcp_is_always_admitted_except_with_ovn():
    world = world_of(groups=())
    for packet, expected in (
        ({"port": 68, "source_port": 67}, "admitted"),
        ({"port": 67, "source_port": 68, "source": WEB, "to": ANYWHERE}, "admitted"),
        ({"port": 68}, "partly"),
    ):
        assert by_driver(world, protocol=UDP, **packet) == [
            *("refused", expected, expected),
            "undetermined",
        ]


def test_ovn_admits_messages_of_neighbours_and_routers_without_a_rule_with_code_0_only():
    world = world_of(groups=())
    icmp = {"protocol": ICMPV6, "port": None, "source": ANYWHERE_6, "icmp_type": 135}
    assert by_driver(world, **icmp, icmp_code=0) == ["admitted"] * 4
    assert by_driver(world, **icmp, icmp_code=1) == [
        *("refused", "admitted", "admitted"),
        "undetermined",
    ]


def test_instances_cannot_announce_routers_in_spite_of_a_rule():
    world = world_of(Rule("IPv6", "egress"))
    packet = {"protocol": ICMPV6, "port": None, "icmp_type": 134, "source": WEB, "to": ANYWHERE_6}
    assert by_driver(world, **packet) == ["admitted", "refused", "refused", "undetermined"]


@pytest.mark.parametrize("stateful", [True, None])
def test_of_stateful_groups_the_first_packet_decides(stateful):
    group = Group.of("s", [HTTPS], stateful=stateful)
    found = judge(world_of(groups=("s",), others=[group]), Packet(ANYWHERE, WEB, TCP, 443), "ovn")
    assert (found.verdict, found.reply) == ("admitted", None)


@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ([], "refused"),
        ([Rule(direction="egress", protocol="tcp")], "admitted"),
        ([Rule(direction="egress", protocol="tcp", from_port=1024, to_port=65535)], "admitted"),
        ([Rule(direction="egress", protocol="tcp", from_port=2000, to_port=65535)], "partly"),
        ([Rule(direction="egress", cidr="198.51.100.0/24")], "refused"),
    ],
)
def test_of_stateless_groups_the_reply_must_be_admitted_too(egress, expected):
    world = world_of(groups=("s",), others=[Group.of("s", [HTTPS, *egress], stateful=False)])
    for driver in ("ovn", "iptables"):
        found = judge(world, Packet(ANYWHERE, WEB, TCP, 443), driver)
        assert (found.verdict, found.ingress.verdict) == (expected, "admitted")
        assert found.reply.verdict == expected


def test_open_vswitch_tracks_connections_of_stateless_groups():
    world = world_of(groups=("s",), others=[Group.of("s", [HTTPS], stateful=False)])
    assert by_driver(world) == ["refused", "admitted", "refused", "undetermined"]


def test_a_reply_that_every_judging_driver_admits_is_admitted_by_all():
    egress = Rule(direction="egress", protocol="tcp")
    world = world_of(groups=("s",), others=[Group.of("s", [HTTPS, egress], stateful=False)])
    found = judge(world, Packet(ANYWHERE, WEB, TCP, 443), None)
    assert (found.verdict, found.reply.verdict) == ("admitted", "admitted")


def test_the_reply_to_an_echo_request_is_an_echo_reply():
    rules = [
        Rule(protocol="icmp", from_port=8),
        Rule(direction="egress", protocol="icmp", from_port=0),
    ]
    world = world_of(groups=("s",), others=[Group.of("s", rules, stateful=False)])
    assert verdict(world, ICMP, None, icmp_type=8) == "admitted"


@pytest.mark.parametrize(
    "world",
    [
        world_of(groups=("g", "hidden")),
        world_of(groups=None),
        world_of(Rule(remote_group="hidden")),
        world_of(Rule(remote_address_group="unread")),
        world_of(Rule(remote_group="peers"), members=[Port("p", None, ("peers",))]),
        world_of(Rule(remote_group="peers"), members=[Port("p", ("203.0.113.7",), None)]),
        world_of(Rule(protocol="no-such-protocol")),
    ],
)
def test_what_is_not_known_is_undetermined_never_refused(world):
    assert by_driver(world) == ["undetermined"] * 4


def test_what_is_not_known_is_admitted_if_something_known_admits_it():
    assert by_driver(world_of(HTTPS, Rule(remote_group="hidden"))) == ["admitted"] * 4
    assert by_driver(world_of(HTTPS, groups=("g", "hidden"))) == ["admitted"] * 4


def test_both_ends_are_judged_if_both_are_ports():
    peer = member("10.0.0.9")
    admits_all = Group.of("peers", [Rule(direction="egress")])
    closed = world_of(HTTPS, members=[peer])
    opened = world_of(HTTPS, members=[peer], others=[admits_all])
    source = End((peer.id,))
    found = judge(closed, Packet(source, WEB, TCP, 443))
    assert (found.verdict, found.egress.verdict, found.ingress.verdict) == (
        "refused",
        "refused",
        "admitted",
    )
    assert verdict(opened, source=source) == "admitted"


def test_a_prefix_is_admitted_in_part():
    world = world_of(Rule(cidr="10.1.0.0/17"), Rule(cidr="10.1.128.0/17"))
    found = [verdict(world, source=End(cidr=cidr)) for cidr in ("10.1.0.0/16", "10.0.0.0/8")]
    assert found == ["admitted", "partly"]
    assert verdict(world, source=End(cidr="10.2.0.0/16")) == "refused"


def test_ends_without_a_common_ethertype_cannot_reach_each_other():
    world = world_of(HTTPS, addresses=("2001:db8::5",))
    found = judge(world, Packet(ANYWHERE, WEB, TCP, 443))
    assert (found.verdict, found.because) == ("refused", (Because.NO_COMMON_ETHERTYPE,))


@pytest.mark.parametrize(
    ("rule", "respect", "text"),
    [
        (Rule(cidr="10.0.0.0/8"), "remote", "source is not in 10.0.0.0/8"),
        (Rule(remote_group="peers"), "remote", "source is not a member of the remote group"),
        (Rule(protocol="udp", from_port=443, to_port=443), "protocol", "protocol is not udp"),
        (Rule(protocol="tcp", from_port=80, to_port=90), "port", "port 443 is not in 80-90"),
        (Rule(protocol="tcp", from_port=80, to_port=80), "port", "port 443 is not 80"),
        (Rule("IPv6", protocol="tcp"), "ethertype", "the rule is for IPv6, not for IPv4"),
    ],
)
def test_the_nearest_rules_of_a_refusal_fail_in_one_respect_only(rule, respect, text):
    far = Rule(protocol="udp", cidr="10.0.0.0/8")
    found = judge(world_of(rule, far), Packet(ANYWHERE, WEB, TCP, 443)).ingress
    assert [(each.rule.rule, each.respect, each.text) for each in found.nearest] == [
        (rule, respect, text)
    ]


def test_a_verdict_names_the_rules_that_admit():
    found = judge(world_of(Rule(protocol="udp"), HTTPS), Packet(ANYWHERE, WEB, TCP, 443)).ingress
    assert [(each.group, each.id) for each in found.by] == [("g", 1)]
    assert found.because == (Because.INGRESS_RULE,)
