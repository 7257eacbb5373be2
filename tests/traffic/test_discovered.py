"""What a discovered cloud shows as open to the internet, confirmed by OVN."""

import ipaddress
import random

import httpx
import pytest
from tests.factories.world import make_world
from tests.traffic import lab_python, ovn, programs
from tests.traffic.amounts import ALL, SECONDS
from tests.traffic.cloud_worlds import make_domain, worlds_of
from tests.traffic.packets import Packet

from ringfence.app import create_app
from ringfence.discovery.commands import discover
from ringfence.discovery.found import Selection
from ringfence.security_groups.rules import protocol_number
from ringfence.settings import Settings

pytestmark = pytest.mark.timeout(SECONDS)

PROJECTS = 30 if ALL else 6
ROWS = 10
INTERNET = {"IPv4": "198.41.0.4", "IPv6": "2001:500:88:200::8"}


@pytest.fixture
def chance(request):
    return random.Random(request.node.name)  # noqa: S311 - the same cloud each time


async def exposures(database):
    """Return all rows, as a member of staff sees them."""
    app = create_app(Settings(allowed_hosts="api.example.com"))
    app.state.database = database
    headers = {"Authorization": "Token staff-token"}
    transport, url = httpx.ASGITransport(app=app), "http://api.example.com"
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:
        response = await client.get("/api/security-group-exposures/", params={"page_size": 200})
        assert response.status_code == 200, response.text
        assert int(response.headers["X-Result-Count"]) == len(response.json())
        return response.json()


async def test_rows_of_exposures_are_confirmed_by_ovn(
    lab, database, tmp_path, monkeypatch, chance, record_property
):
    if missing := programs.missing(*ovn.PROGRAMS):
        pytest.skip(f"LEFT OUT, OVN: there is no {', '.join(missing)}; tools/firewalls fetches it")
    domain, projects = make_domain(lab, PROJECTS, chance)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.write_clouds(tmp_path, east=lab.entry)))
    await make_world(database)
    selection = Selection("lab", ("east",), domains=(domain,))
    await discover(database, selection, lambda *_: None, lambda *_: None)
    rows = await exposures(database)
    made = worlds_of(lab, projects)
    ports = {port.device: (world, port) for world in made for port in world.ports}
    with ovn.running(tmp_path) as running:
        running.load(made, lab_python.written("ovn", made))
        confirmed = [
            running.admits(world, packet_of(row, port, chance))
            for row in chance.sample(rows, ROWS)
            for world, port in [ports[row["port_name"]]]
        ]
        assert confirmed == [True] * ROWS
        unlisted = [
            (world, port)
            for world, port in ports.values()
            if not any(is_about_ssh(row, port) for row in rows)
        ]
        ssh = [(world, Packet("IPv4", None, INTERNET["IPv4"], port, port.fixed_ips[0], 6, 22))
               for world, port in unlisted]  # fmt: skip
        assert not any(running.admits(world, packet) for world, packet in ssh)
    counts = f"{len(rows)} rows, {ROWS} confirmed by OVN; {len(unlisted)} ports without SSH, too"
    record_property("traffic", f"exposures of {PROJECTS} discovered projects: {counts}")


def packet_of(row, port, chance) -> Packet:
    """Return a packet of the internet that the row says is admitted."""
    network = ipaddress.ip_network(row["cidr"])
    address = network[0]
    while not address.is_global or address.is_multicast:
        address = network[chance.randrange(network.num_addresses)]
    ethertype = row["ethertype"]
    version = int(ethertype[-1])
    own = [each for each in port.fixed_ips if ipaddress.ip_address(each).version == version]
    word = row["protocol"].partition("-")[0]
    number = protocol_number(word) if word else 6
    if number in {1, 58}:
        number = 1 if ethertype == "IPv4" else 58
    ends = (None, str(address), port, own[0])
    return Packet(
        ethertype,
        *ends,
        protocol=number,
        number=row["from_port"] or 0,
        icmp_type=row["from_port"] or 0,
        icmp_code=row["to_port"] or 0,
    )


def is_about_ssh(row, port) -> bool:
    """Return whether a row says that SSH from an address of the internet reaches the port."""
    return (
        row["port_name"] == port.device
        and row["ethertype"] == "IPv4"
        and row["protocol"] in {"", "tcp"}
        and (row["from_port"] is None or row["from_port"] <= 22 <= row["to_port"])
        and ipaddress.ip_address(INTERNET["IPv4"]) in ipaddress.ip_network(row["cidr"])
    )
