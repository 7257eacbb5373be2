"""OpenAPI operations of discoveries."""

from ringfence.discovery.routes import PATH
from ringfence.discovery.schemas import DISCOVERY_FIELDS
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    Model,
    array,
    described,
    fields_schema,
    nullable,
    object_of,
)

_COUNTS = {
    "projects": "The projects that Keystone lists.",
    "domains": "The domains of the cloud.",
    "tenants": "The projects that are selected.",
    "groups": "The security groups of these.",
    "rules": "The rules of these groups.",
    "ports": "The ports that have any of these groups.",
    "open_groups": "Groups with a rule that admits traffic from the internet.",
    "groups_on_floating_ips": "Groups on ports that have a floating IP.",
    "open_groups_on_floating_ips": "Those of them with a rule that admits the internet.",
    "shared_groups": "Groups that the cloud shares with other projects.",
    "duplicate_group_names": "Names that several groups of a project have.",
    "duplicate_project_names": "Names that several projects have.",
    "unresolved_rules": "Rules whose remote group the cloud does not list.",
    "unreadable_rules": "Rules that cannot be read.",
    "unknown_projects": "Projects with groups that Keystone does not list.",
    "groups_of_unknown_projects": "The groups of these.",
    "skipped_items": "Items of lists that cannot be read.",
    "requests": "How many requests were sent to the cloud.",
}
_REPORT = Model(
    "DiscoveryReport",
    object_of(
        {
            "cloud": described(STRING, "The name of the cloud."),
            **{name: described(INTEGER, text) for name, text in _COUNTS.items()},
            "examples": described(
                {"type": "object", "additionalProperties": array(STRING)},
                "Some of the names and IDs that are counted, by the name of the count.",
            ),
            "warnings": described(array(STRING), "What the report does not cover, and why."),
        }
    ),
)
_MATCH = "Only projects whose name matches this pattern, such as `web-*`."
_DISCOVERY = Model(
    "Discovery",
    object_of(
        {
            "uuid": described(HEX_UUID, "The discovery's UUID."),
            "cloud": described(STRING, "The name of the cloud."),
            "entries": described(array(STRING), "The entries of clouds.yaml that lead to it."),
            "domains": described(array(STRING), "Only these domains; empty for all."),
            "match": described(STRING, _MATCH),
            "customer": described(nullable(STRING), "One customer for all projects."),
            "by_parent": described(BOOLEAN, "Whether parent projects are customers."),
            "follow": described(BOOLEAN, "Whether a worker repeats it."),
            "created": described(TIME, "When it was stored."),
            "state": described(
                {**STRING, "enum": ["idle", "requested", "running"]},
                "Whether a run goes on, or waits for a worker.",
            ),
            "progress": described(STRING, "How far the present run is."),
            "finished": described(nullable(TIME), "When the last run ended."),
            "error_message": described(STRING, "Why the last run failed; empty if it did not."),
            "report": {
                "anyOf": [_REPORT, {"type": "null"}],
                "description": "What the last successful run reported.",
            },
        }
    ),
)
_REQUEST = Model(
    "DiscoveryRequest",
    fields_schema(
        DISCOVERY_FIELDS,
        required=["cloud"],
        more={
            "cloud": {"description": "The name that the cloud has, or gets, in Ringfence."},
            "entries": described(
                array(STRING), "Entries of clouds.yaml. By default, the one called as the cloud."
            ),
            "domains": described(array(STRING), "Only these domains, by name or ID.", default=[]),
            "match": {"description": _MATCH, "default": "*"},
            "customer": {"description": "One customer for all projects.", "default": None},
            "by_parent": described(
                BOOLEAN, "Whether a parent project is the customer.", default=False
            ),
            "follow": described(BOOLEAN, "Whether workers repeat it. By default, as before."),
            "load": described(BOOLEAN, "False: only report.", default=True),
        },
    ),
)
_FOLLOW = Model(
    "DiscoveryFollow",
    object_of({"follow": described(BOOLEAN, "Whether workers repeat it.")}, ["follow"]),
)

operations = (
    Operation(
        "discoveries_list",
        "GET",
        PATH,
        tag="discoveries",
        title="List discoveries",
        description="Discoveries of OpenStack clouds, with their reports. For staff and support.",
        responses={200: Response(array(_DISCOVERY))},
        errors=(403,),
        own=True,
    ),
    Operation(
        "discoveries_create",
        "POST",
        PATH,
        tag="discoveries",
        title="Discover a cloud",
        description=(
            "Let a worker list the projects and groups of a cloud, make the projects tenants, and"
            " report. It only reads the cloud. A discovery of the same cloud, domains and pattern"
            " is run again. Staff-only operation."
        ),
        body=Body(_REQUEST, example={"cloud": "east", "follow": True}),
        responses={202: Response(_DISCOVERY)},
        errors=(403, 409),
        own=True,
    ),
    Operation(
        "discoveries_set_follow",
        "POST",
        PATH + "{uuid}/set_follow/",
        tag="discoveries",
        section="Other Actions",
        title="Follow a discovery",
        description="Set whether workers repeat a discovery. Staff-only operation.",
        parameters=(UUID_IN_PATH,),
        body=Body(_FOLLOW, example={"follow": False}),
        responses={200: Response(_DISCOVERY)},
        errors=(403, 404),
        own=True,
    ),
    Operation(
        "discoveries_destroy",
        "DELETE",
        PATH + "{uuid}/",
        tag="discoveries",
        title="Remove a discovery",
        description="Forget a discovery; its tenants stay. Staff-only operation.",
        parameters=(UUID_IN_PATH,),
        responses={204: Response()},
        errors=(403, 404),
        own=True,
    ),
)
