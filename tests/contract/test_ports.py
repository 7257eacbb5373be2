"""The lists of ports and instances, and one of each."""

import pytest
from tests.contract.paths import SSH, group_at
from tests.factories.ports import (
    INSTANCES,
    PORTS,
    add_instance,
    add_instance_port,
    add_port,
    instance_at,
    port_at,
)

BASE = "http://api.example.com"


@pytest.fixture(autouse=True)
async def web(world):
    return await world.group(
        "web", backend_id="b-web", rules=[{**SSH, "ethertype": "IPv4", "direction": "ingress"}]
    )


async def test_a_port_shows_its_groups_addresses_and_ancestors(client, world, web):
    instance, row = await add_instance(world)
    port = await add_instance_port(
        world,
        row,
        groups=["b-web"],
        floating_addresses=["203.0.113.7"],
        allowed_address_pairs=[{"ip_address": "10.9.0.0/24", "mac_address": "fa:16:3e:00:00:01"}],
    )
    shown = (await client.get(port_at(port))).json()
    assert shown["url"] == BASE + port_at(port)
    assert shown["security_groups"] == [
        {"uuid": web.hex, "name": "web", "url": BASE + group_at(web)}
    ]
    assert shown["other_security_group_ids"] == []
    assert shown["fixed_ips"] == [{"ip_address": "10.0.0.3", "subnet_id": "s-1"}]
    assert shown["floating_ips"] == ["203.0.113.7"]
    assert shown["allowed_address_pairs"][0]["ip_address"] == "10.9.0.0/24"
    assert shown["network_uuid"] == "6b1f1f0e7f5a4b0e9c530d5a3d3f0a11"
    assert (shown["tenant_uuid"], shown["tenant_name"]) == (world.tenant_uuid.hex, "web-prod")
    assert (shown["customer_uuid"], shown["state"]) == (world.customer_uuid.hex, "OK")
    assert (shown["instance"], shown["instance_name"]) == (BASE + instance_at(instance), "vm-1")
    assert (shown["resource_type"], shown["service_name"]) == ("OpenStack.Port", "east")


async def test_a_network_without_a_uuid_has_none(client, world):
    port = await add_port(world, network_id="net-1")
    assert "network_uuid" not in (await client.get(port_at(port))).json()


async def test_an_instance_shows_the_groups_of_all_its_ports_once_with_their_rules(
    client, world, web
):
    db = await world.group("db", backend_id="b-db")
    instance, row = await add_instance(world)
    await add_instance_port(world, row, "eth0", ["b-web"], floating_addresses=["203.0.113.7"])
    await add_instance_port(world, row, "eth1", ["b-web", "b-db", "b-unknown"])
    shown = (await client.get(instance_at(instance))).json()
    assert [group["name"] for group in shown["security_groups"]] == ["db", "web"]
    assert [group["uuid"] for group in shown["security_groups"]] == [db.hex, web.hex]
    assert shown["security_groups"][1]["rules"][0]["from_port"] == 22
    assert shown["other_security_group_ids"] == ["b-unknown"]
    assert [port["name"] for port in shown["ports"]] == ["eth0", "eth1"]
    assert shown["external_ips"] == ["203.0.113.7"]
    assert shown["internal_ips"] == ["10.0.0.3", "10.0.0.3"]
    assert shown["floating_ips"][0]["address"] == "203.0.113.7"
    assert (shown["name"], shown["resource_type"]) == ("vm-1", "OpenStack.Instance")


async def test_an_instance_is_as_busy_or_erred_as_its_ports(client, world):
    instance, row = await add_instance(world)
    await add_instance_port(world, row)
    assert (await client.get(instance_at(instance))).json()["state"] == "OK"
    await add_instance_port(world, row, "eth1", state="ERRED", error_message="No such group.")
    shown = (await client.get(instance_at(instance))).json()
    assert (shown["state"], shown["error_message"]) == ("ERRED", "No such group.")
    await add_instance_port(world, row, "eth2", state="UPDATE_SCHEDULED", desired=[], base=[])
    assert (await client.get(instance_at(instance))).json()["state"] == "UPDATE_SCHEDULED"
    assert len((await client.get(INSTANCES, params={"state": "UPDATE_SCHEDULED"})).json()) == 1
    assert (await client.get(INSTANCES, params={"state": "OK"})).json() == []


async def test_a_group_of_another_tenant_has_a_name_only_for_those_who_see_it(api, world):
    await world.group("secret", backend_id="b-secret", tenant_id=world.foreign_tenant_id)
    port = await add_port(world, groups=["b-secret", "b-web", "b-nobody"])
    mine = await api("admin").get(port_at(port))
    assert "secret" not in mine.text.replace("b-secret", "")
    assert [group["name"] for group in mine.json()["security_groups"]] == ["web"]
    assert mine.json()["other_security_group_ids"] == ["b-nobody", "b-secret"]
    staff = (await api("staff").get(port_at(port))).json()
    assert [group["name"] for group in staff["security_groups"]] == ["secret", "web"]
    assert staff["other_security_group_ids"] == ["b-nobody"]


async def test_a_pending_change_shows_at_once(client, world):
    port = await add_port(
        world, groups=["b-web"], state="UPDATE_SCHEDULED", desired=[], base=["b-web"]
    )
    shown = (await client.get(port_at(port))).json()
    assert (shown["state"], shown["security_groups"]) == ("UPDATE_SCHEDULED", [])


@pytest.mark.parametrize("path", [PORTS, INSTANCES])
async def test_only_what_is_in_scope_is_listed_counted_and_retrieved(api, world, path):
    added = {}
    for name, tenant in (("mine", world.tenant_id), ("other", world.foreign_tenant_id)):
        instance, row = await add_instance(world, name, tenant_id=tenant)
        port = await add_instance_port(world, row, name, tenant_id=tenant)
        added[name] = port if path == PORTS else instance
    for user, expected in {
        "staff": {"mine", "other"},
        "support": {"mine", "other"},
        "member": {"mine"},
        "owner": {"mine"},
        "unrelated": set(),
    }.items():
        client = api(user)
        listed = await client.get(path)
        assert {each["name"] for each in listed.json()} == expected, user
        counted = await client.head(path)
        assert counted.headers["X-Result-Count"] == str(len(expected))
        for name, uuid in added.items():
            response = await client.get(f"{path}{uuid.hex}/")
            assert response.status_code == (200 if name in expected else 404), (user, name)


PORT_QUERIES = [
    ({"name": "TH0"}, "eth0"),
    ({"name_exact": "eth1"}, "eth1"),
    ({"device_owner": "compute:nova"}, "eth0"),
    ({"device_id": "vm-1"}, "eth0"),
    ({"has_device_owner": "false"}, "eth1"),
    ({"admin_state_up": "false"}, "eth1"),
    ({"status": "DOWN"}, "eth1"),
    ({"mac_address": "FA:16:3E:00:00:02"}, "eth1"),
    ({"fixed_ips": "10.0.0.4"}, "eth1"),
    ({"external_ip": "203.0.113.7"}, "eth0"),
    ({"network_uuid": "6b1f1f0e7f5a4b0e9c530d5a3d3f0a11"}, "eth0"),
    ({"network_name": "x"}, ""),
    ({"exclude_subnet_uuids": "6b1f1f0e-7f5a-4b0e-9c53-0d5a3d3f0a12"}, "eth0"),
    ({"query": "203.0.113"}, "eth0"),
    ({"query": "b-of-eth1"}, "eth1"),
    ({"backend_id": "b-of-eth1"}, "eth1"),
    ({"state": "ERRED"}, "eth1"),
    ({"state": ["ERRED", "OK"]}, "eth0 eth1"),
    ({"can_manage": "true"}, "eth0 eth1"),
    ({"o": "-name"}, "eth0 eth1"),
    *(
        ({"o": word}, "eth0 eth1")
        for word in [
            "created",
            "status",
            "admin_state_up",
            "instance_name",
            "network_name",
            "subnet_name",
        ]
    ),
]


@pytest.mark.parametrize(("query", "expected"), PORT_QUERIES, ids=str)
async def test_filters_of_ports(client, world, query, expected):
    _, row = await add_instance(world)
    await add_instance_port(world, row, "eth0", ["b-web"], floating_addresses=["203.0.113.7"])
    await add_port(
        world,
        "eth1",
        backend_id="b-of-eth1",
        addresses=["10.0.0.4"],
        fixed_ips=[{"ip_address": "10.0.0.4", "subnet_id": "6b1f1f0e-7f5a-4b0e-9c53-0d5a3d3f0a12"}],
        mac_address="fa:16:3e:00:00:02",
        status="DOWN",
        admin_state_up=False,
        network_id="net-2",
        state="ERRED",
    )
    response = await client.get(PORTS, params=query)
    assert response.status_code == 200, response.text
    names = set(expected.split())
    assert {port["name"] for port in response.json()} == names
    assert response.headers["X-Result-Count"] == str(len(names))


async def test_ports_and_instances_are_found_by_group_tenant_and_instance(client, world, web):
    instance, row = await add_instance(world)
    await add_instance_port(world, row, "eth0", ["b-web"])
    await add_port(world, "eth1")
    tenant = f"{BASE}/api/openstack-tenants/{world.tenant_uuid.hex}/"
    for path in (PORTS, INSTANCES):
        for query in (
            {"security_group_uuid": web.hex},
            {"security_group": BASE + group_at(web)},
            {"security_group": BASE + group_at(web), "tenant": tenant},
            {"security_group_uuid": str(web), "tenant_uuid": str(world.tenant_uuid)},
        ):
            found = await client.get(path, params=query)
            assert len(found.json()) == 1, query
        nothing = await client.get(path, params={"security_group_uuid": instance.hex})
        assert nothing.json() == []
        foreign = await client.get(path, params={"tenant_uuid": world.foreign_tenant_uuid.hex})
        assert foreign.json() == []
    by_instance = await client.get(PORTS, params={"instance_uuid": instance.hex})
    assert [port["name"] for port in by_instance.json()] == ["eth0"]


async def test_no_filter_by_group_tells_which_ports_carry_a_group_that_is_out_of_scope(api, world):
    secret = await world.group("x", backend_id="b-x", tenant_id=world.foreign_tenant_id)
    await add_port(world, groups=["b-x"])
    query = {"security_group_uuid": secret.hex}
    assert (await api("admin").get(PORTS, params=query)).json() == []
    assert len((await api("staff").get(PORTS, params=query)).json()) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "M-"}, 1),
        ({"name_exact": "vm"}, 0),
        ({"external_ip": "203.0.113.7"}, 1),
        ({"external_ip": "203.0.113.8"}, 0),
        ({"query": "203.0.113"}, 1),
        ({"query": "vm-1"}, 1),
        ({"runtime_state": "ACTIVE"}, 0),
        ({"state": "OK", "o": "start_time"}, 1),
        ({"attach_volume_uuid": "6b1f1f0e7f5a4b0e9c530d5a3d3f0a12"}, 0),
        ({"o": "-state"}, 1),
    ],
    ids=str,
)
async def test_filters_of_instances(client, world, query, expected):
    _, row = await add_instance(world)
    await add_instance_port(world, row, floating_addresses=["203.0.113.7"])
    response = await client.get(INSTANCES, params=query)
    assert response.status_code == 200, response.text
    assert len(response.json()) == expected


async def test_bad_filters_are_named(client):
    response = await client.get(PORTS, params={"tenant_uuid": "x", "state": "Ok", "o": "colour"})
    assert response.status_code == 400
    assert set(response.json()) == {"tenant_uuid", "state"}
    assert (await client.get(PORTS, params={"o": "colour"})).status_code == 400


async def test_fields_select_and_an_unchanged_port_is_not_sent_again(client, world):
    port = await add_port(world)
    shown = await client.get(port_at(port), params={"field": ["name", "security_groups"]})
    assert shown.json() == {"name": "eth0", "security_groups": []}
    whole = await client.get(port_at(port))
    headers = {"If-None-Match": whole.headers["ETag"]}
    assert (await client.get(port_at(port), headers=headers)).status_code == 304


async def test_the_root_lists_both_collections(client):
    root = (await client.get("/api/")).json()
    assert root["openstack-ports"] == BASE + PORTS
    assert root["openstack-instances"] == BASE + INSTANCES
