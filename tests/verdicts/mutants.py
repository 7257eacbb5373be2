"""Errors in the code of verdicts, each with the test that must find it.

`python -m tests.traffic.mutants` puts them into a copy of the package.
"""

from tests.traffic.mutant import Mutant

MUTANTS = (
    Mutant(
        "ports/verdicts/verdict.py",
        "for group_id in dict.fromkeys(port.groups or ()):",
        "for group_id in (port.groups or ())[:1]:",
        "test_a_port_with_several_groups_admits_the_union_of_all",
    ),
    Mutant(
        "ports/verdicts/regions.py",
        "return Outcome.UNDETERMINED if perhaps else Outcome.REFUSED",
        "return Outcome.REFUSED",
        "test_what_is_not_known_is_undetermined_never_refused",
    ),
    Mutant(
        "ports/verdicts/verdict.py",
        "        possible += requested\n",
        "        pass\n",
        "test_what_is_not_known_is_undetermined_never_refused",
    ),
    Mutant(
        "ports/verdicts/reach.py",
        'for addresses in pairs if lens.driver != "ovn" else ():',
        "for addresses in pairs:",
        "test_address_pairs_of_a_member_belong_to_its_group_in_iptables_and_open_vswitch_not_in_ovn",
    ),
    Mutant(
        "security_groups/driver_protocols.py",
        'number = ICMPV4 if driver == "ovn" else ICMPV6',
        "number = ICMPV6",
        "test_ipv6_icmp_over_ipv4_is_protocol_58_for_iptables_and_icmp_for_ovn",
    ),
    Mutant(
        "security_groups/driver_protocols.py",
        'matched = ports if driver == "iptables" else ALL_PORTS',
        "matched = ports",
        "test_iptables_matches_ports_of_dccp_and_udplite_and_ovn_admits_the_protocol",
    ),
    Mutant(
        "ports/verdicts/reach.py",
        "        if address in own:",
        "        if False:",
        "test_own_addresses_are_left_out_of_the_remote_group_by_iptables_and_open_vswitch",
    ),
    Mutant(
        "ports/verdicts/reach.py",
        '    if lens.driver == "iptables":\n        ends.may_be_all',
        "    if False:\n        ends.may_be_all",
        "test_iptables_may_ignore_an_address_group",
    ),
    Mutant(
        "ports/verdicts/verdict.py",
        "    if port.is_trusted:",
        "    if False:",
        "test_a_port_of_the_network_admits_everything",
    ),
    Mutant(
        "ports/verdicts/verdict.py",
        "    if port.port_security is False:",
        "    if not port.port_security:",
        "test_a_port_without_port_security_admits_everything",
    ),
    Mutant(
        "ports/verdicts/neutron_defaults.py",
        "_INGRESS = (_QUERY, _SOLICIT, _NEIGHBOUR, _ROUTER)",
        "_INGRESS = (_QUERY, _SOLICIT, _NEIGHBOUR)",
        "test_a_port_without_groups_admits_only_what_neutron_always_admits",
    ),
    Mutant(
        "ports/verdicts/verdict.py",
        "group is not None and group.stateful is False for group",
        "False for group",
        "test_of_stateless_groups_the_reply_must_be_admitted_too",
    ),
    Mutant(
        "ports/verdicts/verdict.py",
        "outcome = verdicts[0].verdict if len(found) == 1 else Outcome.UNDETERMINED",
        "outcome = verdicts[0].verdict",
        "test_protocol_0_is_every_protocol_for_iptables_only",
    ),
    Mutant(
        "ports/verdicts/regions.py",
        "return Outcome.PARTLY if refused else Outcome.UNDETERMINED",
        "return Outcome.ADMITTED",
        "test_a_prefix_is_admitted_in_part",
    ),
    Mutant(
        "security_groups/driver_protocols.py",
        "if all_ports or first is None:",
        "if first is None:",
        "test_no_ports_or_all_of_them_are_all_ports_with_port_0",
    ),
)
