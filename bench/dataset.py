"""Data sets: customers, projects, tenants, groups and rules, written by COPY.

The shape stays as the size grows: 100 groups a tenant, two tenants a project, five projects a
customer. So a project administrator sees 200 groups and a customer owner 1,000, at any size.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import psycopg
from psycopg import sql

from bench.server import DatabaseServer
from ringfence.database.migrate import migrate
from ringfence.database.pool import Connection
from ringfence.errors import OperatorError
from ringfence.security_groups.port_exposures.refresh import refresh_tenants
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.versions import Cause, record_versions

GROUPS_PER_TENANT = 100
TENANTS_PER_PROJECT = 2
PROJECTS_PER_CUSTOMER = 5
RULES_PER_GROUP = 5
# Tenants whose documents are written in one statement
BATCH = 50
# Increase it when `_fill` changes: sets of another form are created again.
FORM = 2

STAFF, ADMIN, OWNER = "bench-staff", "bench-admin", "bench-owner"
KINDS = ("web", "db", "app", "cache", "queue", "mail", "bastion", "monitoring", "build", "proxy")
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

_INDEXES = """
SELECT class.relname, pg_get_indexdef(index.indexrelid)
FROM pg_index AS index
INNER JOIN pg_class AS class ON index.indexrelid = class.oid
WHERE
    index.indrelid = ANY(%s::text[]::regclass[])
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = index.indexrelid)
"""

Say = Callable[[str], None]
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The number of objects of each kind in a set; at least one of each."""

    groups: int

    @property
    def tenants(self) -> int:
        return -(-self.groups // GROUPS_PER_TENANT)

    @property
    def projects(self) -> int:
        return -(-self.tenants // TENANTS_PER_PROJECT)

    @property
    def customers(self) -> int:
        return -(-self.projects // PROJECTS_PER_CUSTOMER)


def name_of(groups: int) -> str:
    """Return the name of the database that holds a set."""
    return f"groups_{groups}_form_{FORM}"


def provide(server: DatabaseServer, groups: int, say: Say) -> str:
    """Return the database of a set; create it if missing, and migrate it to the current schema."""
    name = name_of(groups)
    if server.has(name) and _bring_up(server.conninfo(name), groups, say):
        return name
    began = time.perf_counter()
    draft = f"{name}_draft"
    server.create(draft)
    asyncio.run(migrate(server.conninfo(draft)))
    asyncio.run(_build(server.conninfo(draft), Layout(groups), say))
    vacuum(server.conninfo(draft))
    server.drop(name)
    server.rename(draft, name)
    say(f"{groups:,} groups: made in {time.perf_counter() - began:.0f} s")
    return name


def _bring_up(conninfo: str, groups: int, say: Say) -> bool:
    """Apply missing migrations; return False if the set has other ones."""
    try:
        applied = asyncio.run(migrate(conninfo))
    except OperatorError as error:
        say(f"{groups:,} groups: created again, because {error}")
        return False
    if applied:
        say(f"{groups:,} groups: applied {', '.join(applied)}")
        vacuum(conninfo)
    return True


async def _build(conninfo: str, layout: Layout, say: Say) -> None:
    # Created again after a crash: nothing has to wait for the disk.
    options = "-c synchronous_commit=off -c timezone=UTC -c maintenance_work_mem=256MB"
    async with await psycopg.AsyncConnection.connect(conninfo, options=options) as connection:
        async with without_indexes(connection, "security_groups", "security_group_rules"):
            for table, columns, rows in tables_of(layout):
                # References are valid by construction: checking each would take long.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await copy_rows(connection, table, columns, rows)
                await connection.commit()
                say(f"{layout.groups:,} groups: {table} written")
        await connection.execute("ANALYZE")
        await connection.commit()
        async with without_indexes(connection, "security_group_documents"):
            await _render(connection, layout)
        await connection.commit()
        say(f"{layout.groups:,} groups: documents written")


async def _render(connection: Connection, layout: Layout) -> None:
    for first in range(1, layout.tenants + 1, BATCH):
        tenants = list(range(first, min(first + BATCH, layout.tenants + 1)))
        cursor = await connection.execute(
            "SELECT id FROM security_groups WHERE tenant_id = ANY(%s)", [tenants]
        )
        groups = [row[0] for row in await cursor.fetchall()]
        await record_versions(connection, groups, Cause.LOAD)
        await documents.refresh(connection, documents.TENANTS, tenants)
        await refresh_tenants(connection, tenants)
        await connection.commit()


@asynccontextmanager
async def without_indexes(connection: Connection, *tables: str) -> AsyncIterator[None]:
    """Drop the indexes that hold no constraint, and create them again at the end."""
    cursor = await connection.execute(_INDEXES, [list(tables)])
    found = await cursor.fetchall()
    for name, _ in found:
        await connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        # The server's own definitions
        await connection.execute(definition)


async def copy_rows(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    cursor = connection.cursor()
    async with cursor.copy(statement) as copy:
        for block in _blocks(rows):
            await copy.write(block)
    if columns[0] == "id":
        await connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                sql.Literal(table), sql.Identifier(table)
            )
        )


def _blocks(rows: Iterable[Row]) -> Iterator[str]:
    """Yield rows in COPY's text format, many at once; no value needs escaping."""
    lines: list[str] = []
    for row in rows:
        lines.append("\t".join("\\N" if value is None else str(value) for value in row))
        if len(lines) == 2000:  # noqa: PLR2004 - a block of some hundred kilobytes
            yield "\n".join(lines) + "\n"
            lines.clear()
    if lines:
        yield "\n".join(lines) + "\n"


def tables_of(layout: Layout) -> Iterator[tuple[str, tuple[str, ...], Iterable[Row]]]:
    chance = random.Random(layout.groups)  # noqa: S311 - the same set each time

    def uuid() -> str:
        return f"{chance.getrandbits(128):032x}"

    yield "clouds", ("id", "name", "backend"), [(1, "bench-cloud", "sandbox")]
    yield "users", ("id", "username", "is_staff"), list(_users())
    tokens = enumerate((STAFF, ADMIN, OWNER), 1)
    digests = [(number, "\\\\x" + hashlib.sha256(t.encode()).hexdigest()) for number, t in tokens]
    yield "tokens", ("user_id", "digest"), digests
    customers = [
        (n, uuid(), f"Customer {n:05d}", f"C{n:05d}") for n in range(1, layout.customers + 1)
    ]
    yield "customers", ("id", "uuid", "name", "abbreviation"), customers
    projects = [
        (n, uuid(), (n - 1) // PROJECTS_PER_CUSTOMER + 1, f"Project {n:06d}")
        for n in range(1, layout.projects + 1)
    ]
    yield "projects", ("id", "uuid", "customer_id", "name"), projects
    tenants = [
        (n, uuid(), (n - 1) // TENANTS_PER_PROJECT + 1, 1, f"tenant-{n:06d}", uuid())
        for n in range(1, layout.tenants + 1)
    ]
    columns = ("id", "uuid", "project_id", "cloud_id", "name", "backend_id")
    yield "tenants", columns, tenants
    grants = [
        (2, "PROJECT.ADMIN", None, layout.projects // 2 + 1),
        (3, "CUSTOMER.OWNER", layout.customers // 2 + 1, None),
    ]
    yield "role_grants", ("user_id", "role", "customer_id", "project_id"), grants
    yield "security_groups", _GROUP_COLUMNS, _groups(layout, uuid)
    yield "security_group_rules", _RULE_COLUMNS, _rules(layout)


def _users() -> Iterator[Row]:
    yield 1, STAFF, True
    yield 2, ADMIN, False
    yield 3, OWNER, False


_GROUP_COLUMNS = (
    *("id", "uuid", "tenant_id", "name", "description", "backend_id", "state", "error_message"),
    *("created", "modified", "version", "applied_version"),
)
_RULE_COLUMNS = (
    *("id", "security_group_id", "position", "ethertype", "direction", "protocol"),
    *("from_port", "to_port", "cidr", "description", "remote_group_id"),
)


def _groups(layout: Layout, uuid: Callable[[], str]) -> Iterator[Row]:
    for number in range(1, layout.groups + 1):
        tenant = (number - 1) // GROUPS_PER_TENANT + 1
        kind = KINDS[number % len(KINDS)]
        erred = number % 50 == 0
        created = _EPOCH + timedelta(seconds=17 * number)
        yield (
            *(number, uuid(), tenant, f"{kind}-{number:07d}"),
            f"Lets the {kind} servers of part {tenant:06d} talk",
            # In Neutron's own spelling
            str(UUID(hex=uuid())),
            "ERRED" if erred else "OK",
            "The cloud is out of reach." if erred else "",
            *(created, created, 1, 0 if erred else 1),
        )


def _rules(layout: Layout) -> Iterator[Row]:
    ids = count(1)
    for group in range(1, layout.groups + 1):
        first = (group - 1) // GROUPS_PER_TENANT * GROUPS_PER_TENANT + 1
        remote = first + (group * 7) % GROUPS_PER_TENANT
        remote = remote if remote <= layout.groups else group
        for position in range(RULES_PER_GROUP):
            port = 1000 + position * 97 + group % 50
            named = position == 1
            yield (
                *(next(ids), group, position, "IPv4", "ingress", "tcp", port, port),
                None if named else f"10.{group % 256}.{position}.0/24",
                f"rule {position}",
                remote if named else None,
            )


def vacuum(conninfo: str) -> None:
    """Vacuum and analyze, so that autovacuum does not run during a measurement."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")
