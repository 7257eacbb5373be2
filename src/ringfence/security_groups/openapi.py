"""The OpenAPI description of the operations on security groups."""

from ringfence.http.openapi.operation import (
    LIST_HEADERS,
    Body,
    Operation,
    Response,
    listed,
    retrieved,
)
from ringfence.http.openapi.parameters import (
    UUID_IN_PATH,
    Parameter,
    choice_of_fields,
    count_parameters,
    list_parameters,
)
from ringfence.http.openapi.schema import (
    BOOLEAN,
    CORE_STATES,
    DETAIL,
    STATUS,
    array,
)
from ringfence.security_groups.openapi_models import (
    CREATE,
    CREATION_PLAN,
    DRY_RUN,
    ETAG,
    GROUP,
    GROUP_DESCRIPTIONS,
    HISTORY_SECTION,
    NAME_AND_DESCRIPTION,
    PATCH,
    PLAN_TOKEN,
    REDUNDANCY,
    RULE_EXAMPLE,
    RULE_TO_SET,
    SET_DRIFT_MODE,
    SET_ERRED,
    UPDATE,
    USAGE,
)
from ringfence.security_groups.read_model.filters import FILTERS, ORDERS
from ringfence.security_groups.schemas import COLLECTION

_NAME = "my-awesome-openstack-security-group"

_LIST = list_parameters(
    FILTERS,
    ORDERS,
    GROUP,
    more={"state": array(CORE_STATES)},
    descriptions=GROUP_DESCRIPTIONS,
    has_cursors=True,
)
_OFF = {**BOOLEAN, "default": False}
_DETACH = Parameter(
    "detach",
    _OFF,
    "Remove the group from its ports first. Default: a group in use stays.",
    own=True,
)
_OTHER = "Other Actions"
_GROUPS = f"/api/{COLLECTION}/"
_GROUP = _GROUPS + "{uuid}/"

operations = (
    Operation(
        "openstack_security_groups_list",
        "GET",
        _GROUPS,
        tag=COLLECTION,
        title="List security groups",
        description="Get a list of security groups.",
        parameters=_LIST,
        responses=listed(GROUP),
        errors=(400, 404),
    ),
    Operation(
        "openstack_security_groups_count",
        "HEAD",
        _GROUPS,
        tag=COLLECTION,
        section=_OTHER,
        title="Count security groups",
        description="Get number of items in the collection matching the request parameters.",
        parameters=count_parameters(_LIST),
        responses={200: Response(headers=LIST_HEADERS)},
        errors=(400, 404),
    ),
    Operation(
        "openstack_security_groups_retrieve",
        "GET",
        _GROUP,
        tag=COLLECTION,
        title="Get security group details",
        description="Retrieve details of a specific security group.",
        parameters=(UUID_IN_PATH, choice_of_fields(GROUP)),
        # As in Waldur, the filters of the list apply to one group too.
        undeclared=tuple(each.name for each in _LIST),
        responses=retrieved(GROUP),
        errors=(400, 404),
    ),
    Operation(
        "openstack_security_groups_usage_retrieve",
        "GET",
        _GROUP + "usage/",
        tag=COLLECTION,
        section=_OTHER,
        title="Get security group usage",
        description=(
            "The ports that carry a security group, as last observed, and the groups whose rules"
            " refer to it. If ports were never read, `observed_at` is null."
        ),
        parameters=(UUID_IN_PATH,),
        responses={200: Response(USAGE)},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_security_groups_redundancy",
        "GET",
        _GROUP + "redundancy/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Get redundant rules",
        description=(
            "Rules of the group that other rules cover, and a list without them that admits the"
            " same: a body for `plan` and `set_rules`. Nothing is changed."
        ),
        parameters=(UUID_IN_PATH,),
        responses={200: Response(REDUNDANCY, headers=ETAG)},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_security_groups_set_drift_mode",
        "POST",
        _GROUP + "set_drift_mode/",
        tag=COLLECTION,
        section=HISTORY_SECTION,
        title="Set the drift mode",
        description="Set what happens when the group drifts. Null: the default of its tenant.",
        parameters=(UUID_IN_PATH,),
        body=Body(
            SET_DRIFT_MODE,
            example={"mode": "enforce"},
        ),
        responses={200: Response(STATUS)},
        errors=(403, 404),
        own=True,
    ),
    Operation(
        "openstack_security_groups_pull",
        "POST",
        _GROUP + "pull/",
        tag=COLLECTION,
        title="Synchronize resource state",
        description=(
            "Schedule an asynchronous pull operation to synchronize resource state from the"
            " backend. Returns 202 if the pull was scheduled successfully, or 409 if the pull"
            " operation is not implemented for this resource type."
        ),
        parameters=(UUID_IN_PATH,),
        responses={202: Response(DETAIL, promised=False), 409: Response(DETAIL, promised=False)},
        errors=(403, 404),
    ),
    Operation(
        "openstack_security_groups_unlink",
        "POST",
        _GROUP + "unlink/",
        tag=COLLECTION,
        title="Unlink resource",
        description=(
            "Delete resource from the database without scheduling operations on backend and"
            " without checking current state of the resource. It is intended to be used for"
            " removing resource stuck in transitioning state."
        ),
        parameters=(UUID_IN_PATH,),
        responses={204: Response()},
        errors=(403, 404),
    ),
    Operation(
        "openstack_security_groups_update",
        "PUT",
        _GROUP,
        tag=COLLECTION,
        title="Update",
        parameters=(UUID_IN_PATH,),
        body=Body(UPDATE, example={"name": _NAME}),
        responses={200: Response(NAME_AND_DESCRIPTION)},
        errors=(403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_partial_update",
        "PATCH",
        _GROUP,
        tag=COLLECTION,
        title="Partially update security group",
        description="Update specific fields of a security group.",
        parameters=(UUID_IN_PATH,),
        body=Body(PATCH, required=False),
        responses={200: Response(NAME_AND_DESCRIPTION)},
        errors=(403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_destroy",
        "DELETE",
        _GROUP,
        tag=COLLECTION,
        title="Delete security group",
        description="Delete a security group.",
        parameters=(UUID_IN_PATH, _DETACH),
        responses={204: Response()},
        errors=(400, 403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_set_rules",
        "POST",
        _GROUP + "set_rules/",
        tag=COLLECTION,
        section=_OTHER,
        title="Set security group rules",
        description=(
            "Update the rules for a specific security group. This overwrites all existing rules."
        ),
        parameters=(UUID_IN_PATH, DRY_RUN, PLAN_TOKEN),
        body=Body(array(RULE_TO_SET), example=[RULE_EXAMPLE], unknown_keys="checked"),
        responses={200: Response(), 202: Response(STATUS, "In contract 2026-10")},
        errors=(403, 404, 409, 412),
    ),
    Operation(
        "openstack_security_groups_set_ok",
        "POST",
        _GROUP + "set_ok/",
        tag=COLLECTION,
        section=_OTHER,
        title="Mark resource as OK",
        description=(
            "Manually transition the resource to OK state and clear error fields."
            " Staff-only operation."
        ),
        parameters=(UUID_IN_PATH,),
        responses={200: Response(DETAIL)},
        errors=(403, 404),
    ),
    Operation(
        "openstack_security_groups_set_erred",
        "POST",
        _GROUP + "set_erred/",
        tag=COLLECTION,
        section=_OTHER,
        title="Mark resource as ERRED",
        description=(
            "Manually transition the resource to ERRED state. This is useful for resources stuck"
            " in transitional states (CREATING, UPDATING, DELETING) that cannot be synced via"
            " pull. Staff-only operation."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(SET_ERRED, example={"error_message": "The quota was exceeded."}, required=False),
        responses={200: Response(DETAIL)},
        errors=(403, 404),
    ),
    Operation(
        "openstack_tenants_create_security_group",
        "POST",
        "/api/openstack-tenants/{uuid}/create_security_group/",
        tag="openstack-tenants",
        section=_OTHER,
        title="Create security group",
        description="Create a security group for the tenant.",
        parameters=(UUID_IN_PATH, choice_of_fields(GROUP)),
        body=Body(CREATE, example={"name": _NAME, "rules": [RULE_EXAMPLE]}),
        responses={201: Response(GROUP)},
        errors=(403, 404, 409),
    ),
    Operation(
        "openstack_tenants_plan_security_group",
        "POST",
        "/api/openstack-tenants/{uuid}/plan_security_group/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Plan a security group",
        description=(
            "Return what `create_security_group` would do with the same body. It refuses the same"
            " bodies, and stores nothing."
        ),
        parameters=(UUID_IN_PATH,),
        # The model of `create_security_group`: the same body can be planned and sent.
        body=Body(CREATE, example={"name": "web", "rules": [RULE_EXAMPLE]}, unknown_keys="named"),
        responses={200: Response(CREATION_PLAN)},
        errors=(403, 404, 409),
        own=True,
    ),
)
