"""What a plan of a new group takes and answers, as the API's description tells it."""

from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    INTEGER,
    STRING,
    Model,
    array,
    described,
    enumeration,
    object_of,
)
from ringfence.security_groups.exposure import Code
from ringfence.security_groups.openapi import CREATE, RULE_EXAMPLE

QUOTA_USE = object_of(
    {"used": INTEGER, "limit": INTEGER, "after": INTEGER}, ["used", "limit", "after"]
)
WARNING = Model(
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
    "SecurityGroupCreationPlan",
    object_of(
        {
            "quota": object_of({"security_group_rule_count": QUOTA_USE}),
            "warnings": array(WARNING),
        }
    ),
)

operations = (
    Operation(
        "openstack_tenants_plan_security_group",
        "POST",
        "/api/openstack-tenants/{uuid}/plan_security_group/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Plan a security group",
        description=(
            "What `create_security_group` with the same body would do: it refuses what that would"
            " refuse, and stores nothing."
        ),
        parameters=(UUID_IN_PATH,),
        # What `create_security_group` takes, so that the same body can be planned and sent.
        body=Body(CREATE, example={"name": "web", "rules": [RULE_EXAMPLE]}, unknown_keys="named"),
        answers={200: Response(_PLAN)},
        refusals=(403, 404, 409),
        own=True,
    ),
)
