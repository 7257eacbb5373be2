"""A tenant's side of its comparison with the cloud: when it is due, under way, over.

A comparison that a user asked for shows in the tenant's state (the API sets UPDATE_SCHEDULED);
a periodic one does not.
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

# An error message tells that it was a comparison that failed: the next good one heals that.
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

# Not all at once: each waits a little less than the interval, by chance.
_DUE: LiteralString = """
UPDATE tenants SET pull_scheduled = now()
WHERE
    id IN (
        SELECT tenant.id
        FROM tenants AS tenant
        INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
        WHERE
            -- Or it lies ahead, where the clock was set back.
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

_COMPARED: LiteralString = """
INSERT INTO tenant_pulls (tenant_id, pulled_at) VALUES (%(id)s, %(at)s)
ON CONFLICT (tenant_id) DO UPDATE SET pulled_at = excluded.pulled_at
"""

# A tenant that was loaded in such a state stays as it was loaded: nothing has changed it since.
_UNSETTLED: LiteralString = """
SELECT tenant.uuid
FROM tenants AS tenant
WHERE
    tenant.state IN ('UPDATE_SCHEDULED', 'UPDATING')
    AND tenant.modified > tenant.created
    -- Or it lies ahead, where the clock was set back.
    AND tenant.modified NOT BETWEEN now() - make_interval(secs => %s) AND now()
"""


async def request(
    database: Database, actor: Actor, tenant: Tenant, *valid: str, confirmed: bool = False
) -> None:
    """Ask for a comparison of the tenant's groups with the cloud.

    Where the actor `confirmed` it, what is missing is marked, however much it is.
    Raises `Conflict` unless the tenant is in one of the states.
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
    """Show that the comparison that a user asked for is under way."""
    await connection.execute(_BEGIN, [tenant])


async def succeed(connection: Connection, tenant_id: int, *, requested: bool) -> None:
    """Show that the tenant was compared; without anything to say, nothing is written."""
    await connection.execute(_SUCCEED, {"id": tenant_id, "requested": requested})


async def compared(connection: Connection, tenant_id: int, at: datetime) -> None:
    """Remember when the cloud was asked that the tenant was held against."""
    await connection.execute(_COMPARED, {"id": tenant_id, "at": at})


async def fail(connection: Connection, tenant: UUID, message: str) -> None:
    """Show that the comparison that a user asked for failed for good."""
    await connection.execute(_FAIL, {"uuid": tenant, "message": message})


async def refuse(connection: Connection, tenant_id: int, message: str) -> bool:
    """Show that the tenant cannot be compared with anything; return whether that is news."""
    cursor = await connection.execute(_REFUSE, {"id": tenant_id, "message": message})
    return await cursor.fetchone() is not None


async def stop(connection: Connection, tenant_id: int, message: str, *, requested: bool) -> bool:
    """Say why the comparison touched nothing; tells whether that is news."""
    values = {"id": tenant_id, "message": message, "requested": requested}
    cursor = await connection.execute(_STOP, values)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def take_due(connection: Connection, interval: float) -> list[UUID]:
    """Take the tenants whose last comparison is nearly `interval` seconds old, at most 100."""
    cursor = await connection.execute(_DUE, {"interval": interval})
    return [row[0] for row in await cursor.fetchall()]


async def unsettled(connection: Connection, quiet_seconds: float) -> list[UUID]:
    """Give the tenants that wait for a comparison and were not touched for some seconds."""
    cursor = await connection.execute(_UNSETTLED, [quiet_seconds])
    return [row[0] for row in await cursor.fetchall()]
