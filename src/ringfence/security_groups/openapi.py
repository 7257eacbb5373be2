"""What the operations on security groups take and answer, as the API's description tells it."""

from collections.abc import Mapping

from ringfence.clouds.openapi import RESOURCE_FIELDS
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
    FREE_FORM,
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
    fields_schema,
    nullable,
    object_of,
)
from ringfence.security_groups.by_hand import ERROR_FIELDS
from ringfence.security_groups.read_model.filters import FILTERS, ORDERS
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES, Rule
from ringfence.security_groups.schemas import COLLECTION, GROUP_FIELDS, RULE_FIELDS
from ringfence.security_groups.validation import ANY, NAMED_PROTOCOLS

_ETHERTYPE = enumeration("EthertypeEnum", ETHERTYPES)
_DIRECTION = enumeration("DirectionEnum", DIRECTIONS)
_NAMED = enumeration("ProtocolEnum", [word for word in NAMED_PROTOCOLS if word])
_BLANK = enumeration("BlankEnum", [""])
_NUMBER: Schema = {**STRING, "pattern": "^(0|[1-9][0-9]{0,2})$"}

_ETHERTYPE_MEANS = "IP protocol version - either 'IPv4' or 'IPv6'"
_DIRECTION_MEANS = "Traffic direction - either 'ingress' (incoming) or 'egress' (outgoing)"
_PROTOCOL_MEANS = "The network protocol (TCP, UDP, ICMP, or empty for any protocol)"

_MEANINGS: Mapping[str, Schema] = {
    "from_port": {"description": "Starting port number in the range (1-65535)"},
    "to_port": {"description": "Ending port number in the range (1-65535)"},
    "cidr": {"description": "CIDR notation for the source/destination network address range"},
    "remote_group": {"description": "Remote security group that this rule references, if any"},
}

SENT_RULE: Mapping[str, Schema] = {
    **_MEANINGS,
    "ethertype": described(_ETHERTYPE, _ETHERTYPE_MEANS, default=Rule().ethertype),
    "direction": described(_DIRECTION, _DIRECTION_MEANS, default=Rule().direction),
    "protocol": {"anyOf": [_NAMED, _BLANK, _NUMBER], "description": _PROTOCOL_MEANS},
    # -1 is any; what lies between is refused in the words of the rule as a whole.
    "from_port": {**_MEANINGS["from_port"], "minimum": ANY},
    "to_port": {**_MEANINGS["to_port"], "minimum": ANY},
}
_RULE_TO_CREATE = Model(
    "OpenStackSecurityGroupRuleCreateRequest", fields_schema(RULE_FIELDS, more=SENT_RULE)
)
_KEPT_ID = described(INTEGER, "The rule that stands already, to keep or to change.")
RULE_TO_SET = Model(
    "OpenStackSecurityGroupRuleUpdateRequest",
    described(
        fields_schema(RULE_FIELDS, more={**SENT_RULE, "id": _KEPT_ID}),
        "Rules of responses can be sent back as they are: a remote end that `cidr` and"
        " `remote_group` cannot say is kept by the rule's `id` or by the key that shows it, or"
        " refused; it never becomes any address. Unknown keys are refused.",
    ),
)

# Of a rule that the cloud had already, the protocol is in the cloud's words.
_SHOWN_PROTOCOL: Schema = {"anyOf": [_NAMED, _BLANK, STRING], "description": _PROTOCOL_MEANS}
_RULE = Model(
    "OpenStackSecurityGroupRuleCreate",
    object_of(
        {
            "ethertype": described(_ETHERTYPE, _ETHERTYPE_MEANS),
            "direction": described(_DIRECTION, _DIRECTION_MEANS),
            "protocol": _SHOWN_PROTOCOL,
            "from_port": {**nullable(INTEGER), **_MEANINGS["from_port"]},
            "to_port": {**nullable(INTEGER), **_MEANINGS["to_port"]},
            "cidr": {**nullable(STRING), **_MEANINGS["cidr"]},
            "description": STRING,
            "remote_group_name": STRING,
            "remote_group_uuid": HEX_UUID,
            "id": INTEGER,
            "remote_group": {**nullable(URI), **_MEANINGS["remote_group"]},
        }
    ),
)

# No field is required: `field` leaves out what is not asked for.
GROUP = Model(
    "OpenStackSecurityGroup",
    object_of(
        {
            **RESOURCE_FIELDS,
            "tenant": URI,
            "tenant_name": STRING,
            "tenant_uuid": HEX_UUID,
            "rules": array(_RULE),
            "instance_count": nullable(INTEGER),
            "marketplace_offering_uuid": nullable(STRING),
            "marketplace_offering_name": nullable(STRING),
            "marketplace_offering_type": nullable(STRING),
            "marketplace_offering_plugin_options": nullable(FREE_FORM),
            "marketplace_category_uuid": nullable(STRING),
            "marketplace_category_name": nullable(STRING),
            "marketplace_resource_uuid": nullable(STRING),
            "marketplace_plan_uuid": nullable(STRING),
            "marketplace_resource_state": nullable(STRING),
            "is_usage_based": nullable(BOOLEAN),
            "is_limit_based": nullable(BOOLEAN),
        }
    ),
)
_NAMES = Model(
    "OpenStackSecurityGroupUpdate",
    object_of({"name": STRING, "description": STRING}, ["name", "description"]),
)

_UPDATE = Model(
    "OpenStackSecurityGroupUpdateRequest", fields_schema(GROUP_FIELDS, required=["name"])
)
_PATCH = Model("PatchedOpenStackSecurityGroupUpdateRequest", fields_schema(GROUP_FIELDS))
CREATE = Model(
    "OpenStackSecurityGroupRequest",
    fields_schema(
        GROUP_FIELDS, required=["name"], more={"rules": {**array(_RULE_TO_CREATE), "default": []}}
    ),
)
_SET_ERRED = Model(
    "SetErredRequest",
    fields_schema(ERROR_FIELDS, more={name: {"default": ""} for name in ERROR_FIELDS}),
)

_NAME = "my-awesome-openstack-security-group"
RULE_EXAMPLE = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "from_port": 8080,
    "to_port": 8080,
    "cidr": "192.168.1.0/24",
    "description": "A sample description.",
}

_LIST = list_parameters(
    FILTERS,
    ORDERS,
    GROUP,
    more={"state": array(CORE_STATES)},
    descriptions={"can_manage": "Can manage", "query": "Search by name or description"},
)
_USAGE = Model(
    "OpenStackSecurityGroupUsage",
    object_of(
        {
            "ports": array(
                object_of(
                    {
                        "backend_id": STRING,
                        "name": STRING,
                        "device_id": STRING,
                        "device_owner": STRING,
                        "addresses": array(STRING),
                        "floating": array(STRING),
                    }
                )
            ),
            "referenced_by": array(object_of({"uuid": HEX_UUID, "name": STRING, "url": URI})),
            "instance_count": nullable(INTEGER),
            "observed_at": nullable(TIME),
        }
    ),
)
_DETACH = Parameter(
    "detach", BOOLEAN, "Take the group off the ports that carry it first.", own=True
)
_PLAN_TOKEN = Parameter(
    "plan_token", STRING, "The plan that was seen; anything else is refused with 412.", own=True
)
_DRY_RUN = Parameter(
    "dry_run",
    BOOLEAN,
    "Return what the request would do, as `plan` does, and do nothing.",
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
        answers=listed(GROUP),
        refusals=(400, 404),
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
        answers={200: Response(headers=LIST_HEADERS)},
        refusals=(400, 404),
    ),
    Operation(
        "openstack_security_groups_retrieve",
        "GET",
        _GROUP,
        tag=COLLECTION,
        title="Get security group details",
        description="Retrieve details of a specific security group.",
        parameters=(UUID_IN_PATH, choice_of_fields(GROUP)),
        # As at Waldur, the filters of the list hold for one group too.
        also_takes=tuple(each.name for each in _LIST),
        answers=retrieved(GROUP),
        refusals=(400, 404),
    ),
    Operation(
        "openstack_security_groups_usage_retrieve",
        "GET",
        _GROUP + "usage/",
        tag=COLLECTION,
        section=_OTHER,
        title="Get security group usage",
        description=(
            "The ports that carry a security group, as its cloud last showed them, and the groups"
            " whose rules refer to it. Where ports were never read, `observed_at` is null."
        ),
        parameters=(UUID_IN_PATH,),
        answers={200: Response(_USAGE)},
        refusals=(404,),
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
        answers={202: Response(DETAIL, promised=False), 409: Response(DETAIL, promised=False)},
        refusals=(403, 404),
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
        answers={204: Response()},
        refusals=(403, 404),
    ),
    Operation(
        "openstack_security_groups_update",
        "PUT",
        _GROUP,
        tag=COLLECTION,
        title="Update",
        parameters=(UUID_IN_PATH,),
        body=Body(_UPDATE, example={"name": _NAME}),
        answers={200: Response(_NAMES)},
        refusals=(403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_partial_update",
        "PATCH",
        _GROUP,
        tag=COLLECTION,
        title="Partially update security group",
        description="Update specific fields of a security group.",
        parameters=(UUID_IN_PATH,),
        body=Body(_PATCH, required=False),
        answers={200: Response(_NAMES)},
        refusals=(403, 404, 409),
    ),
    Operation(
        "openstack_security_groups_destroy",
        "DELETE",
        _GROUP,
        tag=COLLECTION,
        title="Delete security group",
        description="Delete a security group.",
        parameters=(UUID_IN_PATH, _DETACH),
        answers={204: Response()},
        refusals=(400, 403, 404, 409),
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
        parameters=(UUID_IN_PATH, _DRY_RUN, _PLAN_TOKEN),
        body=Body(array(RULE_TO_SET), example=[RULE_EXAMPLE], unknown_keys="checked"),
        answers={200: Response(), 202: Response(STATUS, "In contract 2026-10")},
        refusals=(403, 404, 409, 412),
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
        answers={200: Response(DETAIL)},
        refusals=(403, 404),
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
        body=Body(_SET_ERRED, example={"error_message": "The quota was exceeded."}, required=False),
        answers={200: Response(DETAIL)},
        refusals=(403, 404),
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
        answers={201: Response(GROUP)},
        refusals=(403, 404, 409),
    ),
)
