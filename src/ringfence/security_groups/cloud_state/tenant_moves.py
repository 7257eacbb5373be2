"""Groups of a tenant that becomes another project in the cloud: what they keep, and what not.

What is desired stays. What belonged to the old project (ids, observations, ports) is forgotten
here and left alone there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.security_groups.read_model import documents

MOVED: LiteralString = (
    "The tenant became another project in the cloud, where this group does not exist. Rolling "
    "it back to its present version creates it there (so does setting its rules, in contract "
    "2026-10); deleting it deletes nothing in the old project."
)

_COUNT: LiteralString = """
SELECT
    tenant.uuid, count(*) AS groups, count(*) FILTER (WHERE sg.backend_id <> '') AS bound
FROM tenants AS tenant
INNER JOIN security_groups AS sg ON tenant.id = sg.tenant_id
WHERE tenant.uuid = ANY(%s)
GROUP BY tenant.uuid
"""

_LEAVE: LiteralString = """
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

_FORGET_OBSERVATIONS: LiteralString = """
DELETE FROM security_group_observations WHERE security_group_id = ANY(%s)
"""

_FORGET_PORTS: LiteralString = """
DELETE FROM cloud_ports USING tenants AS tenant
WHERE cloud_ports.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_FORGET_READINGS: LiteralString = """
DELETE FROM tenant_port_observations AS reading USING tenants AS tenant
WHERE reading.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""

_FORGET_COMPARISONS: LiteralString = """
DELETE FROM tenant_pulls AS pull USING tenants AS tenant
WHERE pull.tenant_id = tenant.id AND tenant.uuid = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How many groups a tenant has, and how many of them have an id in the cloud."""

    groups: int
    bound: int


async def groups_of_tenants(connection: Connection, tenants: Sequence[UUID]) -> dict[UUID, Count]:
    """Return how many groups the tenants have; those without any are left out."""
    cursor = await connection.execute(_COUNT, [list(tenants)])
    return {uuid: Count(groups, bound) for uuid, groups, bound in await cursor.fetchall()}


async def leave_project(connection: Connection, tenants: Sequence[UUID]) -> None:
    """Take the groups of the tenants out of the project in which they were.

    The caller has locked the tenants.
    """
    uuids = list(tenants)
    cursor = await connection.execute(_LEAVE, {"tenants": uuids, "message": MOVED})
    ids = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_FORGET_OBSERVATIONS, [ids])
    for statement in (_FORGET_PORTS, _FORGET_READINGS, _FORGET_COMPARISONS):
        await connection.execute(statement, [uuids])
    documents.refresh_before_commit(connection, ids)
