"""Records the progress of a job on a port: claimed, applied or failed.

Each function is one step of a job, in its own transaction. It checks the state of the port again,
and changes nothing if it is not as expected. Locks are always taken in this order: the tenant, then
its ports. `sync/port_push.py` calls these functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import PLACEMENT_COLUMNS, PLACEMENT_JOINS, Placement
from ringfence.database.pool import Connection
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.ports.port_events import target_event
from ringfence.ports.states import PENDING, PortState, step
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.read_model import documents

_TENANT_OF: LiteralString = "SELECT tenant_id FROM cloud_ports WHERE uuid = %s"

_PORT: LiteralString = (
    """
SELECT
    port.id, port.uuid, port.backend_id, port.name, port.state,
    port.base_security_group_ids AS base,
    port.desired_security_group_ids AS desired,
"""
    + PLACEMENT_COLUMNS
    + """
FROM cloud_ports AS port
INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
"""
    + PLACEMENT_JOINS
    + """
WHERE port.uuid = %s
FOR UPDATE OF port
"""
)

_ENTER: LiteralString = """
UPDATE cloud_ports SET state = %(state)s, modified = now() WHERE id = %(id)s
"""

# The change is forgotten in both cases: what the cloud has is what was observed.
_APPLIED: LiteralString = """
UPDATE cloud_ports
SET
    state = 'OK',
    error_message = '',
    base_security_group_ids = NULL,
    desired_security_group_ids = NULL,
    security_group_ids = %(groups)s,
    revision_number = greatest(revision_number, %(revision)s),
    modified = now()
WHERE id = %(id)s
"""

_FAILED: LiteralString = """
UPDATE cloud_ports
SET
    state = 'ERRED',
    error_message = %(message)s,
    base_security_group_ids = NULL,
    desired_security_group_ids = NULL,
    modified = now()
WHERE id = %(id)s
"""

# The tenant's groups that the port carries now, and all that it carried before
_CONCERNED: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
WHERE
    sg.tenant_id = %(tenant)s
    AND sg.backend_id <> ''
    AND sg.backend_id = ANY(%(groups)s::text [])
UNION
SELECT old.security_group_id FROM cloud_port_groups AS old WHERE old.port_id = %(id)s
ORDER BY id
"""

# Returns the ids of the groups that the port carries now or carried before, but not both.
_REPLACE_GROUPS: LiteralString = """
WITH carried AS (
    SELECT sg.id
    FROM security_groups AS sg
    WHERE
        sg.id = ANY(%(concerned)s)
        AND sg.backend_id <> ''
        AND sg.backend_id = ANY(%(groups)s::text [])
),
dropped AS (
    DELETE FROM cloud_port_groups AS old
    WHERE
        old.port_id = %(id)s
        AND NOT EXISTS (SELECT FROM carried WHERE carried.id = old.security_group_id)
    RETURNING old.security_group_id
),
attached AS (
    INSERT INTO cloud_port_groups (port_id, security_group_id)
    SELECT %(id)s, carried.id FROM carried
    ORDER BY carried.id
    ON CONFLICT (port_id, security_group_id) DO NOTHING
    RETURNING security_group_id
)
SELECT security_group_id FROM dropped
UNION
SELECT security_group_id FROM attached
"""

_PENDING: LiteralString = """
SELECT port.uuid
FROM cloud_ports AS port
WHERE
    port.state IN ('UPDATE_SCHEDULED', 'UPDATING')
    -- Or it is in the future, if the clock was set back.
    AND port.modified NOT BETWEEN now() - make_interval(secs => %s) AND now()
ORDER BY port.id
LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class PortUpdate:
    """A pending change of a port's groups, by their ids in the cloud.

    `base` are those that were observed when the change was requested.
    """

    id: int
    uuid: UUID
    backend_id: str
    name: str
    state: PortState
    base: Sequence[str]
    desired: Sequence[str]
    placement: Placement

    @property
    def shown_name(self) -> str:
        """Return the name, or the id in the cloud if there is none."""
        return self.name or self.backend_id


async def claim(connection: Connection, uuid: UUID) -> PortUpdate | None:
    """Enter the state of a running job; return None if the port has no pending change."""
    port = await _lock(connection, uuid)
    if port is None:
        return None
    if port.state is not PortState.UPDATING:
        state = step(port.state, PortState.UPDATING)
        await connection.execute(_ENTER, {"id": port.id, "state": state})
    return port


async def record_applied(
    connection: Connection,
    update: PortUpdate,
    groups: Sequence[str],
    revision: int,
    context: Mapping[str, Any],
) -> bool:
    """Store the groups that the port has now, and set it to OK; return whether it was expected."""
    port = await _lock(connection, update.uuid)
    if port is None or (port.id, port.desired) != (update.id, update.desired):
        return False
    step(port.state, PortState.OK)
    values = {
        "id": port.id,
        "tenant": port.placement.tenant_id,
        "groups": list(groups),
        "revision": revision,
    }
    await connection.execute(_APPLIED, values)
    await _replace_groups(connection, values)
    message = f"Security groups of port {port.shown_name} have been updated."
    await record(
        connection,
        target_event(
            port.placement, EventType.GROUPS_UPDATE_SUCCEEDED, message, _named(port) | dict(context)
        ),
    )
    return True


async def _replace_groups(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store which groups the port carries, and refresh those whose instances may have changed."""
    rows = await (await connection.execute(_CONCERNED, values)).fetchall()
    concerned = [row[0] for row in rows]
    # In the order of a deletion, which holds the documents before it deletes the row
    await documents.hold(connection, concerned)
    cursor = await connection.execute(_REPLACE_GROUPS, {**values, "concerned": concerned})
    changed = [row[0] for row in await cursor.fetchall()]
    documents.refresh_before_commit(connection, sorted(changed))
    port_exposures.refresh_ports_before_commit(connection, [values["id"]])


async def record_failure(connection: Connection, uuid: UUID, message: str) -> bool:
    """Set the port to ERRED with an error message; return whether a change was pending."""
    port = await _lock(connection, uuid)
    if port is None:
        return False
    step(port.state, PortState.ERRED)
    await connection.execute(_FAILED, {"id": port.id, "message": message})
    text = f"Update of the security groups of port {port.shown_name} has failed: {message}"
    context = _named(port) | {"message": message}
    await record(
        connection,
        target_event(port.placement, EventType.GROUPS_UPDATE_FAILED, text, context),
    )
    return True


async def pending(connection: Connection, quiet_seconds: float) -> list[UUID]:
    """Return ports with a pending change that is some seconds old, at most 1,000."""
    cursor = await connection.execute(_PENDING, [quiet_seconds])
    return [row[0] for row in await cursor.fetchall()]


def _named(port: PortUpdate) -> dict[str, Any]:
    return {"port": port.uuid.hex, "backend_id": port.backend_id, "name": port.name}


async def _lock(connection: Connection, uuid: UUID) -> PortUpdate | None:
    """Lock the tenant and the port; return None unless a change of it is pending."""
    row = await (await connection.execute(_TENANT_OF, [uuid])).fetchone()
    if row is None:
        return None
    await tenants.lock(connection, row[0])
    rows = connection.cursor(row_factory=dict_row)
    await rows.execute(_PORT, [uuid])
    columns = await rows.fetchone()
    if columns is None or columns["state"] not in PENDING:
        return None
    placement = Placement(**{name: columns.pop(name) for name in Placement.__dataclass_fields__})
    if columns["desired"] is None or columns["base"] is None:
        return None
    state = PortState(columns.pop("state"))
    return PortUpdate(**columns, state=state, placement=placement)
