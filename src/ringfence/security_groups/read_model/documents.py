"""Keep each group's document equal to its definition, in the transaction of the change.

The view `security_group_document_rows` (`database/views`) defines the documents, and the table
`security_group_documents` keeps them for `read_model.list_statements`. The functions that write
rows of groups and rules call `refresh_before_commit`.

Two transactions that refresh the same document must do so one after the other: otherwise the later
commit could keep an earlier state. `refresh` takes an advisory lock first: on the tenant for a few
groups (a group shows only groups of its own tenant), on all tenants for more.
"""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from ringfence.database.pool import Connection, before_commit

_REFRESH: LiteralString = "SELECT refresh_security_group_documents(ARRAY({selection}))"

# A group's name is shown in the rules that refer to it, too.
GROUPS: LiteralString = """
SELECT unnest(%(ids)s::bigint[])
UNION
SELECT rule.security_group_id
FROM security_group_rules AS rule
WHERE rule.remote_group_id = ANY(%(ids)s)
"""

TENANTS: LiteralString = "SELECT sg.id FROM security_groups AS sg WHERE sg.tenant_id = ANY(%(ids)s)"

PROJECTS: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE tenant.project_id = ANY(%(ids)s)
"""

CUSTOMERS: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
WHERE project.customer_id = ANY(%(ids)s)
"""

CLOUDS: LiteralString = """
SELECT sg.id
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE tenant.cloud_id = ANY(%(ids)s)
"""

# Groups that are checked at a time: bounds the memory of both sides.
_BATCH = 5_000

_STALE: LiteralString = """
WITH part AS MATERIALIZED (
    SELECT sg.id
    FROM security_groups AS sg
    WHERE sg.id > %(after)s
    ORDER BY sg.id
    LIMIT %(limit)s
)
SELECT
    (SELECT max(part.id) FROM part),
    ARRAY(
        SELECT part.id
        FROM part
        WHERE security_group_document_is_stale(part.id)
        ORDER BY 1
    )
"""

_MISCOUNTED: LiteralString = """
WITH counted AS (
    SELECT each.level, each.id, sum(each.groups) AS groups
    FROM (
        SELECT level, id, groups FROM security_group_counts
        UNION ALL
        SELECT level, id, groups FROM security_group_count_changes
    ) AS each
    GROUP BY each.level, each.id
),
actual AS (
    SELECT key.level, key.id, count(*) AS groups
    FROM security_group_documents AS stored
    CROSS JOIN LATERAL (
        VALUES
        ('all', 0), ('customer', stored.customer_id), ('project', stored.project_id),
        ('tenant', stored.tenant_id), ('cloud', stored.cloud_id), ('state', stored.state_rank)
    ) AS key (level, id)
    GROUP BY key.level, key.id
)
SELECT count(*)
FROM counted
FULL JOIN actual ON counted.level = actual.level AND counted.id = actual.id
WHERE coalesce(counted.groups, 0) <> coalesce(actual.groups, 0)
"""

# Advisory locks of two integers: this class, and the tenant's id or 0 for all tenants
_LOCK_CLASS = 1_380_533_830
_FEW = 1_000

_LOCK_TENANTS: LiteralString = """
WITH everything AS (
    SELECT pg_advisory_xact_lock_shared(%(class)s, 0) AS held
)
SELECT pg_advisory_xact_lock(%(class)s, tenant.id)
FROM everything
CROSS JOIN (
    SELECT DISTINCT sg.tenant_id::integer AS id
    FROM security_groups AS sg
    WHERE sg.id = ANY(%(ids)s)
    ORDER BY 1
) AS tenant
WHERE everything.held IS NOT NULL
"""

_LOCK_ALL: LiteralString = "SELECT pg_advisory_xact_lock(%(class)s, 0)"


async def hold(connection: Connection, ids: Sequence[int]) -> None:
    """Lock the documents of these groups against other transactions until the commit.

    Call it before a group is deleted: the deletion cascades to its document, and could deadlock
    with a transaction that refreshes the same document.
    """
    await connection.execute(_LOCK_TENANTS, {"class": _LOCK_CLASS, "ids": list(ids)})


async def refresh(connection: Connection, selection: LiteralString, ids: Sequence[int]) -> None:
    """Refresh the documents that show one of `ids`.

    `selection` is one of GROUPS, TENANTS, PROJECTS, CUSTOMERS and CLOUDS: what `ids` identify.
    Call it last in a transaction: it holds a lock until the commit.
    """
    if not ids:
        return
    if selection == GROUPS and len(ids) <= _FEW:
        await hold(connection, ids)
    else:
        await connection.execute(_LOCK_ALL, {"class": _LOCK_CLASS})
    await connection.execute(_REFRESH.replace("{selection}", selection), {"ids": list(ids)})


def refresh_before_commit(connection: Connection, group_ids: Iterable[int]) -> None:
    """Refresh the documents that show one of the groups, right before the transaction commits.

    Every function that writes rows of groups or rules calls this, so no command can forget it.
    """
    before_commit(connection, _refresh_groups, group_ids)


async def _refresh_groups(connection: Connection, group_ids: Sequence[int]) -> None:
    await refresh(connection, GROUPS, group_ids)


async def stale(connection: Connection) -> list[int]:
    """Return the ids of groups whose document is missing or differs from its definition.

    There should be none. A document without a group cannot exist: the foreign key cascades.
    """
    found: list[int] = []
    after = 0
    while True:
        cursor = await connection.execute(_STALE, {"after": after, "limit": _BATCH})
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            return found
        after = row[0]
        found.extend(row[1])


async def miscounted(connection: Connection) -> int:
    """Return for how many ancestors and states the number of groups is wrong; it should be 0."""
    row = await (await connection.execute(_MISCOUNTED)).fetchone()
    return int(row[0]) if row else 0
