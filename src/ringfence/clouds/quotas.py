"""Quotas of a tenant: limits and usage."""

from dataclasses import dataclass
from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.errors import Invalid

# Rows are counted, because a stored count could be wrong.
_EXCEEDED: LiteralString = """
SELECT quota.name, quota.limit_value, used.used + used.added AS required
FROM tenant_quotas AS quota
CROSS JOIN LATERAL (
    SELECT
        %(groups)s::bigint AS added,
        (SELECT count(*) FROM security_groups AS sg WHERE sg.tenant_id = quota.tenant_id) AS used
    WHERE quota.name = 'security_group_count'
    UNION ALL
    SELECT
        %(rules)s::bigint AS added,
        (
            SELECT count(*)
            FROM security_group_rules AS rule
            INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
            WHERE sg.tenant_id = quota.tenant_id
        ) AS used
    WHERE quota.name = 'security_group_rule_count'
) AS used
WHERE
    quota.tenant_id = %(tenant_id)s
    AND quota.limit_value >= 0
    AND used.added > 0
    AND used.used + used.added > quota.limit_value
ORDER BY quota.name
"""


_RULES: LiteralString = """
SELECT
    (
        SELECT count(*)
        FROM security_group_rules AS rule
        INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
        WHERE sg.tenant_id = %(tenant_id)s
    ) AS used,
    coalesce(
        (
            SELECT quota.limit_value FROM tenant_quotas AS quota
            WHERE
                quota.tenant_id = %(tenant_id)s AND quota.name = 'security_group_rule_count'
        ),
        -1
    ) AS limit_value
"""


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much a change raises the usage; zero and less always fit."""

    groups: int = 0
    rules: int = 0


async def rules_used(connection: Connection, tenant_id: int) -> tuple[int, int]:
    """Return the number of rules of the tenant, and its limit; -1 means no limit."""
    cursor = await connection.execute(_RULES, {"tenant_id": tenant_id})
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, -1)


async def require_room(connection: Connection, tenant_id: int, growth: Growth) -> None:
    """Raise `Invalid` if the growth exceeds a limit. The tenant's row must be locked."""
    cursor = await connection.execute(
        _EXCEEDED, {"tenant_id": tenant_id, "groups": growth.groups, "rules": growth.rules}
    )
    exceeded = [
        f"{name} quota limit: {limit}, requires {required}"
        for name, limit, required in await cursor.fetchall()
    ]
    if exceeded:
        raise Invalid([f"One or more quotas were exceeded: {'; '.join(exceeded)}"])
