"""Overviews of groups: exposure to the internet, drift, and permissions."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from ringfence.security_groups.exposure import Code, warnings_of
from ringfence.security_groups.rules import Rule

OVERVIEWS = "/api/security-group-overviews/"
OPENINGS = {Code.EVERYTHING_OPEN, Code.SENSITIVE_PORT_OPEN}


async def observe(world, group, **columns):
    values = {
        "security_group_id": await world.value(
            "SELECT id FROM security_groups WHERE uuid = %s", group
        ),
        "name": "x",
        "description": "",
        "rules": Jsonb([]),
        "revision_number": 1,
        "digest": "d",
    } | columns
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    await world.execute(
        f"INSERT INTO security_group_observations ({names}, observed_at)"  # noqa: S608 - our names
        f" VALUES ({marks}, now())",
        *values.values(),
    )


async def names(client, **query):
    response = await client.get(OVERVIEWS, params={"o": "name", **query})
    assert response.status_code == 200, response.text
    return [group["name"] for group in response.json()]


async def test_remote_ends_with_unknown_members_are_counted_and_are_not_open_to_all(client, world):
    ends = [
        {"unresolved_group_backend_id": "a" * 32, "unresolved_group_name": "foreign"},
        {"unresolved_group_backend_id": "b" * 32, "unresolved_group_name": "b"},
        {"remote_address_group_backend_id": "c" * 32},
        {"cidr": "10.0.0.0/8"},
    ]
    rules = [{"direction": "ingress", "ethertype": "IPv4"} | end for end in ends]
    # Egress rules do not open a group.
    rules.append({"direction": "egress", "ethertype": "IPv4"} | ends[0])
    group = await world.group("web", rules=rules)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["unknown_members_count"] == 3
    assert shown["open_to_all"] == []
    plain = await world.group("plain", rules=[rules[3]])
    shown = (await client.get(f"{OVERVIEWS}{plain}/")).json()
    assert shown["unknown_members_count"] == 0


async def test_a_group_is_shown_with_its_ancestors_counts_and_exposure(client, world):
    rules = [
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "from_port": 22}
        | {"to_port": 22, "cidr": "0.0.0.0/0"},
        {"direction": "ingress", "ethertype": "IPv6", "protocol": "tcp", "from_port": 22}
        | {"to_port": 22, "cidr": "::/0"},
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "cidr": "10.0.0.0/8"},
        {"direction": "egress", "ethertype": "IPv4"},
    ]
    group = await world.group("web", rules=rules)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["rules_count"] == 4
    assert shown["instance_count"] is None
    assert shown["drift"] == "unknown"
    assert shown["can_manage"] is True
    assert shown["open_to_all"] == [{"protocol": "tcp", "from_port": 22, "to_port": 22}]
    assert shown["tenant_uuid"] == world.tenant_uuid.hex
    assert (shown["version"], shown["applied_version"]) == (1, 1)


async def test_a_reader_has_can_manage_false(api, world):
    await world.group("web")
    [shown] = (await api("member").get(OVERVIEWS)).json()
    assert shown["can_manage"] is False
    assert (await api("unrelated").get(OVERVIEWS)).json() == []


async def test_groups_are_filtered_by_exposure_and_by_drift(client, world):
    await world.group("closed")
    anybody = {"direction": "ingress", "ethertype": "IPv4"}
    opened = await world.group("opened", rules=[anybody])
    gone = await world.group("gone")
    same = await world.group("same")
    await observe(world, opened, drift_digest="differs")
    await observe(world, gone, missing=True)
    await observe(world, same)
    assert await names(client, is_open_to_all="true") == ["opened"]
    assert await names(client, is_open_to_all="false") == ["closed", "gone", "same"]
    assert await names(client, drift="drifting") == ["opened"]
    assert await names(client, drift="missing") == ["gone"]
    assert await names(client, drift=["unknown", "in_sync"]) == ["closed", "same"]
    loaded = await world.group("loaded", backend_id="")
    assert await names(client, drift="never_pushed") == ["loaded"]
    shown = await client.get(f"/api/openstack-security-groups/{loaded.hex}/drift/")
    assert shown.json()["state"] == "never_pushed"
    assert (await client.get(OVERVIEWS, params={"drift": "wrong"})).status_code == 400


@pytest.mark.parametrize(
    "order", ["name", "-name", "state", "tenant_name", "modified", "project_name", "service_name"]
)
async def test_each_order_is_taken(client, world, order):
    await world.group("a")
    assert await names(client, o=order) == ["a"]


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    cidr=st.sampled_from([None, "", "0.0.0.0/0", "10.0.0.0/0", "0.0.0.0/00", "10.0.0.0/8"])
    | st.sampled_from(["192.168.0.0/15", "128.0.0.0/1", "224.0.0.0/3", "8.8.8.8"])
    | st.integers(0, 32).map(lambda length: f"0.0.0.0/{length}"),
    direction=st.sampled_from(["ingress", "egress"]),
)
async def test_the_list_finds_open_what_the_plan_warns_of(client, world, cidr, direction):
    rule = Rule(direction=direction, cidr=cidr)
    row = {"direction": direction, "ethertype": "IPv4", "cidr": cidr}
    group = await world.group(rules=[row])
    warned = {warning.code for warning in warnings_of([rule])} & OPENINGS
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    await world.execute("DELETE FROM security_groups WHERE uuid = %s", group)
    assert bool(shown["open_to_all"]) is bool(warned)
