"""The handlers of jobs by name, with retries and failures.

`worker` fetches a job from PostgreSQL and calls its handler with the UUID of a group or a tenant.
The handler calls `push` or `pull`, retries temporary errors and records the failure after the last
attempt (`failures`). It writes one line of log a job.

A job means "this group may differ", never "make this change": it may be lost, repeated or
interrupted anywhere, and the next one repairs that. Between attempts a group keeps its transient
state. It becomes ERRED after the last attempt, or at once if a retry cannot help.
"""

import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import procrastinate
import structlog
from procrastinate import JobContext
from structlog.contextvars import bound_contextvars

from ringfence.access.origin import Origin
from ringfence.clouds import pulls
from ringfence.database import connect
from ringfence.database.outbox import Job
from ringfence.database.pool import Database
from ringfence.errors import RingfenceError, Unavailable
from ringfence.neutron.port import CloudError, Retry
from ringfence.neutron.storable_text import storable
from ringfence.ports import lifecycle as port_lifecycle
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.sync.compare import DEFAULT_GUARD, MassRemovalGuard
from ringfence.sync.drivers import Clouds
from ringfence.sync.failures import (
    DATABASE_DELAY,
    RetryLater,
    RetryStrategy,
    delay_before_retry,
    explain,
)
from ringfence.sync.port_push import push_port
from ringfence.sync.pull import pull_group, pull_tenant
from ringfence.sync.push import delete_group, push_group
from ringfence.telemetry import metrics, tracing

LONGEST_TRACE = 100_000

logger = structlog.get_logger(__name__)

Work = Callable[..., Awaitable[None]]
# Records a failure: the error and its trace
RecordFailure = Callable[[RingfenceError, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a job: how many came before, and which job it is."""

    number: int
    periodic: bool = False
    job: str = "job"


def _with_origin(function: Work) -> Work:
    """Return the handler so that events name the actor and the request that queued the job."""

    @wraps(function)
    async def work(
        handlers: "JobHandlers",
        context: JobContext,
        *,
        asked_by: Mapping[str, str] = MappingProxyType({}),
        request_id: str | None = None,
        **arguments: Any,  # noqa: ANN401 - Procrastinate's
    ) -> None:
        with Origin.of_job(asked_by, request_id).recorded():
            await function(handlers, context, request_id=request_id, **arguments)

    return work


class JobHandlers:
    """The handlers of one worker."""

    def __init__(
        self, database: Database, clouds: Clouds, guard: MassRemovalGuard = DEFAULT_GUARD
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._guard = guard
        # The ids of the jobs that run now
        self.running: set[int | None] = set()

    def register(self, app: procrastinate.App) -> None:
        """Register each handler under the name of its job."""
        work: dict[Job, Work] = {
            Job.PUSH_GROUP: self.push_group,
            Job.PULL_GROUP: self.pull_group,
            Job.DELETE_GROUP: self.delete_group,
            Job.PULL_TENANT: self.pull_tenant,
            Job.PUSH_PORT: self.push_port,
        }
        for name, function in work.items():
            work_of = tracing.traced_job(function)
            app.task(name=name, pass_context=True, retry=RetryStrategy())(work_of)

    @_with_origin
    async def push_group(
        self, context: JobContext, *, security_group: str, request_id: str | None = None
    ) -> None:
        """Make the cloud's group equal to the desired one."""
        await self._run_for_group(context, push_group, security_group, request_id)

    @_with_origin
    async def pull_group(
        self, context: JobContext, *, security_group: str, request_id: str | None = None
    ) -> None:
        """Pull one group from the cloud."""
        await self._run_for_group(context, pull_group, security_group, request_id)

    @_with_origin
    async def delete_group(
        self,
        context: JobContext,
        *,
        security_group: str,
        detach: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Delete the group in the cloud, then its row; `detach` removes it from its ports first."""
        work = partial(delete_group, detach=detach)
        await self._run_for_group(context, work, security_group, request_id)

    @_with_origin
    async def pull_tenant(
        self,
        context: JobContext,
        *,
        tenant: str,
        periodic: bool = False,
        confirmed: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Pull all groups of a tenant from the cloud."""

        async def work() -> dict[str, object]:
            uuid = UUID(tenant)
            done = await pull_tenant(
                self._database,
                self._clouds,
                uuid,
                requested=not periodic,
                guard=self._guard,
                confirmed=confirmed,
            )
            return dict(done)

        async def record_failure(error: RingfenceError, _trace: str) -> None:
            if not periodic:
                async with self._database.transaction() as connection:
                    await pulls.fail(connection, UUID(tenant), storable(str(error), LONGEST_TRACE))

        ids = {"tenant": tenant, "request_id": request_id, "periodic": periodic}
        with self._running(context, ids):
            await run(
                work, record_failure, Attempt(context.job.attempts, periodic, context.job.task_name)
            )

    @_with_origin
    async def push_port(
        self, context: JobContext, *, port: str, request_id: str | None = None
    ) -> None:
        """Set the groups of a port in the cloud."""

        async def work() -> dict[str, object]:
            return {"had_work": await push_port(self._database, self._clouds, UUID(port))}

        async def record_failure(error: RingfenceError, _trace: str) -> None:
            message = storable(explain(error, context.job.task_name), LONGEST_TRACE)
            async with self._database.transaction() as connection:
                await port_lifecycle.record_failure(connection, UUID(port), message)

        with self._running(context, {"port": port, "request_id": request_id}):
            attempt = Attempt(context.job.attempts, job=context.job.task_name)
            await run(work, record_failure, attempt)

    async def _run_for_group(
        self,
        context: JobContext,
        function: Callable[[Database, Clouds, UUID], Awaitable[bool]],
        security_group: str,
        request_id: str | None,
    ) -> None:
        async def work() -> dict[str, object]:
            uuid = UUID(security_group)
            return {"had_work": await function(self._database, self._clouds, uuid)}

        async def record_failure(error: RingfenceError, trace: str) -> None:
            message = storable(explain(error, context.job.task_name), LONGEST_TRACE)
            async with self._database.transaction() as connection:
                await lifecycle.record_failure(connection, UUID(security_group), message, trace)

        ids = {"security_group": security_group, "request_id": request_id}
        with self._running(context, ids):
            attempt = Attempt(context.job.attempts, job=context.job.task_name)
            await run(work, record_failure, attempt)

    @contextmanager
    def _running(self, context: JobContext, ids: Mapping[str, object]) -> Iterator[None]:
        """Add the job to those that run, and its ids to each line of its log."""
        self.running.add(context.job.id)
        present = {name: value for name, value in ids.items() if value is not None}
        try:
            with bound_contextvars(job=context.job.task_name, job_id=context.job.id, **present):
                yield
        finally:
            self.running.discard(context.job.id)


async def run(
    work: Callable[[], Awaitable[dict[str, object]]],
    record_failure: RecordFailure,
    attempt: Attempt,
) -> None:
    """Do the work once; retry later, or record the failure with a message for users.

    Raises `RetryLater` if another attempt follows. Writes one line of log.
    """
    begun = time.monotonic()
    outcome: dict[str, object] = {"outcome": "interrupted"}
    try:
        outcome = {"outcome": "done", **await work()}
    except Unavailable as error:
        # Ringfence's own database: nothing is known to have failed in the cloud.
        outcome = {"outcome": "database away"}
        raise RetryLater(DATABASE_DELAY) from error
    except CloudError as error:
        outcome = {"outcome": "refused", "error": str(error)}
        after = _retry_delay(error, attempt)
        if after is not None:
            outcome |= {"outcome": "another try", "after": round(after, 1)}
            raise RetryLater(after) from error
        await _give_up(record_failure, error)
    except Exception:
        reference = uuid4().hex[:12]
        outcome = {"outcome": "internal error", "reference": reference}
        logger.exception("job_crashed", reference=reference)
        await _give_up(record_failure, RingfenceError(f"Internal error, reference {reference}."))
    finally:
        seconds = round(time.monotonic() - begun, 3)
        logger.info("job", attempt=attempt.number, seconds=seconds, **outcome)
        ended = str(outcome["outcome"]).replace(" ", "_")
        metrics.current().job(attempt.job, ended, seconds)


def _retry_delay(error: CloudError, attempt: Attempt) -> float | None:
    if not isinstance(error, Retry):
        return None
    return delay_before_retry(attempt.number, error.after, periodic=attempt.periodic)


async def _give_up(record_failure: RecordFailure, error: RingfenceError) -> None:
    try:
        await record_failure(error, storable(traceback.format_exc(), LONGEST_TRACE))
    except Unavailable as away:
        raise RetryLater(DATABASE_DELAY) from away


def jobs_app(conninfo: str) -> procrastinate.App:
    """Return a Procrastinate application with a connection pool of its own, for a worker."""
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo,
        pool_factory=connect.pool,
        min_size=1,
        max_size=4,
        timeout=5.0,
        # A prepared statement that outlives a change of its tables would end the worker.
        kwargs={"prepare_threshold": None},
    )
    return procrastinate.App(connector=connector)
