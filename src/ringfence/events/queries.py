"""Read events: users those of their customers and projects, staff and support all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from ringfence.database.pool import Database
from ringfence.errors import Invalid
from ringfence.events.event_groups import EVENT_GROUPS, SCOPES
from ringfence.http.collections.collection import SqlCollection
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

# By UUID, because an event outlives its object. Arrays, so that each condition uses its index.
# Events of a user's own account belong to no project; a token for one project does not show them.
_VISIBLE: LiteralString = """(
    %(sees_everything)s
    OR event.customer_uuid = ANY(ARRAY(
        SELECT customer.uuid FROM customers AS customer
        WHERE customer.id = ANY(%(sees_customers)s::bigint[])
    ))
    OR event.project_uuid = ANY(ARRAY(
        SELECT project.uuid FROM projects AS project
        WHERE project.id = ANY(%(sees_projects)s::bigint[])
    ))
    OR (
        event.user_uuid = (
            SELECT account.uuid FROM users AS account WHERE account.id = %(actor_id)s
        )
        AND event.customer_uuid IS NULL
        AND event.project_uuid IS NULL
        AND %(only_project)s::bigint IS NULL
    )
)"""

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


EVENTS = SqlCollection(
    path="/api/events/",
    missing=NO_SUCH_EVENT,
    source="FROM events AS event",
    alias="event",
    visible=_VISIBLE,
    document=_DOCUMENT,
    key="event.id, event.created",
    visible_to_staff="true",
    selective=frozenset({"scope"}),
    filters={
        "created_from": Filter("event.created >= %(created_from)s", timestamp),
        "created_to": Filter("event.created < %(created_to)s", timestamp),
        "customer_uuid": Filter("event.customer_uuid = %(customer_uuid)s", uuid),
        "event_type": Several("event.event_type = ANY(%(event_type)s)"),
        "feature": _Groups("event.event_type = ANY(%(feature)s)"),
        "message": Filter("event.message ILIKE %(message)s", contains),
        "project_uuid": Filter("event.project_uuid = %(project_uuid)s", uuid),
        "related_user_uuid": Filter("event.user_uuid = %(related_user_uuid)s", uuid),
        # UUIDs are unique across types of objects.
        "scope": Filter(
            """(
                event.customer_uuid = %(scope)s
                OR event.project_uuid = %(scope)s
                OR event.tenant_uuid = %(scope)s
                OR event.security_group_uuid = %(scope)s
                OR event.user_uuid = %(scope)s
            )""",
            _scope,
        ),
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
