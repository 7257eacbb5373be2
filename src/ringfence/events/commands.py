"""Record events, in the transaction of the change that they describe.

An event without an actor is attributed to the origin of the current request or job
(`access/origin.py`).
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import LiteralString

from psycopg.types.json import Jsonb

from ringfence.access.origin import current_origin
from ringfence.database.pool import Connection
from ringfence.events.types import Event

_RECORD: LiteralString = """
INSERT INTO events (
    event_type, message, user_uuid, username,
    customer_uuid, project_uuid, tenant_uuid, security_group_uuid, context,
    change, address, token_uuid, token_name, request_id
)
SELECT
    event.type, event.message,
    coalesce(event.actor_uuid, %(user_uuid)s),
    CASE WHEN event.actor_uuid IS NULL THEN %(username)s ELSE event.actor_name END,
    event.customer, event.project, event.tenant, event.security_group, event.context,
    event.change, %(address)s, %(token_uuid)s, %(token_name)s, %(request_id)s
FROM jsonb_to_recordset(%(events)s) AS event (
    type text, message text, actor_uuid uuid, actor_name text,
    customer uuid, project uuid, tenant uuid, security_group uuid, context jsonb,
    change jsonb
)
"""


async def record(connection: Connection, event: Event) -> None:
    """Insert an event; it is committed with the transaction of the connection."""
    await record_all(connection, [event])


async def record_all(connection: Connection, events: Sequence[Event]) -> None:
    """Insert several events, in this order, with one statement."""
    if events:
        rows = Jsonb([_row(event) for event in events])
        await connection.execute(_RECORD, {"events": rows, **asdict(current_origin())})


def _row(event: Event) -> dict[str, object]:
    uuids = {
        "customer": event.customer,
        "project": event.project,
        "tenant": event.tenant,
        "security_group": event.security_group,
        "actor_uuid": event.actor and event.actor.user_uuid,
    }
    return {
        "type": event.type,
        "message": event.message,
        "actor_name": event.actor and event.actor.username,
        "context": dict(event.context),
        "change": event.change,
        **{name: uuid and uuid.hex for name, uuid in uuids.items()},
    }
