"""Ports, observations and rules for tests of what is open to the internet."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from tests.factories.world import World

from ringfence.security_groups.cloud_state.observations import internet_digest
from ringfence.security_groups.port_exposures.refresh import refresh_tenant_before_commit

EXPOSURES = "/api/security-group-exposures/"
SSH = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"} | dict.fromkeys(
    ("from_port", "to_port"), 22
)
INSIDE = SSH | {"cidr": "10.0.0.0/8"}


def tcp(port: int, cidr: str | None = None, **values: Any) -> dict[str, Any]:
    """Return the row of a rule that admits a TCP port."""
    return SSH | {"from_port": port, "to_port": port, "cidr": cidr} | values


def in_cloud(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a rule as the cloud has it."""
    return {
        "id": uuid4().hex,
        "ethertype": rule["ethertype"],
        "direction": rule["direction"],
        "protocol": rule.get("protocol") or None,
        "port_range_min": rule.get("from_port"),
        "port_range_max": rule.get("to_port"),
        "remote_ip_prefix": rule.get("cidr"),
        "remote_group_id": None,
        "remote_address_group_id": rule.get("remote_address_group_id"),
    }


async def id_of(world: World, group: UUID) -> int:
    """Return the id of a group's row."""
    return await world.value("SELECT id FROM security_groups WHERE uuid = %s", group)


async def port_with(
    world: World, *groups: UUID, tenant_id: int | None = None, **columns: Any
) -> UUID:
    """Insert a port of an instance that has these groups, and return its UUID."""
    tenant = tenant_id or world.tenant_id
    device = uuid4().hex
    instance = await world.value(
        "INSERT INTO cloud_instances (uuid, tenant_id, backend_id, name)"
        " VALUES (gen_random_uuid(), %s, %s, %s) RETURNING id",
        *(tenant, device, columns.pop("instance_name", "vm-1")),
    )
    values = {
        "tenant_id": tenant,
        "backend_id": uuid4().hex,
        "device_id": device,
        "device_owner": "compute:nova",
        "instance_id": instance,
        "addresses": ["10.0.0.3"],
        "floating_addresses": [],
    } | columns
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    port, uuid = await world.one(
        f"INSERT INTO cloud_ports ({names}) VALUES ({marks}) RETURNING id, uuid",  # noqa: S608 - our names
        *values.values(),
    )
    for group in groups:
        await world.execute(
            "INSERT INTO cloud_port_groups (port_id, security_group_id)"
            " SELECT %s, id FROM security_groups WHERE uuid = %s",
            *(port, group),
        )
    return uuid


async def observe(world: World, group: UUID, *rules: dict[str, Any], **columns: Any) -> None:
    """Store these rules as those of the group in the cloud."""
    found = [in_cloud(rule) for rule in rules]
    values = {
        "security_group_id": await id_of(world, group),
        "name": "x",
        "description": "",
        "rules": Jsonb(found),
        "revision_number": 1,
        "digest": "d",
        "internet_digest": internet_digest(found),
    } | columns
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    await world.execute(
        f"INSERT INTO security_group_observations ({names}, observed_at)"  # noqa: S608 - our names
        f" VALUES ({marks}, now())",
        *values.values(),
    )


async def pulled(world: World, tenant_id: int | None = None) -> None:
    """Compute what is open of all ports of a tenant, as a pull does that stored its ports."""
    async with world.database.transaction() as connection:
        refresh_tenant_before_commit(connection, tenant_id or world.tenant_id)


async def stored(world: World) -> list[tuple[Any, ...]]:
    """Return what is stored: ethertype, protocol, ports, prefix and how much of it is desired."""
    async with world.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT ethertype, protocol, from_port, to_port, network::text, desired"
            " FROM port_exposures ORDER BY port_id, first_protocol, first_port, network"
        )
        return await cursor.fetchall()
