"""What saturates first as the load grows: costs measured on one machine, and a model of more.

`python -m bench.scale` measures what a read and a write cost the application, the primary, its log
and its disk, and prints how much of each part the loads of `docs/explanation/scale.md` take. A part
whose use exceeds its capacity limits that load.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from bench.cases import READS, WRITES, Case, Sample
from bench.client import drive
from bench.dataset import STAFF, provide
from bench.processes import cpu
from bench.results import Table
from bench.server import DatabaseServer, default_cache, opened
from bench.services import NO_RATES, serving
from ringfence.access.authentication import ACTORS, of_token

GROUPS = 2_000
SECONDS = 4.0
CONNECTIONS = 4
LOOKUPS = 4_000

# A site of 20 tenants today: requests per second in its busiest hour.
READS_TODAY, WRITES_TODAY, GROUPS_TODAY = 20.0, 0.2, 2_000
# Of a hundred reads: what portals and scripts request.
MIX = {"list of 10, staff": 0.7, "retrieve, staff": 0.2, "list of 100, staff": 0.1}
FACTORS = (1, 10, 100, 1_000)

# One large PostgreSQL machine, and what a disk and a Neutron handle without queues.
CORES = 32.0
# Beyond this utilization of a core, waiting grows faster than work.
SHARE = 0.6
LOG_MEGABYTES = 200.0
MEMORY_GIGABYTES = 128.0
CLOUD_CALLS = 60.0
# A push reads, adds in one call, removes and reads again; a pull lists groups and ports.
CALLS_OF_A_PUSH = 4.0
PULL_CALLS, TENANT_GROUPS, INTERVAL_SECONDS = 3.0, 100, 7_200.0


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU seconds of a read and a write; bytes of a write in the WAL and on disk, and of a group.

    `lookup` is the part of a read that stays on the primary when a replica does the rest.
    """

    read_application: float
    read_database: float
    lookup: float
    write_application: float
    write_database: float
    write_log: float
    write_left: float
    group_bytes: float


def measure(server: DatabaseServer, database: str) -> Costs:
    """Measure on a copy of a data set."""
    reads = {case.name: case for case in READS if case.name in MIX}
    with (
        server.clone(database, "scale") as name,
        serving(server.url(name), "--no-worker", **NO_RATES) as service,
    ):
        conninfo = server.conninfo(name)
        sample = Sample.of(conninfo)
        group_bytes = _size(conninfo) / GROUPS

        def drive_one(case: Case) -> tuple[float, float, int]:
            before = cpu(service.process), cpu(server.process)
            responses = asyncio.run(
                drive(
                    service.port,
                    case.requests(sample),
                    seconds=SECONDS,
                    connections=CONNECTIONS,
                )
            )
            after = cpu(service.process), cpu(server.process)
            count = max(1, responses.requests)
            return (after[0] - before[0]) / count, (after[1] - before[1]) / count, count

        read = {case: drive_one(reads[case]) for case in MIX}
        begun, size = _written(conninfo), _size(conninfo)
        write = drive_one(next(case for case in WRITES if case.name.startswith("set_rules")))
        log = (_written(conninfo) - begun) / write[2]
        left = (_size(conninfo) - size) / write[2]
        lookup = _lookup(server, conninfo)
    return Costs(
        read_application=sum(MIX[case] * read[case][0] for case in MIX),
        read_database=sum(MIX[case] * read[case][1] for case in MIX),
        lookup=lookup,
        write_application=write[0],
        write_database=write[1],
        write_log=log,
        write_left=left,
        group_bytes=group_bytes,
    )


def _size(conninfo: str) -> int:
    return _number(conninfo, "SELECT pg_database_size(current_database())")


def _written(conninfo: str) -> int:
    return _number(conninfo, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")


def _number(conninfo: str, statement: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(statement.encode()).fetchone()
        return int(row[0]) if row else 0


def _lookup(server: DatabaseServer, conninfo: str) -> float:
    """Return the CPU seconds of an identity look-up on the primary."""
    digest = of_token(f"Token {STAFF}").digest
    with psycopg.connect(conninfo, autocommit=True) as connection:
        before = cpu(server.process)
        for _ in range(LOOKUPS):
            connection.execute(ACTORS["token"], {"credential": digest}, prepare=True)
        return (cpu(server.process) - before) / LOOKUPS


def costs_table(costs: Costs) -> Table:
    """Print the costs."""
    rows = [
        ("a read: application", f"{costs.read_application * 1e6:,.0f} µs"),
        ("a read: database", f"{costs.read_database * 1e6:,.0f} µs"),
        ("of it, the identity", f"{costs.lookup * 1e6:,.0f} µs"),
        ("a write: application", f"{costs.write_application * 1e3:,.1f} ms"),
        ("a write: database", f"{costs.write_database * 1e3:,.1f} ms"),
        ("a write: log", f"{costs.write_log / 1e3:,.0f} kB"),
        ("a write: left on disk", f"{costs.write_left / 1e3:,.0f} kB"),
        ("a group on disk", f"{costs.group_bytes / 1e3:,.1f} kB"),
    ]
    return Table("Costs", ("what", "measured"), rows)


def parts(costs: Costs, factor: float) -> Iterator[tuple[str, float, float, str]]:
    """Yield each part with its use by this load, its capacity and the unit."""
    reads, writes = READS_TODAY * factor, WRITES_TODAY * factor
    groups = GROUPS_TODAY * factor
    written = writes * costs.write_database
    capacity = CORES * SHARE
    application = reads * costs.read_application + writes * costs.write_application
    pulls = groups / TENANT_GROUPS * PULL_CALLS / INTERVAL_SECONDS
    yield "API processes", application / SHARE, float("inf"), "cores"
    yield "one PostgreSQL for all", reads * costs.read_database + written, capacity, "cores"
    yield "the primary, reads at replicas", reads * costs.lookup + written, capacity, "cores"
    yield (
        "all replicas",
        reads * (costs.read_database - costs.lookup) / SHARE,
        float("inf"),
        "cores",
    )
    yield "its log", writes * costs.write_log / 1e6, LOG_MEGABYTES, "MB/s"
    yield "history, a day", writes * costs.write_left * 86_400 / 1e9, float("inf"), "GB"
    yield "data held in memory", groups * costs.group_bytes / 1e9, MEMORY_GIGABYTES, "GB"
    yield "one Neutron", writes * CALLS_OF_A_PUSH + pulls, CLOUD_CALLS, "calls/s"


def loads_table(costs: Costs) -> Table:
    """Print the use by each load; use beyond the capacity is marked."""
    columns = [list(parts(costs, factor)) for factor in FACTORS]
    rows = []
    for row in zip(*columns, strict=True):
        name, _, has, unit = row[0]
        shown = (f"{takes:,.2f}" + (" **over**" if takes > has else "") for _, takes, _, _ in row)
        limit = "as much as it takes" if has == float("inf") else f"{has:g}"
        rows.append((f"{name}, {unit}", limit, *shown))
    titles = (f"{factor:,} x" for factor in FACTORS)
    return Table("Loads", ("part", "there is", *titles), rows)


def ends_table(costs: Costs) -> Table:
    """Print the multiple of today's load that saturates each part, lowest first."""
    found = []
    for name, takes, has, unit in parts(costs, 1.0):
        if has != float("inf"):
            found.append((has / takes, name, unit))
    rows = [(name, f"{factor:,.0f} x") for factor, name, _ in sorted(found)]
    return Table("Ends", ("part", "is full at"), rows)


def main() -> None:
    """Measure and print the tables of `docs/explanation/scale.md`."""
    with opened(default_cache()) as server:
        database = provide(server, GROUPS, print)
        costs = measure(server, database)
    for table in (costs_table(costs), loads_table(costs), ends_table(costs)):
        print(f"\n{table.markdown()}")  # noqa: T201 - it is what the program is for


if __name__ == "__main__":
    main()
