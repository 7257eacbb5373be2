"""The state of a tenant's pulls: due, scheduled, running, finished.

A pull that a user requested shows in the tenant's state (the API sets UPDATE_SCHEDULED); a periodic
pull does not. `sync/pull.py` does the pull itself.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.clouds.queries import Tenant, lock, require_state
from ringfence.database.outbox import defer_for_tenant
from ringfence.database.pool import Connection, Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType

_SCHEDULE: LiteralString = """
UPDATE tenants SET state = 'UPDATE_SCHEDULED', error_message = '', modified = now()
WHERE id = %s
"""

_BEGIN: LiteralString = """
UPDATE tenants SET state = 'UPDATING', modified = now()
WHERE uuid = %s AND state = 'UPDATE_SCHEDULED'
"""

# An error message means that a pull failed: the next successful one clears it.
_SUCCEED: LiteralString = """
UPDATE tenants
SET
    state = CASE WHEN state = 'ERRED' OR %(requested)s THEN 'OK' ELSE state END,
    error_message = '',
    modified = now()
WHERE
    id = %(id)s
    AND (
        (%(requested)s AND state IN ('UPDATE_SCHEDULED', 'UPDATING'))
        OR (state IN ('OK', 'ERRED') AND error_message <> '')
    )
"""

_FAIL: LiteralString = """
UPDATE tenants SET state = 'ERRED', error_message = %(message)s, modified = now()
WHERE uuid = %(uuid)s AND state IN ('UPDATE_SCHEDULED', 'UPDATING')
"""

_REFUSE: LiteralString = """
UPDATE tenants SET state = 'ERRED', error_message = %(message)s, modified = now()
WHERE
    id = %(id)s
    AND (
        state IN ('OK', 'UPDATE_SCHEDULED', 'UPDATING')
        OR (state = 'ERRED' AND error_message NOT IN ('', %(message)s))
    )
RETURNING id
"""

_STOP: LiteralString = """
WITH before AS (
    SELECT tenant.id, tenant.error_message FROM tenants AS tenant
    WHERE tenant.id = %(id)s
    FOR UPDATE
)
UPDATE tenants AS tenant
SET
    state = CASE
        WHEN %(requested)s AND tenant.state IN ('UPDATE_SCHEDULED', 'UPDATING') THEN 'OK'
        ELSE tenant.state
    END,
    error_message = %(message)s,
    modified = now()
FROM before
WHERE
    tenant.id = before.id
    AND (before.error_message <> %(message)s OR %(requested)s)
RETURNING before.error_message <> %(message)s
"""

# To spread the load, each tenant waits for a random time that is a little less than the interval.
_DUE: LiteralString = """
UPDATE tenants SET pull_scheduled = now()
WHERE
    id IN (
        SELECT tenant.id
        FROM tenants AS tenant
        INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
        WHERE
            -- Also if it lies in the future, because the clock was set back
            tenant.pull_scheduled NOT BETWEEN
            now() - make_interval(secs => %(interval)s * (0.8 + 0.15 * random())) AND now()
            AND (tenant.state = 'OK' OR (tenant.state = 'ERRED' AND tenant.error_message <> ''))
            AND (tenant.backend_id <> '' OR cloud.backend = 'sandbox')
        ORDER BY tenant.pull_scheduled
        LIMIT 100
        FOR UPDATE OF tenant SKIP LOCKED
    )
RETURNING uuid
"""

_PULLED_AT: LiteralString = """
INSERT INTO tenant_pulls (tenant_id, pulled_at) VALUES (%(id)s, %(at)s)
ON CONFLICT (tenant_id) DO UPDATE SET pulled_at = excluded.pulled_at
"""

# A tenant that was loaded in such a state, and has not changed since, keeps it.
_STALLED: LiteralString = """
SELECT tenant.uuid
FROM tenants AS tenant
WHERE
    tenant.state IN ('UPDATE_SCHEDULED', 'UPDATING')
    AND tenant.modified > tenant.created
    -- Also if it lies in the future, because the clock was set back
    AND tenant.modified NOT BETWEEN now() - make_interval(secs => %s) AND now()
"""


async def request(
    database: Database, actor: Actor, tenant: Tenant, *valid: str, confirmed: bool = False
) -> None:
    """Schedule a pull of the tenant's groups from the cloud.

    With `confirmed`, all missing groups are marked as missing, however many there are. Raises
    `Conflict` unless the tenant is in one of the `valid` states.
    """
    async with database.transaction() as connection:
        require_state(await lock(connection, tenant.id), *valid)
        await connection.execute(_SCHEDULE, [tenant.id])
        await record(
            connection,
            Event(
                EventType.PULL_SCHEDULED,
                f"Security groups pull of tenant {tenant.name} has been scheduled.",
                actor,
                customer=tenant.customer_uuid,
                project=tenant.project_uuid,
                tenant=tenant.uuid,
            ),
        )
        await defer_for_tenant(connection, tenant.uuid, confirmed=confirmed)


async def begin(connection: Connection, tenant: UUID) -> None:
    """Set the state of a requested pull that is running."""
    await connection.execute(_BEGIN, [tenant])


async def succeed(connection: Connection, tenant_id: int, *, requested: bool) -> None:
    """Set the state after a successful pull; write nothing if it is set already."""
    await connection.execute(_SUCCEED, {"id": tenant_id, "requested": requested})


async def record_pulled_at(connection: Connection, tenant_id: int, at: datetime) -> None:
    """Record the time of the cloud's response that the tenant was compared with."""
    await connection.execute(_PULLED_AT, {"id": tenant_id, "at": at})


async def fail(connection: Connection, tenant: UUID, message: str) -> None:
    """Set the state of a requested pull that failed and is not retried."""
    await connection.execute(_FAIL, {"uuid": tenant, "message": message})


async def refuse(connection: Connection, tenant_id: int, message: str) -> bool:
    """Set the state of a tenant that cannot be pulled; return whether it changed."""
    cursor = await connection.execute(_REFUSE, {"id": tenant_id, "message": message})
    return await cursor.fetchone() is not None


async def stop(connection: Connection, tenant_id: int, message: str, *, requested: bool) -> bool:
    """Record why the pull changed nothing; return whether the reason is new."""
    values = {"id": tenant_id, "message": message, "requested": requested}
    cursor = await connection.execute(_STOP, values)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def take_due(connection: Connection, interval: float) -> list[UUID]:
    """Mark and return up to 100 tenants whose last pull is nearly `interval` seconds old."""
    cursor = await connection.execute(_DUE, {"interval": interval})
    return [row[0] for row in await cursor.fetchall()]


async def stalled(connection: Connection, quiet_seconds: float) -> list[UUID]:
    """Return the tenants with a requested pull that did not change for `quiet_seconds`."""
    cursor = await connection.execute(_STALLED, [quiet_seconds])
    return [row[0] for row in await cursor.fetchall()]
