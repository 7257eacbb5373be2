"""What a pull stores of ports, instances, address groups and the firewall driver."""

import json
from uuid import UUID, uuid5

import pytest
from tests.lab.proxy import Response
from tests.neutron.test_translate import PORT, RULE
from tests.sync.test_cloud_texts import at_neutron, neutron_says
from tests.sync.test_ports import Net, instance, made, net, pull

from ringfence.neutron import firewall

__all__ = ["at_neutron", "net", "neutron_says"]

AGENT = {
    "id": "a1",
    "agent_type": "Open vSwitch agent",
    "alive": True,
    "configurations": {"ovs_hybrid_plug": False, "datapath_type": "system"},
}
OFFICE = {"id": "office", "name": "Office", "addresses": ["192.0.2.0/24", "198.51.100.7/32"]}


async def rows(place, statement):
    async with place.database.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def port_row(place, columns):
    (row,) = await rows(place, f"SELECT {columns} FROM cloud_ports")  # noqa: S608 - columns
    return row


async def test_all_ports_of_the_project_are_stored_with_all_of_their_groups(place, net):
    web = await made(place, "web")
    stranger = await place.cloud.create_group(place.project, "stranger", "")
    backend_id = (await place.row(web))[1]
    await net.port([web], **instance("vm-1"))
    await net.port([])

    await pull(place)

    stored = await rows(
        place, "SELECT device_id, security_group_ids, uuid, backend_id FROM cloud_ports ORDER BY 1"
    )
    assert [(row[0], row[1]) for row in stored] == [("", []), ("vm-1", [backend_id])]
    assert all(row[2] == uuid5(place.tenant, row[3]) for row in stored)
    (port,) = [row[3] for row in stored if row[0]]
    (before,) = [one for one in await place.cloud.list_ports(place.project) if one.id == port]
    await place.cloud.set_port_groups(
        port, [backend_id, stranger.id], revision=before.revision_number
    )
    await pull(place)
    kept = await rows(place, "SELECT security_group_ids FROM cloud_ports WHERE device_id <> ''")
    assert {*kept[0][0]} == {backend_id, stranger.id}


async def test_the_lab_shows_what_decides_about_the_traffic_of_a_port(neutron, lab):
    net = Net(neutron, lab, lab.make_network(neutron.project))
    pair = {"ip_address": "10.9.0.0/16", "mac_address": "fa:16:3e:00:00:09"}
    await net.port(
        [],
        allowed_address_pairs=[pair],
        admin_state_up=False,
        description="first",
        **instance("vm"),
    )

    await pull(neutron)

    columns = "port_security_enabled, admin_state_up, allowed_address_pairs, vnic_type, description"
    assert await port_row(neutron, columns) == (True, False, [pair], "normal", "first")
    addresses, fixed, network, mac = await port_row(
        neutron, "addresses, fixed_ips, network_id, mac_address"
    )
    assert [one["ip_address"] for one in fixed] == addresses
    assert addresses[0].startswith("192.0.2.")
    assert UUID(fixed[0]["subnet_id"])
    assert network == net.network
    assert mac.startswith("fa:16:3e:")


async def test_an_instance_has_the_hostname_of_its_ports_or_else_a_name_of_one(at_neutron):
    nameless = {"dns_name": "", "name": ""}
    at_neutron.said["ports"] = [
        PORT | nameless | {"id": "p1", "device_id": "vm-1"},
        PORT | {"id": "p2", "device_id": "vm-1", "dns_name": "web-1", "name": "eth1"},
        PORT | nameless | {"id": "p3", "device_id": "vm-2", "name": "eth0"},
        PORT | nameless | {"id": "p4", "device_id": "vm-3"},
        PORT | {"id": "p5", "device_id": "router", "device_owner": "network:router_interface"},
        PORT | {"id": "p6", "device_id": ""},
    ]
    await pull(at_neutron)
    found = await rows(
        at_neutron, "SELECT backend_id, name, uuid FROM cloud_instances ORDER BY backend_id"
    )
    assert found == [
        (device, name, uuid5(at_neutron.tenant, device))
        for device, name in (("vm-1", "web-1"), ("vm-2", "eth0"), ("vm-3", ""))
    ]
    belonging = await rows(
        at_neutron,
        "SELECT port.backend_id FROM cloud_ports AS port INNER JOIN cloud_instances AS instance"
        " ON instance.id = port.instance_id WHERE instance.backend_id = 'vm-1' ORDER BY 1",
    )
    assert belonging == [("p1",), ("p2",)]

    at_neutron.said["ports"] = at_neutron.said["ports"][3:]
    await pull(at_neutron)
    assert await rows(at_neutron, "SELECT backend_id FROM cloud_instances") == [("vm-3",)]


async def test_a_second_pull_of_the_same_writes_no_row(at_neutron):
    refer_to_office(at_neutron)
    at_neutron.said["ports"] = [PORT, PORT | {"id": "p2", "device_id": "", "security_groups": []}]
    at_neutron.said["agents"] = [AGENT]
    versions = " UNION ALL ".join(
        f"SELECT '{table}', id::text, xmin::text, ctid::text FROM {table}"  # noqa: S608 - tables
        for table in ("cloud_ports", "cloud_instances", "cloud_address_groups", "clouds")
    )
    await pull(at_neutron)
    before = await rows(at_neutron, versions)
    await pull(at_neutron)
    assert await rows(at_neutron, versions) == before
    assert len(before) == 5


async def test_a_pull_sends_one_request_for_each_kind_of_list(at_neutron):
    refer_to_office(at_neutron)
    at_neutron.said["ports"] = [PORT | {"id": f"p{number}"} for number in range(300)]
    await pull(at_neutron)
    paths = [call.path.partition("?")[0] for call in at_neutron.calls]
    assert sorted(paths) == [
        *("/v2.0/address-groups", "/v2.0/agents", "/v2.0/floatingips", "/v2.0/ports"),
        "/v2.0/security-groups",
    ]
    at_neutron.calls.clear()
    await pull(at_neutron)
    # The driver of a cloud is read once an hour, however many tenants it has.
    assert "/v2.0/agents" not in {call.path.partition("?")[0] for call in at_neutron.calls}
    assert len(at_neutron.calls) == 4


async def test_a_change_that_waits_for_the_cloud_stays_when_its_port_is_observed(at_neutron):
    at_neutron.said["ports"] = [PORT]
    await pull(at_neutron)
    await at_neutron.world.execute(
        "UPDATE cloud_ports SET state = 'UPDATE_SCHEDULED', error_message = 'before',"
        " desired_security_group_ids = '{g9}', base_security_group_ids = '{g1,g2}'"
    )
    at_neutron.said["ports"] = [PORT | {"security_groups": ["g3"], "revision_number": 5}]
    await pull(at_neutron)
    columns = "state, error_message, desired_security_group_ids, base_security_group_ids"
    assert await port_row(at_neutron, columns) == (
        *("UPDATE_SCHEDULED", "before"),
        *(["g9"], ["g1", "g2"]),
    )
    assert await port_row(at_neutron, "security_group_ids, revision_number") == (["g3"], 5)
    at_neutron.said["ports"] = []
    await pull(at_neutron)
    assert await rows(at_neutron, "SELECT id FROM cloud_ports") == []


HOSTILE = {
    "wrong types": {
        "security_groups": {"g1": 1},
        "allowed_address_pairs": 7,
        "fixed_ips": "192.0.2.1",
        "port_security_enabled": "false",
        "admin_state_up": [],
        "device_id": {"a": 1},
        "dns_name": 7,
        "revision_number": "x",
    },
    "NUL": dict.fromkeys(
        ("name", "device_id", "dns_name", "mac_address", "network_id", "status"), "a\0b\udfff"
    )
    | {"security_groups": ["g1", "g\0"], "allowed_address_pairs": [{"ip_address": "10.0.0.0\0"}]}
    | {"fixed_ips": [{"ip_address": "10.0.0.1", "subnet_id": "\0"}, {"ip_address": "\0"}]},
    "megabytes": dict.fromkeys(
        ("name", "device_id", "device_owner", "dns_name", "description", "status"), "x" * 3_000_000
    )
    | {"security_groups": ["g" * 3_000_000], "fixed_ips": [{"ip_address": "1" * 3_000_000}]}
    | {"allowed_address_pairs": [{"ip_address": "10.0.0.0/" + "0" * 3_000_000}]},
    "10,000 pairs": {
        "allowed_address_pairs": [{"ip_address": "10.0.0.1"}] * 10_000,
        "security_groups": ["g1"] * 10_000,
        "fixed_ips": [{"ip_address": "10.0.0.1"}] * 10_000,
    },
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_port_is_stored_as_not_known_beside_the_others(at_neutron, change):
    at_neutron.said["ports"] = [PORT | change, PORT | {"id": "p2"}]
    await pull(at_neutron)
    unknown = "security_group_ids, allowed_address_pairs, fixed_ips"
    stored = await rows(at_neutron, f"SELECT {unknown} FROM cloud_ports ORDER BY backend_id")  # noqa: S608 - columns
    assert stored[0] == (None, None, None)
    assert stored[1][0] == ["g1", "g2"]
    assert (
        len(json.dumps(await rows(at_neutron, "SELECT row_to_json(p) FROM cloud_ports p"))) < 9_999
    )


def refer_to_office(place, *ids):
    rules = [
        {**RULE, "id": f"r-{one}", "remote_ip_prefix": None, "remote_address_group_id": one}
        for one in ids or ("office",)
    ]
    place.said["security_groups"][0]["security_group_rules"] = rules
    place.said["address_groups"] = [OFFICE]


ADDRESS_GROUPS = "SELECT backend_id, name, addresses FROM cloud_address_groups ORDER BY backend_id"


async def test_members_of_the_address_groups_that_rules_refer_to_are_stored(at_neutron):
    refer_to_office(at_neutron, "office", "hidden")
    at_neutron.said["address_groups"] += [OFFICE | {"id": "of-nobody"}]
    await pull(at_neutron)
    assert await rows(at_neutron, ADDRESS_GROUPS) == [("office", "Office", OFFICE["addresses"])]
    (path,) = [call.path for call in at_neutron.calls if "address-groups" in call.path]
    assert "id=hidden&id=office" in path

    at_neutron.said["address_groups"] = [OFFICE | {"addresses": ["10.0.0.0/8"]}]
    await pull(at_neutron)
    assert await rows(at_neutron, ADDRESS_GROUPS) == [("office", "Office", ["10.0.0.0/8"])]

    at_neutron.said["address_groups"] = [OFFICE | {"addresses": ["10.0.0.0/8", 7]}]
    await pull(at_neutron)
    assert await rows(at_neutron, ADDRESS_GROUPS) == []


async def test_many_address_groups_are_read_in_requests_with_short_urls(at_neutron):
    ids = [f"{number:036}" for number in range(200)]
    refer_to_office(at_neutron, *ids)
    at_neutron.said["address_groups"] = [OFFICE | {"id": one} for one in ids]
    await pull(at_neutron)
    paths = [call.path for call in at_neutron.calls if "address-groups" in call.path]
    assert len(paths) == 3
    assert max(map(len, paths)) < 3_200
    assert await rows(at_neutron, "SELECT count(*) FROM cloud_address_groups") == [(200,)]


async def test_without_the_permission_to_read_address_groups_none_is_known(neutron, lab, calls):
    group = lab.neutron(
        "POST",
        "/v2.0/address-groups",
        {"address_group": {"addresses": ["192.0.2.0/24"], "project_id": neutron.project}},
    )["address_group"]["id"]
    web = await made(neutron, "web")
    rule = {"security_group_id": (await neutron.row(web))[1], "remote_address_group_id": group}
    rule |= {"direction": "ingress", "project_id": neutron.project}
    lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": rule})
    await pull(neutron)
    assert await rows(neutron, ADDRESS_GROUPS) == [(group, "", ["192.0.2.0/24"])]
    refused = Response(403, b'{"NeutronError": {"type": "PolicyNotAuthorized", "message": "no"}}')
    calls.fault("GET", "/v2.0/address-groups", refused)
    await pull(neutron)
    assert await rows(neutron, ADDRESS_GROUPS) == []
    await pull(neutron)
    assert len(await rows(neutron, ADDRESS_GROUPS)) == 1


DRIVER = "SELECT observed_firewall_driver FROM clouds"


async def test_the_firewall_driver_of_the_hosts_is_stored_until_another_is_seen(
    at_neutron, monkeypatch
):
    monkeypatch.setattr(firewall, "CACHE_SECONDS", 0.0)
    hybrid = AGENT | {"configurations": {"ovs_hybrid_plug": True}}
    for agents, stored in (
        ([], None),
        ([AGENT], "openvswitch"),
        ([hybrid], "iptables"),
        # Who may not see agents gets an empty list: what is stored stays.
        ([], "iptables"),
        ([AGENT, hybrid], None),
    ):
        at_neutron.said["agents"] = agents
        await pull(at_neutron)
        assert await rows(at_neutron, DRIVER) == [(stored,)]


@pytest.mark.parametrize("status", [401, 403, 404, 500, 200])
async def test_agents_that_cannot_be_read_fail_no_pull(neutron, calls, status):
    web = await made(neutron, "web")
    calls.fault("GET", "/v2.0/agents", Response(status, b"<html>"))
    await pull(neutron)
    assert (await neutron.row(web))[0] == "OK"
    assert await rows(neutron, DRIVER) == [(None,)]
    # The session signs in once more after 401.
    tried = calls.count("GET", "/v2.0/agents")
    assert tried == (2 if status == 401 else 1)
    await pull(neutron)
    assert calls.count("GET", "/v2.0/agents") == tried


async def test_credentials_that_may_not_read_agents_do_not_count_as_refused(neutron, calls):
    refused = Response(403, b'{"NeutronError": {"type": "PolicyNotAuthorized", "message": "no"}}')
    calls.fault("GET", "/v2.0/agents", refused)
    await pull(neutron)
    await neutron.clouds.reachability.write(neutron.database)
    reached = "SELECT responded_at IS NOT NULL, failed_at, failure FROM cloud_reachability"
    assert await rows(neutron, reached) == [(True, None, None)]
