"""Read ports and instances: which rows an actor sees, the JSON that it gets, and rows to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from ringfence.access.authentication import Identity
from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.clouds import queries as tenants
from ringfence.database.pool import Connection, Database
from ringfence.errors import NotFound
from ringfence.http.collections.collection import ListQuery, ObjectQuery, SqlCollection
from ringfence.http.collections.filters import Conditions
from ringfence.ports.documents import (
    INSTANCE_SHOWN,
    INSTANCE_VERSION,
    PORT_SHOWN,
    PORT_VERSION,
)
from ringfence.ports.filters import (
    INSTANCE_FILTERS,
    INSTANCE_ORDERS,
    PORT_FILTERS,
    PORT_ORDERS,
)
from ringfence.ports.states import PortState

NO_SUCH_PORT = "No Port matches the given query."
NO_SUCH_INSTANCE = "No Instance matches the given query."

# Owners of ports that belong to the network itself, such as those of routers and DHCP
NETWORK_OWNER = "network:"

_ANCESTORS: LiteralString = """
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
"""

_RETRIEVE: LiteralString = """
SELECT shown.document, {version}, NULL::bigint
FROM (SELECT {alias}.id {from_where} AND {alias}.uuid = %(path_uuid)s) AS page
INNER JOIN {table} AS {alias} ON page.id = {alias}.id
INNER JOIN LATERAL ({document}) AS shown ON true
"""


# For lists of actors that do not see everything: their tenants come first, whatever the server
# expects of them, and then the rows of each from its index.
_OF_VISIBLE_TENANTS: LiteralString = """
{alias}.tenant_id = ANY(ARRAY(
    SELECT tenant.id FROM tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    WHERE {visible}
))
""".replace("{visible}", VISIBLE)


@dataclass(frozen=True, eq=False)
class TenantCollection(SqlCollection):
    """Objects in a tenant, whose ETag begins with a version, which `If-Match` compares."""

    table: LiteralString = ""
    version: LiteralString = ""

    def shape(self, identity: Identity) -> LiteralString:
        """Return the condition for the rows that lists show."""
        return "true" if identity.parameters["sees_everything"] else _OF_VISIBLE_TENANTS

    def counted(self, conditions: Conditions, shape: LiteralString) -> LiteralString:
        """Return the query for the number of rows, as `total`."""
        return SqlCollection.counted(replace(self, visible=shape), conditions, shape)

    def rows(self, query: ListQuery, shape: LiteralString) -> LiteralString:
        """Return the query for the keys of all rows, in order."""
        return SqlCollection.rows(replace(self, visible=shape), query, shape)

    def one_statement(self, query: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401, ARG002
        """Return the statement for one object: its document and version."""
        return (
            self._statement(_RETRIEVE, query.conditions)
            .replace("{version}", self.version)
            .replace("{table}", self.table)
            .replace("{document}", self.document)
        )


PORTS = TenantCollection(
    path="/api/openstack-ports/",
    missing=NO_SUCH_PORT,
    source="""
FROM cloud_ports AS port
INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
"""
    + _ANCESTORS
    + "LEFT JOIN cloud_instances AS instance ON port.instance_id = instance.id",
    alias="port",
    visible=VISIBLE,
    document=PORT_SHOWN,
    filters=PORT_FILTERS,
    ordering=PORT_ORDERS,
    table="cloud_ports",
    version=PORT_VERSION,
)

INSTANCES = TenantCollection(
    path="/api/openstack-instances/",
    missing=NO_SUCH_INSTANCE,
    source="""
FROM cloud_instances AS instance
INNER JOIN tenants AS tenant ON instance.tenant_id = tenant.id
"""
    + _ANCESTORS,
    alias="instance",
    visible=VISIBLE,
    document=INSTANCE_SHOWN,
    filters=INSTANCE_FILTERS,
    ordering=INSTANCE_ORDERS,
    table="cloud_instances",
    version=INSTANCE_VERSION,
)

# A port or an instance, with its ancestors
_TARGET: LiteralString = """
SELECT
    {alias}.id, {alias}.uuid, {alias}.backend_id, {alias}.name, {version} AS version,
    tenant.id AS tenant_id, tenant.uuid AS tenant_uuid, cloud.id AS cloud_id,
    project.id AS project_id, project.uuid AS project_uuid,
    customer.id AS customer_id, customer.uuid AS customer_uuid
{source}
WHERE {condition}
"""

# In the order of their ids, as other changes lock them
_PORTS_OF_TARGET: LiteralString = """
SELECT
    port.id, port.uuid, port.backend_id, port.name, port.state, port.device_owner,
    port.port_security_enabled, port.floating_addresses, port.security_group_ids
FROM cloud_ports AS port
WHERE {condition}
ORDER BY port.id
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be given groups: a port, or an instance with all of its ports."""

    noun: str
    collection: TenantCollection
    ports: LiteralString

    def target(self, condition: LiteralString) -> LiteralString:
        """Return the statement for the object that meets the condition."""
        return (
            _TARGET.replace("{source}", self.collection.source)
            .replace("{version}", self.collection.version)
            .replace("{condition}", condition)
            .replace("{alias}", self.collection.alias)
        )


PORT = Kind("port", PORTS, "port.id = %(id)s")
INSTANCE = Kind("instance", INSTANCES, "port.instance_id = %(id)s")


@dataclass(frozen=True, slots=True)
class Port:
    """A port as it was last observed; groups by their ids in the cloud, None if not known."""

    id: int
    uuid: UUID
    backend_id: str
    name: str
    state: PortState
    device_owner: str
    port_security_enabled: bool | None
    floating_addresses: Sequence[str]
    security_group_ids: Sequence[str] | None

    def __post_init__(self) -> None:
        """Convert the state of the row."""
        object.__setattr__(self, "state", PortState(self.state))

    @property
    def shown_name(self) -> str:
        """Return the name, or the id in the cloud if there is none."""
        return self.name or self.backend_id


@dataclass(frozen=True, slots=True)
class Target:
    """A port or an instance whose groups are to change, with its ancestors and its ports."""

    kind: Kind
    id: int
    uuid: UUID
    backend_id: str
    name: str
    version: int
    tenant_id: int
    tenant_uuid: UUID
    cloud_id: int
    project_id: int
    project_uuid: UUID
    customer_id: int
    customer_uuid: UUID
    ports: Sequence[Port] = ()


async def get(database: Database, scope: Scope, kind: Kind, uuid: UUID) -> Target:
    """Return a port or an instance in scope, with its ports; raises `NotFound`."""
    statement = kind.target("{alias}.uuid = %(path_uuid)s AND " + VISIBLE)
    async with database.connection() as connection:
        return await _read(
            connection, kind, statement, scope_parameters(scope) | {"path_uuid": uuid}
        )


async def lock(connection: Connection, target: Target) -> Target:
    """Lock the tenant, then the ports, and read all again; raises `NotFound`.

    Always the tenant first: a pull stores its ports under its lock.
    """
    await tenants.lock(connection, target.tenant_id)
    statement = target.kind.target("{alias}.id = %(id)s")
    return await _read(connection, target.kind, statement, {"id": target.id}, locks=True)


async def _read(
    connection: Connection,
    kind: Kind,
    statement: LiteralString,
    parameters: Mapping[str, object],
    *,
    locks: bool = False,
) -> Target:
    rows = connection.cursor(row_factory=dict_row)
    await rows.execute(statement, parameters)
    row = await rows.fetchone()
    if row is None:
        raise NotFound(kind.collection.missing)
    ports = connection.cursor(row_factory=class_row(Port))
    of_target = _PORTS_OF_TARGET.replace("{condition}", kind.ports)
    await ports.execute(of_target + (" FOR NO KEY UPDATE" if locks else ""), {"id": row["id"]})
    return Target(kind, **row, ports=tuple(await ports.fetchall()))


# The groups with these UUIDs in the tenant, or with these ids in the cloud, for a reader
_KNOWN: LiteralString = """
SELECT sg.uuid, sg.name, sg.backend_id, sg.state, sg.stateful, true AS is_own
FROM security_groups AS sg
WHERE sg.tenant_id = %(tenant_id)s AND sg.uuid = ANY(%(uuids)s::uuid [])
UNION
SELECT sg.uuid, sg.name, sg.backend_id, sg.state, sg.stateful, true AS is_own
FROM security_groups AS sg
WHERE
    sg.tenant_id = %(tenant_id)s
    AND sg.backend_id <> ''
    AND sg.backend_id = ANY(%(backend_ids)s::text [])
UNION
SELECT sg.uuid, sg.name, sg.backend_id, sg.state, sg.stateful, false AS is_own
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
WHERE
    sg.backend_id <> ''
    AND sg.backend_id = ANY(%(backend_ids)s::text [])
    AND tenant.id <> %(tenant_id)s
    AND tenant.cloud_id = %(cloud_id)s
    AND {visible}
ORDER BY name, uuid
""".replace("{visible}", VISIBLE)


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group that an actor may name: of the tenant, or of another one that it sees."""

    uuid: UUID
    name: str
    backend_id: str
    state: str
    stateful: bool | None
    is_own: bool


async def known_groups(
    connection: Connection, scope: Scope, target: Target, uuids: Sequence[UUID]
) -> list[KnownGroup]:
    """Return the tenant's groups with these UUIDs, and all that ports of the target carry."""
    carried = {group for port in target.ports for group in port.security_group_ids or ()}
    cursor = connection.cursor(row_factory=class_row(KnownGroup))
    values = {
        "tenant_id": target.tenant_id,
        "cloud_id": target.cloud_id,
        "uuids": list(uuids),
        "backend_ids": sorted(carried),
    }
    await cursor.execute(_KNOWN, scope_parameters(scope) | values)
    found = {group.uuid: group for group in await cursor.fetchall()}
    return list(found.values())
