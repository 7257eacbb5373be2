"""What a verdict costs: `python -m bench.verdict`.

Requests run inside the service, without a network. For each case it prints the CPU time of the
service, the statements, the time of computing alone, and the plans at the larger size.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.client import request
from bench.dataset import ADMIN, STAFF
from bench.inside import ask, living
from bench.page import write_sections
from bench.plans import Plan, explained
from bench.server import DatabaseServer, default_cache, opened
from bench.verdict_dataset import provide_verdicts
from ringfence.app import create_app
from ringfence.ports.verdicts import judging, verdict
from ringfence.settings import Settings

SMALL, LARGE = 2_000, 1_000_000
REPEATS = 41
TABLES = (
    *("security_group_rules", "security_groups", "security_group_observations", "cloud_ports"),
    *("cloud_address_groups", "tenants"),
)
INTERNET = {"address": "198.51.100.7"}
PEER = {"address": "10.0.0.9"}
# Title, actor, source, port
CASES: Sequence[tuple[str, str, Mapping[str, str], int]] = (
    ("from the internet, admitted", STAFF, INTERNET, 22),
    ("from the internet, refused", STAFF, INTERNET, 9999),
    ("from a port, by a remote group", STAFF, PEER, 9999),
    ("from a prefix", STAFF, {"cidr": "10.0.0.0/8"}, 9999),
    ("from a port, project admin", ADMIN, PEER, 9999),
)
_TENANT = """
SELECT hex(tenant.uuid) FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN role_grants AS role ON project.id = role.project_id
ORDER BY tenant.id LIMIT 1
"""
Sent = tuple[str, Mapping[str, Any]]


class Costs:
    """What one case costs: the medians in milliseconds, and the statements that it sent."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.computing: list[float] = []
        self.sent: list[Sent] = []

    def row(self) -> str:
        """Return the columns of a table."""
        times = [statistics.median(each) for each in (self.cpu, self.wall, self.computing)]
        return " | ".join(f"{each:.2f} ms" for each in times) + f" | {len(self.sent)}"


async def measured(server: DatabaseServer, database: str) -> list[Costs]:
    """Return the costs of each case."""
    with psycopg.connect(server.conninfo(database)) as connection:
        row = connection.execute(_TENANT).fetchone()
    assert row is not None  # noqa: S101 - the project administrator has a tenant
    path = f"/api/openstack-tenants/{row[0]}/verdict/"
    service = create_app(Settings(database_url=server.url(database), log_level="error"))
    costs: list[Costs] = []
    original: tuple[Any, Any] = verdict.judge, psycopg.AsyncCursor.execute

    def judge(*arguments: Any) -> Any:  # noqa: ANN401 - as it was
        began = time.perf_counter()
        found = original[0](*arguments)
        costs[-1].computing.append((time.perf_counter() - began) * 1000)
        return found

    async def execute(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:  # noqa: ANN401
        if isinstance(parameters, dict) and "sees_everything" in parameters:
            costs[-1].sent.append((statement, parameters))
        return await original[1](cursor, statement, parameters, **options)

    setattr(judging, "judge", judge)  # noqa: B010 - put back below
    setattr(psycopg.AsyncCursor, "execute", execute)  # noqa: B010
    try:
        async with living(service):
            for _, actor, source, port in CASES:
                costs.append(Costs())
                body = {
                    "source": source,
                    "destination": {"address": "10.0.0.5"},
                    "protocol": "tcp",
                    "port": port,
                }
                sent = request("POST", path, actor, json.dumps(body).encode())
                for _ in range(REPEATS):
                    costs[-1].sent.clear()
                    began, cpu = time.perf_counter(), time.process_time()
                    await ask(service, sent)
                    costs[-1].wall.append((time.perf_counter() - began) * 1000)
                    costs[-1].cpu.append((time.process_time() - cpu) * 1000)
    finally:
        setattr(judging, "judge", original[0])  # noqa: B010
        setattr(psycopg.AsyncCursor, "execute", original[1])  # noqa: B010
    return costs


def compared(server: DatabaseServer, small: int, large: int) -> tuple[str, str]:
    """Return the table of costs, and the plans at the larger size."""
    lines = [
        "| verdict | groups | CPU of the service | in all | computing | statements |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    plans: list[Plan] = []
    for groups in (small, large):
        database = provide_verdicts(server, groups, print)
        costs = asyncio.run(measured(server, database))
        for (title, *_), cost in zip(CASES, costs, strict=True):
            lines.append(f"| {title} | {groups:,} | {cost.row()} |")
        if groups == large:
            # The last case: its actor does not see everything.
            for statement, parameters in costs[-1].sent:
                title = _title(statement)
                plans.append(
                    explained(
                        server.conninfo(database), title, statement, parameters, tables=TABLES
                    )
                )
    return "\n".join(lines), "\n".join(plan.markdown() for plan in plans)


def _title(statement: str) -> str:
    names = {"the ends": "AS path_id", "their groups": "AS desired"}
    return next((name for name, part in names.items() if part in statement), "the remotes")


def main() -> None:
    """Measure and print; write to a page if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.verdict", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--groups", type=int, default=LARGE)
    parser.add_argument("--page", type=Path, help="a page that takes the results")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    with opened(arguments.cache) as server:
        table, plans = compared(server, arguments.small, arguments.groups)
    print(table, plans, sep="\n\n")  # noqa: T201 - what the command is for
    if arguments.page:
        write_sections(arguments.page, {"verdicts": table, "verdict-plans": plans})


if __name__ == "__main__":
    main()
