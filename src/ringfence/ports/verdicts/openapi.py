"""The OpenAPI description of verdicts, effective rules and who can reach a port."""

from collections.abc import Mapping

from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH, Parameter
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    UUID,
    Model,
    Schema,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.nearest import Respect
from ringfence.ports.verdicts.regions import Outcome
from ringfence.security_groups.driver_protocols import DRIVERS

_OUTCOME = enumeration("TrafficVerdictOutcome", Outcome)
_BECAUSE = enumeration("TrafficVerdictBecause", Because)
_RESPECT = enumeration("TrafficVerdictRespect", Respect)
_REASONS: Schema = {"type": "array", "items": {"$ref": _BECAUSE}}
_OUTCOME_MEANS = (
    "`admitted`, `refused`, `partly` (some of what was requested is admitted), or `undetermined` "
    "(something is not known, or Neutron's drivers differ)."
)

_END = Model(
    "TrafficVerdictEnd",
    object_of(
        {
            "address": described(
                STRING, "One IP address. If it is one of a port of the tenant, the port is judged."
            ),
            "cidr": described(STRING, "A prefix; no port is looked for in it."),
            "port_uuid": described(UUID, "A port that you see, in the cloud of the tenant."),
            "instance_uuid": described(
                UUID, "An instance that you see, in the cloud of the tenant: all of its ports."
            ),
        }
    ),
)
_PORT = {**INTEGER, "minimum": 0, "maximum": 65_535}
_BYTE = {**INTEGER, "minimum": 0, "maximum": 255}
_WHAT_IF = object_of(
    {
        "security_group": described(UUID, "The UUID of a group that you see."),
        "rules": described(
            {"type": "array", "items": {"type": "object", "additionalProperties": True}},
            "The rules that the group would have, as `set_rules` takes them.",
        ),
    },
    ["security_group", "rules"],
)
_REQUEST = Model(
    "TrafficVerdictRequest",
    object_of(
        {
            "source": described(_END, "Where the packet comes from: exactly one of the keys."),
            "destination": described(_END, "Where the packet goes: exactly one of the keys."),
            "protocol": described(
                {"type": ["string", "integer"]},
                'A name such as `tcp`, a number up to 255, or `""` for every protocol. `icmp` with '
                "IPv6 ends is ICMPv6.",
            ),
            "port": described(nullable(_PORT), "The destination port; leave it out for all."),
            "icmp_type": described(nullable(_BYTE), "The ICMP type; leave it out for all."),
            "icmp_code": described(nullable(_BYTE), "The ICMP code; leave it out for all."),
            "at": {
                "description": (
                    "Which rules count: those that the cloud last reported (`observed`), those "
                    "that are desired (`desired`), or the observed ones with other rules for one "
                    "group."
                ),
                "default": "observed",
                "anyOf": [{"type": "string", "enum": ["observed", "desired"]}, _WHAT_IF],
            },
        },
        ["source", "destination", "protocol"],
    ),
)

_RULE_PROPERTIES: Mapping[str, Schema | Model] = {
    "security_group_uuid": described(HEX_UUID, "The UUID of the rule's group."),
    "security_group_name": described(STRING, "The name of the rule's group."),
    "rule_id": described(
        nullable(INTEGER), "The id of the rule; null for one that the cloud alone has."
    ),
    "direction": described(STRING, "`ingress` or `egress`."),
    "ethertype": described(STRING, "`IPv4` or `IPv6`."),
    "protocol": described(STRING, "The protocol; empty for every protocol."),
    "from_port": described(nullable(INTEGER), "The first port or the ICMP type; null for any."),
    "to_port": described(nullable(INTEGER), "The last port or the ICMP code; null for any."),
    "cidr": described(nullable(STRING), "The prefix; null for none."),
    "remote_group_uuid": described(
        nullable(HEX_UUID), "The remote group; null for none, and for one that you do not see."
    ),
    "remote_group_name": described(nullable(STRING), "The name of the remote group."),
    "remote_group_backend_id": described(
        nullable(STRING),
        "The id of the remote group in the cloud, also of one that you do not see; null for none,"
        " and for one that is not in the cloud yet.",
    ),
    "remote_address_group": described(
        nullable(STRING), "The id of the remote address group in the cloud; null for none."
    ),
    "description": described(STRING, "The description of the rule."),
}
_RULE = Model("TrafficVerdictRule", object_of(_RULE_PROPERTIES))
_NEAREST = Model(
    "TrafficVerdictNearestRule",
    object_of(
        {
            **_RULE_PROPERTIES,
            "respect": described(_RESPECT, "What alone the rule fails in."),
            "text": described(STRING, "The same in words: `source is not in 10.0.0.0/8`."),
        }
    ),
)
_DIRECTION = Model(
    "TrafficVerdictDirection",
    {
        **object_of(
            {
                "verdict": described(_OUTCOME, _OUTCOME_MEANS),
                "by": described(
                    array(_RULE),
                    "The rules that admit it; if it is undetermined, those that may.",
                ),
                "nearest": described(
                    array(_NEAREST),
                    "If it is refused, rules that fail in one respect only, at most ten.",
                ),
                "because": described(_REASONS, "The reasons, as codes."),
            }
        ),
        "type": ["object", "null"],
    },
)
_NOT_CONSIDERED = described(
    array(STRING), "What may stop a packet besides security groups, and is not considered."
)
_OBSERVED_AT = described(
    nullable(TIME), "The oldest observation that this rests on; null if there is none."
)
_DRIVER = described(
    {"type": ["string", "null"], "enum": [*DRIVERS, None]},
    "The firewall driver of the cloud; null if it is not known, so this holds for all drivers.",
)
_VERDICT = Model(
    "TrafficVerdict",
    object_of(
        {
            "verdict": described(_OUTCOME, _OUTCOME_MEANS),
            "egress": described(
                _DIRECTION, "What the source's groups say; null if it is not a port that you see."
            ),
            "ingress": described(
                _DIRECTION,
                "What the destination's groups say; null if it is not a port that you see.",
            ),
            "reply": described(
                _DIRECTION, "For stateless groups, whether the reply is admitted; null otherwise."
            ),
            "because": described(_REASONS, "The reasons, as codes."),
            "not_considered": _NOT_CONSIDERED,
            "driver": _DRIVER,
            "exact": described(
                BOOLEAN,
                "False if it holds for now only (a prefix against the members of a group), or if "
                "a rule gives ports to a protocol whose ports not every driver matches.",
            ),
            "observed_at": _OBSERVED_AT,
        }
    ),
)

_EVERYTHING = described(
    {"type": ["string", "null"], "enum": ["NETWORK_PORT", "PORT_SECURITY_OFF", None]},
    "Why the port admits everything, whatever its groups say; null if they decide.",
)
_NOT_KNOWN = described(_REASONS, "What is not known, so more may be admitted.")
_PORT_UUID = described(HEX_UUID, "The port's UUID.")
_AT = described(STRING, "Always `observed`: the rules that the cloud last reported.")
_INTERNET = described(BOOLEAN, "Whether addresses of the internet are among them.")
_RULES = array(_RULE)
_PIECE = Model(
    "EffectiveRule",
    object_of(
        {
            **{
                name: _RULE_PROPERTIES[name]
                for name in (
                    "direction",
                    "ethertype",
                    "from_port",
                    "to_port",
                    "remote_group_uuid",
                    "remote_group_name",
                    "remote_group_backend_id",
                    "remote_address_group",
                )
            },
            "protocol": described(
                STRING, "The protocol; empty for every one, or a range of numbers such as `7-255`."
            ),
            "cidr": described(
                nullable(STRING), "The prefix, also that of every address; null for a group."
            ),
            "internet": described(
                nullable(BOOLEAN),
                "Whether addresses of the internet are among them; null if the members of an "
                "address group are not known.",
            ),
            "rules": described(
                _RULES, "The rules that this comes from, with their groups; at most 20."
            ),
            "has_more_rules": described(BOOLEAN, "Whether it comes from more rules than those."),
        }
    ),
)
_EFFECTIVE = Model(
    "EffectiveRules",
    object_of(
        {
            "port_uuid": _PORT_UUID,
            "at": _AT,
            "everything_because": _EVERYTHING,
            "pieces": described(
                array(_PIECE),
                "Disjoint pieces of what is admitted, the widest first; at most 1000, or fewer if "
                "the port has more than 1000 rules.",
            ),
            "pieces_total": described(
                nullable(INTEGER), "How many pieces there are; null if too many to compute."
            ),
            "not_known": _NOT_KNOWN,
            "not_considered": _NOT_CONSIDERED,
            "exact": described(
                BOOLEAN,
                "False if there are too many pieces to compute, or if not every driver admits the "
                "same by the rules.",
            ),
            "observed_at": _OBSERVED_AT,
        }
    ),
)
_MEMBER = object_of(
    {
        "port_uuid": described(HEX_UUID, "A port of the group that you see."),
        "addresses": described(array(STRING), "The addresses of the port."),
    }
)
_BY = described(_RULES, "The rules that admit it.")
_SOURCES = Model(
    "TrafficSources",
    object_of(
        {
            "port_uuid": _PORT_UUID,
            "at": _AT,
            "everything_because": _EVERYTHING,
            "internet": described(
                nullable(BOOLEAN),
                "Whether addresses of the internet are among the prefixes or the members of the "
                "address groups; null if that is not known. Members of remote groups are not "
                "considered.",
            ),
            "prefixes": described(
                array(
                    object_of(
                        {
                            "ethertype": _RULE_PROPERTIES["ethertype"],
                            "cidr": described(STRING, "A prefix that can reach the port."),
                            "internet": _INTERNET,
                            "by": _BY,
                        }
                    )
                ),
                "The prefixes that can reach the port; they do not overlap.",
            ),
            "groups": described(
                array(
                    object_of(
                        {
                            "uuid": described(
                                nullable(HEX_UUID), "The group; null if you do not see it."
                            ),
                            "name": described(nullable(STRING), "The name of the group."),
                            "members_known": described(
                                BOOLEAN, "Whether `members` are all that there are."
                            ),
                            "members": described(array(_MEMBER), "The ports of the group."),
                            "by": _BY,
                        }
                    )
                ),
                "Groups whose members can reach the port.",
            ),
            "address_groups": described(
                array(
                    object_of(
                        {
                            "id": described(STRING, "The id of the group in the cloud."),
                            "addresses": described(
                                {"type": ["array", "null"], "items": STRING},
                                "Its prefixes; null if they are not known.",
                            ),
                            "by": _BY,
                        }
                    )
                ),
                "Address groups whose members can reach the port.",
            ),
            "not_known": _NOT_KNOWN,
            "not_considered": _NOT_CONSIDERED,
            "driver": _DRIVER,
            "observed_at": _OBSERVED_AT,
        }
    ),
)

_PROTOCOL = Parameter(
    "protocol", STRING, "A name such as `tcp` or a number up to 255; required, empty for all."
)
operations = (
    Operation(
        "openstack_tenants_verdict",
        "POST",
        "/api/openstack-tenants/{uuid}/verdict/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Ask whether a packet is admitted",
        description=(
            "Return whether security groups admit the first packet of a connection between two "
            "ends, and by which rules; for stateless groups, also the reply. Each end that is a "
            "port you see is judged. What is not known, or not visible to you, makes the verdict "
            "undetermined, unless something known admits the packet. Nothing is changed."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(
            _REQUEST,
            example={
                "source": {"address": "203.0.113.7"},
                "destination": {"address": "10.0.0.5"},
                "protocol": "tcp",
                "port": 443,
            },
            unknown_keys="checked",
        ),
        responses={200: Response(_VERDICT)},
        errors=(404,),
        reads=True,
        own=True,
    ),
    Operation(
        "openstack_ports_effective_rules",
        "GET",
        "/api/openstack-ports/{uuid}/effective_rules/",
        tag="openstack-ports",
        section="Other Actions",
        title="Show what a port admits",
        description="Return the reduced union of the rules of all groups of a port.",
        parameters=(UUID_IN_PATH,),
        responses={200: Response(_EFFECTIVE)},
        errors=(404,),
        own=True,
    ),
    Operation(
        "openstack_ports_who_can_reach",
        "GET",
        "/api/openstack-ports/{uuid}/who_can_reach/",
        tag="openstack-ports",
        section="Other Actions",
        title="Show who can reach a port",
        description=(
            "Return the sources from which a port admits traffic: prefixes, groups with the "
            "members that you see, and address groups. Without `port`, rules that admit some of "
            "the ports count."
        ),
        parameters=(
            UUID_IN_PATH,
            _PROTOCOL,
            Parameter("port", _PORT, "The destination port; leave it out for any."),
            Parameter("icmp_type", _BYTE, "The ICMP type; leave it out for any."),
            Parameter("icmp_code", _BYTE, "The ICMP code; leave it out for any."),
        ),
        responses={200: Response(_SOURCES)},
        errors=(404,),
        own=True,
    ),
)
