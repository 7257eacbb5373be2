"""The users of a group: ports that carry it, and groups whose rules reference it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from ringfence.database.pool import Connection, Database
from ringfence.errors import NotFound
from ringfence.security_groups.queries import NO_SUCH_GROUP
from ringfence.text.counting import counted

# Names in an error message
MAX_NAMES = 20

# What to do, by whether ports of the tenant and ports of other tenants have the group
_REMEDIES = {
    (False, False): "",
    (True, False): " Remove it from these ports first, or delete it with ?detach=true.",
    (False, True): " It has to be removed from these ports first.",
    (True, True): (
        " It has to be removed from these ports first; ?detach=true does so for those of its own"
        " tenant."
    ),
}

_REFERRING: LiteralString = """
SELECT DISTINCT sg.id, sg.name
FROM security_group_rules AS rule
INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
WHERE rule.remote_group_id = %(id)s AND sg.id <> %(id)s
ORDER BY sg.name, sg.id
"""

_PORTS: LiteralString = """
SELECT port.backend_id, port.name
FROM cloud_port_groups AS carrying
INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
INNER JOIN security_groups AS sg ON carrying.security_group_id = sg.id
WHERE carrying.security_group_id = %(id)s AND port.tenant_id = sg.tenant_id
ORDER BY port.name, port.backend_id
"""

# Other tenants have ports with the group if it is shared with them in the cloud. Who sees the group
# may not see these tenants, so their ports are counted and not named.
_FOREIGN_PORTS: LiteralString = """
SELECT count(*)
FROM cloud_port_groups AS carrying
INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
INNER JOIN security_groups AS sg ON carrying.security_group_id = sg.id
WHERE carrying.security_group_id = %(id)s AND port.tenant_id <> sg.tenant_id
"""

_TAKEN: LiteralString = """
SELECT reading.observed_at
FROM tenant_port_observations AS reading
INNER JOIN security_groups AS sg ON reading.tenant_id = sg.tenant_id
WHERE sg.id = %(id)s
"""

_DOCUMENT: LiteralString = """
SELECT row_to_json(usage)::text
FROM (
    SELECT
        coalesce((
            SELECT json_agg(json_build_object(
                'backend_id', port.backend_id,
                'name', port.name,
                'device_id', port.device_id,
                'device_owner', port.device_owner,
                'addresses', port.addresses,
                'floating', port.floating_addresses
            ) ORDER BY port.name, port.backend_id)
            FROM cloud_port_groups AS carrying
            INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
            WHERE carrying.security_group_id = sg.id AND port.tenant_id = sg.tenant_id
        ), '[]') AS ports,
        (
            SELECT count(*)
            FROM cloud_port_groups AS carrying
            INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
            WHERE carrying.security_group_id = sg.id AND port.tenant_id <> sg.tenant_id
        ) AS ports_of_other_tenants,
        coalesce((
            SELECT json_agg(json_build_object(
                'uuid', hex(other.uuid),
                'name', other.name,
                'url', %(base)s || '/api/openstack-security-groups/' || hex(other.uuid) || '/'
            ) ORDER BY other.name, other.id)
            FROM security_groups AS other
            WHERE
                other.id <> sg.id
                AND EXISTS (
                    SELECT FROM security_group_rules AS rule
                    WHERE rule.security_group_id = other.id AND rule.remote_group_id = sg.id
                )
        ), '[]') AS referenced_by,
        CASE WHEN reading.observed_at IS NOT NULL THEN coalesce(counted.instances, 0) END
            AS instance_count,
        json_time(reading.observed_at)::json AS observed_at
    FROM security_groups AS sg
    LEFT JOIN tenant_port_observations AS reading ON sg.tenant_id = reading.tenant_id
    LEFT JOIN security_group_instances AS counted ON sg.id = counted.security_group_id
    WHERE sg.id = %(id)s
) AS usage
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """Ports by name and id, groups by name, and when the ports were last read, if ever."""

    ports: tuple[str, ...]
    groups: tuple[str, ...]
    observed_at: datetime | None
    foreign_ports: int = 0

    @property
    def is_on_ports(self) -> bool:
        return bool(self.ports or self.foreign_ports)


async def usage_of(connection: Connection, group_id: int) -> Usage:
    """Return the users of a group, by name."""
    values = {"id": group_id}
    cursor = await connection.execute(_PORTS, values)
    ports = [f"{name} ({port})" if name else port for port, name in await cursor.fetchall()]
    cursor = await connection.execute(_FOREIGN_PORTS, values)
    foreign = await cursor.fetchone()
    cursor = await connection.execute(_REFERRING, values)
    groups = [name for _, name in await cursor.fetchall()]
    cursor = await connection.execute(_TAKEN, values)
    row = await cursor.fetchone()
    return Usage(tuple(ports), tuple(groups), row[0] if row else None, foreign[0] if foreign else 0)


def in_use_message(name: str, usage: Usage) -> str:
    """Return the error message for the deletion of a group that is in use."""
    message = f"Security group {name} is in use by {_ports(usage)}."
    if usage.ports and usage.observed_at:
        message = (
            message[:-1] + f" (as of {usage.observed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)."
        )
    if usage.groups:
        plural = "s" if len(usage.groups) > 1 else ""
        message += f" Rules of the security group{plural} {_join(usage.groups)} refer to it."
    return message + _REMEDIES[bool(usage.ports), bool(usage.foreign_ports)]


async def usage_document(database: Database, group_id: int, base_url: str) -> str:
    """Return the JSON document of a group's users; URLs start with `base_url`.

    Raises `NotFound` if the group was deleted after it was looked up.
    """
    async with database.connection() as connection:
        cursor = await connection.execute(_DOCUMENT, {"id": group_id, "base": base_url})
        row = await cursor.fetchone()
    if row is None:
        raise NotFound(NO_SUCH_GROUP)
    document: str = row[0]
    return document


def _ports(usage: Usage) -> str:
    parts = []
    if usage.ports:
        parts.append(f"{counted(len(usage.ports), 'port')}: {_join(usage.ports)}")
    if usage.foreign_ports:
        parts.append(f"{counted(usage.foreign_ports, 'port')} of other tenants")
    return " and ".join(parts) or "a port that is not visible with the credentials for this cloud"


def _join(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    listed = ", ".join(names[:MAX_NAMES])
    return f"{listed} and {more} more" if more > 0 else listed
