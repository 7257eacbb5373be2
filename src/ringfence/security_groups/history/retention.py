"""Removes old versions of groups.

Never removed are the first version, the newest ones, the applied one and all after it, and the
newest version that did not come from the cloud: it distinguishes a group that users manage from one
that was only imported (`cloud_state/bindings.py`).
"""

from typing import LiteralString

from ringfence.database.pool import Database

# Groups in one transaction
GROUPS_AT_ONCE = 100

# Groups are read in the order of their ids, so that each transaction is short.
_REMOVE: LiteralString = """
WITH chunk AS (
    SELECT sg.id, sg.version, sg.applied_version
    FROM security_groups AS sg
    WHERE sg.id > %(after)s
    ORDER BY sg.id
    LIMIT %(size)s
),
numbered AS (
    SELECT
        version.security_group_id, version.number, version.cause, version.created,
        chunk.applied_version,
        row_number() OVER (
            PARTITION BY version.security_group_id ORDER BY version.number DESC
        ) AS newest,
        row_number() OVER (
            PARTITION BY version.security_group_id ORDER BY version.number
        ) AS oldest,
        row_number() OVER (
            PARTITION BY version.security_group_id, version.cause = 'pull'
            ORDER BY version.number DESC
        ) AS newest_of_cause
    FROM chunk
    INNER JOIN security_group_versions AS version ON chunk.id = version.security_group_id
    WHERE chunk.version > %(count)s
),
removed AS (
    DELETE FROM security_group_versions AS version
    USING numbered
    WHERE
        version.security_group_id = numbered.security_group_id
        AND version.number = numbered.number
        AND numbered.number < numbered.applied_version
        AND numbered.newest > %(count)s
        AND numbered.oldest > 1
        AND numbered.created < now() - make_interval(days => %(days)s)
        AND (numbered.cause = 'pull' OR numbered.newest_of_cause > 1)
    RETURNING version.number
)
SELECT (SELECT max(chunk.id) FROM chunk), (SELECT count(*) FROM removed)
"""


async def remove_versions(database: Database, days: int, count: int) -> int:
    """Remove versions older than this many days, apart from the newest `count` of each group.

    Returns how many were removed.
    """
    removed, after = 0, 0
    values = {"days": days, "count": count, "size": GROUPS_AT_ONCE}
    while True:
        async with database.connection() as connection:
            cursor = await connection.execute(_REMOVE, values | {"after": after})
            row = await cursor.fetchone()
        if row is None or row[0] is None:
            return removed
        after = row[0]
        removed += row[1]
