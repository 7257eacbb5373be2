"""The stored answers: kept equal to the view that defines them, in the change's own transaction.

Two transactions that render the same answer must do so one after the other, or the later one to
commit may have looked before the earlier one did. So rendering takes a lock first: on the tenant
for a few groups (a group only shows groups of its own tenant), on all for the rest.
"""

from collections.abc import Sequence
from typing import LiteralString

from ringfence.database.pool import Connection

# Where the base of an address belongs in a stored document (see 0003_documents.sql).
BASE_MARK = b"\x01"

_RENDER: LiteralString = """
INSERT INTO security_group_documents AS stored (security_group_id, document, staff_document)
SELECT rendered.security_group_id, rendered.document, rendered.staff_document
FROM security_group_rendered AS rendered
WHERE rendered.security_group_id = ANY(ARRAY({selection}))
ORDER BY rendered.security_group_id
ON CONFLICT (security_group_id) DO UPDATE
SET document = excluded.document, staff_document = excluded.staff_document
WHERE (stored.document, stored.staff_document)
    IS DISTINCT FROM (excluded.document, excluded.staff_document)
"""

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

_STALE: LiteralString = """
SELECT coalesce(rendered.security_group_id, stored.security_group_id)
FROM security_group_rendered AS rendered
FULL JOIN security_group_documents AS stored USING (security_group_id)
WHERE (rendered.document, rendered.staff_document)
    IS DISTINCT FROM (stored.document, stored.staff_document)
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
    """Give the ids of groups whose stored answer differs from its definition; should be none."""
    cursor = await connection.execute(_STALE)
    return [row[0] for row in await cursor.fetchall()]
