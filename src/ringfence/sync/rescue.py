"""What no job takes care of any more: stalled ones, lost ones, and comparisons that are due."""

from typing import LiteralString

import structlog
from psycopg.rows import tuple_row

from ringfence.clouds import comparisons
from ringfence.database.jobs import (
    Job,
    defer_for_group,
    defer_for_tenant,
    defer_periodic_for_tenant,
)
from ringfence.database.pool import Connection, Database
from ringfence.security_groups import outcomes

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
QUIET_SECONDS = 5.0

logger = structlog.get_logger(__name__)

# A worker without a heartbeat is dead; Procrastinate leaves its jobs as they were.
_RETAKE: LiteralString = """
UPDATE procrastinate_jobs
SET status = 'todo', attempts = attempts + 1, scheduled_at = NULL, abort_requested = false
WHERE
    id IN (
        SELECT job.id
        FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON job.worker_id = worker.id
        WHERE
            job.status = 'doing'
            AND (
                worker.id IS NULL
                OR worker.last_heartbeat < now() - make_interval(secs => %s)
            )
        FOR UPDATE OF job SKIP LOCKED
    )
RETURNING id, task_name
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
    """Let the jobs of dead workers run again; gives how many there were."""
    async with database.connection() as connection:
        cursor = await connection.execute(_RETAKE, [STALLED_SECONDS])
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
            for waiting in await outcomes.waiting(connection, QUIET_SECONDS)
        }
        tenants = {
            f"tenant:{uuid}": uuid
            for uuid in await comparisons.unsettled(connection, QUIET_SECONDS)
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
        due = await comparisons.take_due(connection, interval)
        for uuid in due:
            await defer_periodic_for_tenant(connection, uuid)
    return len(due)


async def forget_old_jobs(database: Database, hours: int) -> None:
    """Drop what is left of jobs that ended long ago."""
    async with database.connection() as connection:
        await connection.execute(_FORGET, [hours])


def _job_for(waiting: outcomes.Waiting) -> Job:
    if waiting.state in outcomes.DELETED:
        return Job.DELETE_GROUP
    if waiting.state in outcomes.PULLED and not waiting.is_outstanding:
        return Job.PULL_GROUP
    return Job.PUSH_GROUP


async def _locked(connection: Connection, locks: list[str]) -> set[str]:
    if not locks:
        return set()
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(_LOCKED, [locks])
    return {row[0] for row in await cursor.fetchall()}
