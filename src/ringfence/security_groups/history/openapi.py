"""The OpenAPI description of versions and rollback."""

from ringfence.http.openapi.operation import LIST_HEADERS, Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH, Parameter, paging
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
from ringfence.security_groups.history.queries import PAGE_SIZE
from ringfence.security_groups.openapi_models import (
    DRY_RUN,
    ETAG,
    HISTORY_SECTION,
    PLAN_TOKEN,
    RULE,
    SHOWN_RULE,
)
from ringfence.security_groups.openapi_traffic import TRAFFIC
from ringfence.security_groups.schemas import COLLECTION
from ringfence.security_groups.versions import Cause

_GROUP = "/api/openstack-security-groups/{uuid}/"

_HEAD: dict[str, Schema | Model] = {
    "number": described(INTEGER, "The version's number, from 1."),
    "created": described(TIME, "When the change was made."),
    "author": described(
        nullable(STRING), "The user who made the change. Null: the cloud, or a provisioning file."
    ),
    "cause": described(enumeration("SecurityGroupVersionCause", Cause), "What made the change."),
    "name": described(STRING, "The group's name in this version."),
    "description": described(STRING, "The group's description in this version."),
}
_SUMMARY = Model(
    "SecurityGroupVersionSummary",
    object_of(
        {
            **_HEAD,
            "compared_with": described(
                nullable(INTEGER),
                "The number of the version before, which is smaller by more than one if versions "
                "in between were removed. Null: none is kept.",
            ),
            "rules_count": described(INTEGER, "How many rules the version has."),
            "rules_added": described(INTEGER, "How many the version before did not have."),
            "rules_removed": described(INTEGER, "How many only the version before had."),
        }
    ),
)
_FROM_TO = object_of(
    {
        "from": described(STRING, "The value in the other version."),
        "to": described(STRING, "The value in this version."),
    },
    ["from", "to"],
)
_DESCRIBED = Model(
    "SecurityGroupRuleDescribed",
    object_of(
        {
            **SHOWN_RULE,
            "description_before": described(STRING, "The description in the other version."),
        }
    ),
)
# With `compare`, the changes instead of the rules
_VERSION = Model(
    "SecurityGroupVersion",
    object_of(
        {
            **_HEAD,
            "name": {
                "anyOf": [STRING, _FROM_TO],
                "description": "The name; with `compare`, both names, if they differ.",
            },
            "description": {
                "anyOf": [STRING, _FROM_TO],
                "description": "The description; with `compare`, both, if they differ.",
            },
            "rules": described(array(RULE), "The rules; not with `compare`."),
            "compared_with": described(INTEGER, "The number in `compare`."),
            "added": described(array(RULE), "Rules that only this version has."),
            "removed": described(array(RULE), "Rules that only the other version has."),
            "traffic": described(TRAFFIC, "What opens and closes from the other version to this."),
            "description_only": described(
                array(_DESCRIBED), "Rules of which only the description differs."
            ),
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
        description="The desired state after each change, the newest first. A page has at most 50. "
        "Old versions may have been removed; the first, the newest and the applied one never are.",
        parameters=(UUID_IN_PATH, *paging(PAGE_SIZE)),
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
            Parameter(
                "compare",
                {**INTEGER, "minimum": 0},
                "Another version's number: return the changes from that version.",
            ),
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
        description=(
            "Make the rules of a version the newest version. Name and description stay. The"
            " newest version itself is pushed to the cloud again, without a new one. With"
            " `dry_run=true`, return the plan instead, as `plan` does, and store nothing."
        ),
        parameters=(UUID_IN_PATH, DRY_RUN, PLAN_TOKEN),
        body=Body(
            Model(
                "SecurityGroupRollbackRequest",
                object_of(
                    {
                        "version": described(
                            {**INTEGER, "minimum": 1, "maximum": 2_147_483_647},
                            "The number of the version whose rules become desired again.",
                        )
                    },
                    ["version"],
                ),
            ),
            example={"version": 3},
        ),
        responses={
            200: Response(description="With `dry_run=true`: the plan, as `plan` returns it."),
            202: Response(STATUS),
        },
        errors=(403, 404, 409, 412),
        own=True,
    ),
)
