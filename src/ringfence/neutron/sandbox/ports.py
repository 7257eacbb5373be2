"""The sandbox's ports, so that its groups can be in use.

There are no instances; `add_port` and `add_floating_ip` take their role.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from ringfence.database.pool import Connection
from ringfence.neutron.port import (
    AddressPair,
    CloudPort,
    FixedIp,
    GroupNotFound,
    Outdated,
    PortNotFound,
)

_PORTS: LiteralString = """
SELECT
    port.id::text, port.project_id, port.name, port.device_id, port.device_owner, port.fixed_ips,
    ARRAY(
        SELECT carried.group_id::text FROM sandbox_port_groups AS carried
        WHERE carried.port_id = port.id
        ORDER BY carried.group_id
    ),
    port.revision_number, port.description, port.network_id, port.mac_address, port.status,
    port.dns_name, port.vnic_type, port.port_security_enabled, port.admin_state_up,
    port.allowed_address_pairs
FROM sandbox_ports AS port
WHERE {condition}
ORDER BY port.id
"""

_FLOATING: LiteralString = """
SELECT floating.address, floating.port_id::text
FROM sandbox_floating_addresses AS floating
INNER JOIN sandbox_ports AS port ON floating.port_id = port.id
WHERE port.project_id = %s
"""

_ADD_PORT: LiteralString = """
INSERT INTO sandbox_ports (
    id, project_id, name, device_id, device_owner, fixed_ips, description, network_id, mac_address,
    status, dns_name, vnic_type, port_security_enabled, admin_state_up, allowed_address_pairs
) VALUES (
    %(id)s, %(project_id)s, %(name)s, %(device_id)s, %(device_owner)s, %(fixed_ips)s,
    %(description)s, %(network_id)s, %(mac_address)s, %(status)s, %(dns_name)s, %(vnic_type)s,
    %(port_security_enabled)s, %(admin_state_up)s, %(allowed_address_pairs)s
)
"""

_USUAL: Mapping[str, object] = {
    **dict.fromkeys(("name", "device_id", "device_owner", "description", "network_id"), ""),
    **dict.fromkeys(("mac_address", "dns_name"), ""),
    "status": "ACTIVE",
    "vnic_type": "normal",
    "fixed_ips": [],
    "port_security_enabled": True,
    "admin_state_up": True,
}

_ADD_FLOATING: LiteralString = """
INSERT INTO sandbox_floating_addresses (address, port_id) VALUES (%s, %s)
"""

_REVISION: LiteralString = "SELECT revision_number FROM sandbox_ports WHERE id = %s FOR UPDATE"

_INCREMENT_REVISION: LiteralString = """
UPDATE sandbox_ports SET revision_number = revision_number + 1 WHERE id = %s
"""

# The groups stay until the port has them; locked in one order, so that nothing deadlocks.
_LOCK_GROUPS: LiteralString = """
SELECT id FROM sandbox_groups WHERE id = ANY(%s::uuid[]) ORDER BY id FOR KEY SHARE
"""

_DELETE_GROUPS: LiteralString = "DELETE FROM sandbox_port_groups WHERE port_id = %s"

_ADD_GROUPS: LiteralString = """
INSERT INTO sandbox_port_groups (port_id, group_id) SELECT %s, unnest(%s::uuid[])
"""

_IN_USE: LiteralString = "SELECT 1 FROM sandbox_port_groups WHERE group_id = %s LIMIT 1"


async def read_ports(connection: Connection, project_id: str) -> list[CloudPort]:
    """Return the project's ports."""
    statement = _PORTS.replace("{condition}", "port.project_id = %s")
    cursor = await connection.execute(statement, [project_id])
    return [_port(row) for row in await cursor.fetchall()]


async def read_port(connection: Connection, port_id: str) -> CloudPort:
    """Return one port; raise `PortNotFound`."""
    statement = _PORTS.replace("{condition}", "port.id::text = %s")
    row = await (await connection.execute(statement, [port_id])).fetchone()
    if row is None:
        raise _not_found(port_id)
    return _port(row)


def _port(row: Sequence[Any]) -> CloudPort:
    pairs = tuple(AddressPair(**pair) for pair in row[-1])
    fixed_ips, groups = tuple(map(FixedIp, row[5])), tuple(row[6])
    values: Sequence[Any] = (*row[:5], fixed_ips, groups, *row[7:-1], pairs)
    return CloudPort(*values)


async def read_floating_ips(connection: Connection, project_id: str) -> Mapping[str, str]:
    """Return the floating IPs on the project's ports, each with the id of its port."""
    cursor = await connection.execute(_FLOATING, [project_id])
    return dict(await cursor.fetchall())


async def set_groups(
    connection: Connection, port_id: str, group_ids: Sequence[str], revision: int
) -> None:
    """Set the groups of a port; raise `PortNotFound`, `Outdated` or `GroupNotFound`."""
    try:
        port = UUID(port_id)
    except ValueError:
        raise _not_found(port_id) from None
    cursor = await connection.execute(_REVISION, [port])
    row = await cursor.fetchone()
    if row is None:
        raise _not_found(port_id)
    if row[0] != revision:
        raise Outdated("The port changed in the cloud at the same time.")
    await _replace_groups(connection, port, group_ids)
    await connection.execute(_INCREMENT_REVISION, [port])


async def is_in_use(connection: Connection, group: UUID) -> bool:
    """Return whether a port has the group. The group's row must be locked."""
    cursor = await connection.execute(_IN_USE, [group])
    return await cursor.fetchone() is not None


async def add_port(
    connection: Connection, project_id: str, group_ids: Sequence[str], **columns: object
) -> str:
    """Create a port with the groups and with other values than the usual; return its id."""
    port = uuid4()
    pairs = Jsonb(columns.pop("allowed_address_pairs", []))
    values = {"id": port, "project_id": project_id, "allowed_address_pairs": pairs}
    await connection.execute(_ADD_PORT, dict(_USUAL) | columns | values)
    await _replace_groups(connection, port, group_ids)
    return str(port)


async def add_floating_ip(connection: Connection, address: str, port_id: str) -> None:
    """Add a floating IP to a port."""
    await connection.execute(_ADD_FLOATING, [address, port_id])


async def _replace_groups(connection: Connection, port: UUID, group_ids: Sequence[str]) -> None:
    groups = sorted(set(group_ids))
    cursor = await connection.execute(_LOCK_GROUPS, [groups])
    found = {str(row[0]) for row in await cursor.fetchall()}
    for group in groups:
        if group not in found:
            raise GroupNotFound(f"Security group {group} does not exist")
    await connection.execute(_DELETE_GROUPS, [port])
    await connection.execute(_ADD_GROUPS, [port, groups])


def _not_found(port_id: str) -> PortNotFound:
    return PortNotFound(f"Port {port_id} could not be found.")
