"""Models of requests and responses about security groups, for the OpenAPI document."""

from collections.abc import Mapping

from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.openapi import ANCESTOR_DESCRIPTIONS, MARKETPLACE_FIELDS, RESOURCE_FIELDS
from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import (
    BOOLEAN,
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
from ringfence.security_groups.openapi_traffic import TRAFFIC
from ringfence.security_groups.redundant_rules import REASONS
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
    "description": {"description": "A free text; it makes no rule different from another."},
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

RULE_SHOWN = Model(
    "OpenStackSecurityGroupRuleCreate",
    object_of(
        {
            "ethertype": described(_ETHERTYPE, _ETHERTYPE_MEANS),
            "direction": described(_DIRECTION, _DIRECTION_MEANS),
            "protocol": _SHOWN_PROTOCOL,
            "from_port": {**nullable(INTEGER), **_MEANINGS["from_port"]},
            "to_port": {**nullable(INTEGER), **_MEANINGS["to_port"]},
            "cidr": {**nullable(STRING), **_MEANINGS["cidr"]},
            "description": described(STRING, "A free text."),
            "remote_group_name": described(STRING, "The name of the remote group, if any."),
            "remote_group_uuid": described(HEX_UUID, "The UUID of the remote group, if any."),
            "id": described(
                INTEGER, "The number of the rule; send it to keep or change this rule."
            ),
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
            "tenant": described(URI, "The URL of the tenant that the group belongs to."),
            "tenant_name": described(STRING, "The tenant's name."),
            "tenant_uuid": described(HEX_UUID, "The tenant's UUID."),
            "rules": described(
                array(RULE_SHOWN), "The desired rules, in the order they were sent."
            ),
            "instance_count": described(
                nullable(INTEGER),
                "How many instances carry the group, as last observed; null if unknown.",
            ),
            **MARKETPLACE_FIELDS,
        }
    ),
)

_FIELDS: Mapping[str, Schema] = {
    "name": {"description": "The name, unique in the tenant."},
    "description": {"description": "A free text."},
}

NAME_AND_DESCRIPTION = Model(
    "OpenStackSecurityGroupUpdate",
    object_of(
        {name: described(STRING, str(more["description"])) for name, more in _FIELDS.items()},
        list(GROUP_FIELDS),
    ),
)

UPDATE = Model(
    "OpenStackSecurityGroupUpdateRequest",
    fields_schema(GROUP_FIELDS, required=["name"], more=_FIELDS),
)

PATCH = Model(
    "PatchedOpenStackSecurityGroupUpdateRequest", fields_schema(GROUP_FIELDS, more=_FIELDS)
)

CREATE = Model(
    "OpenStackSecurityGroupRequest",
    fields_schema(
        GROUP_FIELDS,
        required=["name"],
        more={
            "name": _FIELDS["name"],
            "description": {**_FIELDS["description"], "default": ""},
            "rules": described(array(_RULE_TO_CREATE), "The rules of the group.", default=[]),
        },
    ),
)

SET_ERRED = Model(
    "SetErredRequest",
    fields_schema(
        ERROR_FIELDS,
        more={
            "error_message": {"description": "What is wrong, for its users.", "default": ""},
            "error_traceback": {"description": "Details, for staff.", "default": ""},
        },
    ),
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

_PORT = object_of(
    {
        "backend_id": described(STRING, "The port's ID in OpenStack."),
        "name": described(STRING, "The port's name; often empty."),
        "device_id": described(STRING, "The ID of what the port belongs to, such as an instance."),
        "device_owner": described(STRING, "What that is, for example `compute:nova`."),
        "addresses": described(array(STRING), "The fixed IP addresses of the port."),
        "floating": described(array(STRING), "The floating IP addresses of the port."),
    }
)
_REFERRING = object_of(
    {
        "uuid": described(HEX_UUID, "The UUID of the other group."),
        "name": described(STRING, "The name of the other group."),
        "url": described(URI, "The URL of the other group."),
    }
)

USAGE = Model(
    "OpenStackSecurityGroupUsage",
    object_of(
        {
            "ports": described(array(_PORT), "The ports of its tenant that carry the group."),
            "ports_of_other_tenants": described(
                INTEGER,
                "How many ports of other tenants in the same cloud carry the group, which is shared"
                " with them there. They are not named.",
            ),
            "referenced_by": described(
                array(_REFERRING), "The groups with rules whose remote end is this group."
            ),
            "instance_count": described(
                nullable(INTEGER),
                "How many instances carry the group, those of other tenants included; null if the"
                " tenant's ports were never read.",
            ),
            "observed_at": described(
                nullable(TIME), "When the tenant's ports were last read; null for never."
            ),
        }
    ),
)

_QUOTA_USE = object_of(
    {
        "used": described(INTEGER, "How many rules the tenant has."),
        "limit": described(INTEGER, "How many it may have; -1 means no limit."),
        "after": described(INTEGER, "How many it would have."),
    },
    ["used", "limit", "after"],
)
QUOTA = described(
    object_of(
        {"security_group_rule_count": described(_QUOTA_USE, "Rules of all groups of the tenant.")}
    ),
    "The tenant's quota before and after.",
)

WARNING = Model(
    "SecurityGroupRuleWarning",
    object_of(
        {
            "rule": described(INTEGER, "The rule's position in the list, from 0."),
            "code": described(
                enumeration("SecurityGroupRuleWarningCode", Code), "The kind of warning."
            ),
            "message": described(STRING, "What the rule admits that may not be meant."),
        }
    ),
)

CREATION_PLAN = Model(
    "SecurityGroupCreationPlan",
    object_of(
        {
            "traffic": TRAFFIC,
            "quota": QUOTA,
            "warnings": described(array(WARNING), "What the rules open that may not be meant."),
        }
    ),
)

# The filters of lists of groups
GROUP_DESCRIPTIONS: Mapping[str, str] = {
    **ANCESTOR_DESCRIPTIONS,
    "uuid": "The group has this UUID.",
    "tenant": "The URL or the UUID of the tenant.",
    "tenant_uuid": "The tenant has this UUID.",
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "description": "The description contains this text, in upper or lower case.",
    "backend_id": "The ID in OpenStack is this text.",
    "external_ip": "On a port with this floating IP address, as last observed.",
    "query": "Search by name or description",
    "state": "The state is one of these; repeat the parameter for several.",
}

HISTORY_SECTION = "Versions, plans and drift"
DRY_RUN = Parameter(
    "dry_run",
    {**BOOLEAN, "default": False},
    "Return what the request would do, as `plan` does, and change nothing.",
    own=True,
)
PLAN_TOKEN = Parameter(
    "plan_token",
    STRING,
    "The token of a plan. Refused with 412 if the rules, the version of the group or what the cloud"
    " has of it is not what was planned.",
    own=True,
)
ETAG = {"ETag": described(STRING, "The version of the desired state, to send in `If-Match`.")}

SHOWN_RULE: dict[str, Schema | Model] = {
    "ethertype": described(STRING, "IPv4 or IPv6."),
    "direction": described(STRING, "ingress or egress."),
    "protocol": described(STRING, "The name or the number of the protocol; empty for any."),
    "from_port": described(INTEGER, "The first port or the ICMP type; -1 for any."),
    "to_port": described(INTEGER, "The last port or the ICMP code; -1 for any."),
    "cidr": described(
        nullable(STRING), "The remote end as a prefix of IP addresses, if it is one."
    ),
    "description": described(STRING, "A free text."),
    "remote_group": described(nullable(URI), "The URL of the remote group, if any."),
    "remote_group_name": described(STRING, "The name of the remote group."),
    "remote_group_uuid": described(HEX_UUID, "The UUID of the remote group."),
    "remote_group_backend_id": described(STRING, "Neutron's id of the remote group."),
    "remote_address_group_backend_id": described(
        STRING, "Neutron's id of the remote address group."
    ),
}
RULE = Model("SecurityGroupRuleSeen", object_of(SHOWN_RULE))

_REDUNDANT_RULE = Model(
    "SecurityGroupRedundantRule",
    object_of(
        {
            "rule": {
                "$ref": RULE,
                "description": "A rule that can be left out.",
            },
            "covered_by": described(
                array(INTEGER),
                "The positions in `rules`, from 0, of those that together admit all of it.",
            ),
        }
    ),
)
_NOT_COMPARED = Model(
    "SecurityGroupRuleNotCompared",
    object_of(
        {
            "rule": described(INTEGER, "The rule's position in `rules`, from 0."),
            "code": described({**STRING, "enum": list(REASONS)}, "The kind of reason."),
            "message": described(STRING, "Why the rule is kept, and covers no other."),
        }
    ),
)
REDUNDANCY = Model(
    "SecurityGroupRedundancy",
    object_of(
        {
            "version": described(INTEGER, "The number of the desired version."),
            "rules_count": described(INTEGER, "How many rules are desired."),
            "redundant": described(
                array(_REDUNDANT_RULE), "The rules that can be left out, all of them at once."
            ),
            "rules": described(
                array(RULE),
                "The other rules: they admit the same, and none of them can be left out. A body"
                " for `plan` and `set_rules`.",
            ),
            "not_compared": described(
                array(_NOT_COMPARED), "Rules that are kept because what they admit is not certain."
            ),
            "complete": described(
                BOOLEAN,
                "Whether all were found; false if the rules are too complex. `rules` admits the"
                " same in any case.",
            ),
        }
    ),
)

DRIFT_MODE = enumeration("DriftMode", DriftMode)
SET_DRIFT_MODE = Model(
    "SecurityGroupDriftModeRequest",
    object_of(
        {
            "mode": {
                "anyOf": [DRIFT_MODE, {"type": "null"}],
                "description": "What happens when the group drifts; null for the tenant's mode.",
            }
        },
        ["mode"],
    ),
)
