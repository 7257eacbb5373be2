"""Stores the ports of a tenant, its instances and the members of address groups, as last observed.

They are never desired state. Each observation replaces the one before, even by an empty list, so
the next one corrects any error; a change of a port's groups that waits for the cloud stays. Rows
without a difference are not written.

A port may have a group that another tenant shares with its own: that is use of the group, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString
from uuid import UUID, uuid5

from ringfence.clouds import queries as tenants
from ringfence.clouds.queries import Tenant
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.read_model import documents

_NOW: LiteralString = "SELECT clock_timestamp()"

# Of two concurrent observations, the one that began later is stored.
_RECORD_TIME: LiteralString = """
WITH before AS (
    SELECT FROM tenant_port_observations AS earlier WHERE earlier.tenant_id = %(tenant)s
)
INSERT INTO tenant_port_observations AS stored (tenant_id, observed_at)
VALUES (%(tenant)s, %(observed_at)s)
ON CONFLICT (tenant_id) DO UPDATE SET observed_at = excluded.observed_at
WHERE stored.observed_at < excluded.observed_at
RETURNING NOT EXISTS (SELECT FROM before)
"""

# Groups of other tenants that ports have, or had
_FOREIGN_GROUPS: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN tenants AS other ON sg.tenant_id = other.id
INNER JOIN tenants AS tenant ON other.cloud_id = tenant.cloud_id
WHERE
    sg.backend_id = ANY(%(group_ids)s)
    AND sg.backend_id <> ''
    AND tenant.id = %(tenant)s
    AND other.id <> tenant.id
UNION
SELECT carrying.security_group_id
FROM cloud_ports AS port
INNER JOIN cloud_port_groups AS carrying ON port.id = carrying.port_id
INNER JOIN security_groups AS sg ON carrying.security_group_id = sg.id
WHERE port.tenant_id = %(tenant)s AND sg.tenant_id <> port.tenant_id
"""

_LOCK_GROUPS: LiteralString = """
SELECT sg.id FROM security_groups AS sg
WHERE sg.id = ANY(%s)
ORDER BY sg.id
FOR KEY SHARE
"""

# Compared here: the server would compare each port with each.
_STORED_PORTS: LiteralString = """
SELECT port.backend_id FROM cloud_ports AS port WHERE port.tenant_id = %(tenant)s
"""

_DELETE_PORTS: LiteralString = """
DELETE FROM cloud_ports AS port
WHERE port.tenant_id = %(tenant)s AND port.backend_id = ANY(%(gone)s)
"""

_UPSERT_INSTANCES: LiteralString = """
INSERT INTO cloud_instances AS instance (tenant_id, uuid, backend_id, name)
SELECT %(tenant)s, observed.uuid, observed.backend_id, observed.name
FROM jsonb_to_recordset(%(observed)s) AS observed (uuid uuid, backend_id text, name text)
LEFT JOIN cloud_instances AS stored
    ON stored.tenant_id = %(tenant)s AND observed.backend_id = stored.backend_id
WHERE (stored.uuid, stored.name) IS DISTINCT FROM (observed.uuid, observed.name)
ORDER BY observed.backend_id
ON CONFLICT (tenant_id, backend_id) DO UPDATE
SET uuid = excluded.uuid, name = excluded.name, modified = now()
"""

_UPSERT_PORTS: LiteralString = """
INSERT INTO cloud_ports AS port (
    tenant_id, instance_id, uuid, backend_id, name, device_id, device_owner, addresses,
    floating_addresses, security_group_ids, description, network_id, mac_address, status, dns_name,
    vnic_type, port_security_enabled, admin_state_up, allowed_address_pairs, fixed_ips,
    revision_number
)
SELECT
    %(tenant)s, instance.id, observed.uuid, observed.backend_id, observed.name, observed.device_id,
    observed.device_owner, observed.addresses, observed.floating_addresses,
    observed.security_group_ids, observed.description, observed.network_id, observed.mac_address,
    observed.status, observed.dns_name, observed.vnic_type, observed.port_security_enabled,
    observed.admin_state_up, observed.allowed_address_pairs, observed.fixed_ips,
    observed.revision_number
FROM jsonb_to_recordset(%(observed)s) AS observed (
    uuid uuid, backend_id text, instance_id text, name text, device_id text, device_owner text,
    addresses text [], floating_addresses text [], security_group_ids text [], description text,
    network_id text, mac_address text, status text, dns_name text, vnic_type text,
    port_security_enabled boolean, admin_state_up boolean, allowed_address_pairs jsonb,
    fixed_ips jsonb, revision_number integer
)
LEFT JOIN cloud_instances AS instance
    ON instance.tenant_id = %(tenant)s AND observed.instance_id = instance.backend_id
LEFT JOIN cloud_ports AS stored
    ON stored.tenant_id = %(tenant)s AND observed.backend_id = stored.backend_id
WHERE
    (
        stored.uuid, stored.instance_id, stored.name, stored.device_id, stored.device_owner,
        stored.addresses, stored.floating_addresses, stored.security_group_ids, stored.description,
        stored.network_id, stored.mac_address, stored.status, stored.dns_name, stored.vnic_type,
        stored.port_security_enabled, stored.admin_state_up, stored.allowed_address_pairs,
        stored.fixed_ips, stored.revision_number
    ) IS DISTINCT FROM (
        observed.uuid, instance.id, observed.name, observed.device_id, observed.device_owner,
        observed.addresses, observed.floating_addresses, observed.security_group_ids,
        observed.description, observed.network_id, observed.mac_address, observed.status,
        observed.dns_name, observed.vnic_type, observed.port_security_enabled,
        observed.admin_state_up, observed.allowed_address_pairs, observed.fixed_ips,
        observed.revision_number
    )
    -- Unless its groups were set after the list was requested: that is newer.
    AND (
        stored.revision_number > observed.revision_number
        AND stored.modified > %(observed_at)s
    ) IS NOT true
ORDER BY observed.backend_id
ON CONFLICT (tenant_id, backend_id) DO UPDATE
SET
    uuid = excluded.uuid,
    instance_id = excluded.instance_id,
    name = excluded.name,
    device_id = excluded.device_id,
    device_owner = excluded.device_owner,
    addresses = excluded.addresses,
    floating_addresses = excluded.floating_addresses,
    security_group_ids = excluded.security_group_ids,
    description = excluded.description,
    network_id = excluded.network_id,
    mac_address = excluded.mac_address,
    status = excluded.status,
    dns_name = excluded.dns_name,
    vnic_type = excluded.vnic_type,
    port_security_enabled = excluded.port_security_enabled,
    admin_state_up = excluded.admin_state_up,
    allowed_address_pairs = excluded.allowed_address_pairs,
    fixed_ips = excluded.fixed_ips,
    revision_number = excluded.revision_number,
    modified = now()
"""

_DELETE_INSTANCES: LiteralString = """
DELETE FROM cloud_instances AS instance
WHERE
    instance.tenant_id = %(tenant)s
    AND NOT EXISTS (SELECT FROM cloud_ports AS port WHERE port.instance_id = instance.id)
"""

_REPLACE_GROUPS: LiteralString = """
WITH port_groups AS (
    SELECT port.id, carried.backend_id
    FROM cloud_ports AS port
    CROSS JOIN LATERAL unnest(port.security_group_ids) AS carried (backend_id)
    WHERE port.tenant_id = %(tenant)s
),
carried AS (
    SELECT port.id AS port_id, sg.id AS security_group_id
    FROM port_groups AS port
    INNER JOIN security_groups AS sg
        ON
            sg.tenant_id = %(tenant)s
            AND port.backend_id = sg.backend_id
            AND sg.backend_id <> ''
    UNION
    SELECT port.id, sg.id
    FROM port_groups AS port
    INNER JOIN security_groups AS sg
        ON sg.id = ANY(%(foreign)s) AND port.backend_id = sg.backend_id
),
dropped AS (
    DELETE FROM cloud_port_groups AS old
    USING cloud_ports AS port
    WHERE
        port.tenant_id = %(tenant)s
        AND old.port_id = port.id
        AND NOT EXISTS (
            SELECT FROM carried
            WHERE
                carried.port_id = old.port_id
                AND carried.security_group_id = old.security_group_id
        )
)
INSERT INTO cloud_port_groups (port_id, security_group_id)
SELECT carried.port_id, carried.security_group_id
FROM carried
WHERE
    NOT EXISTS (
        SELECT FROM cloud_port_groups AS old
        WHERE
            old.port_id = carried.port_id
            AND old.security_group_id = carried.security_group_id
    )
ORDER BY carried.port_id, carried.security_group_id
ON CONFLICT (port_id, security_group_id) DO NOTHING
"""

# The instances with ports of the tenant that have each group. The number of a group's instances
# changes only with them.
_INSTANCES: LiteralString = """
SELECT
    carrying.security_group_id,
    md5(string_agg(DISTINCT port.device_id, ' ' ORDER BY port.device_id)) AS devices
FROM cloud_ports AS port
INNER JOIN cloud_port_groups AS carrying ON port.id = carrying.port_id
WHERE
    port.tenant_id = %s AND starts_with(port.device_owner, 'compute:') AND port.device_id <> ''
GROUP BY carrying.security_group_id
"""

_GROUPS: LiteralString = "SELECT sg.id FROM security_groups AS sg WHERE sg.tenant_id = %s"

_INSTANCE = "compute:"


@dataclass(frozen=True, slots=True)
class ObservedPort:
    """A port in the cloud, in the columns of its row; groups by backend id."""

    backend_id: str
    name: str = ""
    device_id: str = ""
    device_owner: str = ""
    addresses: tuple[str, ...] = ()
    floating_addresses: tuple[str, ...] = ()
    # `None` is not known, here and below.
    security_group_ids: tuple[str, ...] | None = ()
    description: str = ""
    network_id: str = ""
    mac_address: str = ""
    status: str = ""
    dns_name: str = ""
    vnic_type: str = ""
    port_security_enabled: bool | None = None
    admin_state_up: bool | None = None
    allowed_address_pairs: Sequence[Mapping[str, str]] | None = ()
    fixed_ips: Sequence[Mapping[str, str]] | None = ()
    revision_number: int = 0

    @property
    def instance_id(self) -> str | None:
        """Return the id of its instance in the cloud, if it belongs to one."""
        return (self.device_id or None) if self.device_owner.startswith(_INSTANCE) else None


async def observation_time(connection: Connection) -> datetime:
    """Return the time of an observation. Read it before the cloud is read."""
    cursor = await connection.execute(_NOW)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM returns one row
    now: datetime = row[0]
    return now


async def store_ports(
    connection: Connection, tenant_id: int, ports: Sequence[ObservedPort], observed_at: datetime
) -> bool:
    """Replace the stored ports of a tenant; return whether no newer observation is stored.

    Only documents of groups with another number of instances are refreshed.
    """
    tenant = await tenants.lock(connection, tenant_id)
    cursor = await connection.execute(
        _RECORD_TIME, {"tenant": tenant_id, "observed_at": observed_at}
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    is_first = row[0]
    before = await _instances(connection, tenant_id)
    await _replace(connection, tenant, ports, observed_at)
    after = await _instances(connection, tenant_id)
    changed = {group for group, _ in before.items() ^ after.items()}
    if is_first:
        # From "not known" to a number, zero included.
        changed.update(await _groups(connection, tenant_id))
    documents.refresh_before_commit(connection, sorted(changed))
    port_exposures.refresh_tenant_before_commit(connection, tenant_id)
    return True


async def _replace(
    connection: Connection, tenant: Tenant, ports: Sequence[ObservedPort], observed_at: datetime
) -> None:
    """Write the rows of ports and instances that differ, and which port has which group."""
    values = {
        "tenant": tenant.id,
        "observed_at": observed_at,
        "group_ids": sorted({group for port in ports for group in port.security_group_ids or ()}),
    }
    values["foreign"] = await _lock_foreign_groups(connection, values)
    await _delete_others(connection, tenant.id, {port.backend_id for port in ports})
    instances = recordset(list(_instances_of(tenant.uuid, ports)))
    await connection.execute(_UPSERT_INSTANCES, values | {"observed": instances})
    rows = recordset([_row(tenant.uuid, port) for port in ports])
    await connection.execute(_UPSERT_PORTS, values | {"observed": rows})
    await connection.execute(_DELETE_INSTANCES, values)
    await connection.execute(_REPLACE_GROUPS, values)


async def _delete_others(connection: Connection, tenant_id: int, listed: AbstractSet[str]) -> None:
    cursor = await connection.execute(_STORED_PORTS, {"tenant": tenant_id})
    gone = [row[0] for row in await cursor.fetchall() if row[0] not in listed]
    if gone:
        await connection.execute(_DELETE_PORTS, {"tenant": tenant_id, "gone": gone})


async def _lock_foreign_groups(
    connection: Connection, values: Mapping[str, object]
) -> Sequence[int]:
    """Return the groups of other tenants that ports have; none of them is deleted meanwhile."""
    cursor = await connection.execute(_FOREIGN_GROUPS, values)
    foreign = [row[0] for row in await cursor.fetchall()]
    if not foreign:
        return foreign
    # In the order of a deletion, which holds the documents before it deletes the row; and with
    # those of the tenant's own groups, which the commit may have to hold.
    await documents.hold(connection, [*foreign, *await _groups(connection, values["tenant"])])
    cursor = await connection.execute(_LOCK_GROUPS, [foreign])
    return [row[0] for row in await cursor.fetchall()]


def _row(tenant: UUID, port: ObservedPort) -> Mapping[str, object]:
    columns = {field.name: getattr(port, field.name) for field in fields(port)}
    return {
        **columns,
        "uuid": uuid5(tenant, port.backend_id),
        "instance_id": port.instance_id,
    }


def _instances_of(tenant: UUID, ports: Iterable[ObservedPort]) -> Iterator[Mapping[str, object]]:
    """Yield a row for each instance, with the first name that any of its ports has."""
    hostnames: dict[str, str] = {}
    names: dict[str, str] = {}
    for port in sorted(ports, key=lambda port: port.backend_id):
        if port.instance_id is not None:
            for found, name in ((hostnames, port.dns_name), (names, port.name)):
                found[port.instance_id] = found.get(port.instance_id) or name
    for instance, hostname in hostnames.items():
        yield {
            "uuid": uuid5(tenant, instance),
            "backend_id": instance,
            "name": hostname or names[instance],
        }


async def _instances(connection: Connection, tenant_id: int) -> Mapping[int, str]:
    cursor = await connection.execute(_INSTANCES, [tenant_id])
    return dict(await cursor.fetchall())


async def _groups(connection: Connection, tenant_id: object) -> list[int]:
    cursor = await connection.execute(_GROUPS, [tenant_id])
    return [row[0] for row in await cursor.fetchall()]
