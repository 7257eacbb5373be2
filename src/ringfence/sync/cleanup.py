"""Removes what the settings no longer keep, and adds the months of the audit trail that begin soon.

It also counts once a day what is open to the internet (`ports.exposures.snapshots`).

`worker` calls it every hour, `ringfence retention run` once. Each step is bounded and can be
repeated by several workers at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ringfence.database.embedded import roles
from ringfence.database.pool import Database
from ringfence.events import retention
from ringfence.events.retention import Removal
from ringfence.http.middleware.idempotency import delete_expired
from ringfence.ports.exposures.snapshots import take_snapshots
from ringfence.security_groups.history.retention import remove_versions
from ringfence.settings import Settings
from ringfence.sync import recovery

JOB_RETENTION_HOURS = 7 * 24

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What one run removed, and the expired months that it left."""

    months: Sequence[Removal]
    left: Sequence[Removal]
    versions: int
    keys: int
    jobs: int
    is_owner: bool = True


def kept_days(settings: Settings) -> retention.Days:
    """Return how many days each table of the audit trail is kept."""
    return {"events": settings.event_days, "refusals": settings.refusal_days}


async def clean(settings: Settings, conninfo: str, database: Database) -> Cleaned:
    """Remove everything that has expired. `conninfo` and `database` are of the role that serves."""
    jobs = await recovery.delete_old_jobs(database, JOB_RETENTION_HOURS)
    keys = await delete_expired(database)
    await take_snapshots(database)
    versions = 0
    if settings.version_days is not None:
        versions = await remove_versions(database, settings.version_days, settings.version_count)
    async with database.connection() as connection:
        await retention.add_months(connection)
        expired = await retention.find_expired(connection, kept_days(settings))
    removed: list[Removal] = []
    is_owner = True
    if expired:
        owner = roles.owning(settings, conninfo)
        async with Database.open(owner, size=1) as owned:
            async with owned.connection() as connection:
                is_owner = await retention.is_owner(connection)
                if is_owner:
                    days = kept_days(settings)
                    expired += await retention.find_expired_without_month(connection, days)
            if is_owner:
                removed = await retention.remove_months(owned, expired)
    left = [each for each in expired if each not in removed]
    return Cleaned(removed, left, versions, keys, jobs, is_owner)


async def clean_and_log(settings: Settings, conninfo: str, database: Database) -> None:
    """Remove everything that has expired, and log what that was."""
    cleaned = await clean(settings, conninfo, database)
    for month in cleaned.months:
        logger.info("audit_trail_shortened", table=month.table, before=month.before.isoformat())
    if cleaned.versions:
        logger.info("versions_removed", number=cleaned.versions)
    # Refused changes are also removed one by one, by the role that serves.
    waiting = [month for month in cleaned.left if month.table == "events"]
    if waiting and not cleaned.is_owner:
        logger.warning("retention_needs_owner", run="ringfence retention run", as_="owner")
