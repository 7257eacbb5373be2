"""A verdict knows and shows only what the actor sees."""

from uuid import uuid4

import pytest
from tests.contract.paths import tenant_at
from tests.contract.verdict_requests import (
    ask,
    group_with,
    observed_rule,
    port_with,
    verdict,
)

SECRET = "foreign-secret"
PEER = {"address": "10.0.0.9"}


async def foreign_group(world, *rules, **columns):
    return await group_with(
        world,
        *rules,
        name=SECRET,
        backend_id="shared",
        tenant_id=world.foreign_tenant_id,
        **columns,
    )


async def foreign_port(world, *groups, **columns):
    columns = {"address": "10.0.0.9", "tenant_id": world.foreign_tenant_id} | columns
    return await port_with(world, *groups, **columns)


USERS = ["staff", "support", "owner", "customer-support", "admin", "manager", "member"]


@pytest.mark.parametrize("user", USERS)
async def test_who_sees_a_tenant_may_ask(api, world, user):
    await group_with(world, observed_rule())
    port = await port_with(world, "g1")
    assert (await verdict(api(user), world, destination={"port_uuid": port}))["verdict"]


@pytest.mark.parametrize("action", ["effective_rules/", "who_can_reach/?protocol=tcp&port=443"])
async def test_a_port_that_is_not_visible_is_not_found(api, world, action):
    await group_with(world, observed_rule())
    port = await port_with(world, "g1")
    path = f"/api/openstack-ports/{port}/{action}"
    assert (await api("member").get(path)).status_code == 200
    assert (await api("unrelated").get(path)).status_code == 404
    assert (await api(None).get(path)).status_code == 401
    missing = path.replace(port, uuid4().hex)
    assert (await api("staff").get(missing)).status_code == 404


async def test_a_tenant_that_is_not_visible_is_not_found(api, world):
    await port_with(world)
    body = {"destination": {"address": "10.0.0.5"}}
    assert (await ask(api("unrelated"), world, **body)).status_code == 404
    assert (await ask(api(None), world, **body)).status_code == 401
    path = tenant_at(world.foreign_tenant_uuid, "verdict/")
    assert (await api("admin").post(path, json={})).status_code in {400, 404}
    whole = {"source": PEER, "protocol": "tcp"} | body
    assert (await api("admin").post(path, json=whole)).status_code == 404


async def test_a_port_that_is_not_visible_is_no_end(api, world):
    await port_with(world)
    hidden = {"port_uuid": await foreign_port(world)}
    response = await ask(api("admin"), world, destination=hidden)
    assert (response.status_code, list(response.json())) == (400, ["destination"])
    assert (await ask(api("staff"), world, destination=hidden)).status_code == 200


async def test_rules_of_a_group_of_another_tenant_are_not_known_and_not_shown(api, world):
    await foreign_group(world, observed_rule())
    port = {"port_uuid": await port_with(world, "shared")}
    response = await ask(api("admin"), world, destination=port)
    assert response.json()["verdict"] == "undetermined"
    assert SECRET not in response.text
    seen = await verdict(api("staff"), world, destination=port)
    assert (seen["verdict"], seen["ingress"]["by"][0]["security_group_name"]) == (
        "admitted",
        SECRET,
    )


async def test_a_remote_group_of_another_tenant_is_not_known_and_not_shown(api, world):
    await foreign_group(world)
    await foreign_port(world, "shared")
    await group_with(world, observed_rule(remote_group_id="shared"))
    port = {"port_uuid": await port_with(world, "g1")}
    for source in (PEER, {"address": "192.0.2.1"}):
        response = await ask(api("admin"), world, source=source, destination=port)
        assert response.json()["verdict"] == "undetermined"
        assert SECRET not in response.text
    assert (await verdict(api("staff"), world, source=PEER, destination=port))[
        "verdict"
    ] == "admitted"


async def test_a_remote_group_that_is_not_seen_has_its_id_in_the_cloud_and_is_not_any_address(
    api, world
):
    await foreign_group(world)
    await group_with(world, observed_rule(remote_group_id="shared"))
    port = await port_with(world, "g1")
    found = await verdict(api("admin"), world, source=PEER, destination={"port_uuid": port})
    path = f"/api/openstack-ports/{port}/effective_rules/"
    effective = (await api("admin").get(path)).json()["pieces"]
    for rule in (*found["ingress"]["by"], *effective, *effective[0]["rules"]):
        ends = [rule[name] for name in ("cidr", "remote_group_uuid", "remote_group_name")]
        assert ends == [None, None, None]
        assert rule["remote_group_backend_id"] == "shared"


async def test_members_in_other_tenants_are_not_told_apart_from_others(api, world):
    await group_with(world, observed_rule(remote_group_id="g2"))
    await group_with(world, name="peers", backend_id="g2")
    port = {"port_uuid": await port_with(world, "g1")}
    await port_with(world, "g2", address="10.0.0.8")
    await foreign_port(world, "g2")
    found = [
        (await verdict(api("admin"), world, source={"address": address}, destination=port))[
            "ingress"
        ]["verdict"]
        for address in ("10.0.0.8", "10.0.0.9", "192.0.2.1")
    ]
    assert found == ["admitted", "undetermined", "undetermined"]
    seen = [
        (await verdict(api("staff"), world, source={"address": address}, destination=port))[
            "ingress"
        ]["verdict"]
        for address in ("10.0.0.9", "192.0.2.1")
    ]
    assert seen == ["admitted", "refused"]


async def test_ports_that_were_never_read_leave_membership_open(api, world):
    await group_with(world, observed_rule(remote_group_id="g2"))
    await group_with(world, name="peers", backend_id="g2")
    port = {"port_uuid": await port_with(world, "g1")}
    await world.execute("DELETE FROM tenant_port_observations")
    found = await verdict(api("staff"), world, source=PEER, destination=port)
    assert (found["verdict"], found["because"]) == ("undetermined", ["REMOTE_GROUP_NOT_KNOWN"])


async def test_effective_rules_are_the_union_of_all_groups_with_what_each_piece_is_from(
    client, world
):
    await group_with(world, observed_rule(remote_ip_prefix="10.0.0.0/9"))
    await group_with(
        world,
        observed_rule(remote_ip_prefix="10.128.0.0/9"),
        observed_rule(protocol="udp", port_range_min=53, port_range_max=53),
        name="second",
        backend_id="g2",
    )
    port = await port_with(world, "g1", "g2")
    response = await client.get(f"/api/openstack-ports/{port}/effective_rules/")
    shown = response.json()
    pieces = [
        (piece["protocol"], piece["cidr"], piece["internet"], len(piece["rules"]))
        for piece in shown["pieces"]
    ]
    assert pieces == [("udp", "0.0.0.0/0", True, 1), ("tcp", "10.0.0.0/8", False, 2)]
    assert (shown["pieces_total"], shown["not_known"], shown["exact"]) == (2, [], True)
    assert shown["everything_because"] is None


async def test_who_can_reach_names_prefixes_groups_and_the_internet(client, world):
    await group_with(
        world,
        observed_rule(remote_ip_prefix="10.0.0.0/8"),
        observed_rule(remote_group_id="g2"),
        observed_rule(protocol="udp"),
    )
    await group_with(world, name="peers", backend_id="g2")
    port = await port_with(world, "g1")
    peer = await port_with(world, "g2", address="10.0.0.8")
    path = f"/api/openstack-ports/{port}/who_can_reach/"
    shown = (await client.get(path + "?protocol=tcp&port=443")).json()
    assert [each["cidr"] for each in shown["prefixes"]] == ["10.0.0.0/8"]
    (group,) = shown["groups"]
    assert (group["name"], group["members_known"]) == ("peers", True)
    assert group["members"] == [{"port_uuid": peer, "addresses": ["10.0.0.8"]}]
    assert shown["internet"] is False
    udp = (await client.get(path + "?protocol=udp&port=443")).json()
    assert (udp["internet"], udp["prefixes"][0]["cidr"]) == (True, "0.0.0.0/0")
    closed = (await client.get(path + "?protocol=tcp&port=80")).json()
    assert (closed["prefixes"], closed["groups"]) == ([], [])


async def test_a_port_without_port_security_can_be_reached_by_everybody(client, world):
    port = await port_with(world, port_security_enabled=False)
    path = f"/api/openstack-ports/{port}/who_can_reach/?protocol=tcp&port=22"
    shown = (await client.get(path)).json()
    assert (shown["everything_because"], shown["internet"]) == ("PORT_SECURITY_OFF", True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "protocol"),
        ("protocol=x", "protocol"),
        ("protocol=tcp&port=x", "port"),
        ("protocol=tcp&port=70000", "port"),
        ("protocol=tcp&port=0000443", "port"),
        ("protocol=tcp&port=1&port=2", "port"),
        ("protocol=icmp&port=1", "port"),
        ("protocol=tcp&sport=1", "sport"),
    ],
)
async def test_parameters_of_who_can_reach_are_strict(client, world, query, field):
    port = await port_with(world)
    response = await client.get(f"/api/openstack-ports/{port}/who_can_reach/?{query}")
    assert (response.status_code, list(response.json())) == (400, [field])
