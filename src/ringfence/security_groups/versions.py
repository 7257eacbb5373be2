"""What was asked for, kept each time it changes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, LiteralString

from ringfence.database.pool import Connection


class Cause(StrEnum):
    """Why a version came to be."""

    USER = "user"
    PULL = "pull"
    LOAD = "load"
    ROLLBACK = "rollback"


# `to_jsonb` of the whole row: a version can be brought back as it was.
_RECORD: LiteralString = """
INSERT INTO security_group_versions (
    security_group_id, number, author_id, cause, name, description, rules
)
SELECT
    sg.id, sg.version, %(author_id)s, %(cause)s, sg.name, sg.description,
    coalesce(
        (
            SELECT
                jsonb_agg(to_jsonb(rule) - 'security_group_id' ORDER BY rule.position, rule.id)
            FROM security_group_rules AS rule
            WHERE rule.security_group_id = sg.id
        ),
        '[]'
    )
FROM security_groups AS sg
WHERE sg.id = ANY(%(ids)s)
"""

# Rules are told apart by what they say, not by their rows. Nothing is compared with what is gone.
_CHANGES: LiteralString = """
WITH said AS (
    SELECT
        sg.id,
        version.number,
        rule.value - '{id,position}'::text [] AS rule
    FROM security_groups AS sg
    INNER JOIN security_group_versions AS version ON sg.id = version.security_group_id
    CROSS JOIN LATERAL jsonb_array_elements(version.rules) AS rule (value)
    WHERE
        sg.id = ANY(%(ids)s)
        AND (
            (version.number = sg.version AND NOT %(is_deletion)s)
            OR version.number = sg.version - (NOT %(is_deletion)s)::integer
        )
),
numbered AS (
    SELECT sg.id, sg.version, sg.version - (NOT %(is_deletion)s)::integer AS before
    FROM security_groups AS sg
    WHERE sg.id = ANY(%(ids)s)
),
earlier AS (
    SELECT said.id, said.rule
    FROM said
    INNER JOIN numbered ON said.id = numbered.id AND said.number = numbered.before
),
later AS (
    SELECT said.id, said.rule
    FROM said
    INNER JOIN numbered ON said.id = numbered.id AND said.number = numbered.version
    WHERE NOT %(is_deletion)s
),
gone AS (
    SELECT earlier.id, earlier.rule FROM earlier
    EXCEPT ALL
    SELECT later.id, later.rule FROM later
),
come AS (
    SELECT later.id, later.rule FROM later
    EXCEPT ALL
    SELECT earlier.id, earlier.rule FROM earlier
)
SELECT
    numbered.id,
    jsonb_build_object(
        'version', numbered.version,
        'rules_removed', coalesce(
            (SELECT jsonb_agg(gone.rule) FROM gone WHERE gone.id = numbered.id), '[]'
        ),
        'rules_added', coalesce(
            (SELECT jsonb_agg(come.rule) FROM come WHERE come.id = numbered.id), '[]'
        )
    )
FROM numbered
"""


async def change_of(
    connection: Connection, group_id: int, *, is_deletion: bool = False
) -> dict[str, Any]:
    """Give which rules the group's present version removed and added, as rows held them.

    A group that is going loses all that it has.
    """
    return (await changes_of(connection, [group_id], is_deletion=is_deletion))[group_id]


async def changes_of(
    connection: Connection, ids: Sequence[int], *, is_deletion: bool = False
) -> dict[int, dict[str, Any]]:
    """Return the same of several groups, by id."""
    cursor = await connection.execute(_CHANGES, {"ids": list(ids), "is_deletion": is_deletion})
    return dict(await cursor.fetchall())


async def record_versions(
    connection: Connection, ids: Sequence[int], cause: Cause, author_id: int | None = None
) -> None:
    """Keep the groups' present rows as their present versions, whose numbers must be new."""
    await connection.execute(_RECORD, {"ids": list(ids), "cause": cause, "author_id": author_id})
