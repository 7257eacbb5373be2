"""Read events: users those of their customers and projects, staff and support all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from ringfence.database.pool import Database
from ringfence.errors import Invalid
from ringfence.events.event_groups import EVENT_GROUPS, SCOPES
from ringfence.events.list_statements import IN_SCOPE, SCOPE, VISIBLE, EventCollection
from ringfence.http.collections.filters import (
    NO_NULL_CHARACTER,
    NOT_SENT,
    Filter,
    Ordering,
    Several,
    contains,
    timestamp,
    uuid,
)
from ringfence.http.fields import path_of, uuid_in

NO_SUCH_EVENT = "No Event matches the given query."

# With the LIMIT, events are looked up one by one, instead of being merged with the page.
_DOCUMENT: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        hex(event.uuid) AS uuid,
        json_time(event.created)::json AS created,
        event.event_type,
        event.message,
        event.context || jsonb_strip_nulls(jsonb_build_object(
            'user_uuid', hex(event.user_uuid),
            'user_username', event.username,
            'customer_uuid', hex(event.customer_uuid),
            'project_uuid', hex(event.project_uuid),
            'tenant_uuid', hex(event.tenant_uuid),
            'security_group_uuid', hex(event.security_group_uuid)
        )) AS context
    FROM events AS event
    WHERE event.id = page.id AND event.created = page.created
    LIMIT 1
) AS shown
"""

_UUID_OF: LiteralString = "SELECT uuid FROM events WHERE id = %(id)s"


def _scope(text: str) -> UUID | None:
    path = path_of(text)
    found = next(filter(None, (uuid_in(path, collection) for collection in SCOPES.values())), None)
    return UUID(found) if found else None


@dataclass(frozen=True, slots=True)
class _Groups:
    """Names of event groups; repeated names are alternatives."""

    condition: LiteralString

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the event types of the groups; an unknown group has none."""
        if any("\x00" in text for text in values):
            raise Invalid([NO_NULL_CHARACTER])
        names = [text.strip() for text in values if text.strip()]
        kinds = [kind for name in names for kind in EVENT_GROUPS.get(name, ())]
        return kinds if names else NOT_SENT


EVENTS = EventCollection(
    path="/api/events/",
    missing=NO_SUCH_EVENT,
    source="FROM events AS event",
    alias="event",
    visible=VISIBLE,
    document=_DOCUMENT,
    key="event.id, event.created",
    filters={
        "created_from": Filter("event.created >= %(created_from)s", timestamp),
        "created_to": Filter("event.created < %(created_to)s", timestamp),
        "customer_uuid": Filter("event.customer_uuid = %(customer_uuid)s", uuid),
        "event_type": Several("event.event_type = ANY(%(event_type)s)"),
        "feature": _Groups("event.event_type = ANY(%(feature)s)"),
        "message": Filter("event.message ILIKE %(message)s", contains),
        "project_uuid": Filter("event.project_uuid = %(project_uuid)s", uuid),
        "related_user_uuid": Filter("event.user_uuid = %(related_user_uuid)s", uuid),
        SCOPE: Filter(IN_SCOPE, _scope),
        "user_uuid": Filter("event.user_uuid = %(user_uuid)s", uuid),
    },
    ordering=Ordering({"created": "event.created"}, default="event.created DESC, event.id DESC"),
)


async def uuid_of(database: Database, event_id: int) -> UUID | None:
    """Return the UUID of the event with this number, by which Waldur's clients retrieve events."""
    async with database.connection() as connection:
        cursor = await connection.execute(_UUID_OF, {"id": event_id})
        row = await cursor.fetchone()
    return row[0] if row else None
