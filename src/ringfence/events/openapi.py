"""The operations on events, as the OpenAPI document describes them."""

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
    Model,
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
            "uuid": HEX_UUID,
            "created": TIME,
            "event_type": _TYPE,
            "message": STRING,
            "context": FREE_FORM,
        }
    ),
)
_COUNT = object_of({"count": INTEGER}, ["count"])
_COUNT_HEADER = {"X-Result-Count": described(INTEGER, "The number of items.")}

_LISTED = list_count_retrieve(EVENTS, EVENT, "event", "events")

operations = (
    *_LISTED,
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
