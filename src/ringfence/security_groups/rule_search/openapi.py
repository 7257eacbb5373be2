"""The OpenAPI description of the search among all rules."""

from collections.abc import Mapping
from dataclasses import replace

from ringfence.http.openapi.collections import list_and_count
from ringfence.http.openapi.operation import Operation
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    URI,
    Model,
    Schema,
    described,
    nullable,
    object_of,
)
from ringfence.security_groups.rule_search.filters import (
    LONGEST_PREFIX,
    LONGEST_TEXT,
    SHORTEST_TEXT,
)
from ringfence.security_groups.rule_search.queries import RULES
from ringfence.security_groups.rule_search.query_text import LAST_PORT
from ringfence.security_groups.rule_search.statements import MOST_COUNTED
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES

_ETHERTYPE: Schema = {**STRING, "enum": list(ETHERTYPES)}
_DIRECTION: Schema = {**STRING, "enum": list(DIRECTIONS)}
_TEXT: Schema = {**STRING, "minLength": SHORTEST_TEXT, "maxLength": LONGEST_TEXT}

# No field is required: the `field` parameter selects fields.
_RULE = Model(
    "SecurityGroupRuleInList",
    object_of(
        {
            "id": described(INTEGER, "The number of the rule."),
            "ethertype": described(_ETHERTYPE, "The IP version."),
            "direction": described(_DIRECTION, "The direction, from the view of the instance."),
            "protocol": described(STRING, "A name or a number; empty for all protocols."),
            "from_port": described(INTEGER, "The first port or the ICMP type; -1 for any."),
            "to_port": described(INTEGER, "The last port or the ICMP code; -1 for any."),
            "cidr": described(
                nullable(STRING), "The prefix as it was sent; null or empty for none."
            ),
            "description": described(STRING, "A free text."),
            "remote_group": described(nullable(URI), "The URL of the remote group; null for none."),
            "remote_group_uuid": described(
                nullable(HEX_UUID), "The UUID of the remote group; null for none."
            ),
            "remote_group_name": described(
                nullable(STRING),
                "The name of the remote group or address group; null for none. A name without "
                "`remote_group` is of a group that has no row here.",
            ),
            "internet": described(
                BOOLEAN,
                "Whether the prefix reaches beyond private, shared, link-local, loopback, "
                "multicast and documentation ranges. True without a prefix and a remote group.",
            ),
            "security_group": described(URI, "The URL of the rule's group."),
            "security_group_uuid": described(HEX_UUID, "The UUID of the rule's group."),
            "security_group_name": described(STRING, "The name of the rule's group."),
            "instance_count": described(
                nullable(INTEGER),
                "How many instances carry the group, as last observed; null if unknown.",
            ),
            "tenant_uuid": described(HEX_UUID, "The tenant's UUID."),
            "tenant_name": described(STRING, "The tenant's name."),
            "project_uuid": described(HEX_UUID, "The project's UUID."),
            "project_name": described(STRING, "The project's name."),
            "customer_uuid": described(HEX_UUID, "The customer's UUID."),
            "customer_name": described(STRING, "The customer's name."),
        }
    ),
)

_DESCRIPTIONS: Mapping[str, str] = {
    "admits": "Rules that admit this IP address: their prefix contains it, they have no remote "
    "end, or it is a member of their remote group or address group, as last observed.",
    "within": "Rules whose prefix is in this prefix.",
    "overlaps": "Rules whose prefix has an address in this prefix.",
    "protocol": "Rules that admit this protocol, a name or a number, also by admitting all; `any` "
    "for rules that admit all protocols.",
    "port": "Rules that admit this port, also by a range or by admitting all ports or protocols.",
    "direction": "Rules of this direction.",
    "ethertype": "Rules of this IP version.",
    "from_internet": "Whether a rule admits incoming traffic from the internet (see `internet`).",
    "wider_than": "Rules whose prefix is shorter than this length; no remote end has length 0.",
    "remote_group_uuid": "Rules whose remote group has this UUID.",
    "unresolved": "Whether the remote group of a rule is one that has no row here.",
    "in_use": "Whether a port carries the group of a rule, as last observed.",
    "description": "Rules whose description contains this text, in upper or lower case.",
    "query": "A search as people type it: `443`, `tcp 22`, `ssh`, `icmp`, `203.0.113.7` (as "
    "`admits`), `10.0.0.0/8` (as `within`), `ingress`, `ipv6`, or several of these. Any other text "
    "is searched for in descriptions and names of groups.",
    "tenant_uuid": "Rules of groups in the tenant with this UUID.",
    "project_uuid": "Rules of groups in the project with this UUID.",
    "customer_uuid": "Rules of groups of the customer with this UUID.",
    "service_settings_uuid": "Rules of groups in the cloud with this UUID.",
}
_SCHEMAS: Mapping[str, Schema | Model] = {
    "port": {**INTEGER, "minimum": 0, "maximum": LAST_PORT},
    "wider_than": {**INTEGER, "minimum": 1, "maximum": LONGEST_PREFIX},
    "direction": _DIRECTION,
    "ethertype": _ETHERTYPE,
    "description": _TEXT,
}
_AT_LEAST: Mapping[str, Schema] = {
    "X-Result-Count-At-Least": described(
        BOOLEAN,
        f"`true` if there are more than {MOST_COUNTED:,} rules, which `X-Result-Count` then says. "
        "`Link` has no last page then, and its next pages lead to all rules.",
    )
}


def _bounded(operation: Operation) -> Operation:
    responses = {
        status: replace(response, optional_headers=_AT_LEAST)
        for status, response in operation.responses.items()
    }
    return replace(operation, responses=responses, own=True, search=True)


operations = tuple(
    map(_bounded, list_and_count(RULES, _RULE, "security group rules", _DESCRIPTIONS, _SCHEMAS))
)
