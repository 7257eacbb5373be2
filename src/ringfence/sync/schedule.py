"""The schedule of periodic pulls.

`worker` calls it every few seconds. It queues a job for each tenant whose last pull is nearly the
interval old; `pull` does the job.
"""

from ringfence.clouds import pulls
from ringfence.database.outbox import defer_periodic_for_tenant
from ringfence.database.pool import Database


async def queue_due_pulls(database: Database, interval: float) -> int:
    """Queue the periodic pull of tenants that are due; return how many.

    `interval` is in seconds.
    """
    async with database.transaction() as connection:
        due = await pulls.take_due(connection, interval)
        for uuid in due:
            await defer_periodic_for_tenant(connection, uuid)
    return len(due)
