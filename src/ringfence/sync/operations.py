"""What plans and differences take and answer, as the API's description tells it."""

from ringfence.http.openapi import Answer, Body, Operation
from ringfence.http.parameters import UUID_IN_PATH
from ringfence.http.schema import (
    INTEGER,
    STRING,
    TIME,
    Model,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.security_groups.exposure import Code
from ringfence.security_groups.history_operations import (
    DRIFT_MODE,
    ETAG,
    RULE,
    SECTION,
    SHOWN_RULE,
)
from ringfence.security_groups.operations import RULE_EXAMPLE, RULE_TO_SET
from ringfence.security_groups.schemas import COLLECTION
from ringfence.sync.drift import DriftState

_PLACE = "/api/openstack-security-groups/{uuid}/"

_DESCRIBED = Model(
    "SecurityGroupRuleDescribedAtCloud", object_of({**SHOWN_RULE, "description_at_cloud": STRING})
)
_USE = object_of({"used": INTEGER, "limit": INTEGER, "after": INTEGER}, ["used", "limit", "after"])
_WARNING = Model(
    "SecurityGroupRuleWarning",
    object_of(
        {
            "rule": described(INTEGER, "The rule's place in the list, from 0."),
            "code": enumeration("SecurityGroupRuleWarningCode", Code),
            "message": STRING,
        }
    ),
)
_PLAN = Model(
    "SecurityGroupPlan",
    object_of(
        {
            "version": INTEGER,
            "compared_with": {**STRING, "enum": ["cloud", "desired"]},
            "observed_at": nullable(TIME),
            "rules": array(RULE),
            "kept": array(RULE),
            "added": array(RULE),
            "removed": array(RULE),
            "description_only": array(_DESCRIBED),
            "quota": object_of({"security_group_rule_count": _USE}),
            "warnings": array(_WARNING),
            "calls": described(INTEGER, "How many changing calls Neutron would get."),
            "plan_token": described(STRING, "What `set_rules` takes as `plan_token`."),
        }
    ),
)
_WORDS = object_of({"desired": STRING, "at_cloud": STRING})
_DRIFT = Model(
    "SecurityGroupDrift",
    object_of(
        {
            "mode": DRIFT_MODE,
            "state": enumeration("SecurityGroupDriftState", DriftState),
            "observed_at": nullable(TIME),
            "revision": nullable(INTEGER),
            "missing_at_cloud": array(RULE),
            "unexpected_at_cloud": array(RULE),
            "description_only": array(_DESCRIBED),
            "name": nullable(_WORDS),
            "description": nullable(_WORDS),
        }
    ),
)

operations = (
    Operation(
        "openstack_security_groups_plan",
        "POST",
        _PLACE + "plan/",
        tag=COLLECTION,
        section=SECTION,
        title="Plan security group rules",
        description=(
            "What `set_rules` with the same body would do; nothing is stored. `set_rules` with"
            " `dry_run=true` answers the same."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(array(RULE_TO_SET), example=[RULE_EXAMPLE]),
        answers={200: Answer(_PLAN, headers=ETAG)},
        refusals=(403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_drift",
        "GET",
        _PLACE + "drift/",
        tag=COLLECTION,
        section=SECTION,
        title="Get differences at the cloud",
        description="How the group differs at the cloud, as far as the cloud was last seen.",
        parameters=(UUID_IN_PATH,),
        answers={200: Answer(_DRIFT)},
        refusals=(404,),
    ),
)
