"""Detaches the groups of a tenant from the cloud project that the tenant leaves.

The desired state stays. Backend ids, observations and ports of the old project are deleted here,
and left alone in the cloud.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.read_model import documents

MOVED: LiteralString = (
    "The tenant moved to another project in the cloud, where this group does not exist. Roll it "
    "back to its present version (or set its rules, in contract 2026-10) to create it there. "
    "Deleting it deletes nothing in the old project."
)

_COUNT: LiteralString = """
SELECT
    tenant.uuid, count(*) AS groups, count(*) FILTER (WHERE sg.backend_id <> '') AS bound
FROM tenants AS tenant
INNER JOIN security_groups AS sg ON tenant.id = sg.tenant_id
WHERE tenant.uuid = ANY(%s)
GROUP BY tenant.uuid
"""

_DETACH: LiteralString = """
UPDATE security_groups AS sg
SET
    backend_id = '',
    creation_started = NULL,
    creation_ended = NULL,
    state = 'ERRED',
    error_message = %(message)s,
    error_traceback = '',
    applied_version = 0,
    modified = now()
FROM tenants AS tenant
WHERE sg.tenant_id = tenant.id AND tenant.uuid = ANY(%(tenants)s)
RETURNING sg.id
"""

_DELETE_OBSERVATIONS: LiteralString = """
DELETE FROM security_group_observations WHERE security_group_id = ANY(%s)
"""

_DELETE_PORTS: LiteralString = """
DELETE FROM cloud_ports USING tenants AS tenant
WHERE cloud_ports.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_DELETE_INSTANCES: LiteralString = """
DELETE FROM cloud_instances USING tenants AS tenant
WHERE cloud_instances.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_DELETE_ADDRESS_GROUPS: LiteralString = """
DELETE FROM cloud_address_groups AS address_group USING tenants AS tenant
WHERE address_group.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_DELETE_PORT_OBSERVATIONS: LiteralString = """
DELETE FROM tenant_port_observations AS observation USING tenants AS tenant
WHERE observation.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_DELETE_PULLS: LiteralString = """
DELETE FROM tenant_pulls AS pull USING tenants AS tenant
WHERE pull.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of groups of a tenant, and of those with a backend id."""

    groups: int
    bound: int


async def groups_of_tenants(connection: Connection, tenants: Sequence[UUID]) -> dict[UUID, Count]:
    """Return the group counts of the tenants that have groups."""
    cursor = await connection.execute(_COUNT, [list(tenants)])
    return {uuid: Count(groups, bound) for uuid, groups, bound in await cursor.fetchall()}


async def leave_project(connection: Connection, tenants: Sequence[UUID]) -> None:
    """Detach the groups of the tenants from their old project.

    The tenants must be locked.
    """
    uuids = list(tenants)
    cursor = await connection.execute(_DETACH, {"tenants": uuids, "message": MOVED})
    ids = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_DELETE_OBSERVATIONS, [ids])
    for statement in (
        _DELETE_PORTS,
        _DELETE_INSTANCES,
        _DELETE_ADDRESS_GROUPS,
        _DELETE_PORT_OBSERVATIONS,
        _DELETE_PULLS,
    ):
        await connection.execute(statement, [uuids])
    documents.refresh_before_commit(connection, ids)
    port_exposures.refresh_before_commit(connection, ids)
