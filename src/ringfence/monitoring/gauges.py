"""What the database knows of the work and of the clouds, as it is at the moment of asking."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import psycopg
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from psycopg.rows import class_row

from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable
from ringfence.text.escaping import label

# Several who scrape at once, or one who scrapes all processes, cost one look. It counts all groups,
# 0.3 s for 300,000 of them: looking takes a fiftieth of the time, however many there are.
FRESH_SECONDS = 5.0
SHARE = 1 / 50
ANSWER_SECONDS = 10.0
WORKER_SECONDS = 30

_JOBS: LiteralString = """
SELECT
    job.task_name AS job,
    job.status::text AS state,
    count(*) AS number,
    coalesce(
        extract(EPOCH FROM now() - min(greatest(deferred.at, job.scheduled_at))), 0
    )::double precision AS age
FROM procrastinate_jobs AS job
LEFT JOIN LATERAL (
    SELECT min(event.at) AS at FROM procrastinate_events AS event
    WHERE event.job_id = job.id AND event.type = 'deferred'
) AS deferred ON job.status IN ('todo', 'doing')
WHERE job.status IN ('todo', 'doing', 'failed')
GROUP BY job.task_name, job.status
"""

_WORKERS: LiteralString = """
SELECT count(*) FROM procrastinate_workers AS worker
WHERE worker.last_heartbeat > now() - make_interval(secs => %(seconds)s)
"""

_CLOUDS: LiteralString = """
SELECT
    cloud.name AS cloud,
    CASE
        WHEN cloud.backend = 'sandbox' THEN true
        ELSE contact.answers
    END AS reachable,
    tenant.compared AS compared,
    tenant.longest AS longest,
    coalesce(tenant.number, 0) AS tenants,
    coalesce(tenant.stopped, 0) AS stopped
FROM clouds AS cloud
LEFT JOIN LATERAL (
    SELECT bool_and(contact.failed_at IS NULL) AS answers
    FROM cloud_reachability AS contact
    WHERE
        contact.entry = cloud.openstack_cloud
        OR EXISTS (
            SELECT 1 FROM tenants AS tenant
            WHERE tenant.cloud_id = cloud.id AND tenant.openstack_cloud = contact.entry
        )
) AS contact ON true
LEFT JOIN (
    SELECT
        tenant.cloud_id,
        max(pull.pulled_at) AS compared,
        min(coalesce(pull.pulled_at, tenant.created)) AS longest,
        count(*) AS number,
        count(*) FILTER (WHERE tenant.error_message <> '') AS stopped
    FROM tenants AS tenant
    LEFT JOIN tenant_pulls AS pull ON tenant.id = pull.tenant_id
    GROUP BY tenant.cloud_id
) AS tenant ON cloud.id = tenant.cloud_id
"""

_GROUPS: LiteralString = """
SELECT cloud.name AS cloud, grouped.state, sum(grouped.number)::bigint AS number
FROM (
    SELECT sg.tenant_id, sg.state, count(*) AS number
    FROM security_groups AS sg
    GROUP BY sg.tenant_id, sg.state
) AS grouped
INNER JOIN tenants AS tenant ON grouped.tenant_id = tenant.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
GROUP BY cloud.name, grouped.state
"""

_DRIFTS: LiteralString = """
SELECT
    cloud.name AS cloud,
    CASE WHEN seen.missing THEN 'missing' ELSE 'changed' END AS state,
    count(*) AS number
FROM security_group_observations AS seen
INNER JOIN security_groups AS sg ON seen.security_group_id = sg.id
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
WHERE seen.missing OR seen.drift_digest <> ''
GROUP BY cloud.name, seen.missing
"""


class Jobs(NamedTuple):
    """Jobs of one kind in one state; `age` is that of the oldest, in seconds."""

    job: str
    state: str
    number: int
    age: float


class Cloud(NamedTuple):
    """One cloud; `longest` is when the tenant that waits longest was last compared."""

    cloud: str
    reachable: bool | None
    compared: datetime | None
    longest: datetime | None
    tenants: int
    stopped: int


class Count(NamedTuple):
    """How many groups of a cloud are in a state."""

    cloud: str
    state: str
    number: int


class Known(NamedTuple):
    """All of it, from one moment."""

    jobs: Sequence[Jobs]
    workers: int
    clouds: Sequence[Cloud]
    groups: Sequence[Count]
    drifts: Sequence[Count]


class Gauges:
    """The last look at the database."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._known: Known | None = None
        self._good_until = float("-inf")

    async def collect(self, database: Database) -> list[Metric]:
        """Give the gauges; of a database that is away, this alone."""
        async with self._asking:
            begun = time.monotonic()
            if begun > self._good_until:
                self._known = await self._look(database)
                took = time.monotonic() - begun
                self._good_until = begun + max(FRESH_SECONDS, took / SHARE)
            return [up(self._known), *(families(self._known) if self._known else ())]

    async def _look(self, database: Database) -> Known | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), database.transaction() as connection:
                return Known(
                    jobs=await _rows(connection, Jobs, _JOBS),
                    workers=await _workers(connection),
                    clouds=await _rows(connection, Cloud, _CLOUDS),
                    groups=await _rows(connection, Count, _GROUPS),
                    drifts=await _rows(connection, Count, _DRIFTS),
                )
        except (Unavailable, TimeoutError, psycopg.Error):
            return None


async def _rows(connection: Connection, kind: type[Any], statement: LiteralString) -> list[Any]:
    cursor = connection.cursor(row_factory=class_row(kind))
    await cursor.execute(statement)
    return await cursor.fetchall()


async def _workers(connection: Connection) -> int:
    cursor = await connection.execute(_WORKERS, {"seconds": WORKER_SECONDS})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def up(known: Known | None) -> Metric:
    """Give whether anything is known."""
    words = "Whether the database answered."
    return GaugeMetricFamily("ringfence_database_up", words, value=float(known is not None))


def families(known: Known) -> Iterator[Metric]:
    """Give what is known as Prometheus takes it."""
    yield GaugeMetricFamily(
        "ringfence_workers", "Workers that were heard of lately.", value=known.workers
    )
    yield _family(
        "ringfence_jobs",
        "Jobs by what becomes of them.",
        ("job", "state"),
        [((each.job, each.state), each.number) for each in known.jobs],
    )
    yield _family(
        "ringfence_job_oldest_age_seconds",
        "How long the oldest job has been due.",
        ("job", "state"),
        [
            ((each.job, each.state), max(each.age, 0))
            for each in known.jobs
            if each.state != "failed"
        ],
    )
    yield from _of_clouds(known.clouds)
    yield _family(
        "ringfence_security_groups",
        "Groups by their state.",
        ("cloud", "state"),
        [((each.cloud, each.state), each.number) for each in known.groups],
    )
    yield _family(
        "ringfence_security_groups_drifting",
        "Groups that differ in the cloud (changed), or are gone from it (missing).",
        ("cloud", "kind"),
        [((each.cloud, each.state), each.number) for each in known.drifts],
    )


def _of_clouds(clouds: Sequence[Cloud]) -> Iterator[Metric]:
    reached = [((each.cloud,), each.reachable) for each in clouds if each.reachable is not None]
    compared = [((each.cloud,), each.compared.timestamp()) for each in clouds if each.compared]
    longest = [((each.cloud,), each.longest.timestamp()) for each in clouds if each.longest]
    of_cloud = ("cloud",)
    yield _family(
        "ringfence_cloud_reachable",
        "Whether the last call to the cloud got an answer.",
        of_cloud,
        reached,
    )
    yield _family(
        "ringfence_cloud_last_comparison_timestamp_seconds",
        "When a tenant of the cloud was last compared with it.",
        of_cloud,
        compared,
    )
    yield _family(
        "ringfence_cloud_oldest_comparison_timestamp_seconds",
        "When the tenant that has waited longest was last compared, or came to be.",
        of_cloud,
        longest,
    )
    yield _family(
        "ringfence_cloud_tenants",
        "Tenants of the cloud.",
        of_cloud,
        [((c.cloud,), c.tenants) for c in clouds],
    )
    yield _family(
        "ringfence_cloud_tenants_stopped",
        "Tenants whose comparison stopped or failed, and says why.",
        of_cloud,
        [((each.cloud,), each.stopped) for each in clouds],
    )


def _family(
    name: str,
    words: str,
    labels: Sequence[str],
    samples: Sequence[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in samples:
        family.add_metric([label(value) for value in values], float(number))
    return family
