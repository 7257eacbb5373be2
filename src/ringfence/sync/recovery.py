"""Recovery of work that no job does any more.

`worker` calls it every few seconds. It requeues the jobs of dead workers, and queues a job for each
group or tenant whose state waits for one that was lost. `cleanup` deletes old jobs.
"""

from collections.abc import Collection
from typing import LiteralString

import structlog
from psycopg.rows import tuple_row

from ringfence.clouds import pulls
from ringfence.database.outbox import (
    Job,
    defer_for_group,
    defer_for_port,
    defer_for_tenant,
)
from ringfence.database.pool import Connection, Database
from ringfence.ports import lifecycle as port_lifecycle
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.sync.failures import LONGEST_DELAY

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
GRACE_SECONDS = 5.0
# Old jobs that one statement deletes
JOBS_AT_ONCE = 1000

logger = structlog.get_logger(__name__)

_REQUEUE: LiteralString = """
UPDATE procrastinate_jobs
SET status = 'todo', attempts = attempts + 1, scheduled_at = NULL, abort_requested = false
WHERE id IN ({selection})
RETURNING id, task_name
"""

# Jobs of dead workers: Procrastinate leaves them as they are. A heartbeat in the future was sent
# before the clock was set back.
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

_BY_ID: LiteralString = """
SELECT job.id
FROM procrastinate_jobs AS job
WHERE job.status = 'doing' AND job.id = ANY(%s)
FOR UPDATE OF job SKIP LOCKED
"""

# No retry is ever delayed for so long: the clock was set back in the meantime.
_SCHEDULED_TOO_LATE: LiteralString = """
SELECT job.id
FROM procrastinate_jobs AS job
WHERE job.status = 'todo' AND job.scheduled_at > now() + make_interval(secs => %s)
FOR UPDATE OF job SKIP LOCKED
"""

# The events of a job are deleted with it.
_DELETE_OLD: LiteralString = """
DELETE FROM procrastinate_jobs
WHERE id IN (
    SELECT job.id FROM procrastinate_jobs AS job
    WHERE
        job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
        AND NOT EXISTS (
            SELECT 1 FROM procrastinate_events AS event
            WHERE event.job_id = job.id AND event.at > now() - make_interval(hours => %(hours)s)
        )
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
"""

_WITH_JOB: LiteralString = """
SELECT DISTINCT job.lock FROM procrastinate_jobs AS job
WHERE job.lock = ANY(%s) AND job.status IN ('todo', 'doing')
"""


async def requeue_stalled(database: Database) -> int:
    """Requeue the jobs of dead workers, and those scheduled too far ahead; return how many."""
    of_dead = await _requeue(database, _OF_DEAD_WORKERS, STALLED_SECONDS)
    return of_dead + await _requeue(database, _SCHEDULED_TOO_LATE, 2 * LONGEST_DELAY)


async def requeue_abandoned(
    database: Database, worker: int, running: Collection[int], suspected: Collection[int]
) -> set[int]:
    """Requeue the jobs that are assigned to this worker and do not run in it.

    The connection failed when such a job was fetched, or when its end was recorded. A job is
    requeued if the last call returned it as suspected: others may be about to begin or to end.
    Returns those that are suspected now.
    """
    async with database.connection() as connection:
        rows = await (await connection.execute(_OF_A_WORKER, [worker])).fetchall()
    idle = {job for (job,) in rows} - set(running)
    if abandoned := idle & set(suspected):
        await _requeue(database, _BY_ID, list(abandoned))
    return idle - abandoned


async def _requeue(database: Database, selection: LiteralString, value: object) -> int:
    async with database.connection() as connection:
        cursor = await connection.execute(_REQUEUE.replace("{selection}", selection), [value])
        rows = await cursor.fetchall()
    for job_id, name in rows:
        logger.warning("job_requeued", job=name, job_id=job_id)
    return len(rows)


async def requeue_lost(database: Database) -> int:
    """Queue a job for each group, port and tenant that waits for work without one; return how many.

    A waiting group is pulled if its desired rules were applied, and pushed if not.
    """
    async with database.transaction() as connection:
        groups = {
            f"security_group:{waiting.uuid}": waiting
            for waiting in await lifecycle.pending(connection, GRACE_SECONDS)
        }
        tenants = {
            f"tenant:{uuid}": uuid for uuid in await pulls.stalled(connection, GRACE_SECONDS)
        }
        ports = {
            f"port:{uuid}": uuid for uuid in await port_lifecycle.pending(connection, GRACE_SECONDS)
        }
        with_job = await _locks_with_job(connection, [*groups, *tenants, *ports])
        lost_groups = [groups[lock] for lock in groups.keys() - with_job]
        lost_tenants = [tenants[lock] for lock in tenants.keys() - with_job]
        lost_ports = [ports[lock] for lock in ports.keys() - with_job]
        for waiting in lost_groups:
            await defer_for_group(connection, _job_for(waiting), waiting.uuid)
        for uuid in lost_tenants:
            await defer_for_tenant(connection, uuid)
        for uuid in lost_ports:
            await defer_for_port(connection, uuid)
    for waiting in lost_groups:
        logger.warning("job_lost", security_group=waiting.uuid.hex)
    for uuid in lost_tenants:
        logger.warning("job_lost", tenant=uuid.hex)
    for uuid in lost_ports:
        logger.warning("job_lost", port=uuid.hex)
    return len(lost_groups) + len(lost_tenants) + len(lost_ports)


async def delete_old_jobs(database: Database, hours: int) -> int:
    """Delete the jobs that ended more than this many hours ago; return how many."""
    deleted = 0
    while True:
        async with database.connection() as connection:
            values = {"hours": hours, "most": JOBS_AT_ONCE}
            cursor = await connection.execute(_DELETE_OLD, values)
        deleted += cursor.rowcount
        if cursor.rowcount < JOBS_AT_ONCE:
            return deleted


def _job_for(waiting: lifecycle.PendingGroup) -> Job:
    if waiting.state in lifecycle.DELETED:
        return Job.DELETE_GROUP
    if waiting.state in lifecycle.PULLED and not waiting.is_outstanding:
        return Job.PULL_GROUP
    return Job.PUSH_GROUP


async def _locks_with_job(connection: Connection, locks: list[str]) -> set[str]:
    if not locks:
        return set()
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(_WITH_JOB, [locks])
    return {row[0] for row in await cursor.fetchall()}
