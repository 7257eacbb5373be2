"""Export the audit trail as JSON Lines: events and refused changes, in the order of time."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.events.retention import removed_before

# Both parts are read in the order of their indexes, in chunks.
_LINES: LiteralString = """
SELECT line.document
FROM (
    SELECT
        event.created,
        event.id,
        json_strip_nulls(json_build_object(
            'kind', 'event',
            'uuid', hex(event.uuid),
            'created', json_time(event.created)::json,
            'type', event.event_type,
            'message', event.message,
            'user_uuid', hex(event.user_uuid),
            'username', event.username,
            'address', host(event.address),
            'token_uuid', hex(event.token_uuid),
            'token_name', event.token_name,
            'request_id', event.request_id,
            'customer_uuid', hex(event.customer_uuid),
            'project_uuid', hex(event.project_uuid),
            'tenant_uuid', hex(event.tenant_uuid),
            'security_group_uuid', hex(event.security_group_uuid),
            'context', event.context,
            'change', event.change
        ))::text AS document
    FROM events AS event
    WHERE event.created >= %(since)s AND event.created < %(until)s
    UNION ALL
    SELECT
        refusal.created,
        refusal.id,
        json_strip_nulls(json_build_object(
            'kind', 'refusal',
            'created', json_time(refusal.created)::json,
            'method', refusal.method,
            'path', refusal.path,
            'status', refusal.status,
            'detail', coalesce(refusal.errors, to_jsonb(refusal.detail)),
            'user_uuid', hex(refusal.user_uuid),
            'username', refusal.username,
            'address', host(refusal.address),
            'token_uuid', hex(refusal.token_uuid),
            'token_name', refusal.token_name,
            'request_id', refusal.request_id,
            'left_out', refusal.left_out
        ))::text AS document
    FROM refusals AS refusal
    WHERE refusal.created >= %(since)s AND refusal.created < %(until)s
) AS line
ORDER BY line.created, line.id
"""

FIRST, LAST = "-infinity", "infinity"


async def exported(
    database: Database, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[str]:
    """Yield a line of JSON for each event and refused change from `since` to before `until`.

    The first lines say until when events or refused changes were removed, if any are missing.
    """
    parameters = {"since": since or FIRST, "until": until or LAST}
    async with database.transaction() as connection, connection.cursor("export") as cursor:
        for table, before in sorted((await removed_before(connection)).items()):
            if since is None or since < before:
                yield _removed(table, before)
        await cursor.execute(_LINES, parameters)
        async for (line,) in cursor:
            yield line


def _removed(table: str, before: datetime) -> str:
    return json.dumps({"kind": "removed", "removed": table, "before": before.isoformat()})
