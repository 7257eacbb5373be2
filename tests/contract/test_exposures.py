"""The list of what is open to the internet: rows, filters, CSV, counts and trend."""

import csv
import io

import pytest
from tests.factories.exposed import EXPOSURES, INSIDE, SSH, observe, port_with, pulled, tcp

from ringfence.ports.exposures.snapshots import take_snapshots


async def rows(client, **query):
    response = await client.get(EXPOSURES, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def ports_of(client, **query):
    return [row["from_port"] for row in await rows(client, **query)]


@pytest.fixture
async def group(world):
    """Insert a group that opens SSH, HTTPS in part and every protocol over IPv6, on a port."""
    rules = [SSH, tcp(443, "8.0.0.0/8"), {"direction": "ingress", "ethertype": "IPv6"}, INSIDE]
    group = await world.group("web", rules=rules)
    await port_with(world, group, name="eth0", floating_addresses=["198.51.100.7"])
    await pulled(world)
    return group


async def test_each_port_and_piece_of_traffic_is_a_row(client, world, group):
    found = await rows(client, port="22", ethertype="IPv4")
    rule = await world.value("SELECT id FROM security_group_rules WHERE position = 0")
    [row] = found
    assert await world.value("SELECT uuid FROM cloud_ports") is not None
    assert row == {
        "port_uuid": (await world.value("SELECT uuid FROM cloud_ports")).hex,
        "port_name": "eth0",
        "instance_uuid": (await world.value("SELECT uuid FROM cloud_instances")).hex,
        "instance_name": "vm-1",
        "fixed_ips": ["10.0.0.3"],
        "floating_ip": "198.51.100.7",
        "reachable": True,
        "ethertype": "IPv4",
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr": "0.0.0.0/0",
        "service": "ssh",
        "services": ["ssh"],
        "cause": "rules",
        "desired": "all",
        "exact": True,
        "groups": [{"uuid": group.hex, "name": "web", "rules": [rule], "observed_only": False}],
        "tenant_uuid": world.tenant_uuid.hex,
        "tenant_name": "web-prod",
        "project_uuid": world.project_uuid.hex,
        "project_name": "Web",
        "customer_uuid": world.customer_uuid.hex,
        "customer_name": "Acme",
        "service_settings_uuid": row["service_settings_uuid"],
        "service_name": "east",
    }


@pytest.mark.usefixtures("group")
async def test_a_floating_ip_makes_only_ipv4_reachable(client):
    assert {row["ethertype"]: row["reachable"] for row in await rows(client)} == {
        "IPv4": True,
        "IPv6": False,
    }


async def test_a_fixed_address_of_the_internet_is_reachable(client, world):
    group = await world.group(rules=[SSH])
    await port_with(world, group, addresses=["10.0.0.3", "8.8.8.8"])
    await port_with(world, group, addresses=["192.168.0.3", "2a00::1"])
    await pulled(world)
    assert [row["reachable"] for row in await rows(client)] == [True, False]


async def test_a_group_names_the_rules_that_admit_the_piece_and_rules_of_the_cloud(client, world):
    everything = {"direction": "ingress", "ethertype": "IPv4", "cidr": "9.0.0.0/8"}
    ping = {"direction": "ingress", "ethertype": "IPv4", "protocol": "icmp", "from_port": 8}
    web = await world.group("web", rules=[tcp(22, "8.0.0.0/8"), tcp(443), everything, ping])
    drifted = await world.group("drifted", rules=[INSIDE])
    await observe(world, drifted, tcp(443))
    await port_with(world, web, drifted)
    await pulled(world)
    ids = [row[0] for row in await _all(world, "SELECT id FROM security_group_rules ORDER BY id")]
    listed = await rows(client, page_size=100)
    found = {(row["protocol"], row["from_port"], row["cidr"]): row for row in listed}
    https = found["tcp", 443, "0.0.0.0/0"]["groups"]
    assert [(each["name"], each["rules"], each["observed_only"]) for each in https] == [
        ("drifted", [], True),
        ("web", [ids[1], ids[2]], False),
    ]
    assert [each["rules"] for each in found["icmp", 8, "0.0.0.0/0"]["groups"]] == [[ids[2], ids[3]]]
    assert found["tcp", 22, "8.0.0.0/7"]["groups"][0]["rules"] == [ids[0], ids[2]]


async def _all(world, statement):
    async with world.database.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def test_ports_to_which_no_group_applies_are_open_whole_if_reachable(client, world):
    group = await world.group(rules=[])
    reached = {"floating_addresses": ["198.51.100.9"]}
    await port_with(world, group, device_owner="network:router_gateway", **reached)
    await port_with(world, group, port_security_enabled=False, **reached)
    await port_with(world, group, port_security_enabled=False)
    await pulled(world)
    found = await rows(client)
    assert [(row["cause"], row["cidr"], row["desired"], row["groups"]) for row in found] == [
        ("network_port", "0.0.0.0/0", None, []),
        ("no_port_security", "0.0.0.0/0", None, []),
    ]
    assert await rows(client, service="ssh") == found


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [22, 443, None]),
        ({"port": "443"}, [443, None]),
        ({"port": "80"}, [None]),
        ({"protocol": "tcp"}, [22, 443, None]),
        ({"protocol": "47"}, [None]),
        ({"service": "ssh"}, [22, None]),
        ({"service": ["ssh", "https"]}, [22, 443, None]),
        ({"ethertype": "IPv6"}, [None]),
        ({"reachable": "true"}, [22, 443]),
        ({"wider_than": "8"}, [22, None]),
        ({"wider_than": "9"}, [22, 443, None]),
        ({"desired": "none"}, []),
    ],
)
async def test_filters(client, query, expected):
    found = await ports_of(client, **query)
    assert sorted(found, key=str) == sorted(expected, key=str)
    response = await client.head(EXPOSURES, params=query)
    assert response.headers["X-Result-Count"] == str(len(expected))


async def test_filters_by_place_group_and_port(client, world, group):
    port = (await world.value("SELECT uuid FROM cloud_ports")).hex
    cloud = (await world.value("SELECT uuid FROM clouds")).hex
    for query in (
        {"tenant_uuid": world.tenant_uuid.hex},
        {"project_uuid": world.project_uuid.hex},
        {"customer_uuid": world.customer_uuid.hex},
        {"service_settings_uuid": cloud},
        {"security_group_uuid": group.hex},
        {"port_uuid": port},
    ):
        assert len(await rows(client, **query)) == 3
        [name] = query
        assert await rows(client, **{name: "0" * 32}) == []


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("order", ["instance_name", "-port", "cidr", "tenant_name", "reachable"])
async def test_each_order_is_taken(client, order):
    found = await rows(client, o=order)
    assert len(found) == 3
    if order == "-port":
        assert [row["from_port"] for row in found] == [443, 22, None]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"port": "65536"}, "port"),
        ({"port": "ssh"}, "port"),
        ({"port": ""}, "port"),
        ({"port": ["1", "2"]}, "port"),
        ({"protocol": "http"}, "protocol"),
        ({"service": "sssh"}, "service"),
        ({"reachable": "yes"}, "reachable"),
        ({"wider_than": "0"}, "wider_than"),
        ({"wider_than": "129"}, "wider_than"),
        ({"tenant_uuid": "web-prod"}, "tenant_uuid"),
        ({"tenant": "web-prod"}, "tenant"),
        ({"desired": "some"}, "desired"),
        ({"format": "xml"}, "format"),
        ({"o": "age"}, "o"),
    ],
)
async def test_what_is_not_understood_is_refused(client, query, field):
    response = await client.get(EXPOSURES, params=query)
    assert response.status_code == 400, response.text
    assert list(response.json()) == [field]


@pytest.mark.usefixtures("group")
async def test_pages_and_selected_fields(client):
    response = await client.get(EXPOSURES, params={"page_size": 2, "field": ["cidr", "service"]})
    assert response.headers["X-Result-Count"] == "3"
    assert 'rel="next"' in response.headers["Link"]
    assert [list(row) for row in response.json()] == [["cidr", "service"]] * 2


@pytest.mark.usefixtures("group")
async def test_csv_by_parameter_and_by_header(client):
    by_parameter = await client.get(EXPOSURES, params={"format": "csv"})
    by_header = await client.get(EXPOSURES, headers={"Accept": "text/csv"})
    assert by_parameter.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert by_parameter.content == by_header.content
    assert by_header.headers["X-Result-Count"] == "3"
    header, *lines = csv.reader(io.StringIO(by_header.text))
    assert {"port_uuid", "cidr", "groups"} <= set(header)
    assert len(lines) == 3
    as_json = await client.get(EXPOSURES, headers={"Accept": "application/json, text/csv"})
    assert as_json.headers["Content-Type"] == "application/json"
    over_header = await client.get(
        EXPOSURES, params={"format": "json"}, headers={"Accept": "text/csv"}
    )
    assert over_header.json() == as_json.json()
    known = {"If-None-Match": by_header.headers["ETag"], "Accept": "text/csv"}
    assert (await client.get(EXPOSURES, headers=known)).status_code == 304
    refused = await client.get("/api/openstack-tenants/", headers={"Accept": "text/csv"})
    assert refused.status_code == 406


async def test_names_are_no_formulas_in_csv(client, world):
    group = await world.group("=cmd|'/c calc'!A1", rules=[SSH])
    hostile = '=HYPERLINK("http://x")\r\n"quoted",'
    await port_with(world, group, instance_name=hostile, name="+1")
    await pulled(world)
    query = {"format": "csv", "field": ["instance_name", "port_name", "groups"]}
    response = await client.get(EXPOSURES, params=query)
    [header, line] = csv.reader(io.StringIO(response.text))
    assert header == ["instance_name", "port_name", "groups"]
    assert line == ['\'=HYPERLINK("http://x")\\r\\n"quoted",', "'+1", "'=cmd|'/c calc'!A1"]


async def test_a_reader_sees_what_is_in_scope_and_nothing_of_other_tenants(api, world):
    group = await world.group("secret-name", rules=[SSH])
    await port_with(world, group)
    await port_with(world, group, tenant_id=world.foreign_tenant_id)
    for tenant in (world.tenant_id, world.foreign_tenant_id):
        await pulled(world, tenant)
    assert len(await rows(api("staff"))) == len(await rows(api("support"))) == 2
    assert len(await rows(api("member"))) == 1
    assert await rows(api("unrelated")) == []
    assert (await api(None).get(EXPOSURES)).status_code == 401
    # Somebody of the tenant whose port has the shared group
    await world.execute(
        "INSERT INTO role_grants (user_id, role, project_id)"
        " SELECT %s, 'PROJECT.MEMBER', project_id FROM tenants WHERE id = %s",
        *(world.users["unrelated"], world.foreign_tenant_id),
    )
    [row] = await rows(api("unrelated"))
    assert row["groups"] == [{"uuid": None, "name": None, "rules": [], "observed_only": False}]
    assert row["tenant_name"] == "foreign"
    assert await rows(api("unrelated"), security_group_uuid=group.hex) == []
    response = await api("unrelated").get(EXPOSURES, params={"format": "csv"})
    assert "secret-name" not in response.text
    assert (await api("unrelated").get(EXPOSURES + "counts/?service=ssh")).json() == [
        {
            "service": "ssh",
            "name": "SSH",
            "groups": 0,
            "groups_on_floating_ips": 0,
            "ports": 1,
            "reachable_ports": 0,
        }
    ]


@pytest.mark.usefixtures("group")
async def test_counts_by_service_include_groups_without_ports(client, world):
    await world.group("unused", rules=[tcp(22, "128.0.0.0/1")])
    await world.group("closed", rules=[INSIDE])
    drifted = await world.group("drifted", rules=[])
    await observe(world, drifted, SSH)
    await port_with(world, drifted)
    await pulled(world)
    counted = await client.get(EXPOSURES + "counts/", params={"service": ["ssh", "rdp"]})
    assert counted.status_code == 200
    assert counted.json() == [
        {
            "service": "ssh",
            "name": "SSH",
            "groups": 3,
            "groups_on_floating_ips": 1,
            "ports": 2,
            "reachable_ports": 1,
        },
        {
            "service": "rdp",
            "name": "RDP",
            "groups": 1,
            "groups_on_floating_ips": 1,
            "ports": 1,
            "reachable_ports": 0,
        },
    ]
    assert len((await client.get(EXPOSURES + "counts/")).json()) > 10
    assert (await client.get(EXPOSURES + "counts/?service=x")).status_code == 400
    assert (await client.get(EXPOSURES + "counts/?cloud=x")).status_code == 400


@pytest.mark.usefixtures("group")
async def test_a_snapshot_a_day_makes_the_trend(api, client, world):
    assert (await client.get(EXPOSURES + "trend/")).json() == []
    assert await take_snapshots(world.database) == 2
    assert await take_snapshots(world.database) == 0
    [day] = (await client.get(EXPOSURES + "trend/")).json()
    assert (day["tenants"], day["groups"], day["ports"], day["reachable_ports"]) == (1, 1, 1, 1)
    assert day["services"]["ssh"] == {"ports": 1, "reachable_ports": 1}
    assert (await api("staff").get(EXPOSURES + "trend/")).json()[0]["tenants"] == 2
    assert (await api("unrelated").get(EXPOSURES + "trend/")).json() == []


@pytest.mark.usefixtures("group")
async def test_snapshots_are_kept_for_a_bounded_time(client, world):
    await world.execute(
        "INSERT INTO exposure_snapshots SELECT %s, current_date - age, 1, 1, 1"
        " FROM generate_series(1, 500) AS age",
        world.tenant_id,
    )
    await take_snapshots(world.database)
    assert await world.value("SELECT count(*) FROM exposure_snapshots") == 401
    path = EXPOSURES + "trend/"
    assert len((await client.get(path)).json()) == 30
    assert len((await client.get(path, params={"days": "2"})).json()) == 2
    assert (await client.get(path, params={"days": "401"})).status_code == 400
    assert (await client.get(path, params={"days": "0"})).status_code == 400
