"""The OpenAPI description of versions and rollback."""

from ringfence.http.openapi.operation import LIST_HEADERS, Body, Operation, Response
from ringfence.http.openapi.parameters import PAGING, UUID_IN_PATH, Parameter
from ringfence.http.openapi.schema import (
    INTEGER,
    STATUS,
    STRING,
    TIME,
    Model,
    Schema,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.security_groups.openapi_models import ETAG, HISTORY_SECTION, RULE, SHOWN_RULE
from ringfence.security_groups.schemas import COLLECTION
from ringfence.security_groups.versions import Cause

_GROUP = "/api/openstack-security-groups/{uuid}/"

_HEAD: dict[str, Schema | Model] = {
    "number": INTEGER,
    "created": TIME,
    "author": described(
        nullable(STRING), "The user who made the change. Null: the cloud, or a provisioning file."
    ),
    "cause": enumeration("SecurityGroupVersionCause", Cause),
    "name": STRING,
    "description": STRING,
}
_SUMMARY = Model(
    "SecurityGroupVersionSummary",
    object_of({**_HEAD, "rules_count": INTEGER, "rules_added": INTEGER, "rules_removed": INTEGER}),
)
_FROM_TO = object_of({"from": STRING, "to": STRING}, ["from", "to"])
_DESCRIBED = Model(
    "SecurityGroupRuleDescribed", object_of({**SHOWN_RULE, "description_before": STRING})
)
# With `compare`, the changes instead of the rules
_VERSION = Model(
    "SecurityGroupVersion",
    object_of(
        {
            **_HEAD,
            "name": {"anyOf": [STRING, _FROM_TO]},
            "description": {"anyOf": [STRING, _FROM_TO]},
            "rules": array(RULE),
            "compared_with": INTEGER,
            "added": array(RULE),
            "removed": array(RULE),
            "description_only": array(_DESCRIBED),
        }
    ),
)
_NUMBER_IN_PATH = Parameter("number", INTEGER, "The version's number.", "path")

operations = (
    Operation(
        "openstack_security_groups_versions_list",
        "GET",
        _GROUP + "versions/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="List versions",
        description="The desired state after each change, the newest first. A page has at most 50.",
        parameters=(UUID_IN_PATH, *PAGING),
        responses={200: Response(array(_SUMMARY), headers={**LIST_HEADERS, **ETAG})},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_security_groups_versions_retrieve",
        "GET",
        _GROUP + "versions/{number}/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Get or compare a version",
        description="A version with its rules or, with `compare`, its changes from another one.",
        parameters=(
            UUID_IN_PATH,
            _NUMBER_IN_PATH,
            Parameter("compare", {**INTEGER, "minimum": 0}, "Another version's number."),
        ),
        responses={200: Response(_VERSION, headers=ETAG)},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_security_groups_rollback",
        "POST",
        _GROUP + "rollback/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Roll back to a version",
        description=("Make the rules of a version the newest version. Name and description stay."),
        parameters=(UUID_IN_PATH,),
        body=Body(
            Model(
                "SecurityGroupRollbackRequest",
                object_of(
                    {"version": {**INTEGER, "minimum": 1, "maximum": 2_147_483_647}}, ["version"]
                ),
            ),
            example={"version": 3},
        ),
        responses={202: Response(STATUS)},
        errors=(403, 404, 409, 412),
        own=True,
    ),
)
