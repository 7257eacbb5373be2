"""The outbox: a change and its job are committed in one transaction.

Features defer jobs by name on the connection of their change; `sync.jobs` handles them.
"""

from contextlib import suppress
from enum import StrEnum
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer
from procrastinate.types import JSONValue
from structlog.contextvars import get_contextvars

from ringfence.database.job_actor import asker
from ringfence.database.pool import Connection
from ringfence.telemetry import tracing


class Job(StrEnum):
    """The jobs that a change can defer."""

    PUSH_GROUP = "push_group"
    PULL_GROUP = "pull_group"
    DELETE_GROUP = "delete_group"
    PULL_TENANT = "pull_tenant"
    PUSH_PORT = "push_port"


# Deferring uses the connection of the change; workers open a pool (`sync.jobs`).
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer_for_group(
    connection: Connection, job: Job, security_group: UUID, **arguments: bool
) -> None:
    """Defer a job for a group; jobs of one group run one after the other."""
    deferrer = queue.configure_task(
        job, lock=f"security_group:{security_group}", connection=connection
    )
    await _defer(deferrer, security_group=security_group.hex, **_origin(), **arguments)


async def defer_for_port(connection: Connection, port: UUID) -> None:
    """Defer the push of a port's groups; jobs of one port run one after the other."""
    deferrer = queue.configure_task(Job.PUSH_PORT, lock=f"port:{port}", connection=connection)
    await _defer(deferrer, port=port.hex, **_origin())


async def defer_for_tenant(
    connection: Connection, tenant: UUID, *, confirmed: bool = False
) -> None:
    """Defer a pull of the tenant that a user requested."""
    more = {"confirmed": True} if confirmed else {}
    deferrer = queue.configure_task(Job.PULL_TENANT, lock=f"tenant:{tenant}", connection=connection)
    await _defer(deferrer, tenant=tenant.hex, periodic=False, **_origin(), **more)


async def defer_periodic_for_tenant(connection: Connection, tenant: UUID) -> None:
    """Defer the periodic pull of the tenant, unless one is queued."""
    deferrer = queue.configure_task(
        Job.PULL_TENANT,
        lock=f"tenant:{tenant}",
        queueing_lock=f"periodic:{tenant}",
        connection=connection,
    )
    with suppress(AlreadyEnqueued):
        async with connection.transaction():
            await _defer(deferrer, tenant=tenant.hex, periodic=True)


async def _defer(deferrer: JobDeferrer, **arguments: JSONValue) -> None:
    try:
        await deferrer.defer_async(**arguments)
    except ConnectorException as error:
        # `Database` recognises a lost server by psycopg's error.
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise


def _origin() -> dict[str, JSONValue]:
    """Return what links a job to its request: the request id, the actor and the trace."""
    request_id = get_contextvars().get("request_id")
    actor = asker.get()
    return {
        **({} if request_id is None else {"request_id": str(request_id)}),
        **({"asked_by": {**actor}} if actor else {}),
        **tracing.trace_context(),
    }
