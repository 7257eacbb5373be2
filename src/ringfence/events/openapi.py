"""The operations on events, as the OpenAPI document describes them."""

from collections.abc import Mapping
from dataclasses import replace

from ringfence.events.event_groups import EVENT_GROUPS
from ringfence.events.queries import EVENTS
from ringfence.events.types import EventType
from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.schema import (
    FREE_FORM,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    URI,
    Model,
    Schema,
    array,
    described,
    enumeration,
    object_of,
)

_TYPE = enumeration("EventTypesEnum", EventType)
# No field is required: `field` selects fields.
EVENT = Model(
    "Event",
    object_of(
        {
            "uuid": described(HEX_UUID, "The event's UUID."),
            "created": described(TIME, "When it happened."),
            "event_type": described(_TYPE, "What happened; see `/api/events/event_groups/`."),
            "message": described(STRING, "What happened, as a sentence."),
            "context": described(
                FREE_FORM,
                "Names and UUIDs of the objects, who did it, and what changed from what to what.",
            ),
        }
    ),
)
_COUNT = object_of({"count": described(INTEGER, "The number of events.")}, ["count"])
_COUNT_HEADER = {"X-Result-Count": described(INTEGER, "The number of items.")}

_DESCRIPTIONS: Mapping[str, str] = {
    "created_from": "At this time or later, in seconds since 1970.",
    "created_to": "Before this time, in seconds since 1970.",
    "customer_uuid": "About the customer with this UUID, or something of it.",
    "event_type": "The type is one of these; repeat the parameter for several.",
    "feature": "The type is in one of these groups; repeat the parameter for several.",
    "message": "The message contains this text, in upper or lower case.",
    "project_uuid": "About the project with this UUID, or something in it.",
    "related_user_uuid": "Done by, or about, the user with this UUID.",
    "scope": "About the object with this URL: a customer, project, tenant, group or user.",
    "user_uuid": "Done by, or about, the user with this UUID.",
}
_SCHEMAS: Mapping[str, Schema | Model] = {
    "event_type": array(_TYPE),
    "feature": array({**STRING, "enum": list(EVENT_GROUPS)}),
    "scope": URI,
}
_LISTED = list_count_retrieve(EVENTS, EVENT, "event", "events", _DESCRIPTIONS, _SCHEMAS)
_REMOVED_HEADER = {
    "Ringfence-Events-Removed-Before": described(
        TIME, "Events from before this time were removed by the service's settings; absent if none."
    )
}


def _saying_what_was_removed(operation: Operation) -> Operation:
    responses = {
        status: replace(response, optional_headers=_REMOVED_HEADER)
        for status, response in operation.responses.items()
    }
    return replace(operation, responses=responses)


_LIST, _COUNT_BY_HEAD, _RETRIEVE = _LISTED

operations = (
    _saying_what_was_removed(_LIST),
    _saying_what_was_removed(_COUNT_BY_HEAD),
    _RETRIEVE,
    Operation(
        "events_count_retrieve",
        "GET",
        EVENTS.path + "count/",
        tag="events",
        section="Other Actions",
        title="Get the count of events",
        description="Return the number of events that a list with the same filters has.",
        parameters=_LISTED[1].parameters,
        responses={200: Response(_COUNT, headers=_COUNT_HEADER)},
        errors=(400, 404),
    ),
    Operation(
        "events_event_groups_retrieve",
        "GET",
        EVENTS.path + "event_groups/",
        tag="events",
        section="Other Actions",
        title="Get event groups",
        description="Return the event types of each group that `feature` accepts.",
        responses={
            200: Response(
                {"type": "object", "additionalProperties": array(_TYPE)}, headers=_COUNT_HEADER
            )
        },
    ),
    Operation(
        "events_scope_types_retrieve",
        "GET",
        EVENTS.path + "scope_types/",
        tag="events",
        section="Other Actions",
        title="Get scope types",
        description="Return the types of objects whose URL `scope` accepts.",
        responses={200: Response(array(STRING), headers=_COUNT_HEADER)},
    ),
)
