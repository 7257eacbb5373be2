"""Adds instances to a tenant of the sandbox cloud, which has no compute service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID, uuid5

from ringfence.clouds.placement import placement_of
from ringfence.database.pool import Database
from ringfence.neutron.sandbox import ports
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push import push_group

_BACKEND_IDS: LiteralString = """
SELECT sg.backend_id FROM security_groups AS sg WHERE sg.uuid = ANY(%s)
"""

# The group that a rule names is older than the rule's.
_NOT_PUSHED: LiteralString = """
SELECT sg.uuid FROM security_groups AS sg
WHERE sg.tenant_id = %s AND sg.backend_id = ''
ORDER BY sg.id
"""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance with one port, which carries the groups with these UUIDs."""

    name: str
    address: str
    groups: Sequence[UUID]
    floating_ip: str | None = None


async def add_instances(database: Database, tenant: UUID, instances: Sequence[Instance]) -> None:
    """Push the tenant's groups, create a port for each instance, and pull the tenant.

    A tenant that has ports keeps those that it has.
    """
    async with database.connection() as connection:
        placement = await placement_of(connection, tenant)
        if placement is None or await ports.read_ports(connection, project_of(placement)):
            return
        cursor = await connection.execute(_NOT_PUSHED, [placement.tenant_id])
        not_pushed = [row[0] for row in await cursor.fetchall()]
    clouds = Clouds(database)
    try:
        for group in not_pushed:
            await push_group(database, clouds, group)
        async with database.transaction() as connection:
            for instance in instances:
                cursor = await connection.execute(_BACKEND_IDS, [list(instance.groups)])
                port = await ports.add_port(
                    connection,
                    project_of(placement),
                    [row[0] for row in await cursor.fetchall()],
                    name=instance.name,
                    device_id=str(uuid5(tenant, instance.name)),
                    device_owner="compute:nova",
                    fixed_ips=[instance.address],
                )
                if instance.floating_ip:
                    await ports.add_floating_ip(connection, instance.floating_ip, port)
        await pull_tenant(database, clouds, tenant, requested=False)
    finally:
        await clouds.close()
