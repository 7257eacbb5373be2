"""The plan of a change of rules, and applying exactly that plan."""

from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb
from tests.contract.paths import a_rule, group_at, to_group
from tests.contract.test_set_rules import rules_of, settle
from tests.factories.world import set_quotas


async def plan(client, group, rules, **options):
    response = await client.post(group_at(group, "plan/"), json=rules, **options)
    assert response.status_code == 200, response.text
    return response.json()


async def set_rules(client, group, rules, query="", **headers):
    path = group_at(group, f"set_rules/{query}")
    return await client.post(path, json=rules, headers=headers)


async def everything(world):
    tables = ("security_groups", "security_group_rules", "events", "procrastinate_jobs")
    return [
        await world.value(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {t} AS t")  # noqa: S608 - names of tables
        for t in tables
    ]


def a_row(port, **values):
    return {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "cidr": "10.0.0.0/8",
    } | values


def ports(rules):
    return [rule["from_port"] for rule in rules]


async def see(world, group, *ports):
    """Store an observation of the cloud with rules for these ports, in place of the last one."""
    rules = [
        {
            "id": uuid4().hex,
            "ethertype": "IPv4",
            "direction": "ingress",
            "protocol": "tcp",
            "port_range_min": port,
            "port_range_max": port,
            "remote_ip_prefix": "10.0.0.0/8",
            "remote_group_id": None,
            "remote_address_group_id": None,
            "description": "of the cloud",
        }
        for port in ports
    ]
    await world.execute(
        "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
        " revision_number, digest, observed_at) SELECT id, name, description, %s, 7, 'x', now()"
        " FROM security_groups WHERE uuid = %s"
        " ON CONFLICT (security_group_id) DO UPDATE SET rules = excluded.rules",
        Jsonb(rules),
        group,
    )


async def test_a_plan_lists_kept_added_and_removed_rules_and_stores_nothing(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    before = await everything(world)

    planned = await plan(client, group, [a_rule(), a_rule(from_port=443, to_port=443)])

    assert [ports(planned[part]) for part in ("kept", "added", "removed")] == [[22], [443], [80]]
    assert (planned["calls"], planned["version"], planned["compared_with"]) == (2, 1, "desired")
    assert await everything(world) == before


async def test_a_plan_is_held_against_whin_the_cloud_last_said(client, world):
    group = await world.group(rules=[a_row(22)])
    await see(world, group, 22, 8080)

    planned = await plan(client, group, [a_rule(description="mine")])

    assert planned["compared_with"] == "cloud"
    assert ports(planned["removed"]) == [8080]
    (described,) = planned["description_only"]
    assert (described["description"], described["description_at_cloud"]) == (
        "mine",
        "of the cloud",
    )


async def test_a_plan_says_that_rules_in_the_cloud_cannot_be_read(client, world):
    group = await world.group(rules=[a_row(22)])
    await see(world, group, 22)
    assert (await plan(client, group, [a_rule()]))["notices"] == []
    await world.execute(
        "UPDATE security_group_observations SET unreadable = %s",
        Jsonb([{"id": "r9", "reason": "ethertype is unknown"}]),
    )

    [notice] = (await plan(client, group, [a_rule()]))["notices"]

    assert notice["code"] == "rules_unreadable"
    assert "r9: ethertype is unknown" in notice["message"]


async def test_rules_come_back_in_one_spelling(client, world):
    group = await world.group()
    rule = a_rule(protocol="6", from_port=1, to_port=65535, cidr="10.1.2.3")
    (shown,) = (await plan(client, group, [rule]))["rules"]
    found = [shown[name] for name in ("protocol", "from_port", "to_port", "cidr")]
    assert found == ["tcp", -1, -1, "10.1.2.3/32"]


async def test_a_remote_group_is_named_and_never_shown_as_any(client, world):
    born, unborn = await world.group("born"), await world.group("unborn", backend_id="")
    group = await world.group(
        rules=[
            a_row(9, cidr=None, unresolved_group_backend_id="gone-1", unresolved_group_name="gone")
        ]
    )
    planned = await plan(client, group, [to_group(born), to_group(unborn)])
    assert [rule["remote_group_uuid"] for rule in planned["added"]] == [born.hex, unborn.hex]
    (removed,) = planned["removed"]
    assert (removed["remote_group_name"], removed["remote_group_backend_id"]) == ("gone", "gone-1")


async def test_a_plan_shows_its_effect_on_the_quota_even_beyond_the_limit(client, world):
    await set_quotas(world, security_group_rule_count=2)
    group = await world.group(rules=[a_row(22)])
    rules = [a_rule(from_port=port, to_port=port) for port in (1, 2, 3)]
    planned = await plan(client, group, rules)
    assert planned["quota"] == {"security_group_rule_count": {"used": 1, "limit": 2, "after": 3}}


async def test_a_plan_warns_of_what_is_open_to_the_world(client, world):
    group = await world.group()
    rules = [
        a_rule(),
        a_rule(cidr="0.0.0.0/0"),
        {"from_port": -1, "to_port": -1},
        a_rule(from_port=3000, to_port=6000, cidr="10.0.0.0/0"),
        {"direction": "egress", "from_port": -1, "to_port": -1},
    ]
    warned = (await plan(client, group, rules))["warnings"]
    assert [(entry["rule"], entry["code"]) for entry in warned] == [
        (1, "sensitive_port_open"),
        (2, "everything_open"),
        (3, "prefix_is_everything"),
        (3, "sensitive_port_open"),
        (4, "same_as_default"),
    ]
    assert "SSH (22)" in warned[0]["message"]


async def test_a_plan_warns_that_protocol_0_is_every_protocol_to_some_clouds(client, world):
    group = await world.group()
    for protocol in ("0", "hopopt"):
        rule = {"protocol": protocol, "from_port": -1, "to_port": -1}
        limited = rule | {"cidr": "10.0.0.0/8"}
        (warned,) = (await plan(client, group, [limited, rule]))["warnings"]
        assert (warned["rule"], warned["code"]) == (1, "everything_open")
        assert f"Protocol {protocol} is number 0" in warned["message"]


async def test_a_hundred_rules_are_one_call_and_each_removal_is_one(client, world):
    group = await world.group(rules=[a_row(port) for port in (1, 2, 3)])
    rules = [a_rule(from_port=port, to_port=port) for port in range(100, 201)]
    assert (await plan(client, group, rules))["calls"] == 2 + 3


async def test_a_bad_rule_is_refused_as_set_rules_refuses_it(client, world):
    group = await world.group()
    bad = [a_rule(cidr="10/8")]
    response = await client.post(group_at(group, "plan/"), json=bad)
    assert response.status_code == 400
    assert response.json() == (await set_rules(client, group, bad)).json()


async def test_a_dry_run_of_set_rules_is_a_plan(client, world):
    group = await world.group(rules=[a_row(22)])
    before = await everything(world)
    dry = await set_rules(client, group, [a_rule(cidr="0.0.0.0/0")], "?dry_run=true")
    assert (dry.status_code, dry.headers["ETag"]) == (200, '"v1"')
    assert dry.json() == await plan(client, group, [a_rule(cidr="0.0.0.0/0")])
    assert await everything(world) == before
    assert (await set_rules(client, group, [a_rule()], "?dry_run=false")).content == b""


async def test_set_rules_with_the_token_of_a_plan_does_what_was_planned(client, world):
    group = await world.group()
    rules = [a_rule(from_port="22", cidr="10.0.0.0/8")]
    token = (await plan(client, group, rules))["plan_token"]
    assert (await set_rules(client, group, rules, f"?plan_token={token}")).status_code == 200
    assert ports(await rules_of(client, group)) == [22]


async def test_other_rules_than_the_planned_ones_are_a_412(client, world):
    group = await world.group()
    token = (await plan(client, group, [a_rule()]))["plan_token"]
    other = [a_rule(cidr="0.0.0.0/0")]
    response = await set_rules(client, group, other, f"?plan_token={token}")
    assert response.status_code == 412
    assert response.json() == {"detail": "These are not the rules that were planned. Plan again."}
    assert await rules_of(client, group) == []


@pytest.mark.parametrize("change", ["a rule less", "a rule more", "gone"])
@pytest.mark.parametrize("path", ["set_rules/", "rollback/"])
async def test_a_plan_is_a_412_after_the_cloud_has_changed(client, world, path, change):
    group = await world.group(rules=[a_row(22), a_row(443)])
    await set_rules(client, group, [a_rule(cidr="10.0.0.0/8")])
    await settle(world)
    await see(world, group, 22, 443)
    body = {"version": 1} if path == "rollback/" else [a_rule(cidr="10.0.0.0/8")]
    planned = await client.post(group_at(group, f"{path}?dry_run=true"), json=body)
    token = planned.json()["plan_token"]
    # The same once more, in another order, is no change.
    await see(world, group, 443, 22)
    again = await client.post(group_at(group, f"{path}?dry_run=true"), json=body)
    assert planned.json()["traffic"] == again.json()["traffic"]
    await see(world, group, *{"a rule less": [443], "a rule more": [22, 443, 80]}.get(change, []))
    if change == "gone":
        await world.execute("UPDATE security_group_observations SET missing = true")
    refused = await client.post(group_at(group, f"{path}?plan_token={token}"), json=body)
    assert refused.status_code == 412
    assert "in the cloud has changed since the plan" in refused.json()["detail"]
    token = (await client.post(group_at(group, f"{path}?dry_run=true"), json=body)).json()[
        "plan_token"
    ]
    applied = await client.post(group_at(group, f"{path}?plan_token={token}"), json=body)
    assert applied.is_success


async def test_a_plan_of_another_group_or_an_older_version_is_a_412(client, world):
    group, other = await world.group(), await world.group("other")
    token = (await plan(client, group, [a_rule()]))["plan_token"]
    assert (await set_rules(client, other, [a_rule()], f"?plan_token={token}")).status_code == 412
    await set_rules(client, group, [])
    await settle(world)
    response = await set_rules(client, group, [a_rule()], f"?plan_token={token}")
    assert response.status_code == 412
    assert "version 2" in response.json()["detail"]
    assert (await set_rules(client, group, [], "?plan_token=nonsense")).status_code == 412


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"v1"', 200),
        ("*", 200),
        ('"v7", "v1"', 200),
        ('"v2"', 412),
        ('W/"v1"', 412),
        ("v1", 412),
        ("", 412),
    ],
)
async def test_if_match_accepts_the_current_version_only(client, world, tag, status):
    group = await world.group()
    response = await set_rules(client, group, [], **{"If-Match": tag})
    assert response.status_code == status


async def test_whoever_may_not_set_rules_may_not_plan_them(api, world):
    group = await world.group()
    found = [
        (await api(user).post(group_at(group, action), json=[])).status_code
        for user in ("member", "unrelated", "manager")
        for action in ("plan/", "set_rules/?dry_run=true")
    ]
    assert found == [403, 403, 404, 404, 200, 200]
