"""Records versions: the desired state of a group after each change."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, LiteralString

from ringfence.database.pool import Connection


class Cause(StrEnum):
    """The cause of a version."""

    USER = "user"
    PULL = "pull"
    LOAD = "load"
    ROLLBACK = "rollback"


# `to_jsonb` of the whole row: a rollback restores the rules as they were.
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

# Rules are compared by content, not by row. A deletion removes all rules.
_CHANGES: LiteralString = """
WITH versions AS (
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
    SELECT versions.id, versions.rule
    FROM versions
    INNER JOIN numbered ON versions.id = numbered.id AND versions.number = numbered.before
),
later AS (
    SELECT versions.id, versions.rule
    FROM versions
    INNER JOIN numbered ON versions.id = numbered.id AND versions.number = numbered.version
    WHERE NOT %(is_deletion)s
),
removed AS (
    SELECT earlier.id, earlier.rule FROM earlier
    EXCEPT ALL
    SELECT later.id, later.rule FROM later
),
added AS (
    SELECT later.id, later.rule FROM later
    EXCEPT ALL
    SELECT earlier.id, earlier.rule FROM earlier
)
SELECT
    numbered.id,
    jsonb_build_object(
        'version', numbered.version,
        'rules_removed', coalesce(
            (SELECT jsonb_agg(removed.rule) FROM removed WHERE removed.id = numbered.id), '[]'
        ),
        'rules_added', coalesce(
            (SELECT jsonb_agg(added.rule) FROM added WHERE added.id = numbered.id), '[]'
        )
    )
FROM numbered
"""


async def change_of(
    connection: Connection, group_id: int, *, is_deletion: bool = False
) -> dict[str, Any]:
    """Return the rules that the group's present version removed and added, as rows stored them.

    A deletion removes all rules.
    """
    return (await changes_of(connection, [group_id], is_deletion=is_deletion))[group_id]


async def changes_of(
    connection: Connection, ids: Sequence[int], *, is_deletion: bool = False
) -> dict[int, dict[str, Any]]:
    """Return the changes of several groups, by id."""
    cursor = await connection.execute(_CHANGES, {"ids": list(ids), "is_deletion": is_deletion})
    return dict(await cursor.fetchall())


async def record_versions(
    connection: Connection, ids: Sequence[int], cause: Cause, author_id: int | None = None
) -> None:
    """Store the present rows of groups as versions. Their version numbers must be new."""
    await connection.execute(_RECORD, {"ids": list(ids), "cause": cause, "author_id": author_id})
