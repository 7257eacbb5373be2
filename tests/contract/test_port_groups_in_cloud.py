"""What a plan of a port's groups opens if groups have other rules in the cloud than is desired."""

import json

import pytest
from tests.contract.test_port_groups import PLAN, naming, rule
from tests.contract.verdict_requests import observed_rule
from tests.factories.ports import add_port, port_at


def in_cloud(port, **values):
    return observed_rule(port_range_min=port, port_range_max=port, **values)


@pytest.fixture
def observe(world):
    async def store(group, *rules, unreadable=(), **columns):
        await world.execute(
            "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
            " revision_number, digest, drift_digest, unreadable, missing, observed_at)"
            " SELECT id, name, '', %s, 1, '', %s, %s, %s, now() FROM security_groups"
            " WHERE uuid = %s",
            json.dumps(list(rules)),
            columns.get("drift_digest", "differs"),
            json.dumps(list(unreadable)),
            columns.get("missing", False),
            group,
        )

    return store


async def plan(client, port, *groups):
    response = await client.post(port_at(port, PLAN), json=naming(*groups))
    assert response.status_code == 200, response.text
    return response.json()["ports"][0]["traffic"]


def opened(traffic):
    return [each["from_port"] for each in traffic["opens"]]


def codes(traffic):
    return [note["code"] for note in traffic["notes"]]


async def test_what_a_new_group_admits_in_the_cloud_only_opens(client, world, observe):
    group = await world.group("web", backend_id="b-web", rules=[])
    await observe(group, in_cloud(22))
    port = await add_port(world)
    traffic = await plan(client, port, group)
    assert (opened(traffic), traffic["opens"][0]["internet"]) == ([22], True)
    assert (traffic["exact"], codes(traffic)) == (False, ["drift"])


async def test_what_a_group_does_not_admit_in_the_cloud_does_not_hide_what_opens(
    client, world, observe
):
    old = await world.group("old", backend_id="b-old", rules=[rule(22)])
    new = await world.group("new", backend_id="b-new", rules=[rule(22)])
    await observe(old)
    port = await add_port(world, groups=["b-old"])
    for groups in ((new,), (old, new)):
        assert opened(await plan(client, port, *groups)) == [22]


async def test_rules_that_have_not_reached_the_cloud_are_not_alone_in_force(client, world, observe):
    group = await world.group("web", backend_id="b-web", rules=[rule(443)], state="UPDATING")
    await observe(group, in_cloud(22), drift_digest="")
    assert opened(await plan(client, await add_port(world), group)) == [22, 443]


async def test_unreadable_rules_of_a_group_are_noted(client, world, observe):
    group = await world.group("web", backend_id="b-web")
    await observe(group, unreadable=[{"id": "r", "reason": "?"}])
    assert codes(await plan(client, await add_port(world), group)) == ["drift", "rules_unreadable"]


async def test_remote_groups_in_the_cloud_have_the_names_of_their_rows(client, world, observe):
    peers = await world.group("peers", backend_id="b-peers")
    remote = await world.value("SELECT id FROM security_groups WHERE uuid = %s", peers)
    inner = rule(22, cidr=None, remote_group_id=remote)
    group = await world.group("web", backend_id="b-web", rules=[inner])
    await observe(group, in_cloud(22, remote_group_id="b-peers"), in_cloud(23, remote_group_id="x"))
    traffic = await plan(client, await add_port(world), group)
    found = {each["from_port"]: each for each in traffic["opens"]}
    assert found[22]["remote_group_uuid"] == peers.hex
    assert (found[23]["remote_group_uuid"], found[23]["remote_group_backend_id"]) == (None, "x")


async def test_a_group_without_drift_is_exact(client, world, observe):
    group = await world.group("web", backend_id="b-web", rules=[rule(443)])
    await observe(group, in_cloud(443), drift_digest="")
    traffic = await plan(client, await add_port(world), group)
    assert (opened(traffic), traffic["exact"]) == ([443], True)
