"""A rule whose remote no request can set is kept or rejected: it never becomes open to any."""

import json
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb
from tests.contract.paths import GROUPS, a_rule, group_at, tenant_at, to_group
from tests.contract.test_plan import everything
from tests.contract.test_set_rules import rules_of, send, settle
from tests.factories.rule_lists import WRONG_KEYS, without

ADDRESS_GROUP = uuid4().hex
FOREIGN = uuid4().hex
SSH = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "from_port": 22,
    "to_port": 22,
}
FROM_OFFICES = SSH | {"remote_address_group_backend_id": ADDRESS_GROUP}
FROM_SHARED = SSH | {
    "from_port": 443,
    "to_port": 443,
    "unresolved_group_backend_id": FOREIGN,
    "unresolved_group_name": "shared",
}
# The model of `waldur-api-client` 8.1.3 for a rule in a request
TYPED = ("id", "remote_group_name", "remote_group_uuid")


async def ends(world):
    async with world.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT from_port, coalesce(remote_address_group_backend_id,"
            " unresolved_group_backend_id, cidr, hex(remote.uuid))"
            " FROM security_group_rules AS rule"
            " LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id"
            " ORDER BY from_port, 2"
        )
        return await cursor.fetchall()


async def version_of(client, group, number):
    return (await client.get(group_at(group, f"versions/{number}/"))).json()["rules"]


async def create(client, world, rules):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    return await client.post(path, json={"name": "copy", "rules": rules})


def refusal(response):
    assert response.status_code == 400, response.text
    return json.dumps(response.json(), ensure_ascii=False).replace('\\"', '"')


async def test_rules_of_a_version_come_back_with_their_address_group(client, world):
    group = await world.group(rules=[FROM_OFFICES, FROM_SHARED])
    shown = await version_of(client, group, 1)
    response = await send(client, group, shown)
    assert response.status_code == 200, response.text
    assert await ends(world) == [(22, ADDRESS_GROUP), (443, FOREIGN)]


async def test_rules_of_an_old_version_come_back_when_the_group_has_them_no_more(client, world):
    group = await world.group(rules=[FROM_OFFICES, FROM_SHARED])
    shown = await version_of(client, group, 1)
    assert (await send(client, group, [])).status_code == 200
    await settle(world)
    for kept in ((), TYPED):
        before = await everything(world)
        response = await send(client, group, [without(rule, *kept) for rule in shown])
        if response.status_code == 400:
            assert await everything(world) == before
        else:
            assert await ends(world) == [(22, ADDRESS_GROUP), (443, FOREIGN)]
            await settle(world)
            await send(client, group, [])
            await settle(world)
    bare = [without(rule, *TYPED, "remote_address_group_backend_id") for rule in shown[:1]]
    assert ADDRESS_GROUP in refusal(await send(client, group, bare))


async def test_a_new_group_is_not_opened_by_rules_whose_end_it_cannot_have(client, world):
    group = await world.group(rules=[FROM_OFFICES, FROM_SHARED])
    for rule in await version_of(client, group, 1):
        response = await create(client, world, [rule])
        assert "admit any address" in refusal(response)
        assert set(response.json()) == {"rules"}
    assert await world.value("SELECT count(*) FROM security_groups") == 1


async def test_a_new_group_takes_a_remote_group_of_the_tenant_by_its_uuid_or_backend_id(
    client, world
):
    remote = await world.group("db", backend_id="db-in-neutron")
    for named in ({"remote_group_uuid": str(remote)}, {"remote_group_backend_id": "db-in-neutron"}):
        response = await create(client, world, [SSH | named])
        assert response.status_code == 201, response.text
        assert response.json()["rules"][0]["remote_group_uuid"] == remote.hex
        await world.execute("DELETE FROM security_groups WHERE name = 'copy'")
    foreign = await world.group("x", tenant_id=world.foreign_tenant_id, backend_id="elsewhere")
    for named in ({"remote_group_uuid": foreign.hex}, {"remote_group_backend_id": "elsewhere"}):
        refusal(await create(client, world, [SSH | named]))


@pytest.mark.parametrize("backend_id", ["nameless-in-neutron", ""])
async def test_a_remote_group_without_a_name_that_is_unlinked_still_shows_one(
    api, client, world, backend_id
):
    nameless = await world.group("", backend_id=backend_id)
    group = await world.group()
    await send(client, group, [to_group(nameless)])
    await settle(world)
    assert (await api("staff").post(group_at(nameless, "unlink/"))).status_code == 204

    (shown,) = await rules_of(client, group)

    assert shown["remote_group_name"] == (backend_id or "a deleted group")
    for rule in (shown, without(shown, "id")):
        assert (await send(client, group, [rule])).status_code == 200
        await settle(world)
        assert await ends(world) == [(22, backend_id)]
    assert "admit any address" in refusal(
        await send(client, group, [without(shown, "id") | {"remote_group_name": ""}])
    )
    assert await ends(world) == [(22, backend_id)]


async def test_a_typed_client_that_drops_what_it_does_not_know_is_refused(client, world):
    group = await world.group(rules=[FROM_OFFICES, FROM_SHARED])
    shown = await rules_of(client, group)
    before = await everything(world)
    response = await send(client, group, [without(rule, *TYPED) for rule in shown])
    said = refusal(response)
    first, second = response.json()
    assert (list(first), list(second)) == (["remote_group"], ["remote_group"])
    for part in (
        f"the address group {ADDRESS_GROUP}",
        f"the security group shared ({FOREIGN})",
        f'"id": {shown[0]["id"]}',
        f'"remote_group_backend_id": "{FOREIGN}"',
        '"cidr": "0.0.0.0/0"',
    ):
        assert part in said
    assert await everything(world) == before


async def test_what_a_refusal_names_keeps_the_end_or_opens_it_on_purpose(client, world):
    group = await world.group(rules=[FROM_OFFICES, SSH | {"ethertype": "IPv6"} | ipv6_offices()])
    bare = [without(rule, *TYPED) for rule in await rules_of(client, group)]
    assert '"cidr": "::/0"' in refusal(await send(client, group, bare))
    ways = [
        {"remote_address_group_backend_id": ADDRESS_GROUP},
        {"remote_group_name": f"address group {ADDRESS_GROUP}"},
    ]
    for way in ways:
        assert (await send(client, group, [rule | way for rule in bare])).status_code == 200
        await settle(world)
        assert await ends(world) == [(22, ADDRESS_GROUP)] * 2
    prefixes = ("0.0.0.0/0", "::/0")
    opened = [rule | {"cidr": cidr} for rule, cidr in zip(bare, prefixes, strict=True)]
    assert (await send(client, group, opened)).status_code == 200
    assert await ends(world) == [(22, "0.0.0.0/0"), (22, "::/0")]


def ipv6_offices():
    return {"remote_address_group_backend_id": ADDRESS_GROUP}


async def test_an_end_thin_the_cloud_alone_shows_is_kept_or_refused(client, world):
    group = await world.group()
    await observe(world, group, remote_address_group_id=ADDRESS_GROUP)
    (shown,) = (await client.get(group_at(group, "drift/"))).json()["unexpected_at_cloud"]
    bare = {key: shown[key] for key in SSH}
    assert ADDRESS_GROUP in refusal(await send(client, group, [bare]))
    assert (await send(client, group, [shown])).status_code == 200
    assert await ends(world) == [(22, ADDRESS_GROUP)]


async def test_a_group_thin_the_cloud_alone_knows_has_a_name_and_an_id_in_drift(client, world):
    unborn = await world.group("unborn", backend_id="")
    lost = {"unresolved_group_backend_id": "", "unresolved_group_name": "lost"}
    group = await world.group(rules=[FROM_SHARED, SSH | lost])
    await world.execute(
        "INSERT INTO security_group_rules (security_group_id, position, ethertype, direction,"
        " protocol, from_port, to_port, remote_group_id) SELECT web.id, 9, 'IPv4', 'ingress',"
        " 'tcp', 80, 80, unborn.id FROM security_groups AS web, security_groups AS unborn"
        " WHERE web.uuid = %s AND unborn.uuid = %s",
        group,
        unborn,
    )
    await observe(world, group, remote_group_id="f" * 32)
    drift = (await client.get(group_at(group, "drift/"))).json()
    named = {
        (rule["from_port"], rule["remote_group_name"], rule["remote_group_backend_id"])
        for part in ("missing_at_cloud", "unexpected_at_cloud")
        for rule in drift[part]
    }
    assert named == {
        (443, "shared", FOREIGN),
        (22, "lost", ""),
        (80, "unborn", ""),
        (22, "f" * 32, "f" * 32),
    }


async def observe(world, group, **end):
    rule = {
        "id": uuid4().hex,
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 22,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "remote_address_group_id": None,
        "description": "",
    } | end
    await world.execute(
        "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
        " revision_number, digest, observed_at) SELECT id, name, description, %s, 7, 'x', now()"
        " FROM security_groups WHERE uuid = %s",
        Jsonb([rule]),
        group,
    )


# A rule that is sent to a group with port 22 from an address group and from a shared group, with
# ids, and the remote that it has afterwards (None: rejected).
BOTH = [FROM_OFFICES, FROM_SHARED | {"from_port": 22, "to_port": 22}]
SAID = [
    ({"remote_group_backend_id": FOREIGN}, FOREIGN),
    ({"remote_group_name": "shared"}, FOREIGN),
    ({"remote_group_name": "shared", "cidr": "", "remote_group": ""}, FOREIGN),
    ({"remote_group_name": "shared", "cidr": None, "remote_group": None}, FOREIGN),
    ({"remote_group_name": None, "remote_address_group_backend_id": ADDRESS_GROUP}, ADDRESS_GROUP),
    # Explicit remotes decide; keys that only describe are ignored.
    ({"remote_group_name": "shared", "cidr": "10.0.0.0/8"}, "10.0.0.0/8"),
    ({"remote_group_name": "", "remote_group_uuid": "", "cidr": "10.0.0.0/8"}, "10.0.0.0/8"),
    ({}, None),
    ({"cidr": "", "remote_group": ""}, None),
    ({"remote_group_name": ""}, None),
    ({"remote_group_name": "Shared"}, None),
    ({"remote_group_name": "shared "}, None),
    ({"remote_group_name": "somebody"}, None),
    ({"remote_group_name": 5}, None),
    ({"remote_group_name": ["shared"]}, None),
    ({"remote_group_uuid": ""}, None),
    ({"remote_group_uuid": "x"}, None),
    ({"remote_group_uuid": str(uuid4())}, None),
    ({"remote_group_backend_id": ""}, None),
    ({"remote_group_backend_id": ADDRESS_GROUP}, None),
    ({"remote_address_group_backend_id": ""}, None),
    ({"remote_address_group_backend_id": FOREIGN}, None),
    ({"remote_address_group_backend_id": ADDRESS_GROUP, "remote_group_backend_id": FOREIGN}, None),
    ({"remote_address_group_backend_id": ADDRESS_GROUP, "cidr": "10.0.0.0/8"}, None),
    ({"remote_group_backend_id": FOREIGN, "cidr": "0.0.0.0/0"}, None),
]


@pytest.mark.parametrize("action", ["set_rules", "push"])
async def test_an_end_is_what_the_keys_of_a_rule_say_together(client, world, action):
    group = await world.group(rules=BOTH)
    for said, end in SAID:
        # There, the name is a field of the contract, which rejects an empty one.
        is_blank = action == "push" and said.get("remote_group_name") == ""
        expected = None if is_blank else end
        rules = [SSH | said]
        if action == "push":
            path = tenant_at(world.tenant_uuid, "push_security_groups/")
            body = [{"uuid": group.hex, "name": "web", "rules": rules}]
            response = await client.post(path, json=body)
        else:
            response = await send(client, group, rules)
        if expected is None:
            assert response.status_code == 400, (said, response.text)
        else:
            assert response.status_code == 200, (said, response.text)
            assert await ends(world) == [(22, expected)]
        await world.execute("DELETE FROM security_groups WHERE uuid = %s", group)
        group = await world.group(rules=BOTH)


async def test_the_end_of_a_rule_with_an_id_is_its_own(client, world):
    remote = await world.group("db", backend_id="db-in-neutron")
    group = await world.group(rules=[FROM_OFFICES, SSH | {"from_port": 80, "to_port": 80}])
    first, second = (rule["id"] for rule in await rules_of(client, group))
    refused = [
        {"id": first, "remote_group_name": "db"},
        {"id": first, "remote_group_uuid": remote.hex},
        {"id": first, "remote_group_backend_id": "db-in-neutron"},
        {"id": second, "remote_address_group_backend_id": ADDRESS_GROUP},
        # It would become the rule of the address group without its remote.
        {"id": second, "from_port": 22, "to_port": 22},
    ]
    for rule in refused:
        refusal(await send(client, group, [rule]))
    kept = {"id": first, "remote_address_group_backend_id": ADDRESS_GROUP, "description": "new"}
    assert (await send(client, group, [kept, {"id": second}])).status_code == 200


async def test_a_rule_that_is_open_already_stays_so_beside_one_that_equals_it(client, world):
    group = await world.group(rules=[FROM_OFFICES, SSH])
    shown = await rules_of(client, group)
    assert (await send(client, group, shown)).status_code == 200
    assert await rules_of(client, group) == shown
    await settle(world)
    both = await version_of(client, group, 2)
    assert (await send(client, group, both)).status_code == 200
    assert await ends(world) == [(22, ADDRESS_GROUP), (22, None)]
    await settle(world)
    # Without the other one, it may be that rule after a client has dropped its remote.
    assert ADDRESS_GROUP in refusal(await send(client, group, both[1:]))


async def test_two_remotes_of_one_name_are_distinguished_by_the_rest_of_the_rule(client, world):
    other = uuid4().hex
    group = await world.group(
        rules=[FROM_SHARED, FROM_SHARED | {"from_port": 9, "to_port": 9} | shared(other)]
    )
    shown = [without(rule, "id") for rule in await rules_of(client, group)]
    assert (await send(client, group, shown)).status_code == 200
    assert await ends(world) == [(9, other), (443, FOREIGN)]
    await settle(world)
    said = refusal(await send(client, group, [shown[0] | {"from_port": 10, "to_port": 10}]))
    assert FOREIGN in said
    assert other in said


def shared(backend_id):
    return {"unresolved_group_backend_id": backend_id}


async def test_a_pushed_group_may_be_meant_by_a_name_that_an_unsettable_end_has(client, world):
    shared = await world.group("shared")
    group = await world.group(rules=[FROM_SHARED])
    (shown,) = await rules_of(client, group)
    path = tenant_at(world.tenant_uuid, "push_security_groups/")

    async def push(rule):
        rest = [{"uuid": shared.hex, "name": "shared"}]
        return await client.post(
            path, json=[{"uuid": group.hex, "name": "web", "rules": [rule]}, *rest]
        )

    assert FOREIGN in refusal(await push(without(shown, "id")))
    assert (await push(shown)).status_code == 200
    assert await ends(world) == [(443, FOREIGN)]
    await settle(world)
    assert (await push(SSH | {"remote_group": group_at(shared)})).status_code == 200
    assert await ends(world) == [(22, shared.hex)]


async def test_groups_that_swap_their_names_are_named_by_their_addresses(client, world):
    one, other = await world.group("one"), await world.group("other")
    group = await world.group("web")
    await send(client, group, [to_group(one)])
    await settle(world)
    body = [
        {"uuid": one.hex, "name": "first"},
        {"uuid": other.hex, "name": "second"},
        {"uuid": group.hex, "name": "web", "rules": await rules_of(client, group)},
    ]
    path = tenant_at(world.tenant_uuid, "push_security_groups/")
    assert (await client.post(path, json=body)).status_code == 200
    assert await ends(world) == [(22, one.hex)]


NEAREST = {
    "remote_ip_prefix": "cidr",
    "CIDR": "cidr",
    "cidr ": "cidr",
    "\u0441idr": "cidr",
    "cdir": "cidr",
    "cidr_blocks": "cidr",
    "port_range_min": "from_port",
    "port_range_max": "to_port",
    "fromPort": "from_port",
    "to-port": "to_port",
    "ports": "from_port and to_port",
    "remote_group_id": "remote_group",
    "remote_groups": "remote_group",
    "remote_address_group_id": "remote_address_group_backend_id",
    "ether_type": "ethertype",
    "ip_protocol": "protocol",
    "protocl": "protocol",
    "remote_group_nam": "remote_group_name",
}


async def test_an_unknown_key_of_a_rule_is_refused_and_the_nearest_is_named(client, world):
    group = await world.group()
    for key, nearest in NEAREST.items():
        response = await send(client, group, [a_rule(), without(a_rule(), "cidr") | {key: "x"}])
        first, second = response.json()
        assert (response.status_code, first, list(second)) == (400, {}, [key])
        assert f"Did you mean {nearest}?" in second[key][0].replace('"', "")
        assert "Allowed: ethertype, direction, protocol, from_port" in second[key][0]
    assert await rules_of(client, group) == []


async def test_an_unknown_key_is_refused_wherever_rules_are_taken(client, world):
    group = await world.group()
    before = await everything(world)
    options = {"headers": {"Content-Type": "application/json"}}
    for key in WRONG_KEYS:
        rule = without(a_rule(), "cidr") | {key: "10.0.0.0/8"}
        content = json.dumps([rule]).encode()
        named = json.dumps({"name": "x", "rules": [rule]}).encode()
        doors = [
            (group_at(group, "set_rules/"), content),
            (group_at(group, "set_rules/?dry_run=true"), content),
            (group_at(group, "plan/"), content),
            (tenant_at(world.tenant_uuid, "create_security_group/"), named),
            (tenant_at(world.tenant_uuid, "plan_security_group/"), named),
            (tenant_at(world.tenant_uuid, "push_security_groups/"), b"[" + named + b"]"),
        ]
        for path, body in doors:
            response = await client.post(path, content=body, **options)
            assert response.status_code == 400, (key, path, response.text)
    assert await everything(world) == before


async def test_what_neutron_calls_a_prefix_opens_nothing(client, world):
    rule = SSH | {"remote_ip_prefix": "10.0.0.0/8"}
    response = await create(client, world, [rule])
    assert '"remote_ip_prefix": ["Unknown key. Did you mean "cidr"?' in refusal(response)
    assert (await client.get(GROUPS)).json() == []


async def test_a_rule_with_thousands_of_unknown_keys_is_refused_with_a_few_named(client, world):
    group = await world.group()
    response = await send(client, group, [a_rule(**{f"key{n}": 1 for n in range(20_000)})])
    assert response.status_code == 400
    assert len(response.json()[0]) == 2


NAMED_AGAIN = ("id", "ethertype", "direction", "protocol", "from_port", "to_port")


async def push(client, world, *groups):
    return await client.post(tenant_at(world.tenant_uuid, "push_security_groups/"), json=groups)


async def as_pushed(client, group, change=lambda rule: rule):
    shown = (await client.get(group_at(group))).json()
    rules = [change(rule) for rule in shown["rules"]]
    return {"uuid": group.hex, "name": shown["name"], "rules": rules}


async def a_site(client, world):
    """Three groups: from a CIDR and an address group, from a remote group, and open."""
    web = await world.group(
        "web",
        rules=[
            SSH | {"cidr": "198.51.100.0/24", "description": "office", "direction": "egress"},
            FROM_OFFICES | {"from_port": 80, "to_port": 80},
        ],
    )
    db = await world.group("db")
    assert (await send(client, db, [to_group(web, from_port=5432, to_port=5432)])).status_code < 300
    return web, db, await world.group("open", rules=[SSH | {"from_port": 443, "to_port": 443}])


KEPT_BY_ID = {
    "the number": lambda sent: sent,
    "a text": str,
    "a text with zeros": "00{}".format,
    "a float": float,
}


@pytest.mark.parametrize("form", KEPT_BY_ID)
@pytest.mark.parametrize("keys", [NAMED_AGAIN, ("id",), ("id", "from_port", "to_port")])
async def test_push_keeps_by_id_all_that_set_rules_keeps(client, world, form, keys):
    groups = await a_site(client, world)
    await settle(world)
    before = [(await client.get(group_at(group))).json()["rules"] for group in groups]

    def reduced(rule):
        return {key: rule[key] for key in keys} | {"id": KEPT_BY_ID[form](rule["id"])}

    body = [await as_pushed(client, group, reduced) for group in groups]
    response = await push(client, world, *body)

    assert response.status_code == 200, response.text
    assert [(await client.get(group_at(group))).json()["rules"] for group in groups] == before


@pytest.mark.parametrize("sent", [None, True, [7], {}, "x", "", " ", 7.5, 10**30, -1, "\ud800"])
@pytest.mark.parametrize("is_new", [False, True])
async def test_push_refuses_an_id_that_may_be_all_that_says_an_end(client, world, sent, is_new):
    web, *_ = await a_site(client, world)
    await settle(world)
    before = await everything(world)
    body = {"name": "copy"} if is_new else {"uuid": web.hex, "name": "web"}
    for end in ({}, {"cidr": ""}, {"cidr": None, "remote_group": None}):
        content = json.dumps([body | {"rules": [SSH | end | {"id": sent}]}]).encode()
        response = await client.post(
            tenant_at(world.tenant_uuid, "push_security_groups/"),
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 400, (end, response.text)
        (errors,) = response.json()[0]["rules"]
        assert "id" in str(errors) or "integer" in str(errors)
    assert await everything(world) == before


async def test_push_takes_a_rule_of_another_group_where_it_says_its_end(client, world):
    web, db, opened = await a_site(client, world)
    await settle(world)
    rest = [{"uuid": group.hex, "name": name} for group, name in ((db, "db"), (opened, "open"))]
    (foreign,) = await rules_of(client, db)

    async def ask(target, rule):
        return await push(client, world, target | {"rules": [rule]}, *rest)

    bare = {key: foreign[key] for key in NAMED_AGAIN}
    for target in ({"uuid": web.hex, "name": "web"}, {"name": "copy"}):
        assert "id" in refusal(await ask(target, bare))
    said = bare | {"cidr": "10.0.0.0/8"}
    assert (await ask({"uuid": web.hex, "name": "web"}, said)).status_code == 200
    await settle(world)
    (rule,) = await rules_of(client, web)
    assert rule["cidr"] == "10.0.0.0/8"
    named = bare | {"remote_group_name": "db", "id": 10**9}
    assert (await ask({"name": "copy"}, named)).status_code == 200


@pytest.mark.parametrize("door", ["set_rules", "push"])
async def test_a_rule_is_kept_once_and_becomes_no_two_different_ones(client, world, door):
    group = await world.group("web", rules=[SSH | {"cidr": "198.51.100.0/24"}])
    (rule,) = await rules_of(client, group)

    async def ask(*rules):
        if door == "push":
            return await push(client, world, {"uuid": group.hex, "name": "web", "rules": [*rules]})
        return await send(client, group, [*rules])

    one = {"id": rule["id"]}
    for other in ({"cidr": "10.0.0.0/8"}, {"description": "x"}, {"protocol": "udp"}):
        response = await ask(rule, one | other)
        assert f"id {rule['id']} is in the list twice" in refusal(response)
    assert (await ask(rule, one, one | {"cidr": rule["cidr"]})).status_code == 200
    assert await rules_of(client, group) == [rule]


# A rule without a remote, for a group with TCP 22 from an address group: True if it would open it.
BESIDE_SSH = [
    ({"from_port": 22, "to_port": 23}, True),
    ({"from_port": 1, "to_port": 22}, True),
    ({"from_port": 1, "to_port": 65535}, True),
    ({"from_port": -1, "to_port": -1}, True),
    ({"protocol": "6", "from_port": 20, "to_port": 30}, True),
    ({"protocol": "", "from_port": -1, "to_port": -1}, True),
    ({"protocol": "0", "from_port": -1, "to_port": -1}, True),
    ({"protocol": "hopopt", "from_port": -1, "to_port": -1}, True),
    ({"from_port": 22, "to_port": 23, "cidr": "", "remote_group": ""}, True),
    ({"from_port": 22, "to_port": 23, "cidr": "0.0.0.0/0"}, False),
    ({"from_port": 22, "to_port": 23, "cidr": "10.0.0.0/8"}, False),
    ({"from_port": 23, "to_port": 23}, False),
    ({"from_port": 1, "to_port": 21}, False),
    ({"protocol": "udp"}, False),
    ({"protocol": "47", "from_port": -1, "to_port": -1}, False),
    ({"direction": "egress", "from_port": 1, "to_port": 100}, False),
    ({"ethertype": "IPv6", "from_port": 1, "to_port": 100}, False),
]


@pytest.mark.parametrize("door", ["set_rules", "push"])
@pytest.mark.parametrize("where", ["stored", "observed"])
async def test_a_rule_without_an_end_does_not_open_what_has_one(client, world, door, where):
    group = await world.group("web", rules=[FROM_OFFICES] if where == "stored" else [])
    if where == "observed":
        await observe(world, group, remote_address_group_id=ADDRESS_GROUP)

    async def ask(rules):
        if door == "push":
            return await push(client, world, {"uuid": group.hex, "name": "web", "rules": rules})
        return await send(client, group, rules)

    before = await everything(world)
    for said, opens in BESIDE_SSH:
        if opens:
            message = refusal(await ask([SSH | said]))
            assert f"the address group {ADDRESS_GROUP}" in message
            assert '"cidr": "0.0.0.0/0"' in message
            assert await everything(world) == before
    if door == "set_rules":
        for said, opens in BESIDE_SSH:
            response = await client.post(group_at(group, "plan/"), json=[SSH | said])
            assert response.status_code == (400 if opens else 200), (said, response.text)
    else:
        accepted = [SSH | said for said, opens in BESIDE_SSH if not opens]
        assert (await ask(accepted)).status_code == 200


async def test_what_one_open_rule_admitted_may_stay_open_beside_an_end(client, world):
    wide = {"from_port": 20, "to_port": 30}
    group = await world.group(rules=[FROM_OFFICES, SSH | wide])
    offices, opened = await rules_of(client, group)
    keys = (*SSH, "description")
    for rule in (
        opened,
        {key: opened[key] for key in keys},
        SSH | {"from_port": 21, "to_port": 23},
    ):
        for rules in ([rule], [offices, rule]):
            response = await client.post(group_at(group, "plan/"), json=rules)
            assert response.status_code == 200, response.text
    wider = SSH | {"from_port": 20, "to_port": 31}
    for rule in (wider, {"id": opened["id"], "to_port": 31}):
        assert ADDRESS_GROUP in refusal(await send(client, group, [offices, rule]))


async def test_remotes_of_former_versions_refuse_only_equal_rules(client, world):
    group = await world.group(rules=[FROM_OFFICES])
    assert (await send(client, group, [])).status_code == 200
    await settle(world)
    refusal(await send(client, group, [SSH]))
    assert (await send(client, group, [SSH | {"to_port": 23}])).status_code == 200
