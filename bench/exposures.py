"""What is open to the internet, computed and listed: `python -m bench.exposures`.

A hundred tenants of a thousand ports each; a port has three groups of its tenant, and a third of
the groups opens something to the internet. A tenant is computed as a pull does, and again without
a change; then a change of one group. The lists are read through the service.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

from bench.client import request
from bench.dataset import ADMIN, STAFF, provide
from bench.inside import ask, living
from bench.plans import explained
from bench.results import Table
from bench.server import DatabaseServer, default_cache, opened
from ringfence.access import identity
from ringfence.app import create_app
from ringfence.database.connect import connect_now
from ringfence.database.pool import Database
from ringfence.ports.exposures.queries import PATH
from ringfence.security_groups.port_exposures import refresh
from ringfence.settings import Settings

GROUPS = 10_000
PORTS_PER_TENANT = 1_000
ROUNDS = 7
_TABLES = ("port_exposures", "cloud_ports", "tenants", "projects", "security_group")

_FILL: tuple[LiteralString, ...] = (
    # A third of the groups: SSH from anywhere, HTTPS from a /8, or everything over IPv6
    """
    INSERT INTO security_group_rules (
        security_group_id, position, ethertype, direction, protocol, from_port, to_port, cidr
    )
    SELECT
        sg.id, 100, CASE sg.id % 9 WHEN 6 THEN 'IPv6' ELSE 'IPv4' END, 'ingress',
        CASE sg.id % 9 WHEN 6 THEN '' ELSE 'tcp' END,
        CASE sg.id % 9 WHEN 0 THEN 22 WHEN 3 THEN 443 END,
        CASE sg.id % 9 WHEN 0 THEN 22 WHEN 3 THEN 443 END,
        CASE sg.id % 9 WHEN 3 THEN '8.0.0.0/8' END
    FROM security_groups AS sg
    WHERE sg.id % 3 = 0
    """,
    # The cloud has the same rules.
    """
    INSERT INTO security_group_observations (
        security_group_id, name, description, rules, revision_number, digest, internet_digest,
        observed_at
    )
    SELECT
        sg.id, sg.name, '', coalesce(jsonb_agg(jsonb_build_object(
            'id', rule.id::text, 'ethertype', rule.ethertype, 'direction', rule.direction,
            'protocol', nullif(rule.protocol, ''), 'port_range_min', rule.from_port,
            'port_range_max', rule.to_port, 'remote_ip_prefix', rule.cidr
        )) FILTER (WHERE rule.remote_group_id IS NULL), '[]'), 1, 'x',
        CASE WHEN sg.id % 3 = 0 THEN 'open' ELSE '' END, now()
    FROM security_groups AS sg
    LEFT JOIN security_group_rules AS rule ON sg.id = rule.security_group_id
    GROUP BY sg.id
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO cloud_ports (
        tenant_id, backend_id, name, device_id, device_owner, addresses, floating_addresses
    )
    SELECT
        tenant.id, 'bench-' || tenant.id || '-' || number, 'eth0', 'vm-' || number, 'compute:nova',
        ARRAY['10.0.' || number / 250 || '.' || number % 250],
        CASE WHEN number % 10 = 0
            THEN ARRAY['198.51.' || number % 100 || '.' || tenant.id % 250] ELSE '{}' END
    FROM tenants AS tenant
    CROSS JOIN generate_series(1, {ports}) AS number
    """,
    """
    INSERT INTO cloud_port_groups (port_id, security_group_id)
    SELECT DISTINCT port.id, numbered.ids[1 + (port.id * step) % cardinality(numbered.ids)]
    FROM cloud_ports AS port
    INNER JOIN (
        SELECT sg.tenant_id, array_agg(sg.id ORDER BY sg.id) AS ids
        FROM security_groups AS sg GROUP BY sg.tenant_id
    ) AS numbered ON port.tenant_id = numbered.tenant_id
    CROSS JOIN (VALUES (7), (13), (29)) AS steps (step)
    WHERE port.backend_id LIKE 'bench-%'
    ON CONFLICT DO NOTHING
    """,
    "ANALYZE",
)

# Title, actor, query
LISTS: tuple[tuple[str, str, str], ...] = (
    ("staff, first page", STAFF, ""),
    ("staff, `service=ssh`", STAFF, "?service=ssh"),
    ("staff, `port=443&reachable=true`", STAFF, "?port=443&reachable=true"),
    ("staff, `wider_than=1&o=-port`", STAFF, "?wider_than=1&o=-port"),
    ("staff, one tenant, first page of 300", STAFF, "?tenant_uuid={tenant}&page_size=300"),
    ("staff, one tenant as CSV", STAFF, "?tenant_uuid={tenant}&page_size=300&format=csv"),
    ("staff, `counts/?service=ssh`", STAFF, "counts/?service=ssh"),
    ("project admin, first page", ADMIN, ""),
    ("project admin, `service=ssh`", ADMIN, "?service=ssh"),
)


async def computed(database: Database, tenant: int, group: int) -> Iterator[tuple[str, float]]:
    """Return what computing costs, in milliseconds."""

    async def of_tenant(connection: Any) -> None:  # noqa: ANN401 - a connection
        await refresh.refresh_tenants(connection, [tenant])

    async def of_group(connection: Any) -> None:  # noqa: ANN401 - a connection
        await refresh.refresh_groups(connection, [group])

    async def of_new_tenant(connection: Any) -> None:  # noqa: ANN401 - a connection
        await connection.execute("DELETE FROM port_exposures WHERE tenant_id = %s", [tenant])
        await refresh.refresh_tenants(connection, [tenant])

    found = [("a tenant of 1,000 ports, all rows written", await _timed(database, of_new_tenant))]
    found += [("a tenant of 1,000 ports, without a change", await _timed(database, of_tenant))]
    found += [("the ports of one group", await _timed(database, of_group))]
    return iter(found)


async def _timed(
    database: Database, work: Callable[[Any], Awaitable[None]], rounds: int = ROUNDS
) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        async with database.transaction() as connection:
            await work(connection)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


@contextmanager
def _noting(sent: list[tuple[LiteralString, Mapping[str, Any]]]) -> Iterator[None]:
    """Note the statements that lists send."""
    read = identity.read_rows

    async def note(database: Database, statement: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as it was
        sent.append((statement, parameters))
        return await read(database, statement, parameters)

    identity.read_rows = note
    try:
        yield
    finally:
        identity.read_rows = read


async def listed(server: DatabaseServer, name: str, tenant: str) -> tuple[Table, list[str]]:
    """Return what lists cost through the service, and their plans."""
    rows, plans = [], []
    sent: list[tuple[LiteralString, Mapping[str, Any]]] = []
    service = create_app(Settings(database_url=server.url(name), token_rate=0, address_rate=0))
    with _noting(sent):
        async with living(service):
            for title, actor, query in LISTS:
                target = PATH + query.format(tenant=tenant)
                times = []
                for _ in range(ROUNDS):
                    begun = time.perf_counter()
                    await ask(service, request("GET", target, actor))
                    times.append(time.perf_counter() - begun)
                rows.append([title, f"{statistics.median(times) * 1000:,.1f}"])
                if sent and "counts" not in query:
                    plan = explained(server.conninfo(name), title, *sent[-1], tables=_TABLES)
                    plans.append(plan.markdown())
    return Table("Lists", ("list", "ms"), rows), plans


async def measure(server: DatabaseServer, name: str) -> None:
    """Fill, compute and list."""
    with connect_now(server.conninfo(name)) as connection:
        for statement in _FILL:
            connection.execute(statement.replace("{ports}", str(PORTS_PER_TENANT)))
        tenants = connection.execute("SELECT id, uuid FROM tenants ORDER BY id").fetchall()
        group = connection.execute(
            "SELECT min(id) FROM security_groups WHERE tenant_id = %s AND id %% 9 = 0",
            [tenants[0][0]],
        ).fetchone()
    assert group is not None  # noqa: S101 - an aggregate returns a row
    async with Database.open(server.conninfo(name), size=2) as database:
        times = await computed(database, tenants[0][0], group[0])
        rows = [[what, f"{ms:,.1f}"] for what, ms in times]
        Table("Computing", ("what", "ms"), rows).show()
        for tenant, _ in tenants[1:]:
            async with database.transaction() as connection:
                await refresh.refresh_tenants(connection, [tenant])
    with connect_now(server.conninfo(name)) as connection:
        connection.execute("ANALYZE port_exposures")
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM cloud_ports), (SELECT count(*) FROM port_exposures)"
        ).fetchone()
    assert counted is not None  # noqa: S101 - one row
    _say(f"{counted[0]:,} ports, {counted[1]:,} exposures")
    table, plans = await listed(server, name, tenants[0][1].hex)
    table.show()
    _say("\n".join(plans))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.exposures", description=__doc__)
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    with opened(arguments.cache) as server:
        name = provide(server, arguments.groups, print)
        with server.clone(name, "exposures") as copy:
            asyncio.run(measure(server, copy))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
