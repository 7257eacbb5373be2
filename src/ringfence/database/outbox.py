"""The outbox: a job that exists if and only if the change that asks for it commits.

Features defer by name on the connection of their change; `sync.jobs` gives the names their work.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import StrEnum
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer
from procrastinate.types import JSONValue
from structlog.contextvars import get_contextvars

from ringfence.database.pool import Connection
from ringfence.telemetry import tracing


class Job(StrEnum):
    """The work a change can ask for."""

    PUSH_GROUP = "push_group"
    PULL_GROUP = "pull_group"
    DELETE_GROUP = "delete_group"
    PULL_TENANT = "pull_tenant"


# Who asks for the work, as the job carries it to what it records. It decides on nothing: what was
# authorised when it was asked for is done, whoever has which role by then.
_asker: ContextVar[Mapping[str, str]] = ContextVar("asker", default={})  # noqa: B039 - never changed


@contextmanager
def asked_by(asker: Mapping[str, str]) -> Iterator[None]:
    """Have the jobs that are asked for within carry who asks."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


# Deferring needs no pool of its own; a worker opens one (`sync.jobs`).
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer_for_group(
    connection: Connection, job: Job, security_group: UUID, **arguments: bool
) -> None:
    """Ask for work on one group; jobs of one group run one after the other."""
    deferrer = queue.configure_task(
        job, lock=f"security_group:{security_group}", connection=connection
    )
    await _defer(deferrer, security_group=security_group.hex, **_whence(), **arguments)


async def defer_for_tenant(
    connection: Connection, tenant: UUID, *, confirmed: bool = False
) -> None:
    """Ask for a comparison of the tenant with its cloud, at a user's request."""
    # Workers of the release before do not know the word.
    more = {"confirmed": True} if confirmed else {}
    deferrer = queue.configure_task(Job.PULL_TENANT, lock=f"tenant:{tenant}", connection=connection)
    await _defer(deferrer, tenant=tenant.hex, periodic=False, **_whence(), **more)


async def defer_periodic_for_tenant(connection: Connection, tenant: UUID) -> None:
    """Ask for the periodic comparison, unless one waits already."""
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
        # Whoever lent the connection tells by psycopg's error whether the server is away.
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise


def _whence() -> dict[str, JSONValue]:
    """Give what joins a job to its request: its id for the log, who asked, and its trace."""
    request_id = get_contextvars().get("request_id")
    asker = _asker.get()
    return {
        **({} if request_id is None else {"request_id": str(request_id)}),
        **({"asked_by": {**asker}} if asker else {}),
        **tracing.trace_context(),
    }
