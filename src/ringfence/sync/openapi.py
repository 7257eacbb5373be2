"""OpenAPI operations of plans, drift and the state of the sync."""

from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    BOOLEAN,
    CORE_STATES,
    DETAIL,
    HEX_UUID,
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
from ringfence.security_groups.drift_modes import Drift
from ringfence.security_groups.openapi_models import (
    DRIFT_MODE,
    ETAG,
    HISTORY_SECTION,
    QUOTA_USE,
    RULE,
    RULE_EXAMPLE,
    RULE_TO_SET,
    SHOWN_RULE,
    WARNING,
)
from ringfence.security_groups.schemas import COLLECTION

_GROUP_PATH = "/api/openstack-security-groups/{uuid}/"

_DESCRIPTION_ONLY = Model(
    "SecurityGroupRuleDescribedAtCloud", object_of({**SHOWN_RULE, "description_at_cloud": STRING})
)
_NOTICE = Model(
    "SecurityGroupPlanNotice",
    object_of(
        {
            "code": {**STRING, "enum": ["group_created_anew", "rules_unreadable"]},
            "message": described(
                STRING, "An effect beside the changes of rules, or what prevents them."
            ),
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
            "description_only": array(_DESCRIPTION_ONLY),
            "quota": object_of({"security_group_rule_count": QUOTA_USE}),
            "warnings": array(WARNING),
            "notices": array(_NOTICE),
            "calls": described(INTEGER, "How many changing calls Neutron would get."),
            "plan_token": described(STRING, "What `set_rules` takes as `plan_token`."),
        }
    ),
)
_VALUES = object_of({"desired": STRING, "at_cloud": STRING})
_DRIFT = Model(
    "SecurityGroupDrift",
    object_of(
        {
            "mode": DRIFT_MODE,
            "state": enumeration("SecurityGroupDriftState", Drift),
            "observed_at": nullable(TIME),
            "revision": nullable(INTEGER),
            "missing_at_cloud": array(RULE),
            "unexpected_at_cloud": array(RULE),
            "description_only": array(_DESCRIPTION_ONLY),
            "unreadable": described(
                array(object_of({"id": STRING, "reason": STRING})),
                "Rules in the cloud that cannot be read; they are not changed.",
            ),
            "stateful": described(
                nullable(BOOLEAN),
                "Whether the group admits replies without a rule, as last observed; null if the"
                " cloud does not report it.",
            ),
            "desired_stateful": described(
                nullable(BOOLEAN), "The value last adopted, used if the group is created again."
            ),
            "name": nullable(_VALUES),
            "description": nullable(_VALUES),
        }
    ),
)

_TENANT_STATUS = Model(
    "SyncStatus",
    object_of(
        {
            "cloud": STRING,
            "cloud_state": CORE_STATES,
            "cloud_error_message": STRING,
            "tenant": STRING,
            "uuid": described(HEX_UUID, "The tenant's."),
            "state": CORE_STATES,
            "mode": DRIFT_MODE,
            "pulled_at": nullable(TIME),
            "error_message": STRING,
            "groups": INTEGER,
            "scheduled": INTEGER,
            "in_flight": INTEGER,
            "erred": INTEGER,
            "drifting": INTEGER,
            "missing": INTEGER,
            "never_pushed": described(
                INTEGER, "Groups that were loaded as OK and do not exist in the cloud."
            ),
        }
    ),
)

operations = (
    Operation(
        "openstack_security_groups_plan",
        "POST",
        _GROUP_PATH + "plan/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Plan security group rules",
        description=(
            "What `set_rules` with the same body would do; nothing is stored. `set_rules` with"
            " `dry_run=true` returns the same."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(array(RULE_TO_SET), example=[RULE_EXAMPLE], unknown_keys="checked"),
        responses={200: Response(_PLAN, headers=ETAG)},
        errors=(403, 404, 409),
        own=True,
    ),
    Operation(
        "openstack_security_groups_drift",
        "GET",
        _GROUP_PATH + "drift/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Get drift",
        description="How the last observation of the group differs from what is desired.",
        parameters=(UUID_IN_PATH,),
        responses={200: Response(_DRIFT)},
        errors=(404,),
        own=True,
    ),
    Operation(
        "sync_status_list",
        "GET",
        "/api/sync-status/",
        tag="sync-status",
        title="Get the state of the sync",
        description=(
            "How many groups are scheduled, in flight, erred, drifting, missing and never"
            " pushed, by cloud and tenant. For staff and support."
        ),
        responses={200: Response(array(_TENANT_STATUS))},
        errors=(403,),
        own=True,
    ),
    Operation(
        "openstack_tenants_confirm_missing",
        "POST",
        "/api/openstack-tenants/{uuid}/confirm_missing/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Confirm missing security groups",
        description=(
            "Pull the tenant, and mark all groups that the cloud does not have any more. A pull"
            " that misses too many stops until this is requested, or until they are back. For"
            " staff."
        ),
        parameters=(UUID_IN_PATH,),
        responses={202: Response(DETAIL)},
        errors=(403, 404, 409),
        own=True,
    ),
)
