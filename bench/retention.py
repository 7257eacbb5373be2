"""A year of events at ten times the base load: `python -m bench.retention`.

The events are written by SQL, a share of them: size and the time of a count grow with their
number, and a page does not. The same rows are read from partitions by month and from one table, as
before them. Then the oldest months are removed while a client reads.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql

from bench.client import request
from bench.dataset import ADMIN, OWNER, STAFF, provide
from bench.inside import ask, living
from bench.results import Table
from bench.server import DatabaseServer, default_cache, opened
from ringfence.access import identity
from ringfence.app import create_app
from ringfence.database.audit_partitions import read_names
from ringfence.database.binary_rows import numbered
from ringfence.database.connect import connect_now
from ringfence.database.pool import Database
from ringfence.events.retention import find_expired, remove_months
from ringfence.settings import Settings

# Two writes a second in the busiest hour, which has an eighth of the day's
WRITES_PER_DAY = 2 * 3600 * 8
EVENTS_PER_WRITE = 2
MONTHS = 12
ROUNDS = 5
KEPT_DAYS = 180

_MONTH: LiteralString = "SELECT add_audit_partition('events', %s, %s)"

# A change of five of the rules by one of 200 users, and its job
_FILL: LiteralString = """
INSERT INTO events (
    created, event_type, message, user_uuid, username, address, token_uuid, request_id,
    customer_uuid, project_uuid, tenant_uuid, security_group_uuid, context, change
)
SELECT
    %(first)s::timestamptz + write.number * %(step)s::interval + kind.after,
    kind.type,
    'Security group ' || sg.name || kind.text,
    CASE WHEN kind.is_change THEN uuid_in(md5((write.number %% 200)::text)::cstring) END,
    CASE WHEN kind.is_change THEN 'user-' || write.number %% 200 END,
    CASE WHEN kind.is_change THEN inet '192.0.2.7' END,
    CASE WHEN kind.is_change THEN uuid_in(md5((write.number %% 300)::text)::cstring) END,
    CASE WHEN kind.is_change THEN md5(write.number::text) END,
    sg.customer_uuid, sg.project_uuid, sg.tenant_uuid, sg.uuid,
    kind.context,
    CASE WHEN kind.is_change THEN jsonb_build_object(
        'version', write.number %% 50,
        'rules_removed', '[]'::jsonb,
        'rules_added', (
            SELECT jsonb_agg(jsonb_build_object(
                'cidr', '10.' || write.number %% 250 || '.' || port || '.0/24',
                'to_port', port, 'from_port', port, 'protocol', 'tcp', 'direction', 'ingress',
                'ethertype', 'IPv4', 'description', '', 'remote_group_id', NULL,
                'unresolved_group_name', NULL, 'unresolved_group_backend_id', NULL,
                'remote_address_group_backend_id', NULL
            ))
            FROM generate_series(1, 5) AS port
        )
    ) END
FROM generate_series(0, %(writes)s - 1) AS write (number)
INNER JOIN bench_groups AS sg ON sg.ordinal = (write.number * 7919) %% %(groups)s + 1
CROSS JOIN (
    VALUES
    (
        true, 'openstack_security_group_rules_changed', interval '0',
        ' rules update has been scheduled.', '{"rules_after": 20, "rules_before": 20}'::jsonb
    ),
    (
        false, 'openstack_security_group_updated', interval '1 second', ' has been updated.',
        '{"version": 2, "backend_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803"}'
    )
) AS kind (is_change, type, after, text, context)
"""

_GROUPS: LiteralString = """
CREATE TABLE bench_groups AS
SELECT
    row_number() OVER (ORDER BY sg.id) AS ordinal, sg.uuid, sg.name,
    tenant.uuid AS tenant_uuid, project.uuid AS project_uuid, customer.uuid AS customer_uuid
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
"""

# One table with the indexes that it had before it was divided
_UNDIVIDED: Sequence[LiteralString] = (
    "ALTER TABLE events RENAME TO events_divided",
    "CREATE TABLE events (LIKE events_divided INCLUDING DEFAULTS)",
    "INSERT INTO events SELECT * FROM events_divided ORDER BY created, id",
    "ALTER TABLE events ADD PRIMARY KEY (id), ADD UNIQUE (uuid)",
    "CREATE INDEX ON events (created, id)",
    "CREATE INDEX ON events (security_group_uuid, id)",
    "CREATE INDEX ON events (tenant_uuid, event_type, created)",
    "CREATE INDEX ON events (customer_uuid, created, id)",
    "CREATE INDEX ON events (project_uuid, created, id)",
    "CREATE INDEX ON events (user_uuid, created, id)",
    "DROP TABLE events_divided",
    "VACUUM (ANALYZE) events",
)

_SIZES: LiteralString = """
SELECT class.relname::text, pg_total_relation_size(class.oid), class.reltuples::bigint
FROM pg_inherits AS kept
INNER JOIN pg_class AS class ON kept.inhrelid = class.oid
WHERE kept.inhparent = 'events'::regclass
ORDER BY class.relname
"""

# Title, actor, path
CASES: Sequence[tuple[str, str, str]] = (
    ("first page", STAFF, ""),
    ("first page of 100", STAFF, "?page_size=100"),
    ("page 100", STAFF, "?page=100"),
    ("last 30 days", STAFF, "?created_from={month}"),
    ("one type", STAFF, "?event_type=openstack_security_group_updated"),
    ("one group, by `scope`", STAFF, "?scope={group}"),
    ("one project", STAFF, "?project_uuid={project}"),
    ("first page, project admin", ADMIN, ""),
    ("first page, customer owner", OWNER, ""),
    ("one event by UUID", STAFF, "{uuid}/"),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What one request costs the database; `page` is its time without the count of all rows."""

    milliseconds: float
    page: float
    buffers: int
    nodes: str


def build(server: DatabaseServer, name: str, groups: int, share: float) -> None:
    """Fill a copy of a data set with a share of a year's events, a month after the other."""
    now = datetime.now(UTC)
    months = [now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    with connect_now(server.conninfo(name)) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(_GROUPS)
        for number, first in enumerate(reversed(months)):
            (month,) = read_names([f"events_{first:%Y_%m}"])
            if first != months[0]:
                connection.execute(_MONTH, [month.name, month.bounds])
            days = (min(month.end, now) - first).total_seconds() / 86400
            writes = int(WRITES_PER_DAY * days * share)
            step = timedelta(days=days) / max(writes, 1)
            values = {"first": first, "step": step, "writes": writes, "groups": groups}
            connection.execute(_FILL, values)
            say(f"{number + 1} of {MONTHS} months written")
        connection.execute("VACUUM (ANALYZE) events")


def undivide(server: DatabaseServer, name: str) -> None:
    """Turn the partitions into one table."""
    with connect_now(server.conninfo(name)) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        for statement in _UNDIVIDED:
            connection.execute(statement)


async def reads(server: DatabaseServer, name: str) -> dict[str, Read]:
    """Return what each case costs, by title."""
    with connect_now(server.conninfo(name)) as connection:
        row = connection.execute(
            "SELECT hex(uuid), hex(security_group_uuid), hex(project_uuid) FROM events"
            " WHERE created < now() - interval '3 months' LIMIT 1"
        ).fetchone()
    assert row is not None  # noqa: S101 - the table was just filled
    month = int((datetime.now(UTC) - timedelta(days=30)).timestamp())
    group = f"http://127.0.0.1/api/openstack-security-groups/{row[1]}/"
    values = {"uuid": row[0], "group": group, "project": row[2], "month": month}
    sent: list[tuple[LiteralString, Mapping[str, Any]]] = []
    read = identity.read_rows

    async def note(database: Database, statement: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as it was
        sent.append((statement, parameters))
        return await read(database, statement, parameters)

    service = create_app(Settings(database_url=server.url(name)))
    found = {}
    identity.read_rows = note
    try:
        async with living(service):
            for title, actor, path in CASES:
                await ask(service, request("GET", "/api/events/" + path.format(**values), actor))
                found[title] = _explain(server.conninfo(name), *sent[-1])
    finally:
        identity.read_rows = read
    return found


def _explain(conninfo: str, statement: LiteralString, parameters: Mapping[str, Any]) -> Read:
    text, names = numbered(statement)
    given = sql.SQL(", ").join([sql.Literal(parameters[name]) for name in names])
    explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE read ({})").format(given)
    made: list[Mapping[str, Any]] = []
    with connect_now(conninfo) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute(b"PREPARE read AS " + text, prepare=False)
        for _ in range(ROUNDS):
            row = connection.execute(explain, prepare=False).fetchone()
            made.append(row[0][0] if row else {})
    top = made[-1]["Plan"]
    times = [each["Execution Time"] for each in made]
    counts = [sum(_counted(each["Plan"])) for each in made]
    pages = [whole - count for whole, count in zip(times, counts, strict=True)]
    nodes = dict.fromkeys(_nodes(top))
    return Read(
        statistics.median(times),
        statistics.median(pages),
        top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        ", ".join(nodes),
    )


def _counted(node: Mapping[str, Any]) -> Iterator[float]:
    """Yield the milliseconds of the count of all rows."""
    if node.get("Subplan Name") == "CTE matching":
        yield node["Actual Total Time"]
    for below in node.get("Plans", ()):
        yield from _counted(below)


def _nodes(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kinds of executed nodes of the page."""
    if not node["Actual Loops"] or node.get("Subplan Name") == "CTE matching":
        return
    if node["Node Type"] in {"Merge Append", "Sort", "Incremental Sort", "Bitmap Heap Scan"}:
        yield f"{node['Node Type']} ({node['Actual Rows']:.0f})"
    for below in node.get("Plans", ()):
        yield from _nodes(below)


async def remove(server: DatabaseServer, name: str) -> tuple[int, float, float]:
    """Remove the expired months while a client reads.

    Returns the number of months, the seconds for all, and the longest read in seconds.
    """
    settings = Settings(database_url=server.url(name))
    service = create_app(settings)
    longest, is_over = 0.0, False

    async def read_on() -> None:
        nonlocal longest
        while not is_over:
            began = time.perf_counter()
            path = f"/api/events/?created_from={int(time.time()) - 3600}"
            await ask(service, request("GET", path, STAFF))
            longest = max(longest, time.perf_counter() - began)

    async with living(service), Database.open(server.conninfo(name), size=1) as owner:
        reading = asyncio.create_task(read_on())
        await asyncio.sleep(1)
        async with owner.connection() as connection:
            found = await find_expired(connection, {"events": KEPT_DAYS, "refusals": None})
        began = time.perf_counter()
        removed = await remove_months(owner, found)
        took = time.perf_counter() - began
        is_over = True
        await reading
    return len(removed), took, longest


def report(server: DatabaseServer, groups: int, share: float) -> Iterator[str]:
    """Build both forms, and yield the results as Markdown."""
    data = provide(server, groups, say)
    with server.clone(data, "retention_months") as months:
        build(server, months, groups, share)
        with connect_now(server.conninfo(months)) as connection:
            sizes = connection.execute(_SIZES).fetchall()
        number, size = sum(row[2] for row in sizes if row[2] > 0), sum(row[1] for row in sizes)
        yield f"{number:,} events, {size / number:,.0f} bytes each with indexes\n"
        divided = asyncio.run(reads(server, months))
        with server.clone(months, "retention_whole") as whole:
            undivide(server, whole)
            undivided = asyncio.run(reads(server, whole))
        rows = [_row(title, undivided[title], divided[title]) for title, _, _ in CASES]
        yield Table("Reads", COLUMNS, rows).markdown()
        removed, took, longest = asyncio.run(remove(server, months))
        yield f"\n{removed} months removed in {took:.2f} s; the longest read took {longest:.3f} s"


COLUMNS = ("read", "one table, ms", "months, ms", "page alone, ms", "buffers", "nodes")


def _row(title: str, one: Read, many: Read) -> list[str]:
    return [
        title,
        f"{one.milliseconds:,.2f}",
        f"{many.milliseconds:,.2f}",
        f"{one.page:,.2f} / {many.page:,.2f}",
        f"{one.buffers:,} / {many.buffers:,}",
        f"{one.nodes} / {many.nodes}",
    ]


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what the command is for


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.retention", description=__doc__)
    parser.add_argument("--groups", type=int, default=20_000)
    parser.add_argument("--share", type=float, default=0.05, help="share of a year's events")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    with opened(arguments.cache) as server:
        for part in report(server, arguments.groups, arguments.share):
            say(part)


if __name__ == "__main__":
    main()
