"""The jobs by name: what each does, and what becomes of it when it cannot be done.

A job says "this group may differ", never "make this change": it may be lost, repeated or cut off
anywhere, and the next one sets things right. Between tries a group stays in its state of work
under way; ERRED comes only after the last try, or at once where trying cannot help.
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
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.sync.drivers import Clouds
from ringfence.sync.failures import explained
from ringfence.sync.missing_bound import USUAL_BOUND, MassRemovalGuard
from ringfence.sync.pull import pull_group, pull_tenant
from ringfence.sync.push import delete_group, push_group
from ringfence.sync.retries import DATABASE_PAUSE, Strategy, TryAgain, pause
from ringfence.telemetry import metrics, tracing

LONGEST_TRACE = 100_000

logger = structlog.get_logger(__name__)

Work = Callable[..., Awaitable[None]]
Failed = Callable[[RingfenceError, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Try:
    """One run of a job: its name, how many came before, and whether it is the periodic kind."""

    attempt: int
    periodic: bool = False
    job: str = "job"


def _asked(function: Work) -> Work:
    """Return a job's work, whose events name who asked for it."""

    @wraps(function)
    async def work(
        desk: "JobHandlers",
        context: JobContext,
        *,
        asked_by: Mapping[str, str] = MappingProxyType({}),
        request_id: str | None = None,
        **arguments: Any,  # noqa: ANN401 - Procrastinate's
    ) -> None:
        with Origin.of_job(asked_by, request_id).known():
            await function(desk, context, request_id=request_id, **arguments)

    return work


class JobHandlers:
    """Where jobs come in: one for each worker."""

    def __init__(
        self, database: Database, clouds: Clouds, bound: MassRemovalGuard = USUAL_BOUND
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._bound = bound
        # The ids of the jobs that run here now.
        self.running: set[int | None] = set()

    def register(self, app: procrastinate.App) -> None:
        """Give the names that changes ask for their work."""
        work: dict[Job, Work] = {
            Job.PUSH_GROUP: self.push_group,
            Job.PULL_GROUP: self.pull_group,
            Job.DELETE_GROUP: self.delete_group,
            Job.PULL_TENANT: self.pull_tenant,
        }
        for name, function in work.items():
            work_of = tracing.traced_job(function)
            app.task(name=name, pass_context=True, retry=Strategy())(work_of)

    @_asked
    async def push_group(
        self, context: JobContext, *, security_group: str, request_id: str | None = None
    ) -> None:
        """Make the cloud's group what was asked for."""
        await self._on_group(context, push_group, security_group, request_id)

    @_asked
    async def pull_group(
        self, context: JobContext, *, security_group: str, request_id: str | None = None
    ) -> None:
        """Take over what the cloud has of one group."""
        await self._on_group(context, pull_group, security_group, request_id)

    @_asked
    async def delete_group(
        self,
        context: JobContext,
        *,
        security_group: str,
        detach: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Delete the group in the cloud, then here; `detach` takes it off its ports before."""
        work = partial(delete_group, detach=detach)
        await self._on_group(context, work, security_group, request_id)

    @_asked
    async def pull_tenant(
        self,
        context: JobContext,
        *,
        tenant: str,
        periodic: bool = False,
        confirmed: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Take over what the cloud has of a tenant's groups."""

        async def work() -> dict[str, object]:
            uuid = UUID(tenant)
            done = await pull_tenant(
                self._database,
                self._clouds,
                uuid,
                requested=not periodic,
                bound=self._bound,
                confirmed=confirmed,
            )
            return dict(done)

        async def failed(error: RingfenceError, _trace: str) -> None:
            if not periodic:
                async with self._database.transaction() as connection:
                    await pulls.fail(connection, UUID(tenant), storable(str(error), LONGEST_TRACE))

        ids = {"tenant": tenant, "request_id": request_id, "periodic": periodic}
        with self._shown(context, ids):
            await run(work, failed, Try(context.job.attempts, periodic, context.job.task_name))

    async def _on_group(
        self,
        context: JobContext,
        function: Callable[[Database, Clouds, UUID], Awaitable[bool]],
        security_group: str,
        request_id: str | None,
    ) -> None:
        async def work() -> dict[str, object]:
            uuid = UUID(security_group)
            return {"had_work": await function(self._database, self._clouds, uuid)}

        async def failed(error: RingfenceError, trace: str) -> None:
            message = storable(explained(error, context.job.task_name), LONGEST_TRACE)
            async with self._database.transaction() as connection:
                await lifecycle.record_failure(connection, UUID(security_group), message, trace)

        ids = {"security_group": security_group, "request_id": request_id}
        with self._shown(context, ids):
            this_try = Try(context.job.attempts, job=context.job.task_name)
            await run(work, failed, this_try)

    @contextmanager
    def _shown(self, context: JobContext, ids: Mapping[str, object]) -> Iterator[None]:
        """Show the job among those that run, and in each line of its log."""
        self.running.add(context.job.id)
        present = {name: value for name, value in ids.items() if value is not None}
        try:
            with bound_contextvars(job=context.job.task_name, job_id=context.job.id, **present):
                yield
        finally:
            self.running.discard(context.job.id)


async def run(
    work: Callable[[], Awaitable[dict[str, object]]], failed: Failed, this_try: Try
) -> None:
    """Do the work once; ask for another try, or record the failure in words for a person.

    Raises `TryAgain` where another try follows. Writes one line of log.
    """
    begun = time.monotonic()
    outcome: dict[str, object] = {"outcome": "interrupted"}
    try:
        outcome = {"outcome": "done", **await work()}
    except Unavailable as error:
        # Our own database: the cloud's answer is not known to be anything, so nothing has failed.
        outcome = {"outcome": "database away"}
        raise TryAgain(DATABASE_PAUSE) from error
    except CloudError as error:
        outcome = {"outcome": "refused", "error": str(error)}
        after = _pause_after(error, this_try)
        if after is not None:
            outcome |= {"outcome": "another try", "after": round(after, 1)}
            raise TryAgain(after) from error
        await _give_up(failed, error)
    except Exception:
        reference = uuid4().hex[:12]
        outcome = {"outcome": "internal error", "reference": reference}
        logger.exception("job_crashed", reference=reference)
        await _give_up(failed, RingfenceError(f"Internal error, reference {reference}."))
    finally:
        seconds = round(time.monotonic() - begun, 3)
        logger.info("job", attempt=this_try.attempt, seconds=seconds, **outcome)
        ended = str(outcome["outcome"]).replace(" ", "_")
        metrics.current().job(this_try.job, ended, seconds)


def _pause_after(error: CloudError, this_try: Try) -> float | None:
    if not isinstance(error, Retry):
        return None
    return pause(this_try.attempt, error.after, periodic=this_try.periodic)


async def _give_up(failed: Failed, error: RingfenceError) -> None:
    try:
        await failed(error, storable(traceback.format_exc(), LONGEST_TRACE))
    except Unavailable as away:
        raise TryAgain(DATABASE_PAUSE) from away


def jobs_app(conninfo: str) -> procrastinate.App:
    """Give an application on a pool of its own, as a worker needs it."""
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo,
        pool_factory=connect.pool,
        min_size=1,
        max_size=4,
        timeout=5.0,
        # A plan that outlives a change of the tables would end the worker.
        kwargs={"prepare_threshold": None},
    )
    return procrastinate.App(connector=connector)
