"""Cost of the search among rules: `python -m bench.rule_search`.

Requests run inside the service, without a network. For each case it prints the median time at both
sizes, and the plan at the larger one. Plans are generic, as in the service's sessions.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from bench.client import request
from bench.dataset import ADMIN, OWNER, STAFF
from bench.inside import ask, living
from bench.page import write_sections
from bench.plans import Plan, explained
from bench.rule_dataset import RARE_PORT, RARE_PREFIX, RARE_TEXT, provide_rules
from bench.server import DatabaseServer, default_cache, opened
from ringfence.access import identity
from ringfence.app import create_app
from ringfence.database.pool import Database
from ringfence.settings import Settings

PATH = "/api/security-group-rules/"
SMALL, LARGE = 2_000, 1_000_000
REPEATS = 41
SECONDS = 10.0
TABLES = ("security_group_rules", "security_groups", "security_group_documents", "cloud_ports")

# Title, actor, query
CASES: Sequence[tuple[str, str, str]] = (
    ("`within`", STAFF, f"within={RARE_PREFIX}"),
    ("`within`, nothing found", STAFF, "within=198.18.0.0/15"),
    ("`overlaps` and `port`", STAFF, f"overlaps=203.0.113.0/24&port={RARE_PORT}&direction=ingress"),
    ("`admits` and `port`", STAFF, f"admits=203.0.113.77&port={RARE_PORT}&direction=ingress"),
    (
        "`admits` and `protocol`, nothing found",
        STAFF,
        "admits=198.18.0.1&protocol=sctp&direction=ingress",
    ),
    ("`from_internet` and `port`, nothing found", STAFF, "from_internet=true&port=9999"),
    ("`direction` and `port`", STAFF, f"direction=ingress&port={RARE_PORT}"),
    ("`direction` and `ethertype`, nothing found", STAFF, "direction=ingress&ethertype=IPv6"),
    (
        "`wider_than` and `direction`, nothing found",
        STAFF,
        "wider_than=8&direction=ingress&port=9999",
    ),
    ("`remote_group_uuid`", STAFF, "remote_group_uuid={group}"),
    ("`unresolved`, nothing found", STAFF, "unresolved=true"),
    ("`in_use`, nothing found", STAFF, "in_use=true"),
    ("`description`", STAFF, f"description={RARE_TEXT}"),
    ("`query`, a text, nothing found", STAFF, "query=no such words"),
    (
        "`query`, `tcp 3390 203.0.113.77`",
        STAFF,
        f"query=tcp {RARE_PORT} 203.0.113.77&direction=ingress",
    ),
    ("`tenant_uuid`", STAFF, "tenant_uuid={tenant}"),
    ("all, project admin", ADMIN, ""),
    ("`admits`, project admin", ADMIN, "admits=203.0.113.77"),
    ("`port=22`, project admin", ADMIN, "port=22&direction=ingress"),
    ("`within`, nothing found, customer owner", OWNER, "within=198.18.0.0/15"),
    ("all, at least 10,000", STAFF, ""),
    ("`admits`, at least 10,000", STAFF, "admits=8.8.8.8"),
    ("`from_internet` and `port=22`, at least 10,000", STAFF, "from_internet=true&port=22"),
    ("all, by `security_group_name`", STAFF, "o=security_group_name"),
    ("all, by `cidr`", STAFF, "o=cidr"),
)

# Cases whose plans are on the page
PLANNED = frozenset(
    {
        *("`within`", "`admits` and `port`", "`from_internet` and `port`, nothing found"),
        *("`remote_group_uuid`", "`description`", "`admits`, project admin"),
        "`from_internet` and `port=22`, at least 10,000",
    }
)

_SAMPLE = """
SELECT
    (SELECT remote.uuid FROM security_groups AS remote
     INNER JOIN security_group_rules AS rule ON rule.remote_group_id = remote.id LIMIT 1),
    (SELECT tenant.uuid FROM tenants AS tenant ORDER BY tenant.id LIMIT 1)
"""
_SIZES = """
SELECT class.relname, pg_relation_size(class.oid)
FROM pg_index AS index
INNER JOIN pg_class AS class ON index.indexrelid = class.oid
WHERE index.indrelid = 'security_group_rules'::regclass
UNION ALL
SELECT 'security_group_rules', pg_relation_size('security_group_rules')
ORDER BY 2 DESC
"""

Sent = tuple[LiteralString, Mapping[str, Any]]


async def measured(
    server: DatabaseServer, databases: Sequence[str]
) -> list[tuple[list[float], Sent]]:
    """Return the median milliseconds of each case by database, and its last statement.

    The databases take turns, because the machine is not always as busy.
    """
    sent: list[Sent] = []
    read = identity.read_rows

    async def note(database: Database, statement: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as it was
        sent.append((statement, parameters))
        return await read(database, statement, parameters)

    samples = [_sample(server.conninfo(each)) for each in databases]
    services = [
        create_app(Settings(database_url=server.url(each), log_level="error")) for each in databases
    ]
    found = []
    identity.read_rows = note
    try:
        async with living(services[0]), living(services[1]):
            for _, actor, query in CASES:
                times: list[list[float]] = [[], []]
                began = time.perf_counter()
                while len(times[0]) < REPEATS and time.perf_counter() - began < SECONDS:
                    for service, sample, those in zip(services, samples, times, strict=True):
                        target = f"{PATH}?" + query.format(**sample).replace(" ", "%20")
                        start = time.perf_counter()
                        await ask(service, request("GET", target, actor))
                        those.append((time.perf_counter() - start) * 1000)
                found.append(([statistics.median(those) for those in times], sent[-1]))
    finally:
        identity.read_rows = read
    return found


def _sample(conninfo: str) -> Mapping[str, str]:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(_SAMPLE).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM
    return {"group": row[0].hex, "tenant": row[1].hex}


def compared(server: DatabaseServer, small: int, large: int) -> tuple[str, str, str]:
    """Return the table of times, the plans and the table of sizes."""
    names = [provide_rules(server, groups, print) for groups in (small, large)]
    found = asyncio.run(measured(server, names))
    lines = [
        f"| search | {5 * small:,} rules | {5 * large:,} rules |",
        "|---|---:|---:|",
    ]
    plans: list[Plan] = []
    for (title, actor, _), ((first, second), sent) in zip(CASES, found, strict=True):
        lines.append(f"| {title} | {first:.1f} ms | {second:.1f} ms |")
        if title in PLANNED:
            plans.append(explained(server.conninfo(names[1]), title, *sent, tables=TABLES))
        print(lines[-1], actor, flush=True)  # noqa: T201 - progress
    shown = "\n".join([plan.markdown() for plan in plans])
    return "\n".join(lines), shown, _sizes(server.conninfo(names[1]), large)


def _sizes(conninfo: str, groups: int) -> str:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(_SIZES).fetchall()
    lines = ["| table or index | size | bytes a group |", "|---|---:|---:|"]
    lines += [f"| `{name}` | {size / 1e6:,.0f} MB | {size / groups:,.0f} |" for name, size in found]
    return "\n".join(lines)


def main() -> None:
    """Measure and print; write to a page if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.rule_search", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--groups", type=int, default=LARGE)
    parser.add_argument("--page", type=Path, help="a page that takes the results")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    with opened(arguments.cache) as server:
        times, plans, sizes = compared(server, arguments.small, arguments.groups)
    print(times, plans, sizes, sep="\n\n")  # noqa: T201 - what the command is for
    if arguments.page:
        sections = {
            "rule search": times,
            "rule search plans": plans,
            "rule search sizes": sizes,
        }
        write_sections(arguments.page, sections)


if __name__ == "__main__":
    main()
