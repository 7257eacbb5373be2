"""Taking a group's row away without opening anything that referred to it."""

from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.security_groups.read_model import documents

# "From this group" must not become "from anywhere": the name and backend id stay.
_UNRESOLVE: LiteralString = """
WITH unresolved AS (
    UPDATE security_group_rules AS rule
    SET
        remote_group_id = NULL,
        unresolved_group_backend_id = remote.backend_id,
        -- One without a name is called by its id in the cloud.
        unresolved_group_name = coalesce(
            nullif(remote.name, ''), nullif(remote.backend_id, ''), 'a group that is gone'
        )
    FROM security_groups AS remote
    WHERE
        remote.id = %(id)s
        AND rule.remote_group_id = remote.id
        AND rule.security_group_id <> remote.id
    RETURNING rule.security_group_id
)
SELECT DISTINCT security_group_id FROM unresolved ORDER BY security_group_id
"""

# Versions of other groups may name it: what it was is needed to bring them back.
_DELETE: LiteralString = """
WITH gone AS (
    DELETE FROM security_groups WHERE id = %(id)s
    RETURNING id, tenant_id, uuid, backend_id, name
)
INSERT INTO security_group_remains (security_group_id, tenant_id, uuid, backend_id, name)
SELECT gone.id, gone.tenant_id, gone.uuid, gone.backend_id, gone.name FROM gone
"""


async def remove(connection: Connection, group_id: int) -> list[int]:
    """Delete a group's row with its rules; give the ids of groups whose rules named it.

    Those rules stay, unresolved. The caller refreshes the documents of these groups.
    """
    await documents.hold(connection, [group_id])
    cursor = await connection.execute(_UNRESOLVE, {"id": group_id})
    referring = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_DELETE, {"id": group_id})
    return referring
