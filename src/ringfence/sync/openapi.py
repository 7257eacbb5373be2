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
    QUOTA,
    RULE,
    RULE_EXAMPLE,
    RULE_TO_SET,
    SHOWN_RULE,
    WARNING,
)
from ringfence.security_groups.openapi_traffic import DRIFT_GRADE, TRAFFIC
from ringfence.security_groups.schemas import COLLECTION

_GROUP_PATH = "/api/openstack-security-groups/{uuid}/"

_DESCRIPTION_ONLY = Model(
    "SecurityGroupRuleDescribedAtCloud",
    object_of(
        {
            **SHOWN_RULE,
            "description_at_cloud": described(STRING, "The description in the cloud."),
        }
    ),
)
_NOTICE = Model(
    "SecurityGroupPlanNotice",
    object_of(
        {
            "code": described(
                {**STRING, "enum": ["group_created_anew", "rules_unreadable"]},
                "The kind of notice.",
            ),
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
            "version": described(
                INTEGER, "The number of the desired version that the plan starts from."
            ),
            "compared_with": described(
                {**STRING, "enum": ["cloud", "desired"]},
                "What the changes are computed from: the cloud, or the desired rules.",
            ),
            "observed_at": described(
                nullable(TIME), "When the cloud was read for the plan; null if it was not."
            ),
            "rules": described(array(RULE), "All rules that would be desired."),
            "kept": described(array(RULE), "Rules that stay as they are."),
            "added": described(array(RULE), "Rules that would be created in the cloud."),
            "removed": described(array(RULE), "Rules that would be deleted in the cloud."),
            "description_only": described(
                array(_DESCRIPTION_ONLY), "Rules of which only the description would change."
            ),
            "traffic": TRAFFIC,
            "quota": QUOTA,
            "warnings": described(array(WARNING), "What the rules open that may not be meant."),
            "notices": described(array(_NOTICE), "Effects beside the changes of rules."),
            "calls": described(INTEGER, "How many changing calls Neutron would get."),
            "plan_token": described(STRING, "What `set_rules` takes as `plan_token`."),
        }
    ),
)
_VALUES = object_of(
    {
        "desired": described(STRING, "The value in Ringfence."),
        "at_cloud": described(STRING, "The value in the cloud."),
    }
)
_UNREADABLE = object_of(
    {
        "id": described(STRING, "The rule's ID in OpenStack."),
        "reason": described(STRING, "Why it cannot be read."),
    }
)
_DRIFT = Model(
    "SecurityGroupDrift",
    object_of(
        {
            "mode": described(DRIFT_MODE, "What happens when the group drifts."),
            "state": described(
                enumeration("SecurityGroupDriftState", Drift),
                "How the cloud differed at the last observation.",
            ),
            "grade": described(
                DRIFT_GRADE,
                "Whether the cloud admits more than desired (`opens`, whether or not it also admits"
                " less), less (`closes`), or the same (`none`). Rules that cannot be read count as"
                " `opens`. Null: the group was never observed.",
            ),
            "traffic": {
                "anyOf": [TRAFFIC, {"type": "null"}],
                "description": "What the cloud admits beyond the desired rules (`opens`), and what"
                " it does not admit of them (`closes`). Null: the group was never observed.",
            },
            "observed_at": described(
                nullable(TIME), "When the group was last read from the cloud; null for never."
            ),
            "revision": described(nullable(INTEGER), "Neutron's revision number of the group."),
            "missing_at_cloud": described(
                array(RULE), "Rules that are desired and not in the cloud."
            ),
            "unexpected_at_cloud": described(
                array(RULE), "Rules that are in the cloud and not desired."
            ),
            "description_only": described(
                array(_DESCRIPTION_ONLY), "Rules of which only the description differs."
            ),
            "unreadable": described(
                array(_UNREADABLE),
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
            "name": described(nullable(_VALUES), "Both names, if they differ."),
            "description": described(nullable(_VALUES), "Both descriptions, if they differ."),
        }
    ),
)

_TENANT_STATUS = Model(
    "SyncStatus",
    object_of(
        {
            "cloud": described(STRING, "The cloud's name."),
            "cloud_state": described(
                CORE_STATES, "`OK`, or `ERRED` while the cloud cannot be reached or refuses."
            ),
            "cloud_error_message": described(STRING, "Why the cloud is `ERRED`; empty otherwise."),
            "tenant": described(STRING, "The tenant's name."),
            "uuid": described(HEX_UUID, "The tenant's."),
            "state": described(CORE_STATES, "The state of the tenant."),
            "mode": described(
                DRIFT_MODE,
                "What happens when groups of the tenant drift, unless they have their own mode.",
            ),
            "pulled_at": described(
                nullable(TIME), "When the tenant was last compared with the cloud; null for never."
            ),
            "error_message": described(
                STRING, "Why the last pull stopped, and what to do; empty otherwise."
            ),
            "groups": described(INTEGER, "How many groups the tenant has."),
            "scheduled": described(INTEGER, "How many wait for a worker."),
            "in_flight": described(INTEGER, "How many a worker is applying."),
            "erred": described(INTEGER, "How many are `ERRED`."),
            "drifting": described(INTEGER, "How many differ from the cloud."),
            "missing": described(INTEGER, "How many are not in the cloud any more."),
            "never_pushed": described(
                INTEGER, "Groups that were loaded as OK and do not exist in the cloud."
            ),
            "other_modes": described(
                INTEGER,
                "How many groups have a drift mode of their own that is different from `mode`.",
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
