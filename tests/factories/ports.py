"""Ports and instances as a pull stores them, in rows."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from tests.factories.world import World

PORTS = "/api/openstack-ports/"
INSTANCES = "/api/openstack-instances/"

_PORT = """
INSERT INTO cloud_ports (
    uuid, tenant_id, backend_id, name, instance_id, device_id, device_owner, addresses,
    floating_addresses, security_group_ids, network_id, mac_address, status,
    port_security_enabled, admin_state_up, allowed_address_pairs, fixed_ips, revision_number,
    state, desired_security_group_ids, base_security_group_ids, error_message
) VALUES (
    %(uuid)s, %(tenant_id)s, %(backend_id)s, %(name)s, %(instance_id)s, %(device_id)s,
    %(device_owner)s, %(addresses)s, %(floating_addresses)s, %(groups)s, %(network_id)s,
    %(mac_address)s,
    %(status)s, %(port_security_enabled)s, %(admin_state_up)s, %(allowed_address_pairs)s,
    %(fixed_ips)s, %(revision_number)s, %(state)s, %(desired)s, %(base)s, %(error_message)s
) RETURNING id, uuid
"""
_LINK = """
INSERT INTO cloud_port_groups (port_id, security_group_id)
SELECT %s, sg.id FROM security_groups AS sg
WHERE sg.tenant_id = %s AND sg.backend_id = ANY(%s)
"""
_INSTANCE = """
INSERT INTO cloud_instances (uuid, tenant_id, backend_id, name) VALUES (%s, %s, %s, %s)
RETURNING id
"""


async def add_port(world: World, name: str = "eth0", groups=(), **columns: Any) -> UUID:
    """Insert a port that carries these groups, by their ids in the cloud; return its UUID."""
    number = uuid4().hex
    values = {
        "uuid": uuid4(),
        "tenant_id": world.tenant_id,
        "backend_id": number,
        "name": name,
        "instance_id": None,
        "device_id": "",
        "device_owner": "",
        "addresses": ["10.0.0.3"],
        "floating_addresses": [],
        "groups": None if groups is None else list(groups),
        "network_id": "6b1f1f0e-7f5a-4b0e-9c53-0d5a3d3f0a11",
        "mac_address": "fa:16:3e:00:00:01",
        "status": "ACTIVE",
        "port_security_enabled": True,
        "admin_state_up": True,
        "allowed_address_pairs": [],
        "fixed_ips": [{"ip_address": "10.0.0.3", "subnet_id": "s-1"}],
        "revision_number": 1,
        "state": "OK",
        "desired": None,
        "base": None,
        "error_message": "",
    } | columns
    for name_of_json in ("allowed_address_pairs", "fixed_ips"):
        values[name_of_json] = Jsonb(values[name_of_json])
    async with world.database.transaction() as connection:
        row = await (await connection.execute(_PORT, values)).fetchone()
        await connection.execute(_LINK, [row[0], values["tenant_id"], values["groups"] or []])
    return row[1]


async def add_instance(world: World, name: str = "vm-1", **columns: Any) -> tuple[UUID, int]:
    """Insert an instance; return its UUID and the id of its row."""
    uuid = uuid4()
    values = {"tenant_id": world.tenant_id, "backend_id": uuid.hex} | columns
    row_id = await world.value(_INSTANCE, uuid, values["tenant_id"], values["backend_id"], name)
    return uuid, row_id


async def add_instance_port(world: World, instance: int, name="eth0", groups=(), **columns) -> UUID:
    """Insert a port of an instance."""
    device = {"instance_id": instance, "device_id": "vm-1", "device_owner": "compute:nova"}
    return await add_port(world, name, groups, **device | columns)


def port_at(uuid: UUID, action: str = "") -> str:
    """Return the path of a port, or of one of its actions."""
    return f"{PORTS}{uuid.hex}/{action}"


def instance_at(uuid: UUID, action: str = "") -> str:
    """Return the path of an instance, or of one of its actions."""
    return f"{INSTANCES}{uuid.hex}/{action}"
