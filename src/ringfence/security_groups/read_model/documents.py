"""The stored answers: kept equal to the view that defines them, in the change's own transaction.

Two transactions that render the same answer must do so one after the other, or the later one to
commit may have looked before the earlier one did. So rendering takes a lock first: on the tenant
for a few groups (a group only shows groups of its own tenant), on all for the rest.
"""

from collections.abc import Sequence
from typing import LiteralString

from ringfence.database.pool import Connection

# What lists are ordered, narrowed and counted by (see 0015_lists.sql), as the view names it.
_KEYS: LiteralString = """
uuid, tenant_id, project_id, customer_id, cloud_id, version, state_rank, created, name,
description, backend_id, tenant_name, project_name, customer_name, customer_native_name,
customer_abbreviation, service_name
"""


def _of(alias: LiteralString) -> LiteralString:
    """Give the keys as columns of a table."""
    return ", ".join([alias + "." + key.strip() for key in _KEYS.split(",")])


# One group at a time (`OFFSET 0`): joined as a whole, the views would be made of all groups first.
_RENDER: LiteralString = """
INSERT INTO security_group_documents AS stored
(security_group_id, document, staff_document, {keys}, revision)
SELECT
    rendered.security_group_id, rendered.document, rendered.staff_document, {of_source}, 1
FROM (SELECT unnest(ARRAY({selection})) AS id ORDER BY 1) AS chosen
CROSS JOIN LATERAL (
    SELECT * FROM security_group_rendered AS one
    WHERE one.security_group_id = chosen.id OFFSET 0
) AS rendered
CROSS JOIN LATERAL (
    SELECT * FROM security_group_keys AS one
    WHERE one.security_group_id = chosen.id OFFSET 0
) AS source
ON CONFLICT (security_group_id) DO UPDATE
SET
    (document, staff_document, {keys}, revision)
    = (excluded.document, excluded.staff_document, {of_excluded}, stored.revision + 1)
WHERE (stored.document, stored.staff_document, {of_stored})
    IS DISTINCT FROM (excluded.document, excluded.staff_document, {of_excluded})
"""
_RENDER = (
    _RENDER.replace("{keys}", _KEYS)
    .replace("{of_source}", _of("source"))
    .replace("{of_stored}", _of("stored"))
    .replace("{of_excluded}", _of("excluded"))
)

# A group's name also stands in the rules that name it.
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

# Some groups at a time: however many there are, neither side holds more of them in memory.
_AT_ONCE = 5_000

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
        SELECT rendered.security_group_id
        FROM part
        CROSS JOIN LATERAL (
            SELECT * FROM security_group_rendered AS one
            WHERE one.security_group_id = part.id OFFSET 0
        ) AS rendered
        CROSS JOIN LATERAL (
            SELECT * FROM security_group_keys AS one
            WHERE one.security_group_id = part.id OFFSET 0
        ) AS source
        LEFT JOIN security_group_documents AS stored ON part.id = stored.security_group_id
        WHERE
            (rendered.document, rendered.staff_document, {of_source})
            IS DISTINCT FROM (stored.document, stored.staff_document, {of_stored})
        ORDER BY 1
    )
""".replace("{of_source}", _of("source")).replace("{of_stored}", _of("stored"))

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
found AS (
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
FULL JOIN found ON counted.level = found.level AND counted.id = found.id
WHERE coalesce(counted.groups, 0) <> coalesce(found.groups, 0)
"""

# Two-part advisory locks: this class, and 0 for all tenants or the tenant's id.
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
    """Keep other transactions from rendering these groups until the commit.

    Needed before a group is deleted: its answer goes with it, and a row that is going while
    another transaction renders it would make each wait for the other.
    """
    await connection.execute(_LOCK_TENANTS, {"class": _LOCK_CLASS, "ids": list(ids)})


async def refresh(connection: Connection, selection: LiteralString, ids: Sequence[int]) -> None:
    """Render anew the groups that show one of `ids`.

    `selection` is one of GROUPS, TENANTS, PROJECTS, CUSTOMERS and CLOUDS: what `ids` identify.
    Call it last in a transaction: it holds a lock until the commit.
    """
    if not ids:
        return
    if selection == GROUPS and len(ids) <= _FEW:
        await hold(connection, ids)
    else:
        await connection.execute(_LOCK_ALL, {"class": _LOCK_CLASS})
    await connection.execute(_RENDER.replace("{selection}", selection), {"ids": list(ids)})


async def stale(connection: Connection) -> list[int]:
    """Give the ids of groups whose stored answer differs from its definition; should be none.

    An answer without its group cannot be: it goes with the group.
    """
    found: list[int] = []
    after = 0
    while True:
        cursor = await connection.execute(_STALE, {"after": after, "limit": _AT_ONCE})
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            return found
        after = row[0]
        found.extend(row[1])


async def miscounted(connection: Connection) -> int:
    """Give for how many places and states the number of groups is wrong; should be none."""
    row = await (await connection.execute(_MISCOUNTED)).fetchone()
    return int(row[0]) if row else 0
