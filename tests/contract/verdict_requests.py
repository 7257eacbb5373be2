"""Groups, ports and observations for verdicts, and requests for one."""

import json
from uuid import uuid4

from tests.contract.paths import tenant_at
from tests.factories.ports import add_port

HTTPS = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr": None,
}
INTERNET = {"address": "198.51.100.7"}


async def port_with(world, *groups, address="10.0.0.5", **columns):
    """Insert a port that carries groups by their ids in the cloud; return its UUID."""
    values = {
        "name": uuid4().hex,
        "groups": list(groups),
        "addresses": [address],
        "fixed_ips": [{"ip_address": address, "subnet_id": "s"}],
    } | columns
    port = await add_port(world, **values)
    await world.execute(
        "INSERT INTO tenant_port_observations VALUES (%s, now()) ON CONFLICT DO NOTHING",
        values.get("tenant_id", world.tenant_id),
    )
    return port.hex


def observed_rule(**values):
    return {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 443,
        "port_range_max": 443,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "remote_address_group_id": None,
        "description": "",
        "id": uuid4().hex,
    } | values


async def observe(world, group, *rules, **columns):
    """Store an observation of a group."""
    values = {"missing": False, "unreadable": "[]", "stateful": None} | columns
    await world.execute(
        "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
        " revision_number, digest, missing, unreadable, stateful, observed_at)"
        " SELECT id, name, '', %s, 1, '', %s, %s, %s, now() FROM security_groups WHERE uuid = %s",
        json.dumps(list(rules)),
        values["missing"],
        values["unreadable"],
        values["stateful"],
        group,
    )


async def group_with(world, *observed, name="web", backend_id="g1", rules=(), **columns):
    group = await world.group(name, backend_id=backend_id, rules=list(rules), **columns)
    await observe(world, group, *observed)
    return group


async def ask(client, world, **body):
    body = {"source": INTERNET, "protocol": "tcp", "port": 443} | body
    return await client.post(tenant_at(world.tenant_uuid, "verdict/"), json=body)


async def verdict(client, world, **body):
    response = await ask(client, world, **body)
    assert response.status_code == 200, response.text
    return response.json()
