"""What was asked for, kept each time it changes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import LiteralString

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


async def record_versions(
    connection: Connection, ids: Sequence[int], cause: Cause, author_id: int | None = None
) -> None:
    """Keep the groups' present rows as their present versions, whose numbers must be new."""
    await connection.execute(_RECORD, {"ids": list(ids), "cause": cause, "author_id": author_id})
