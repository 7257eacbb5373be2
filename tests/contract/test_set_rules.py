"""Replacing all rules of a group."""

from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at, tenant_at, to_group
from tests.factories.world import set_quotas

JSON = {"Content-Type": "application/json"}
NO_URL_MATCH = "Invalid hyperlink - No URL match."
WRONG_URL = "Invalid hyperlink - Incorrect URL match."
NO_OBJECT = "Invalid hyperlink - Object does not exist."
NO_INTEGER = "A valid integer is required."
NULL = "This field may not be null."
EMPTY = "Empty value is not allowed."
V4 = "Expected CIDR format: <0-255>.<0-255>.<0-255>.<0-255>/<0-32>"
V6 = "IPv6 addresses are represented as eight groups, separated by colons."
DUPLICATES = ["Duplicate security group rules are not allowed."]


async def send(client, group, rules):
    return await client.post(group_at(group, "set_rules/"), json=rules)


async def rules_of(client, group):
    return (await client.get(group_at(group))).json()["rules"]


async def settle(world):
    await world.execute("UPDATE security_groups SET state = 'OK'")


async def test_the_older_contract_returns_200_without_a_body_and_the_newer_202(client, world):
    group = await world.group()
    response = await send(client, group, [a_rule()])
    assert (response.status_code, response.content) == (200, b"")
    await settle(world)
    response = await client.post(
        group_at(group, "set_rules/"),
        json=[a_rule()],
        headers={"Accept": "application/json; version=2026-10"},
    )
    assert response.status_code == 202
    assert response.json() == {"status": "Rules update was successfully scheduled."}


async def test_the_new_rules_show_at_once_in_the_order_in_which_they_were_given(client, world):
    group = await world.group(version=4, applied_version=4)
    ports = [443, 22, 80, 8080, 21]
    await send(client, group, [a_rule(from_port=port, to_port=port) for port in ports])
    shown = (await client.get(group_at(group))).json()
    assert [rule["from_port"] for rule in shown["rules"]] == ports
    assert shown["state"] == "UPDATE_SCHEDULED"
    assert await world.one("SELECT version, applied_version FROM security_groups") == (5, 4)
    job = await world.one("SELECT task_name, args->>'security_group' FROM procrastinate_jobs")
    assert job == ("push_group", group.hex)


async def test_missing_fields_have_waldurs_defaults(client, world):
    group = await world.group()
    await send(client, group, [{"from_port": -1, "to_port": -1}])
    (rule,) = await rules_of(client, group)
    del rule["id"]
    assert rule == {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "",
        "from_port": -1,
        "to_port": -1,
        "cidr": None,
        "description": "",
        "remote_group": None,
    }


async def test_an_empty_list_removes_all_rules(client, world):
    group = await world.group()
    await send(client, group, [a_rule()])
    await settle(world)
    assert (await send(client, group, [])).status_code == 200
    assert await rules_of(client, group) == []


BODIES = {
    b"": {"non_field_errors": ['Expected a list of items but got type "dict".']},
    b"{}": {"non_field_errors": ['Expected a list of items but got type "dict".']},
    b'"x"': {"non_field_errors": ['Expected a list of items but got type "str".']},
    b"7": {"non_field_errors": ['Expected a list of items but got type "int".']},
    b"null": {"non_field_errors": ["No data provided"]},
    b"[1, {}]": [
        {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
        {"to_port": [EMPTY]},
    ],
}


async def test_a_body_that_is_no_list_of_objects_is_refused(client, world):
    group = await world.group()
    for content, expected in BODIES.items():
        response = await client.post(group_at(group, "set_rules/"), content=content, headers=JSON)
        assert (response.status_code, response.json()) == (400, expected), content


NUMBER_ZERO = (
    "Programs send the number 0 for an unset value, and some clouds admit every protocol for it."
    ' Send "" for any protocol, or the text "0" for protocol 0 (HOPOPT).'
)


def choice(value):
    return f'"{value}" is not a valid choice.'


FIELD_STAGE = [
    ({"ethertype": "ipv4"}, {"ethertype": [choice("ipv4")]}),
    ({"ethertype": None}, {"ethertype": [NULL]}),
    ({"ethertype": 4}, {"ethertype": [choice(4)]}),
    ({"direction": "INGRESS"}, {"direction": [choice("INGRESS")]}),
    ({"direction": ""}, {"direction": [choice("")]}),
    ({"protocol": None}, {"protocol": [NULL]}),
    ({"protocol": "TCP"}, {"protocol": [choice("TCP")]}),
    ({"protocol": "256"}, {"protocol": [choice("256")]}),
    ({"protocol": "-1"}, {"protocol": [choice("-1")]}),
    ({"protocol": True}, {"protocol": [choice("True")]}),
    ({"protocol": False}, {"protocol": [choice("False")]}),
    ({"protocol": 0}, {"protocol": [NUMBER_ZERO]}),
    ({"protocol": -0.0, "from_port": -1, "to_port": -1}, {"protocol": [NUMBER_ZERO]}),
    ({"protocol": 6.0}, {"protocol": [choice("6.0")]}),
    ({"protocol": "any"}, {"protocol": [choice("any")]}),
    ({"from_port": True}, {"from_port": [NO_INTEGER]}),
    ({"from_port": "x"}, {"from_port": [NO_INTEGER]}),
    ({"from_port": 22.5}, {"from_port": [NO_INTEGER]}),
    ({"from_port": []}, {"from_port": [NO_INTEGER]}),
    ({"from_port": ""}, {"from_port": [NO_INTEGER]}),
    ({"to_port": 65536}, {"to_port": ["Ensure this value is less than or equal to 65535."]}),
    (
        {"to_port": -2147483649},
        {"to_port": ["Ensure this value is greater than or equal to -2147483648."]},
    ),
    ({"cidr": "1" * 256}, {"cidr": ["Ensure this field has no more than 255 characters."]}),
    ({"cidr": True}, {"cidr": ["Not a valid string."]}),
    ({"cidr": "10.0.0.0/8\x00"}, {"cidr": ["Null characters are not allowed."]}),
    ({"description": None}, {"description": [NULL]}),
    (
        {"description": "x" * 256},
        {"description": ["Ensure this field has no more than 255 characters."]},
    ),
    ({"cidr": "", "remote_group": "garbage"}, {"remote_group": [NO_URL_MATCH]}),
    ({"remote_group": f"{GROUPS}1/"}, {"remote_group": [NO_URL_MATCH]}),
    ({"remote_group": tenant_at(uuid4())}, {"remote_group": [WRONG_URL]}),
    (
        {"remote_group": 5},
        {"remote_group": ["Incorrect type. Expected URL string, received int."]},
    ),
    (
        {"remote_group": {}},
        {"remote_group": ["Incorrect type. Expected URL string, received dict."]},
    ),
    ({"remote_group": group_at(uuid4())}, {"remote_group": [NO_OBJECT]}),
    (
        {"ethertype": "x", "from_port": None, "to_port": "y", "description": None},
        {"ethertype": [choice("x")], "to_port": [NO_INTEGER], "description": [NULL]},
    ),
    ({"id": None}, {"id": [NULL]}),
    # Waldur fails with a 500 on the next two.
    ({"id": "x"}, {"id": [NO_INTEGER]}),
    ({"id": []}, {"id": [NO_INTEGER]}),
    ({"id": 99}, {"id": "Security group does not have rule with id 99."}),
    ({"id": 10**30}, None),
]

OBJECT_STAGE = [
    ({"cidr": "10.0.0.0/33"}, {"cidr": [V4]}),
    ({"cidr": "2001:db8::/32"}, {"cidr": [V4]}),
    ({"ethertype": "IPv6"}, {"cidr": [V6]}),
    ({"to_port": None}, {"to_port": [EMPTY]}),
    ({"from_port": None}, {"from_port": [EMPTY]}),
    ({"from_port": None, "to_port": None}, {"to_port": [EMPTY]}),
    # The CIDR is validated first; after its error, nothing else is.
    ({"cidr": "x", "to_port": None}, {"cidr": [V4]}),
    (
        {"protocol": "icmp", "from_port": 256, "to_port": 0},
        {"from_port": ["Value should be in range [-1, 255], found 256"]},
    ),
    (
        {"protocol": "icmp", "from_port": 8, "to_port": -2},
        {"to_port": ["Value should be in range [-1, 255], found -2"]},
    ),
    (
        {"protocol": "1", "from_port": 256, "to_port": 0},
        {"from_port": ["Value should be in range [-1, 255], found 256"]},
    ),
    (
        {"from_port": 23},
        {"non_field_errors": ['"from_port" should be less or equal to "to_port"']},
    ),
    (
        {"to_port": -1},
        {"non_field_errors": ['"from_port" should be less or equal to "to_port"']},
    ),
    (
        {"from_port": -1},
        {"non_field_errors": ['"from_port" should not be -1 if "to_port" is defined.']},
    ),
    ({"from_port": 0}, {"from_port": ["Value should be in range [1, 65535], found 0"]}),
    ({"from_port": -2}, {"from_port": ["Value should be in range [1, 65535], found -2"]}),
    (
        {"protocol": "17", "from_port": 0},
        {"from_port": ["Value should be in range [1, 65535], found 0"]},
    ),
    (
        {"protocol": ""},
        {"from_port": ["Port range is not supported if protocol is not specified."]},
    ),
    (
        {"protocol": "", "from_port": -1},
        {"to_port": ["Port range is not supported if protocol is not specified."]},
    ),
    ({"protocol": "47"}, {"from_port": ["Port range is not supported for protocol 47."]}),
]


@pytest.mark.parametrize("stage", [FIELD_STAGE, OBJECT_STAGE], ids=["field", "object"])
async def test_what_is_wrong_with_a_rule_is_said_in_waldurs_words(client, world, stage):
    group = await world.group()
    for changes, expected in stage:
        response = await send(client, group, [a_rule(**changes)])
        assert response.status_code == 400, changes
        if expected is not None:
            assert response.json() == [expected], changes
    assert await rules_of(client, group) == []
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0


async def test_errors_are_a_list_parallel_to_the_rules(client, world):
    group = await world.group()
    rules = [a_rule(), a_rule(from_port=0), a_rule(from_port=21), {"protocol": "x"}]
    response = await send(client, group, rules)
    assert response.status_code == 400
    assert response.json() == [
        {},
        {"from_port": ["Value should be in range [1, 65535], found 0"]},
        {},
        {"protocol": [choice("x")]},
    ]


async def test_cidr_and_remote_group_exclude_each_other(client, world):
    group, remote = await world.group(), await world.group("db")
    response = await send(client, group, [to_group(remote, cidr="10.0.0.0/8")])
    message = "You can specify either the remote_group_id or cidr attribute, not both."
    assert (response.status_code, response.json()) == (400, [{"non_field_errors": [message]}])


PORTS = {
    ("80", "80"): (80, 80),
    (80.0, 81): (80, 81),
    (" 80 ", "081"): (80, 81),
    (1, 65535): (1, 65535),
    (-1, -1): (-1, -1),
}


async def test_ports_may_be_strings_and_whole_numbers_of_any_kind(client, world):
    group = await world.group()
    for (first, last), expected in PORTS.items():
        assert (await send(client, group, [a_rule(from_port=first, to_port=last)])).is_success
        (rule,) = await rules_of(client, group)
        assert (rule["from_port"], rule["to_port"]) == expected
        await settle(world)


PROTOCOLS = [
    # Each with its ports, or its type and code.
    *(("tcp", 1, 2), ("udp", 1, 2), ("icmp", 8, 0), ("icmp", -1, -1), ("icmp", 255, -1)),
    ("", -1, -1),
    # Numbers, as newer releases accept them.
    *((number, 1, 65535) for number in ("6", "17", "33", "132", "136")),
    ("1", 8, 0),
    *((number, -1, -1) for number in ("0", "2", "47", "112", "255", "6", "1")),
]


async def test_protocols_are_words_or_numbers_and_take_ports_or_type_and_code(client, world):
    group = await world.group()
    rules = [
        a_rule(protocol=protocol, from_port=first, to_port=last, cidr=f"10.0.0.{place}/32")
        for place, (protocol, first, last) in enumerate(PROTOCOLS)
    ]
    rules.append(a_rule(protocol=112, from_port=-1, to_port=-1, cidr="10.1.0.0/16"))
    ipv6 = {"ethertype": "IPv6", "cidr": "2001:db8::/32"}
    rules.append(a_rule(protocol="58", from_port=128, to_port=0, **ipv6))
    response = await send(client, group, rules)
    assert response.status_code == 200, response.text
    shown = await rules_of(client, group)
    assert [(rule["protocol"], rule["from_port"], rule["to_port"]) for rule in shown] == [
        *PROTOCOLS,
        ("112", -1, -1),
        ("58", 128, 0),
    ]


GOOD_CIDRS = {
    "IPv4": [
        *("0.0.0.0/0", "10.1.2.3/8", "192.0.2.7", "192.0.2.7/32", "0.0.0.0/00", "10.0.0.0/08"),
    ],
    # Waldur rejects upper case and mapped addresses; Neutron accepts them.
    "IPv6": [
        *("::/0", "2001:db8::1/32", "2001:DB8:0::/48", "::ffff:192.0.2.7", "2001:db8::7/128"),
    ],
}
# Waldur accepts some of these: `10/8`, `010.0.0.0/8`, `2001:db8:::/32`; Neutron does not.
BAD_CIDRS = {
    "IPv4": [
        *("10/8", "10.0/16", "010.0.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.0/", "10.0.0.0/-1"),
        *(
            "10.0.0.0/33",
            "10.0.0.0/8/8",
            "256.0.0.0/8",
            "10.0.0.0 /8",
            "localhost",
            "\u0661.0.0.0/8",
        ),
        *("::/0", "::ffff:10.0.0.0/104", "/8", "10.0.0.0/+8"),
    ],
    "IPv6": [
        *("2001:db8:::/32", "2001:db8::/129", "10.0.0.0/8", "fe80::1%eth0/64", "g::/8", ":::"),
        "1:2:3:4:5:6:7:8:9/64",
    ],
}


async def test_a_cidr_is_what_neutron_takes_and_is_echoed_as_sent(client, world):
    group = await world.group()
    for ethertype, cidrs in GOOD_CIDRS.items():
        for cidr in cidrs:
            response = await send(client, group, [a_rule(ethertype=ethertype, cidr=cidr)])
            assert response.status_code == 200, (cidr, response.text)
            assert [rule["cidr"] for rule in await rules_of(client, group)] == [cidr]
            await settle(world)


async def test_a_cidr_that_neutron_refuses_is_a_400(client, world):
    group = await world.group()
    for ethertype, cidrs in BAD_CIDRS.items():
        rules = [a_rule(ethertype=ethertype, cidr=cidr) for cidr in cidrs]
        response = await send(client, group, rules)
        expected = {"cidr": [V4 if ethertype == "IPv4" else V6]}
        assert (response.status_code, response.json()) == (400, [expected] * len(cidrs))


async def test_a_cidr_is_trimmed_and_an_empty_one_stays_as_it_was_sent(client, world):
    group = await world.group()
    sent = [" 10.0.0.0/8\n", "", None]
    rules = [a_rule(cidr=cidr, from_port=20 + n) for n, cidr in enumerate(sent)]
    assert (await send(client, group, rules)).status_code == 200
    shown = await rules_of(client, group)
    assert [rule["cidr"] for rule in shown] == ["10.0.0.0/8", "", None]


async def test_a_remote_group_is_an_address_on_any_host_or_null_or_empty(client, world):
    group, remote = await world.group(), await world.group("db")
    addresses = [
        f"https://any.host:1{group_at(remote)}",
        group_at(remote),
        group_at(remote).replace(remote.hex, str(remote)),
        group_at(group),
        None,
        "",
    ]
    rules = [
        to_group(remote, remote_group=address, from_port=n + 1, to_port=n + 1)
        for n, address in enumerate(addresses)
    ]
    assert (await send(client, group, rules)).status_code == 200
    shown = [rule.get("remote_group_uuid") for rule in await rules_of(client, group)]
    assert shown == [remote.hex, remote.hex, remote.hex, group.hex, None, None]


async def test_a_remote_group_of_another_tenant_is_refused(api, world):
    # Waldur accepts it, and discloses the name of the group.
    group = await world.group()
    foreign = await world.group("secret", tenant_id=world.foreign_tenant_id)
    for user in ("admin", "staff"):
        response = await send(api(user), group, [to_group(foreign)])
        assert response.status_code == 400
        assert response.json() == [{"remote_group": [NO_OBJECT]}]


SAME = [
    [a_rule(), a_rule()],
    [a_rule(), a_rule(description="other")],
    [a_rule(cidr=None), a_rule(cidr="")],
    # Waldur compares the text; to Neutron these are equal.
    [a_rule(cidr=None), a_rule(cidr="0.0.0.0/0")],
    [a_rule(), a_rule(protocol="6")],
    [a_rule(cidr="192.0.2.7"), a_rule(cidr="192.0.2.7/32")],
    [a_rule(from_port=1, to_port=65535), a_rule(from_port=-1, to_port=-1)],
]
DIFFERENT = [
    [a_rule(cidr="10.0.0.1/24"), a_rule(cidr="10.0.0.0/24")],
    [a_rule(), a_rule(direction="egress")],
    [a_rule(cidr=None), a_rule(cidr=None, ethertype="IPv6")],
    [a_rule(), a_rule(protocol="udp")],
]


async def test_duplicates_are_found_in_neutrons_canonical_form(client, world):
    group = await world.group()
    for rules in SAME:
        response = await send(client, group, rules)
        assert (response.status_code, response.json()) == (400, DUPLICATES), rules
    for rules in DIFFERENT:
        assert (await send(client, group, rules)).status_code == 200, rules
        await settle(world)


async def test_a_rule_with_an_id_stays_or_changes_in_part_and_the_others_go(client, world):
    group = await world.group()
    await send(client, group, [a_rule(from_port=port, to_port=port) for port in (1, 2, 3)])
    first, second, _ = await rules_of(client, group)
    await settle(world)
    changed = {"id": second["id"], "to_port": 9, "description": "new"}
    response = await send(client, group, [changed, a_rule(), {"id": str(first["id"])}])
    assert response.status_code == 200, response.text
    shown = await rules_of(client, group)
    assert shown[0] == second | {"to_port": 9, "description": "new"}
    assert shown[1]["id"] not in {first["id"], second["id"]}
    assert shown[2] == first


async def test_whole_rules_as_they_are_shown_may_be_sent_back(client, world):
    # Portals send whole objects, read-only keys included.
    group, remote = await world.group(), await world.group("db")
    await send(client, group, [a_rule(), to_group(remote), {"from_port": -1, "to_port": -1}])
    shown = await rules_of(client, group)
    await settle(world)
    assert (await send(client, group, shown)).status_code == 200
    assert await rules_of(client, group) == shown


async def test_the_same_id_twice_is_kept_once(client, world):
    group = await world.group()
    await send(client, group, [a_rule()])
    (rule,) = await rules_of(client, group)
    await settle(world)
    assert (await send(client, group, [rule, {"id": rule["id"]}])).status_code == 200
    assert await rules_of(client, group) == [rule]


async def test_the_id_of_another_groups_rule_is_unknown(client, world):
    group, other = await world.group(), await world.group("db")
    await send(client, other, [a_rule()])
    (rule,) = await rules_of(client, other)
    response = await send(client, group, [{"id": rule["id"]}])
    assert response.status_code == 400
    expected = f"Security group does not have rule with id {rule['id']}."
    assert response.json() == [{"id": expected}]
    assert await rules_of(client, other) == [rule]


async def test_rules_are_set_on_the_default_group_and_in_any_state_of_the_tenant(client, world):
    await world.execute("UPDATE tenants SET state = 'ERRED'")
    group = await world.group("default")
    assert (await send(client, group, [a_rule()])).status_code == 200


async def test_rules_are_set_on_a_group_that_is_ok_alone(client, world):
    for state in (
        *("CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"),
        *("DELETION_SCHEDULED", "DELETING", "ERRED"),
    ):
        group = await world.group(state, state=state)
        response = await client.post(group_at(group, "set_rules/"), content=b"{")
        assert response.status_code == 409
        assert response.json()["detail"] == "Valid states for operation: OK."
        assert f"The security group is {state}" in response.json()["hint"]


async def test_the_quota_counts_the_difference_and_never_stops_a_reduction(client, world):
    group = await world.group()
    await world.group("db", rules=[{"ethertype": "IPv4", "direction": "ingress"}])
    rules = [a_rule(from_port=port, to_port=port) for port in range(1, 6)]
    await set_quotas(world, security_group_rule_count=5)
    message = (
        "One or more quotas were exceeded: security_group_rule_count quota limit: 5, requires 6"
    )
    response = await send(client, group, rules)
    assert (response.status_code, response.json()) == (400, [message])
    assert (await send(client, group, rules[:4])).status_code == 200
    await settle(world)
    # Waldur rejects a reduction that stays above the limit.
    await world.execute("UPDATE tenant_quotas SET limit_value = 1")
    for fewer in (rules[:4], rules[:3], []):
        assert (await send(client, group, fewer)).status_code == 200
        await settle(world)
    await world.execute("UPDATE tenant_quotas SET limit_value = -1")
    assert (await send(client, group, rules)).status_code == 200


UNRESOLVED = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "unresolved_group_backend_id": "f" * 32,
    "unresolved_group_name": "gone",
}
ADDRESSES = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "udp",
    "remote_address_group_backend_id": "a" * 32,
}


async def test_an_unresolved_remote_end_that_is_sent_back_by_its_id_stays_unresolved(client, world):
    group = await world.group(rules=[UNRESOLVED, ADDRESSES])
    shown = await rules_of(client, group)
    assert [rule["remote_group_name"] for rule in shown] == ["gone", f"address group {'a' * 32}"]
    for sent in (shown, [{"id": rule["id"]} for rule in shown]):
        assert (await send(client, group, sent)).status_code == 200
        assert await rules_of(client, group) == shown
        await settle(world)
    ends = await world.one(
        "SELECT max(unresolved_group_backend_id), max(remote_address_group_backend_id), "
        "count(remote_group_id) FROM security_group_rules"
    )
    assert ends == ("f" * 32, "a" * 32, 0)


async def test_a_copy_of_an_unresolved_rule_without_its_id_keeps_its_end(client, world):
    # Waldur ignores the name, which is read-only, and opens the rule to any address.
    group = await world.group(rules=[UNRESOLVED])
    (shown,) = await rules_of(client, group)
    copy = {name: value for name, value in shown.items() if name != "id"}
    for sent in (copy, copy | {"remote_group": ""}):
        assert (await send(client, group, [sent])).status_code == 200
        (kept,) = await rules_of(client, group)
        assert {name: value for name, value in kept.items() if name != "id"} == copy
        await settle(world)


async def test_an_unresolved_remote_is_replaced_by_a_requested_one(client, world):
    remote = await world.group("db")
    group = await world.group(rules=[UNRESOLVED, ADDRESSES])
    first, second = await rules_of(client, group)
    sent = [
        {"id": first["id"], "remote_group": group_at(remote)},
        {"id": second["id"], "cidr": "10.0.0.0/8"},
    ]
    assert (await send(client, group, sent)).status_code == 200
    first, second = await rules_of(client, group)
    assert (first["remote_group_uuid"], second["cidr"]) == (remote.hex, "10.0.0.0/8")
    assert "remote_group_name" not in second


async def test_a_change_of_rules_records_an_event_and_a_version(client, world):
    group = await world.group()
    await send(client, group, [a_rule(description="x")])
    event = await world.one("SELECT event_type, username, context FROM events")
    assert event == (
        "openstack_security_group_rules_changed",
        "admin",
        {"rules_before": 0, "rules_after": 1, "version": 2},
    )
    version = await world.one(
        "SELECT number, author_id, cause, rules->0->>'description' "
        "FROM security_group_versions ORDER BY number DESC"
    )
    assert version == (2, world.users["admin"], "user", "x")


async def test_rules_that_stay_keep_their_rows_and_only_those_that_change_are_written(
    client, world
):
    group = await world.group()
    at = group_at(group, "set_rules/")
    rules = [a_rule(from_port=port, to_port=port) for port in (1, 2, 3)]
    assert (await client.post(at, json=rules)).is_success
    before = await rows_written(world)
    await world.execute("UPDATE security_groups SET state = 'OK'")
    assert (await client.post(at, json=rules)).is_success
    assert await rows_written(world) == before
    await world.execute("UPDATE security_groups SET state = 'OK'")
    changed = [rules[0], rules[1] | {"description": "two"}, rules[2] | {"to_port": 4}]
    assert (await client.post(at, json=changed)).is_success
    after = await rows_written(world)
    assert [number for number, _ in after[:2]] == [number for number, _ in before[:2]]
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert after[2][0] not in {number for number, _ in before}


async def rows_written(world):
    """Return the id of each rule, and the transaction that wrote its row."""
    rows = "SELECT json_agg(json_build_array(id, xmin::text) ORDER BY position)"
    return await world.value(f"{rows} FROM security_group_rules")
