"""The OpenAPI description of versions, rollback and drift modes."""

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

SECTION = "Versions, plans and drift"
ETAG = {"ETag": described(STRING, "The version of the desired state, to send in `If-Match`.")}

_GROUP = "/api/openstack-security-groups/{uuid}/"

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
        section=SECTION,
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
        section=SECTION,
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
        section=SECTION,
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
    Operation(
        "openstack_security_groups_set_drift_mode",
        "POST",
        _GROUP + "set_drift_mode/",
        tag=COLLECTION,
        section=SECTION,
        title="Set the drift mode",
        description="Set what happens when the group drifts. Null: the default of its tenant.",
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
