"""Data sets for the search among rules: rules as they are in a cloud, and a few that are rare.

Half of the rules are the two that Neutron adds to each group, so most filters match many rules. The
rare ones are as many at any size. Documents of groups are not read by the search and stay empty.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import count

import psycopg

from bench.dataset import (
    GROUPS_PER_TENANT,
    Layout,
    Row,
    Say,
    copy_rows,
    tables_of,
    vacuum,
    without_indexes,
)
from bench.server import DatabaseServer
from ringfence.database.migrate import migrate, pending

# Increase it when the rules change: sets of another form are created again.
FORM = 1
RARE = 7
RARE_PORT, RARE_PREFIX, RARE_TEXT = 3390, "203.0.113.77/32", "opened for the audit"

_COLUMNS = (
    *("id", "security_group_id", "position", "ethertype", "direction", "protocol"),
    *("from_port", "to_port", "cidr", "description", "remote_group_id"),
)
# Equal to the documents of the read model, but for the documents themselves
_DOCUMENTS = """
INSERT INTO security_group_documents (
    security_group_id, document, uuid, tenant_id, project_id, customer_id, cloud_id, version,
    state_rank, created, name, description, backend_id, tenant_name, project_name, customer_name,
    customer_native_name, customer_abbreviation, service_name, revision
)
SELECT
    sg.id, '{}', sg.uuid, tenant.id, project.id, customer.id, tenant.cloud_id, sg.version, 3,
    sg.created, sg.name, sg.description, sg.backend_id, tenant.name, project.name, customer.name,
    '', '', 'bench-cloud', 1
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
"""
_ADD_UP = "SELECT add_up_security_group_counts()"


def provide_rules(server: DatabaseServer, groups: int, say: Say) -> str:
    """Return the database of a set; create it if it is missing."""
    name = f"rules_{groups}_form_{FORM}"
    if server.has(name) and not asyncio.run(_is_old(server.conninfo(name))):
        return name
    began = time.perf_counter()
    draft = f"{name}_draft"
    server.create(draft)
    asyncio.run(migrate(server.conninfo(draft)))
    asyncio.run(_build(server.conninfo(draft), Layout(groups), say))
    vacuum(server.conninfo(draft))
    server.drop(name)
    server.rename(draft, name)
    say(f"{groups:,} groups with {5 * groups:,} rules: {time.perf_counter() - began:.0f} s")
    return name


async def _is_old(conninfo: str) -> bool:
    """Return whether a set lacks migrations; documents are empty, so views do not matter."""
    return any(not name.startswith("views_") for name in await pending(conninfo))


async def _build(conninfo: str, layout: Layout, say: Say) -> None:
    # Created again after a crash: nothing has to wait for the disk.
    options = "-c synchronous_commit=off -c timezone=UTC -c maintenance_work_mem=256MB"
    async with await psycopg.AsyncConnection.connect(conninfo, options=options) as connection:
        tables = ("security_groups", "security_group_rules", "security_group_documents")
        async with without_indexes(connection, *tables):
            for table, columns, rows in _with_rules(tables_of(layout), layout):
                # References are valid by construction: checking each would take long.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await copy_rows(connection, table, columns, rows)
                await connection.commit()
                say(f"{layout.groups:,} groups: {table} written")
            await connection.execute("ANALYZE")
            await connection.execute(_DOCUMENTS)
            await connection.execute(_ADD_UP)
        await connection.commit()


Table = tuple[str, tuple[str, ...], Iterable[Row]]


def _with_rules(tables: Iterable[Table], layout: Layout) -> Iterator[Table]:
    """Yield the tables of a set with other rules."""
    for table, columns, rows in tables:
        if table == "security_group_rules":
            yield table, _COLUMNS, _rules(layout.groups)
        else:
            yield table, columns, rows


def _rules(groups: int) -> Iterator[Row]:
    ids = count(1)
    step = max(1, groups // RARE)
    for group in range(1, groups + 1):
        is_rare = group % step == step // 2
        for position, (columns, description) in enumerate(_rules_of(group, groups, is_rare)):
            *rule, remote = columns
            yield (next(ids), group, position, *rule, description, remote)


def _rules_of(group: int, groups: int, is_rare: bool) -> Iterator[tuple[Row, str]]:  # noqa: FBT001
    yield ("IPv4", "egress", "", None, None, None, None), ""
    yield ("IPv6", "egress", "", None, None, None, None), ""
    first = (group - 1) // GROUPS_PER_TENANT * GROUPS_PER_TENANT + 1
    remote = min(first + (group * 7) % GROUPS_PER_TENANT, groups)
    port = 1000 + group % 50
    yield ("IPv4", "ingress", "tcp", port, port, None, remote), ""
    network = f"10.{group % 256}.{group // 256 % 8}.0/24"
    last = port + group % 3
    yield ("IPv4", "ingress", "tcp", port, last, network, None), f"service {group % 1000}"
    if is_rare:
        rare = ("IPv4", "ingress", "tcp", RARE_PORT, RARE_PORT, RARE_PREFIX, None)
        yield rare, RARE_TEXT
    elif group % 10 < 2:  # noqa: PLR2004 - a fifth
        yield ("IPv4", "ingress", "tcp", 22, 22, "0.0.0.0/0", None), ""
    elif group % 10 < 5:  # noqa: PLR2004 - three tenths
        yield ("IPv4", "ingress", "tcp", 443, 443, "0.0.0.0/0", None), ""
    else:
        host = f"172.{16 + group // 65536 % 16}.{group // 256 % 256}.{group % 256}/32"
        yield ("IPv4", "ingress", "udp", 1194, 1194, host, None), "host of a customer"
