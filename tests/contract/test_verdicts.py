"""Verdicts, effective rules and who can reach a port, over the API."""

import json
from uuid import uuid4

import pytest
from tests.contract.paths import tenant_at
from tests.contract.test_statements import statements
from tests.contract.verdict_requests import (
    HTTPS,
    INTERNET,
    ask,
    group_with,
    observe,
    observed_rule,
    port_with,
    verdict,
)

__all__ = ["statements"]


async def test_a_verdict_names_the_rule_that_admits(client, world):
    group = await group_with(world, observed_rule(), rules=[HTTPS])
    rule_id = await world.value("SELECT id FROM security_group_rules")
    port = await port_with(world, "g1")
    found = await verdict(client, world, destination={"port_uuid": port})
    assert found["verdict"] == "admitted"
    assert (found["egress"], found["reply"]) == (None, None)
    (by,) = found["ingress"]["by"]
    assert (by["security_group_uuid"], by["security_group_name"]) == (group.hex, "web")
    assert by["rule_id"] == rule_id
    assert found["because"] == ["INGRESS_RULE"]
    assert found["driver"] is None
    assert found["exact"] is True
    assert found["observed_at"]
    assert {"routing", "router_firewall", "guest_firewall"} <= set(found["not_considered"])


async def test_a_refusal_names_the_nearest_rule_and_what_it_fails_in(client, world):
    await group_with(world, observed_rule(remote_ip_prefix="10.0.0.0/8"))
    port = await port_with(world, "g1")
    found = await verdict(client, world, destination={"port_uuid": port})
    assert found["verdict"] == "refused"
    (nearest,) = found["ingress"]["nearest"]
    assert (nearest["respect"], nearest["text"]) == ("remote", "source is not in 10.0.0.0/8")


@pytest.mark.parametrize("end", ["address", "instance_uuid", "floating"])
async def test_an_end_is_also_an_address_of_a_port_or_an_instance(client, world, end):
    await group_with(world, observed_rule())
    instance = await world.value(
        "INSERT INTO cloud_instances (uuid, tenant_id, backend_id) VALUES (%s, %s, 'i')"
        " RETURNING hex(uuid)",
        uuid4(),
        world.tenant_id,
    )
    row = await world.value("SELECT id FROM cloud_instances")
    await port_with(world, "g1", instance_id=row, floating_addresses=["192.0.2.9"])
    ends = {
        "address": {"address": "10.0.0.5"},
        "instance_uuid": {"instance_uuid": instance},
        "floating": {"address": "192.0.2.9"},
    }
    assert (await verdict(client, world, destination=ends[end]))["verdict"] == "admitted"
    refused = await verdict(client, world, destination=ends[end], port=80)
    assert refused["ingress"]["verdict"] == "refused"


async def test_both_ends_are_judged_if_both_are_ports(client, world):
    await group_with(world, observed_rule(remote_group_id="g2"))
    await group_with(
        world,
        observed_rule(direction="egress", protocol=None, port_range_min=None, port_range_max=None),
        name="peers",
        backend_id="g2",
    )
    port = await port_with(world, "g1")
    peer = await port_with(world, "g2", address="10.0.0.6")
    found = await verdict(
        client, world, source={"port_uuid": peer}, destination={"port_uuid": port}
    )
    assert [found[name]["verdict"] for name in ("egress", "ingress")] == ["admitted", "admitted"]
    assert found["ingress"]["by"][0]["remote_group_name"] == "peers"
    back = await verdict(client, world, source={"port_uuid": port}, destination={"port_uuid": peer})
    assert back["verdict"] == "refused"


async def test_desired_rules_count_if_they_are_asked_for(client, world):
    await group_with(world, rules=[HTTPS])
    port = {"port_uuid": await port_with(world, "g1")}
    observed = await verdict(client, world, destination=port)
    desired = await verdict(client, world, destination=port, at="desired")
    assert (observed["verdict"], desired["verdict"]) == ("refused", "admitted")


async def test_a_group_that_was_never_observed_is_not_known(client, world):
    await world.group("web", backend_id="g1", rules=[HTTPS])
    port = {"port_uuid": await port_with(world, "g1")}
    found = await verdict(client, world, destination=port)
    assert (found["verdict"], found["because"]) == ("undetermined", ["GROUPS_NOT_KNOWN"])


async def test_a_rule_that_could_not_be_read_leaves_a_refusal_undetermined(client, world):
    group = await world.group("web", backend_id="g1")
    await observe(world, group, unreadable=json.dumps([{"id": "r", "reason": "?"}]))
    port = {"port_uuid": await port_with(world, "g1")}
    assert (await verdict(client, world, destination=port))["verdict"] == "undetermined"


async def test_what_if_a_group_had_other_rules(client, world):
    group = await group_with(world, observed_rule())
    port = {"port_uuid": await port_with(world, "g1")}
    rules = [{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr": "0.0.0.0/0"}]
    at = {"security_group": group.hex, "rules": rules}
    assert (await verdict(client, world, destination=port, at=at))["verdict"] == "refused"
    found = await verdict(client, world, destination=port, at=at, port=80)
    assert found["verdict"] == "admitted"
    assert found["ingress"]["by"][0]["rule_id"] is None


async def test_what_if_validates_rules_as_set_rules_does(client, world):
    group = await group_with(world)
    port = {"port_uuid": await port_with(world, "g1")}
    wrong = [{"protocol": "tcp", "from_port": 0, "to_port": 80, "cidr": "0.0.0.0/0"}]
    at = {"security_group": group.hex, "rules": wrong}
    assert (await ask(client, world, destination=port, at=at)).status_code == 400
    at = {"security_group": uuid4().hex, "rules": []}
    response = await ask(client, world, destination=port, at=at)
    assert (response.status_code, list(response.json())) == (400, ["at"])


@pytest.mark.parametrize(
    ("driver", "observed", "expected"),
    [(None, "ovn", "ovn"), ("iptables", "ovn", "iptables"), (None, None, None)],
)
async def test_the_driver_is_the_operators_word_or_what_the_cloud_showed(
    client, world, driver, observed, expected
):
    await world.execute(
        "UPDATE clouds SET firewall_driver = %s, observed_firewall_driver = %s", driver, observed
    )
    await group_with(world, observed_rule())
    port = {"port_uuid": await port_with(world, "g1")}
    assert (await verdict(client, world, destination=port))["driver"] == expected


async def test_an_address_group_is_known_once_its_members_were_read(client, world):
    await world.execute("UPDATE clouds SET firewall_driver = 'ovn'")
    await group_with(world, observed_rule(remote_address_group_id="a"))
    port = {"port_uuid": await port_with(world, "g1")}
    assert (await verdict(client, world, destination=port))["verdict"] == "undetermined"
    await world.execute(
        "INSERT INTO cloud_address_groups (tenant_id, backend_id, addresses, observed_at)"
        " VALUES (%s, 'a', '{198.51.100.0/24}', now())",
        world.tenant_id,
    )
    assert (await verdict(client, world, destination=port))["verdict"] == "admitted"
    inside = await verdict(client, world, destination=port, source={"address": "192.0.2.1"})
    assert inside["verdict"] == "refused"


PORT_END = {"address": "10.0.0.5"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"source": None}, "source"),
        ({"source": {}}, "source"),
        ({"source": {"address": "1.2.3.4", "cidr": "1.2.3.4/32"}}, "source"),
        ({"source": {"ip": "1.2.3.4"}}, "source"),
        ({"source": {"address": "1.2.3"}}, "source"),
        ({"source": {"address": "fe80::1%eth0"}}, "source"),
        ({"source": {"address": 7}}, "source"),
        ({"source": {"cidr": "10.0.0.0/33"}}, "source"),
        ({"source": {"port_uuid": "x"}}, "source"),
        ({"source": {"port_uuid": "0" * 32}}, "source"),
        ({"source": {"instance_uuid": "0" * 32}}, "source"),
        ({"destination": {"address": "192.0.2.1"}}, "non_field_errors"),
        ({"protocol": None}, "protocol"),
        ({"protocol": "no-such"}, "protocol"),
        ({"protocol": 256}, "protocol"),
        ({"protocol": True}, "protocol"),
        ({"port": 65536}, "port"),
        ({"port": -1}, "port"),
        ({"port": "443"}, "port"),
        ({"port": True}, "port"),
        ({"protocol": "icmp"}, "port"),
        ({"icmp_type": 8}, "icmp_type"),
        ({"protocol": "icmp", "port": None, "icmp_code": 0}, "icmp_code"),
        ({"protocol": "icmp", "port": None, "icmp_type": 256}, "icmp_type"),
        ({"at": "tomorrow"}, "at"),
        ({"at": {"security_group": "x", "rules": []}}, "at"),
        ({"at": {"security_group": "0" * 32, "rules": "x"}}, "at"),
        ({"at": {"security_group": "0" * 32, "rules": [], "more": 1}}, "at"),
        ({"sport": 1}, "sport"),
    ],
)
async def test_what_is_not_understood_is_refused_with_its_field(client, world, body, field):
    await group_with(world)
    await port_with(world, "g1")
    response = await ask(client, world, **{"destination": PORT_END} | body)
    assert response.status_code == 400, response.text
    assert list(response.json()) == [field]


@pytest.mark.parametrize("left_out", ["source", "destination", "protocol"])
async def test_what_must_be_sent_is_named(client, world, left_out):
    body = {"source": INTERNET, "destination": PORT_END, "protocol": "tcp"}
    del body[left_out]
    response = await client.post(tenant_at(world.tenant_uuid, "verdict/"), json=body)
    assert (response.status_code, list(response.json())) == (400, [left_out])


@pytest.mark.parametrize("body", [[], "x", 7, None])
async def test_a_body_that_is_no_object_is_refused(client, world, body):
    response = await client.post(tenant_at(world.tenant_uuid, "verdict/"), json=body)
    assert response.status_code == 400


async def test_a_verdict_costs_three_statements(client, world, statements):
    await group_with(world, observed_rule(remote_group_id="g1"))
    port = {"port_uuid": await port_with(world, "g1")}
    await verdict(client, world, destination=port)
    statements.clear()
    await verdict(client, world, destination=port)
    reads = [
        each for each in map(str, statements) if "SELECT" in each and "FROM tokens" not in each
    ]
    assert len(reads) == 3, reads


async def test_an_address_that_cannot_be_read_is_no_member_of_a_prefix(client, world):
    await group_with(world, observed_rule(remote_group_id="g1"))
    port = {"port_uuid": await port_with(world, "g1")}
    await port_with(world, "g1", address="no address")
    await port_with(world, "g1", address="10.0.0.6")
    for cidr, outcome in (("10.0.0.6/32", "admitted"), ("10.0.0.4/31", "undetermined")):
        found = await verdict(client, world, source={"cidr": cidr}, destination=port)
        assert found["verdict"] == outcome


async def test_a_rule_that_cannot_be_read_stays_in_the_cloud_whatever_is_desired(client, world):
    group = await world.group("web", backend_id="g1", rules=[])
    await observe(world, group, unreadable=json.dumps([{"id": "r", "reason": "?"}]))
    port = {"port_uuid": await port_with(world, "g1")}
    what_if = {"security_group": group.hex, "rules": []}
    for at in ("desired", what_if):
        found = await verdict(client, world, destination=port, at=at)
        assert (found["verdict"], found["because"]) == ("undetermined", ["GROUPS_NOT_KNOWN"])


async def test_a_port_that_will_carry_the_remote_group_is_a_desired_member(client, world):
    await group_with(world, rules=[HTTPS | {"remote_group_id": await _remote_id(world)}])
    port = {"port_uuid": await port_with(world, "g1")}
    await port_with(
        world,
        "other",
        address="10.0.0.6",
        state="UPDATE_SCHEDULED",
        base=["other"],
        desired=["g2"],
    )
    source = {"cidr": "10.0.0.6/32"}
    found = await verdict(client, world, source=source, destination=port, at="desired")
    assert found["verdict"] == "admitted"
    found = await verdict(client, world, source=source, destination=port)
    assert found["verdict"] == "refused"


async def _remote_id(world):
    group = await group_with(world, name="peers", backend_id="g2")
    return await world.value("SELECT id FROM security_groups WHERE uuid = %s", group)


async def test_a_port_of_a_load_balancer_of_neutron_is_filtered_as_any_other(client, world):
    await group_with(world)
    port = {"port_uuid": await port_with(world, "g1", device_owner="neutron:LOADBALANCERV2")}
    assert (await verdict(client, world, destination=port))["verdict"] == "refused"


async def test_a_port_that_sends_to_a_floating_ip_may_be_seen_at_another_address(client, world):
    await group_with(world, observed_rule(remote_ip_prefix="198.51.100.0/24"))
    everything = {"protocol": None, "port_range_min": None, "port_range_max": None}
    await group_with(
        world, observed_rule(direction="egress", **everything), name="out", backend_id="g2"
    )
    await port_with(world, "g1", floating_addresses=["198.51.100.5"])
    peer = await port_with(world, "g2", address="10.0.0.6", floating_addresses=["198.51.100.6"])
    source = {"port_uuid": peer}
    found = await verdict(client, world, source=source, destination={"address": "198.51.100.5"})
    assert (found["verdict"], found["egress"]["verdict"]) == ("undetermined", "admitted")
    assert "ADDRESSES_NOT_KNOWN" in found["because"]
    fixed = await verdict(client, world, source=source, destination={"address": "10.0.0.5"})
    assert fixed["verdict"] == "refused"
    closed = await verdict(
        client, world, source=source, destination={"address": "198.51.100.5"}, port=80
    )
    assert closed["verdict"] == "refused"
