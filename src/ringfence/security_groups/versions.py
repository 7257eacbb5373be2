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
_CHANGE: LiteralString = """
WITH said AS (
    SELECT
        version.number,
        rule.value - '{id,position}'::text [] AS rule
    FROM security_groups AS sg
    INNER JOIN security_group_versions AS version ON sg.id = version.security_group_id
    CROSS JOIN LATERAL jsonb_array_elements(version.rules) AS rule (value)
    WHERE
        sg.id = %(id)s
        AND (
            (version.number = sg.version AND NOT %(is_going)s)
            OR version.number = sg.version - (NOT %(is_going)s)::integer
        )
),
numbered AS (
    SELECT sg.version, sg.version - (NOT %(is_going)s)::integer AS before
    FROM security_groups AS sg
    WHERE sg.id = %(id)s
),
gone AS (
    SELECT said.rule FROM said, numbered WHERE said.number = numbered.before
    EXCEPT ALL
    SELECT said.rule FROM said, numbered
    WHERE said.number = numbered.version AND NOT %(is_going)s
),
come AS (
    SELECT said.rule FROM said, numbered
    WHERE said.number = numbered.version AND NOT %(is_going)s
    EXCEPT ALL
    SELECT said.rule FROM said, numbered WHERE said.number = numbered.before
)
SELECT jsonb_build_object(
    'version', (SELECT numbered.version FROM numbered),
    'rules_removed', coalesce((SELECT jsonb_agg(gone.rule) FROM gone), '[]'),
    'rules_added', coalesce((SELECT jsonb_agg(come.rule) FROM come), '[]')
)
"""


async def change_of(
    connection: Connection, group_id: int, *, is_going: bool = False
) -> dict[str, Any]:
    """Give which rules the group's present version removed and added, as rows held them.

    A group that is going loses all that it has.
    """
    cursor = await connection.execute(_CHANGE, {"id": group_id, "is_going": is_going})
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - one row, always
    change: dict[str, Any] = row[0]
    return change


async def record_versions(
    connection: Connection, ids: Sequence[int], cause: Cause, author_id: int | None = None
) -> None:
    """Keep the groups' present rows as their present versions, whose numbers must be new."""
    await connection.execute(_RECORD, {"ids": list(ids), "cause": cause, "author_id": author_id})
