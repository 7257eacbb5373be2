"""What no job takes care of any more: stalled ones, lost ones, and comparisons that are due."""

from collections.abc import Collection
from typing import LiteralString

import structlog
from psycopg.rows import tuple_row

from ringfence.clouds import pulls
from ringfence.database.outbox import (
    Job,
    defer_for_group,
    defer_for_tenant,
    defer_periodic_for_tenant,
)
from ringfence.database.pool import Connection, Database
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.sync.retries import LONGEST_PAUSE

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
QUIET_SECONDS = 5.0

logger = structlog.get_logger(__name__)

_RUN_AGAIN: LiteralString = """
UPDATE procrastinate_jobs
SET status = 'todo', attempts = attempts + 1, scheduled_at = NULL, abort_requested = false
WHERE id IN ({selection})
RETURNING id, task_name
"""

# A worker without a heartbeat is dead; Procrastinate leaves its jobs as they were. One from the
# future was beaten before the clock was set back.
_OF_DEAD_WORKERS: LiteralString = """
SELECT job.id
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON job.worker_id = worker.id
WHERE
    job.status = 'doing'
    AND (
        worker.id IS NULL
        OR abs(extract(epoch FROM now() - worker.last_heartbeat)) > %s
    )
FOR UPDATE OF job SKIP LOCKED
"""

_OF_A_WORKER: LiteralString = """
SELECT job.id FROM procrastinate_jobs AS job WHERE job.status = 'doing' AND job.worker_id = %s
"""

_THESE: LiteralString = """
SELECT job.id
FROM procrastinate_jobs AS job
WHERE job.status = 'doing' AND job.id = ANY(%s)
FOR UPDATE OF job SKIP LOCKED
"""

# No try is ever put off for that long: the clock was set back meanwhile.
_PUT_OFF_TOO_LONG: LiteralString = """
SELECT job.id
FROM procrastinate_jobs AS job
WHERE job.status = 'todo' AND job.scheduled_at > now() + make_interval(secs => %s)
FOR UPDATE OF job SKIP LOCKED
"""

_FORGET: LiteralString = """
DELETE FROM procrastinate_jobs AS job
WHERE
    job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
    AND NOT EXISTS (
        SELECT 1 FROM procrastinate_events AS event
        WHERE event.job_id = job.id AND event.at > now() - make_interval(hours => %s)
    )
"""

_LOCKED: LiteralString = """
SELECT DISTINCT job.lock FROM procrastinate_jobs AS job
WHERE job.lock = ANY(%s) AND job.status IN ('todo', 'doing')
"""


async def retake_stalled(database: Database) -> int:
    """Let the jobs of dead workers run again, and those put off for too long; gives how many."""
    of_dead = await _run_again(database, _OF_DEAD_WORKERS, STALLED_SECONDS)
    return of_dead + await _run_again(database, _PUT_OFF_TOO_LONG, 2 * LONGEST_PAUSE)


async def retake_abandoned(
    database: Database, worker: int, running: Collection[int], suspected: Collection[int]
) -> set[int]:
    """Let the jobs run again that this worker has by the database, and does not run.

    The database went away when one of them was handed out, or reported. `suspected` are those that
    the look before this one gave: what is about to begin or to end is no concern. Gives those that
    are suspected now.
    """
    async with database.connection() as connection:
        rows = await (await connection.execute(_OF_A_WORKER, [worker])).fetchall()
    idle = {job for (job,) in rows} - set(running)
    if abandoned := idle & set(suspected):
        await _run_again(database, _THESE, list(abandoned))
    return idle - abandoned


async def _run_again(database: Database, selection: LiteralString, value: object) -> int:
    async with database.connection() as connection:
        cursor = await connection.execute(_RUN_AGAIN.replace("{selection}", selection), [value])
        rows = await cursor.fetchall()
    for job_id, name in rows:
        logger.warning("job_retaken", job=name, job_id=job_id)
    return len(rows)


async def ask_again(database: Database) -> int:
    """Ask for work on what waits for it without a job; gives for how many.

    A group that no job cares for is pulled where the cloud had everything that was asked for, and
    pushed where it had not.
    """
    async with database.transaction() as connection:
        groups = {
            f"security_group:{waiting.uuid}": waiting
            for waiting in await lifecycle.pending(connection, QUIET_SECONDS)
        }
        tenants = {
            f"tenant:{uuid}": uuid for uuid in await pulls.unsettled(connection, QUIET_SECONDS)
        }
        cared_for = await _locked(connection, [*groups, *tenants])
        lost_groups = [groups[lock] for lock in groups.keys() - cared_for]
        lost_tenants = [tenants[lock] for lock in tenants.keys() - cared_for]
        for waiting in lost_groups:
            await defer_for_group(connection, _job_for(waiting), waiting.uuid)
        for uuid in lost_tenants:
            await defer_for_tenant(connection, uuid)
    for waiting in lost_groups:
        logger.warning("job_was_lost", security_group=waiting.uuid.hex)
    for uuid in lost_tenants:
        logger.warning("job_was_lost", tenant=uuid.hex)
    return len(lost_groups) + len(lost_tenants)


async def compare_due_tenants(database: Database, interval: float) -> int:
    """Ask for the periodic comparison of tenants whose last is nearly `interval` seconds old."""
    async with database.transaction() as connection:
        due = await pulls.take_due(connection, interval)
        for uuid in due:
            await defer_periodic_for_tenant(connection, uuid)
    return len(due)


async def forget_old_jobs(database: Database, hours: int) -> None:
    """Drop what is left of jobs that ended long ago."""
    async with database.connection() as connection:
        await connection.execute(_FORGET, [hours])


def _job_for(waiting: lifecycle.Waiting) -> Job:
    if waiting.state in lifecycle.DELETED:
        return Job.DELETE_GROUP
    if waiting.state in lifecycle.PULLED and not waiting.is_outstanding:
        return Job.PULL_GROUP
    return Job.PUSH_GROUP


async def _locked(connection: Connection, locks: list[str]) -> set[str]:
    if not locks:
        return set()
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(_LOCKED, [locks])
    return {row[0] for row in await cursor.fetchall()}
