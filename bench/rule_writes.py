"""Cost of the columns and indexes of the rule search to changes: `python -m bench.rule_writes`.

Replaces the rules of one group by 20 others in one transaction, by the statements of `set_rules`,
on two copies of a data set: as it is, and without what the search added.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

import psycopg

from bench.processes import cpu
from bench.rule_dataset import provide_rules
from bench.server import DatabaseServer, default_cache, opened
from ringfence.database.pool import Connection, Database
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rule_rows import replace_rules
from ringfence.security_groups.rules import Rule

GROUPS = 20_000
RULES = 20
ROUNDS = 15
REPEATS = 40
# The columns stay, because other statements read them, and are empty.
_WITHOUT = """
DROP INDEX security_group_rules_network;
DROP INDEX security_group_rules_traffic;
DROP INDEX security_group_rules_unresolved;
DROP INDEX security_group_rules_address_group;
DROP INDEX security_group_rules_description_substrings;
ALTER TABLE security_group_rules
ALTER COLUMN network DROP EXPRESSION,
ALTER COLUMN internet DROP EXPRESSION, ALTER COLUMN internet DROP NOT NULL,
ALTER COLUMN protocol_number DROP EXPRESSION, ALTER COLUMN protocol_number DROP NOT NULL,
ALTER COLUMN first_port DROP EXPRESSION, ALTER COLUMN first_port DROP NOT NULL,
ALTER COLUMN last_port DROP EXPRESSION, ALTER COLUMN last_port DROP NOT NULL;
VACUUM (FULL, ANALYZE) security_group_rules
"""
_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"


def _rules(number: int) -> list[RuleRequest]:
    return [
        RuleRequest(
            Rule(
                protocol="tcp",
                from_port=1000 + position,
                to_port=1000 + position,
                cidr=f"10.{number % 256}.{position}.0/24",
                description=f"service {position}" if position % 4 == 0 else "",
            )
        )
        for position in range(RULES)
    ]


async def replaced(server: DatabaseServer, database: str, seed: int) -> tuple[float, float, float]:
    """Return the median time, the CPU time of the server and the WAL of a replacement."""
    times = []
    conninfo = server.conninfo(database)
    async with Database.open(conninfo, size=1) as pool, pool.connection() as connection:
        begun, worked = await _written(connection), cpu(server.process)
        for number in range(REPEATS):
            began = time.perf_counter()
            async with connection.transaction():
                group = (seed * REPEATS + number) * 7 % GROUPS + 1
                await replace_rules(connection, group, _rules(number), {})
            times.append(time.perf_counter() - began)
        worked = cpu(server.process) - worked
        written = await _written(connection) - begun
    return statistics.median(times) * 1000, worked * 1000 / REPEATS, written / REPEATS


async def _written(connection: Connection) -> int:
    row = await (await connection.execute(_WRITTEN)).fetchone()
    return int(row[0]) if row else 0


def compared(server: DatabaseServer) -> str:
    """Return a table of both, measured in turns, because the machine is not always the same."""
    name = provide_rules(server, GROUPS, print)
    with server.clone(name, "writes_with") as after, server.clone(name, "writes_without") as before:
        with psycopg.connect(server.conninfo(before), autocommit=True) as connection:
            for statement in _WITHOUT.encode().split(b";"):
                connection.execute(statement)
        found: dict[str, list[tuple[float, float, float]]] = {before: [], after: []}
        for number in range(ROUNDS):
            for each, results in found.items():
                results.append(asyncio.run(replaced(server, each, number)))
    lines = ["| replacing 20 rules | median | CPU of the server | WAL |", "|---|---:|---:|---:|"]
    for title, each in (("without the search", before), ("with it", after)):
        time_, work, log = map(statistics.median, zip(*found[each], strict=True))
        lines.append(f"| {title} | {time_:.2f} ms | {work:.2f} ms | {log / 1000:.1f} kB |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.rule_writes", description=__doc__)
    parser.add_argument("--cache", type=Path, default=default_cache())
    with opened(parser.parse_args().cache) as server:
        print(compared(server))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
