"""Metrics that are read from the database: jobs, workers, clouds, groups and drift.

`telemetry/metrics.py` has the metrics that processes count.
"""

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
from ringfence.security_groups.cloud_state.observations import GRADE
from ringfence.text.escaping import label

# Concurrent scrapes share one read. It counts all groups (0.3 s for 300,000), and is repeated so
# rarely that it takes at most SHARE of the time.
FRESH_SECONDS = 5.0
SHARE = 1 / 50
TIMEOUT_SECONDS = 10.0
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
        ELSE contact.responds
    END AS reachable,
    tenant.pulled AS last_pull,
    tenant.oldest AS oldest_pull,
    coalesce(tenant.number, 0) AS tenants,
    coalesce(tenant.stopped, 0) AS stopped
FROM clouds AS cloud
LEFT JOIN LATERAL (
    SELECT bool_and(contact.failed_at IS NULL) AS responds
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
        max(pull.pulled_at) AS pulled,
        min(coalesce(pull.pulled_at, tenant.created)) AS oldest,
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
SELECT drifted.cloud, drifted.state, count(*) AS number
FROM (
    SELECT
        cloud.name AS cloud,
        CASE WHEN observed.missing THEN 'missing' ELSE coalesce({grade}, 'unknown') END AS state
    FROM security_group_observations AS observed
    INNER JOIN security_groups AS sg ON observed.security_group_id = sg.id
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    WHERE observed.missing OR observed.drift_digest <> ''
) AS drifted
GROUP BY drifted.cloud, drifted.state
""".replace("{grade}", GRADE)

# Estimates of the last vacuum or analysis; nothing is counted or locked. Indexes and long values
# count with their table, partitions with the whole.
_TABLES: LiteralString = """
SELECT
    coalesce(whole.relname, tables.relname)::text AS name,
    sum(greatest(tables.reltuples, 0))::double precision AS rows,
    sum(
        (
            tables.relpages + coalesce(long.relpages, 0) + (
                SELECT coalesce(sum(index_class.relpages), 0)
                FROM pg_index AS index
                INNER JOIN pg_class AS index_class ON index.indexrelid = index_class.oid
                WHERE index.indrelid IN (tables.oid, tables.reltoastrelid)
            )
        ) * current_setting('block_size')::double precision
    ) AS bytes
FROM pg_class AS tables
LEFT JOIN pg_class AS long ON tables.reltoastrelid = long.oid
LEFT JOIN pg_inherits AS kept ON tables.oid = kept.inhrelid AND tables.relispartition
LEFT JOIN pg_class AS whole ON kept.inhparent = whole.oid
WHERE
    tables.relkind = 'r'
    AND tables.relnamespace = (
        SELECT history.relnamespace FROM pg_class AS history
        WHERE history.oid = to_regclass('schema_migrations')
    )
GROUP BY coalesce(whole.relname, tables.relname)
"""


class Jobs(NamedTuple):
    """Jobs of one kind in one state; `age` is that of the oldest, in seconds."""

    job: str
    state: str
    number: int
    age: float


class Cloud(NamedTuple):
    """One cloud; `oldest_pull` is the last pull of the tenant that was not pulled for longest."""

    cloud: str
    reachable: bool | None
    last_pull: datetime | None
    oldest_pull: datetime | None
    tenants: int
    stopped: int


class Count(NamedTuple):
    """The number of groups of a cloud in a state."""

    cloud: str
    state: str
    number: int


class Table(NamedTuple):
    """The estimated size of a table."""

    name: str
    rows: float
    bytes: float


class Snapshot(NamedTuple):
    """All values, read in one transaction."""

    jobs: Sequence[Jobs]
    workers: int
    clouds: Sequence[Cloud]
    groups: Sequence[Count]
    drifts: Sequence[Count]
    tables: Sequence[Table]


class Gauges:
    """The last snapshot, reused while it is fresh."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._fresh_until = float("-inf")

    async def collect(self, database: Database) -> list[Metric]:
        """Return the metrics; if the database is unavailable, only that it is."""
        async with self._lock:
            began = time.monotonic()
            if began > self._fresh_until:
                self._snapshot = await self._read(database)
                took = time.monotonic() - began
                self._fresh_until = began + max(FRESH_SECONDS, took / SHARE)
            return [up(self._snapshot), *(families(self._snapshot) if self._snapshot else ())]

    async def _read(self, database: Database) -> Snapshot | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), database.transaction() as connection:
                return Snapshot(
                    jobs=await _rows(connection, Jobs, _JOBS),
                    workers=await _workers(connection),
                    clouds=await _rows(connection, Cloud, _CLOUDS),
                    groups=await _rows(connection, Count, _GROUPS),
                    drifts=await _rows(connection, Count, _DRIFTS),
                    tables=await _rows(connection, Table, _TABLES),
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


def up(snapshot: Snapshot | None) -> Metric:
    """Return the metric of whether the database is available."""
    help_text = "Whether the database is available."
    return GaugeMetricFamily("ringfence_database_up", help_text, value=float(snapshot is not None))


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield the metrics of a snapshot."""
    yield GaugeMetricFamily(
        "ringfence_workers", "Workers with a recent heartbeat.", value=snapshot.workers
    )
    yield _family(
        "ringfence_jobs",
        "Jobs by state.",
        ("job", "state"),
        [((each.job, each.state), each.number) for each in snapshot.jobs],
    )
    yield _family(
        "ringfence_job_oldest_age_seconds",
        "Seconds since the oldest job was due.",
        ("job", "state"),
        [
            ((each.job, each.state), max(each.age, 0))
            for each in snapshot.jobs
            if each.state != "failed"
        ],
    )
    yield from _of_clouds(snapshot.clouds)
    yield _family(
        "ringfence_security_groups",
        "Security groups by state.",
        ("cloud", "state"),
        [((each.cloud, each.state), each.number) for each in snapshot.groups],
    )
    yield _family(
        "ringfence_security_groups_drifting",
        "Security groups with drift, by what it opens or closes, or missing in the cloud.",
        ("cloud", "kind"),
        [((each.cloud, each.state), each.number) for each in snapshot.drifts],
    )
    yield from _of_tables(snapshot.tables)


def _of_clouds(clouds: Sequence[Cloud]) -> Iterator[Metric]:
    reached = [((each.cloud,), each.reachable) for each in clouds if each.reachable is not None]
    last = [((each.cloud,), each.last_pull.timestamp()) for each in clouds if each.last_pull]
    oldest = [((each.cloud,), each.oldest_pull.timestamp()) for each in clouds if each.oldest_pull]
    of_cloud = ("cloud",)
    yield _family(
        "ringfence_cloud_reachable",
        "Whether the last call to the cloud got a response.",
        of_cloud,
        reached,
    )
    yield _family(
        "ringfence_cloud_last_pull_timestamp_seconds",
        "Time of the last pull of any tenant of the cloud.",
        of_cloud,
        last,
    )
    yield _family(
        "ringfence_cloud_oldest_pull_timestamp_seconds",
        "Time of the oldest last pull of a tenant; its creation if it has had none.",
        of_cloud,
        oldest,
    )
    yield _family(
        "ringfence_cloud_tenants",
        "Tenants in the cloud.",
        of_cloud,
        [((c.cloud,), c.tenants) for c in clouds],
    )
    yield _family(
        "ringfence_cloud_tenants_stopped",
        "Tenants whose last pull failed or stopped.",
        of_cloud,
        [((each.cloud,), each.stopped) for each in clouds],
    )


def _of_tables(tables: Sequence[Table]) -> Iterator[Metric]:
    yield _family(
        "ringfence_table_rows",
        "Rows of each table, as the database estimates them.",
        ("table",),
        [((each.name,), each.rows) for each in tables],
    )
    yield _family(
        "ringfence_table_bytes",
        "Size of each table with its indexes, as the database estimates it.",
        ("table",),
        [((each.name,), each.bytes) for each in tables],
    )


def _family(
    name: str,
    help_text: str,
    labels: Sequence[str],
    samples: Sequence[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, number in samples:
        family.add_metric([label(value) for value in values], float(number))
    return family
