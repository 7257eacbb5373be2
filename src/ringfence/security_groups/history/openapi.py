"""What versions, rollback and modes of drift take and answer, as the API's description tells it."""

from ringfence.clouds.drift_modes import DriftMode
from ringfence.http.openapi.operation import LIST_HEADERS, Body, Operation, Response
from ringfence.http.openapi.parameters import PAGING, UUID_IN_PATH, Parameter
from ringfence.http.openapi.schema import (
    HEX_UUID,
    INTEGER,
    STATUS,
    STRING,
    TIME,
    URI,
    Model,
    Schema,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.security_groups.schemas import COLLECTION
from ringfence.security_groups.versions import Cause

SECTION = "Versions, plans and differences"
ETAG = {"ETag": described(STRING, "The version of what is asked for, to send in `If-Match`.")}

_PLACE = "/api/openstack-security-groups/{uuid}/"

SHOWN_RULE: dict[str, Schema | Model] = {
    "ethertype": STRING,
    "direction": STRING,
    "protocol": STRING,
    "from_port": INTEGER,
    "to_port": INTEGER,
    "cidr": nullable(STRING),
    "description": STRING,
    "remote_group": nullable(URI),
    "remote_group_name": STRING,
    "remote_group_uuid": HEX_UUID,
    "remote_group_backend_id": described(STRING, "Neutron's id of the remote group."),
    "remote_address_group_backend_id": STRING,
}
RULE = Model("SecurityGroupRuleSeen", object_of(SHOWN_RULE))

DRIFT_MODE = enumeration("DriftMode", DriftMode)
_HEAD: dict[str, Schema | Model] = {
    "number": INTEGER,
    "created": TIME,
    "author": described(nullable(STRING), "Who asked for it; null: the cloud, or a file."),
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
# With `compare`, the differences in place of the rules
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
        _PLACE + "versions/",
        tag=COLLECTION,
        section=SECTION,
        title="List versions",
        description="What was asked for of the group, the newest first; a page has 50 at most.",
        parameters=(UUID_IN_PATH, *PAGING),
        responses={200: Response(array(_SUMMARY), headers={**LIST_HEADERS, **ETAG})},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_security_groups_versions_retrieve",
        "GET",
        _PLACE + "versions/{number}/",
        tag=COLLECTION,
        section=SECTION,
        title="Get or compare a version",
        description="One version with its rules; with `compare`, what changed from another to it.",
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
        _PLACE + "rollback/",
        tag=COLLECTION,
        section=SECTION,
        title="Go back to a version",
        description=(
            "Ask for the rules of a version again, as a new version. Name and description stay."
        ),
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
    Operation(
        "openstack_security_groups_set_drift_mode",
        "POST",
        _PLACE + "set_drift_mode/",
        tag=COLLECTION,
        section=SECTION,
        title="Say who is right about differences",
        description="What is done where the group differs in the cloud; null: as its tenant says.",
        parameters=(UUID_IN_PATH,),
        body=Body(
            Model(
                "SecurityGroupDriftModeRequest",
                object_of(
                    {"mode": {"anyOf": [DRIFT_MODE, {"type": "null"}]}},
                    ["mode"],
                ),
            ),
            example={"mode": "enforce"},
        ),
        responses={200: Response(STATUS)},
        errors=(403, 404),
        own=True,
    ),
)
