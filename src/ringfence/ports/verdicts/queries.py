"""Reads what a verdict is computed from, in three statements: the ends, their groups, the remotes.

Only rows in the actor's scope are read. What is outside it is not known to the verdict, so a
response shows nothing of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.clouds.firewall_drivers import FIREWALL_DRIVER
from ringfence.clouds.queries import NO_SUCH_TENANT
from ringfence.database.pool import Connection
from ringfence.errors import NotFound
from ringfence.security_groups.driver_protocols import Driver

# Members that are read for one verdict; with more, membership is not known.
MAX_MEMBERS = 1000

_PORT_COLUMNS: LiteralString = """
    port.id, hex(port.uuid) AS uuid, port.tenant_id, port.name, port.device_owner,
    port.addresses, port.floating_addresses, port.fixed_ips IS NOT NULL AS has_fixed_ips,
    port.security_group_ids, port.desired_security_group_ids, port.mac_address,
    port.port_security_enabled, port.allowed_address_pairs, port.network_id
"""

# The tenant, and the ports in its cloud that the ends name; without any, one row of the tenant.
# An address means ports of the tenant alone, because other tenants may use the same one.
_ENDS: LiteralString = """
WITH path AS MATERIALIZED (
    SELECT
        tenant.id, tenant.cloud_id,
        {driver} AS driver
    FROM tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    WHERE tenant.uuid = %(tenant)s AND {visible}
),

found AS MATERIALIZED (
    SELECT named.id FROM cloud_ports AS named
    WHERE named.uuid = ANY(%(uuids)s::uuid[])
    UNION
    SELECT owned.id FROM cloud_instances AS owner
    INNER JOIN cloud_ports AS owned ON owner.id = owned.instance_id
    WHERE owner.uuid = ANY(%(uuids)s::uuid[])
    UNION
    SELECT addressed.id
    FROM (
        -- OFFSET: many tenants use the same addresses, so the index on addresses finds too many.
        SELECT own.id, own.addresses, own.floating_addresses FROM cloud_ports AS own
        WHERE own.tenant_id = (SELECT path.id FROM path)
        OFFSET 0
    ) AS addressed
    WHERE
        addressed.addresses && %(addresses)s::text[]
        OR addressed.floating_addresses && %(addresses)s::text[]
)

SELECT path.id AS path_id, path.cloud_id AS path_cloud_id, path.driver, ports.*
FROM path
LEFT JOIN LATERAL (
    SELECT shown.*
    FROM found
    -- OFFSET: each port is looked up by itself, however many the planner expects.
    CROSS JOIN LATERAL (
        SELECT
            {columns},
            hex(instance.uuid) AS instance_uuid,
            reading.observed_at
        FROM cloud_ports AS port
        INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
        INNER JOIN projects AS project ON tenant.project_id = project.id
        LEFT JOIN cloud_instances AS instance ON port.instance_id = instance.id
        LEFT JOIN tenant_port_observations AS reading ON port.tenant_id = reading.tenant_id
        WHERE port.id = found.id AND tenant.cloud_id = path.cloud_id AND {visible}
        OFFSET 0
    ) AS shown
    ORDER BY shown.id
    LIMIT 201
) AS ports ON true
""".replace("{driver}", FIREWALL_DRIVER).replace("{columns}", _PORT_COLUMNS)

# Groups by their ids in the cloud: desired rules, and those of the last observation
_GROUPS: LiteralString = """
SELECT
    sg.backend_id, hex(sg.uuid) AS uuid, sg.name, sg.tenant_id, sg.stateful,
    desired.rules AS desired,
    CASE WHEN NOT observation.missing THEN observation.rules END AS observed,
    observation.stateful AS observed_stateful,
    coalesce(observation.unreadable <> '[]', false) AS has_unreadable,
    greatest(observation.observed_at, pull.pulled_at) AS observed_at
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
LEFT JOIN security_group_observations AS observation ON sg.id = observation.security_group_id
LEFT JOIN tenant_pulls AS pull ON sg.tenant_id = pull.tenant_id
INNER JOIN LATERAL (
    SELECT
        json_agg(json_build_array(
            rule.id, rule.ethertype, rule.direction, rule.protocol, rule.from_port, rule.to_port,
            rule.cidr, rule.description,
            coalesce(
                nullif(remote.backend_id, ''), hex(remote.uuid), rule.unresolved_group_backend_id
            ),
            rule.remote_address_group_backend_id
        ) ORDER BY rule.position, rule.id) AS rules
    FROM security_group_rules AS rule
    LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
    WHERE rule.security_group_id = sg.id
) AS desired ON true
WHERE
    sg.backend_id = ANY(%(group_ids)s::text[])
    AND sg.backend_id <> ''
    AND tenant.cloud_id = %(cloud_id)s
    AND {visible}
"""

# Remote groups: whether all their members are read and visible, and those with requested
# addresses. Some ports may be members as far as is known: their groups or address pairs are not.
_REMOTES: LiteralString = """
WITH remote AS MATERIALIZED (
    SELECT
        sg.id, coalesce(nullif(sg.backend_id, ''), hex(sg.uuid)) AS key, hex(sg.uuid) AS uuid,
        sg.name, sg.tenant_id, reading.observed_at
    FROM (
        SELECT in_cloud.id FROM security_groups AS in_cloud
        WHERE in_cloud.backend_id = ANY(%(remote_ids)s::text[]) AND in_cloud.backend_id <> ''
        UNION
        SELECT not_in_cloud.id FROM security_groups AS not_in_cloud
        WHERE not_in_cloud.uuid = ANY(%(remote_uuids)s::uuid[])
    ) AS found
    INNER JOIN security_groups AS sg ON found.id = sg.id
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    LEFT JOIN tenant_port_observations AS reading ON sg.tenant_id = reading.tenant_id
    WHERE tenant.cloud_id = %(cloud_id)s AND {visible}
),

candidate AS MATERIALIZED (
    SELECT carrier.id FROM cloud_ports AS carrier
    WHERE
        carrier.security_group_ids && %(remote_ids)s::text[]
        AND (
            carrier.addresses && %(addresses)s::text[]
            OR carrier.allowed_address_pairs IS DISTINCT FROM '[]'
            OR (carrier.fixed_ips IS NULL AND carrier.addresses = '{}')
            OR (
                %(networks)s::inet[] <> '{}'
                AND EXISTS (
                    SELECT FROM unnest(carrier.addresses) AS own (address)
                    WHERE network_of(own.address) <<= ANY(%(networks)s::inet[])
                )
            )
        )
    UNION
    -- Desired members
    SELECT pending.id FROM cloud_ports AS pending
    WHERE
        pending.state <> 'OK' AND pending.desired_security_group_ids && %(remote_ids)s::text[]
    UNION
    SELECT unread.id
    FROM (SELECT DISTINCT remote.tenant_id FROM remote) AS owner
    INNER JOIN cloud_ports AS unread ON owner.tenant_id = unread.tenant_id
    WHERE unread.security_group_ids IS NULL
),

member AS (
    SELECT shown.*
    FROM candidate
    CROSS JOIN LATERAL (
        SELECT {columns}
        FROM cloud_ports AS port
        INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
        INNER JOIN projects AS project ON tenant.project_id = project.id
        WHERE port.id = candidate.id AND tenant.cloud_id = %(cloud_id)s AND {visible}
        OFFSET 0
    ) AS shown
    LIMIT {limit}
)

SELECT
    coalesce((
        SELECT json_agg(json_build_object(
            'key', remote.key, 'uuid', remote.uuid, 'name', remote.name,
            'observed_at', remote.observed_at,
            -- Not EXISTS, for which the planner would read all ports until it finds one
            'has_hidden', NOT %(sees_everything)s AND coalesce((
                SELECT bool_or((
                    SELECT tenant.cloud_id = %(cloud_id)s AND NOT {visible}
                    FROM tenants AS tenant
                    INNER JOIN projects AS project ON tenant.project_id = project.id
                    WHERE tenant.id = carrier.tenant_id
                ))
                FROM cloud_ports AS carrier
                WHERE
                    carrier.security_group_ids @> ARRAY[remote.key]
                    AND carrier.tenant_id <> remote.tenant_id
            ), false)
        ))
        FROM remote
    ), '[]') AS groups,
    coalesce((SELECT json_agg(row_to_json(member)) FROM member), '[]') AS members,
    coalesce((
        SELECT json_object_agg(listed.backend_id, listed.addresses)
        FROM cloud_address_groups AS listed
        WHERE
            listed.tenant_id = ANY(%(tenants)s)
            AND listed.backend_id = ANY(%(address_groups)s::text[])
    ), '{}') AS address_groups
"""
_REMOTES_READ: LiteralString = (
    _REMOTES.replace("{columns}", _PORT_COLUMNS)
    .replace("{limit}", "1001")
    .replace("{visible}", VISIBLE)
)


@dataclass(frozen=True, slots=True)
class VerdictTenant:
    """The tenant in the path: its cloud, and the cloud's firewall driver, if it is known."""

    id: int
    cloud_id: int
    driver: Driver | None


@dataclass(frozen=True, slots=True)
class PortRow:
    """A port as last observed."""

    id: int
    uuid: str
    tenant_id: int
    name: str
    device_owner: str
    addresses: Sequence[str]
    floating_addresses: Sequence[str]
    has_fixed_ips: bool
    security_group_ids: Sequence[str] | None
    desired_security_group_ids: Sequence[str] | None
    mac_address: str
    port_security_enabled: bool | None
    allowed_address_pairs: Sequence[Mapping[str, str]] | None
    network_id: str
    instance_uuid: str | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of a port: its rules as rows, and as the cloud last reported them."""

    backend_id: str
    uuid: str
    name: str
    tenant_id: int
    stateful: bool | None
    desired: Sequence[Sequence[Any]] | None
    observed: Sequence[Mapping[str, Any]] | None
    observed_stateful: bool | None
    has_unreadable: bool
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remotes:
    """Remote groups of rules, the ports that are or may be their members, and address groups."""

    groups: Sequence[Mapping[str, Any]]
    members: Sequence[Mapping[str, Any]]
    address_groups: Mapping[str, Sequence[str]]

    @property
    def is_complete(self) -> bool:
        """Whether all members were read."""
        return len(self.members) <= MAX_MEMBERS


@dataclass(frozen=True, slots=True)
class Referenced:
    """What rules refer to, and the requested addresses."""

    remote_ids: Sequence[str]
    address_groups: Sequence[str]
    tenants: Sequence[int]
    addresses: Sequence[str]
    # Prefixes that are more than one address
    networks: Sequence[str]

    @property
    def remote_uuids(self) -> list[str]:
        """UUIDs among the ids: those of groups that are not in the cloud yet."""
        hexadecimal = 32
        return [each for each in self.remote_ids if len(each) == hexadecimal and each.isalnum()]


async def ends_of(
    connection: Connection,
    scope: Scope,
    tenant: UUID,
    uuids: Sequence[str],
    addresses: Sequence[str],
) -> tuple[VerdictTenant, list[PortRow]]:
    """Return the tenant, and the visible ports with these UUIDs, of these instances or addresses.

    Raises `NotFound` if the tenant is not in the scope.
    """
    cursor = connection.cursor(row_factory=dict_row)
    values = {"uuids": list(uuids), "addresses": list(addresses), "tenant": tenant}
    await cursor.execute(_ENDS.replace("{visible}", VISIBLE), scope_parameters(scope) | values)
    found = await cursor.fetchall()
    if not found:
        raise NotFound(NO_SUCH_TENANT)
    ports = []
    for row in found:
        path = VerdictTenant(row.pop("path_id"), row.pop("path_cloud_id"), row.pop("driver"))
        if row["id"] is not None:
            ports.append(PortRow(**row))
    return path, ports


async def groups_of(
    connection: Connection, scope: Scope, cloud_id: int, group_ids: Sequence[str]
) -> list[GroupRow]:
    """Return the visible groups with these ids in the cloud."""
    cursor = connection.cursor(row_factory=class_row(GroupRow))
    values = {"group_ids": list(group_ids), "cloud_id": cloud_id}
    await cursor.execute(_GROUPS.replace("{visible}", VISIBLE), scope_parameters(scope) | values)
    return await cursor.fetchall()


async def remotes_of(
    connection: Connection, scope: Scope, cloud_id: int, referenced: Referenced
) -> Remotes:
    """Return the remote groups and address groups, as far as they are visible."""
    if not referenced.remote_ids and not referenced.address_groups:
        return Remotes((), (), {})
    cursor = connection.cursor(row_factory=dict_row)
    values = {
        "remote_ids": list(referenced.remote_ids),
        "remote_uuids": referenced.remote_uuids,
        "address_groups": list(referenced.address_groups),
        "tenants": list(referenced.tenants),
        "addresses": list(referenced.addresses),
        "networks": list(referenced.networks),
        "cloud_id": cloud_id,
    }
    await cursor.execute(_REMOTES_READ, scope_parameters(scope) | values)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM returns one row
    return Remotes(row["groups"], row["members"], row["address_groups"])


_PORT: LiteralString = """
SELECT
    {columns},
    hex(instance.uuid) AS instance_uuid,
    reading.observed_at
FROM cloud_ports AS port
INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
LEFT JOIN cloud_instances AS instance ON port.instance_id = instance.id
LEFT JOIN tenant_port_observations AS reading ON port.tenant_id = reading.tenant_id
WHERE port.uuid = %(port)s AND {visible}
""".replace("{columns}", _PORT_COLUMNS)

_TENANT_OF_PORT: LiteralString = """
SELECT
    tenant.id, tenant.cloud_id,
    {driver} AS driver
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
WHERE tenant.id = %s
""".replace("{driver}", FIREWALL_DRIVER)
NO_SUCH_PORT = "No Port matches the given query."


async def port_in_scope(
    connection: Connection, scope: Scope, uuid: UUID
) -> tuple[PortRow, VerdictTenant]:
    """Return a port and its tenant; raises `NotFound` if it is not in the scope."""
    cursor = connection.cursor(row_factory=class_row(PortRow))
    statement = _PORT.replace("{visible}", VISIBLE)
    await cursor.execute(statement, scope_parameters(scope) | {"port": uuid})
    port = await cursor.fetchone()
    if port is None:
        raise NotFound(NO_SUCH_PORT)
    tenants = connection.cursor(row_factory=class_row(VerdictTenant))
    await tenants.execute(_TENANT_OF_PORT, [port.tenant_id])
    tenant = await tenants.fetchone()
    if tenant is None:
        raise NotFound(NO_SUCH_PORT)
    return port, tenant
