"""Models of requests and responses about security groups, for the OpenAPI document."""

from collections.abc import Mapping

from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.openapi import MARKETPLACE_FIELDS, RESOURCE_FIELDS
from ringfence.http.openapi.schema import (
    HEX_UUID,
    INTEGER,
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
from ringfence.security_groups.exposure import Code
from ringfence.security_groups.rule_input.validation import ANY, NAMED_PROTOCOLS
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES, Rule
from ringfence.security_groups.schemas import ERROR_FIELDS, GROUP_FIELDS, RULE_FIELDS

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
    # -1 is any port. Other numbers below 1 are refused with the message for the whole rule.
    "from_port": {**_MEANINGS["from_port"], "minimum": ANY},
    "to_port": {**_MEANINGS["to_port"], "minimum": ANY},
}

_RULE_TO_CREATE = Model(
    "OpenStackSecurityGroupRuleCreateRequest", fields_schema(RULE_FIELDS, more=SENT_RULE)
)

_KEPT_ID = described(INTEGER, "A stored rule to keep or to change.")

RULE_TO_SET = Model(
    "OpenStackSecurityGroupRuleUpdateRequest",
    described(
        fields_schema(RULE_FIELDS, more={**SENT_RULE, "id": _KEPT_ID}),
        "Rules of responses can be sent back unchanged. A remote end that `cidr` and"
        " `remote_group` cannot name is kept by the rule's `id` or by the key that shows it, or is"
        " refused. It never becomes any address. Unknown keys are refused.",
    ),
)

# Rules from a cloud may have any protocol name of the cloud.
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

# No field is required: the `field` parameter selects fields.
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
            **MARKETPLACE_FIELDS,
        }
    ),
)

NAME_AND_DESCRIPTION = Model(
    "OpenStackSecurityGroupUpdate",
    object_of(dict.fromkeys(GROUP_FIELDS, STRING), list(GROUP_FIELDS)),
)

UPDATE = Model(
    "OpenStackSecurityGroupUpdateRequest", fields_schema(GROUP_FIELDS, required=["name"])
)

PATCH = Model("PatchedOpenStackSecurityGroupUpdateRequest", fields_schema(GROUP_FIELDS))

CREATE = Model(
    "OpenStackSecurityGroupRequest",
    fields_schema(
        GROUP_FIELDS, required=["name"], more={"rules": {**array(_RULE_TO_CREATE), "default": []}}
    ),
)

SET_ERRED = Model(
    "SetErredRequest",
    fields_schema(ERROR_FIELDS, more={name: {"default": ""} for name in ERROR_FIELDS}),
)

RULE_EXAMPLE = {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "from_port": 8080,
    "to_port": 8080,
    "cidr": "192.168.1.0/24",
    "description": "A sample description.",
}

USAGE = Model(
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

QUOTA_USE = object_of(
    {"used": INTEGER, "limit": INTEGER, "after": INTEGER}, ["used", "limit", "after"]
)

WARNING = Model(
    "SecurityGroupRuleWarning",
    object_of(
        {
            "rule": described(INTEGER, "The rule's position in the list, from 0."),
            "code": enumeration("SecurityGroupRuleWarningCode", Code),
            "message": STRING,
        }
    ),
)

CREATION_PLAN = Model(
    "SecurityGroupCreationPlan",
    object_of(
        {
            "quota": object_of({"security_group_rule_count": QUOTA_USE}),
            "warnings": array(WARNING),
        }
    ),
)

HISTORY_SECTION = "Versions, plans and drift"
ETAG = {"ETag": described(STRING, "The version of the desired state, to send in `If-Match`.")}

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
SET_DRIFT_MODE = Model(
    "SecurityGroupDriftModeRequest",
    object_of(
        {"mode": {"anyOf": [DRIFT_MODE, {"type": "null"}]}},
        ["mode"],
    ),
)
