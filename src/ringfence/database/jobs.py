"""The outbox: a job that exists if and only if the change that asks for it commits.

Features defer by name on the connection of their change; `sync.jobs` gives the names their work.
"""

from contextlib import suppress
from enum import StrEnum
from uuid import UUID

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from structlog.contextvars import get_contextvars

from ringfence.database.pool import Connection


class Job(StrEnum):
    """The work a change can ask for."""

    PUSH_GROUP = "push_group"
    PULL_GROUP = "pull_group"
    DELETE_GROUP = "delete_group"
    PULL_TENANT = "pull_tenant"


# Deferring needs no pool of its own; a worker opens one (`sync.jobs`).
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer_for_group(
    connection: Connection, job: Job, security_group: UUID, **arguments: bool
) -> None:
    """Ask for work on one group; jobs of one group run one after the other."""
    await queue.configure_task(
        job, lock=f"security_group:{security_group}", connection=connection
    ).defer_async(security_group=security_group.hex, request_id=_request_id(), **arguments)


async def defer_for_tenant(connection: Connection, tenant: UUID) -> None:
    """Ask for a comparison of the tenant with its cloud, at a user's request."""
    await queue.configure_task(
        Job.PULL_TENANT, lock=f"tenant:{tenant}", connection=connection
    ).defer_async(tenant=tenant.hex, periodic=False, request_id=_request_id())


async def defer_periodic_for_tenant(connection: Connection, tenant: UUID) -> None:
    """Ask for the periodic comparison, unless one waits already."""
    job = queue.configure_task(
        Job.PULL_TENANT,
        lock=f"tenant:{tenant}",
        queueing_lock=f"periodic:{tenant}",
        connection=connection,
    )
    with suppress(AlreadyEnqueued):
        async with connection.transaction():
            await job.defer_async(tenant=tenant.hex, periodic=True)


def _request_id() -> str | None:
    """Give the id that joins a job's log line to that of its request, where there is one."""
    request_id = get_contextvars().get("request_id")
    return None if request_id is None else str(request_id)
