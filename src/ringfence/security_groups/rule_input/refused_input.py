"""The table of refused input: what is refused in a group or a rule, the message, and the source.

The validation raises these entries, `tools/refused.py` writes the page of refused input, and tests
send the examples to this service and to a real Neutron. Input that Neutron refuses in every cloud
is refused before anything is stored, so that it cannot end in an ERRED group. An entry that is
stricter than Neutron comes from the API contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.errors import Message
from ringfence.security_groups.rule_input.rule_requests import RuleProblem
from ringfence.security_groups.rules import DEFAULT_NAME

# Waldur's limit; Neutron takes 255 (`NAME_FIELD_SIZE`).
LONGEST_NAME = 150
# For groups and rules, in characters (`DESCRIPTION_FIELD_SIZE`).
LONGEST_DESCRIPTION = 255
LARGEST_PORT = 65_535
LARGEST_BYTE = 255

# Protocols with ports; dccp, sctp and udplite by number (`SG_PORT_PROTO_NUMS`).
PORT_PROTOCOLS = frozenset({"tcp", "udp", "6", "17", "33", "132", "136"})
# ICMP type and code are in the fields of the ports.
ICMP_PROTOCOLS = frozenset({"icmp", "1", "58"})
# Protocols that Neutron refuses with IPv4, by number and by name
ONLY_IPV6: Mapping[str, str] = {
    "41": "ipv6-encap",
    "43": "ipv6-route",
    "44": "ipv6-frag",
    "58": "ipv6-icmp",
    "59": "ipv6-nonxt",
    "60": "ipv6-opts",
}
ONLY_IPV6_WORDS = frozenset({*ONLY_IPV6, *ONLY_IPV6.values(), "icmpv6"})

_EXTENSION = "neutron/extensions/securitygroup.py"
_DATABASE = "neutron/db/securitygroups_db.py"
_DESCRIPTION = "neutron/extensions/standardattrdescription.py"
CONTRACT = "the API's contract"

_ANYWHERE = {"ethertype": "IPv4", "direction": "ingress", "from_port": -1, "to_port": -1}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry of the table.

    `message` is the error at `field`, with values in braces. `refused` and `accepted` are
    examples: the body of a new group, or one rule if `about` is "rule".
    """

    about: str
    field: str
    condition: str
    message: str
    source: str
    refused: Mapping[str, Any]
    accepted: Mapping[str, Any]
    # What to send instead, where the message does not say it
    hint: str = ""

    def text(self, **values: object) -> str:
        """Return the message with these values, and its hint."""
        message = self.message.format(**values)
        return Message(message, self.hint) if self.hint else message

    def problem(self, field: str = "", **values: object) -> RuleProblem:
        """Return the error to raise; `field` replaces the usual field."""
        at = field or self.field
        return RuleProblem(self.text(**values), None if at == "non_field_errors" else at)

    @property
    def is_from_neutron(self) -> bool:
        """Whether Neutron refuses it in every cloud."""
        return self.source != CONTRACT


def _group(**values: object) -> Mapping[str, Any]:
    return {"name": "web", **values}


def _tcp(first: object, last: object, **values: object) -> Mapping[str, Any]:
    return _ANYWHERE | {"protocol": "tcp", "from_port": first, "to_port": last} | values


def _icmp(kind: object, code: object, **values: object) -> Mapping[str, Any]:
    return _tcp(kind, code, protocol="icmp", **values)


def _rule(**values: object) -> Mapping[str, Any]:
    return {**_ANYWHERE, **values}


MANAGED_BY_OPENSTACK = Refusal(
    "group",
    "name",
    "`default`, in upper or lower case: OpenStack creates this group in every project",
    "Default security group is managed by OpenStack itself.",
    f"`_validate_name_not_default`, {_EXTENSION}",
    _group(name="dEFAULT"),
    _group(name="defaults"),
    "Every tenant has this group: change its rules with set_rules, or take another name.",
)
NAME_LENGTH = Refusal(
    "group",
    "name",
    f"longer than {LONGEST_NAME} characters (Neutron takes 255)",
    "Ensure this field has no more than {limit} characters.",
    CONTRACT,
    _group(name="x" * (LONGEST_NAME + 1)),
    _group(name="é" * LONGEST_NAME),
)
NAME_BLANK = Refusal(
    "group",
    "name",
    "empty, or only white space",
    "This field may not be blank.",
    CONTRACT,
    _group(name="  "),
    _group(name=" web "),
)
NAME_NULL_CHARACTER = Refusal(
    "group",
    "name",
    "a null character (in every text field)",
    "Null characters are not allowed.",
    CONTRACT,
    _group(name="a\0b"),
    _group(name="a b"),
)
NAME_NO_TEXT = Refusal(
    "group",
    "name",
    "an unpaired surrogate (in every text field; Neutron returns 500)",
    "Not a valid string.",
    f"`_validate_name_not_default`, {_EXTENSION}",
    _group(name="\ud800"),
    _group(name="😀"),
)
DESCRIPTION_LENGTH = Refusal(
    "group",
    "description",
    f"longer than {LONGEST_DESCRIPTION} characters",
    "Ensure this field has no more than {limit} characters.",
    f"`DESCRIPTION_BODY`, {_DESCRIPTION}",
    _group(description="x" * (LONGEST_DESCRIPTION + 1)),
    _group(description="é" * LONGEST_DESCRIPTION),
)
RULE_DESCRIPTION_LENGTH = Refusal(
    "rule",
    "description",
    f"longer than {LONGEST_DESCRIPTION} characters",
    "Ensure this field has no more than {limit} characters.",
    f"`DESCRIPTION_BODY`, {_DESCRIPTION}",
    _rule(description="x" * (LONGEST_DESCRIPTION + 1)),
    _rule(description="é" * LONGEST_DESCRIPTION),
)
ETHERTYPE = Refusal(
    "rule",
    "ethertype",
    "anything but `IPv4` or `IPv6` (Neutron ignores the case)",
    '"{value}" is not a valid choice.',
    f"`convert_ethertype_to_case_insensitive`, {_EXTENSION}",
    _rule(ethertype="IPv5"),
    _rule(ethertype="IPv6"),
)
DIRECTION = Refusal(
    "rule",
    "direction",
    "anything but `ingress` or `egress`",
    '"{value}" is not a valid choice.',
    f"`RESOURCE_ATTRIBUTE_MAP`, {_EXTENSION}",
    _rule(direction="in"),
    _rule(direction="egress"),
)
PROTOCOL = Refusal(
    "rule",
    "protocol",
    "neither a protocol name of the API nor a number from 0 to 255",
    '"{value}" is not a valid choice.',
    f"`convert_protocol`, {_EXTENSION}",
    _rule(protocol="http"),
    _rule(protocol="47"),
)
PROTOCOL_OF_IPV6 = Refusal(
    "rule",
    "protocol",
    "with IPv4, a protocol that exists only in IPv6: "
    + ", ".join(f"{number} ({name})" for number, name in ONLY_IPV6.items()),
    '"{value}" ({name}) is a protocol of IPv6 and does not exist in IPv4.',
    f"`_validate_ethertype_and_protocol`, {_DATABASE}",
    _rule(protocol="58"),
    _rule(protocol="58", ethertype="IPv6"),
    "Set ethertype to IPv6, or take another protocol.",
)
PREFIX_OF_IPV4 = Refusal(
    "rule",
    "cidr",
    "with IPv4, anything but an IPv4 address with an optional prefix length up to 32",
    "Expected CIDR format: <0-255>.<0-255>.<0-255>.<0-255>/<0-32>",
    f"`convert_ip_prefix_to_cidr`, {_EXTENSION}; `_validate_ip_prefix`, {_DATABASE}",
    _rule(cidr="10.0.0.0/33"),
    _rule(cidr="10.0.0.0/8"),
    "Allowed with ethertype IPv4: as in 10.0.0.0/8, or one address. For an IPv6 prefix, set"
    " ethertype to IPv6.",
)
PREFIX_OF_IPV6 = Refusal(
    "rule",
    "cidr",
    "with IPv6, anything but an IPv6 address with an optional prefix length up to 128",
    "IPv6 addresses are represented as eight groups, separated by colons.",
    f"`convert_ip_prefix_to_cidr`, {_EXTENSION}; `_validate_ip_prefix`, {_DATABASE}",
    _rule(ethertype="IPv6", cidr="10.0.0.0/8"),
    _rule(ethertype="IPv6", cidr="2001:db8::/32"),
    "Allowed with ethertype IPv6: as in 2001:db8::/32, or one address. For an IPv4 prefix, set"
    " ethertype to IPv4.",
)
TWO_ENDS = Refusal(
    "rule",
    "non_field_errors",
    "`cidr` and `remote_group` together",
    "You can specify either the remote_group_id or cidr attribute, not both.",
    f"`_validate_multiple_remote_entites`, {_DATABASE}",
    _rule(cidr="10.0.0.0/8", remote_group="/api/openstack-security-groups/" + "a" * 32 + "/"),
    _rule(remote_group="/api/openstack-security-groups/" + "a" * 32 + "/"),
    "Send one rule for each.",
)
REMOTE_GROUP = Refusal(
    "rule",
    "remote_group",
    "a group that the tenant does not have",
    "Invalid hyperlink - Object does not exist.",
    f"`_check_security_group`, {_DATABASE}",
    _rule(remote_group="/api/openstack-security-groups/" + "b" * 32 + "/"),
    _rule(remote_group="/api/openstack-security-groups/" + "a" * 32 + "/"),
    "Allowed: the `url` of a group of this tenant, or of one that is shared with it.",
)
PORT_MISSING = Refusal(
    "rule",
    "to_port",
    "a port that is missing or null",
    "Empty value is not allowed.",
    CONTRACT,
    _tcp(22, None),
    _tcp(22, 22),
    "Send from_port and to_port: both the same for one port, -1 in both for any port.",
)
PORT_TOO_LARGE = Refusal(
    "rule",
    "to_port",
    f"above {LARGEST_PORT}",
    "Ensure this value is less than or equal to {limit}.",
    f"`convert_validate_port_value`, {_EXTENSION}",
    _tcp(22, LARGEST_PORT + 1),
    _tcp(22, LARGEST_PORT),
)
PORTS_REVERSED = Refusal(
    "rule",
    "non_field_errors",
    "`from_port` above `to_port`",
    '"from_port" should be less or equal to "to_port"',
    f"`_validate_port_range`, {_DATABASE}",
    _tcp(443, 80),
    _tcp(80, 443),
    "Send the lower port first.",
)
ONLY_LAST_PORT = Refusal(
    "rule",
    "non_field_errors",
    "`from_port` -1 with another `to_port`",
    '"from_port" should not be -1 if "to_port" is defined.',
    f"`_validate_port_range`, {_DATABASE}",
    _tcp(-1, 80),
    _tcp(-1, -1),
    "-1 means any: send it in both, or two ports from 1 to 65535.",
)
PORT_ZERO = Refusal(
    "rule",
    "from_port",
    "0, or less than -1",
    f"Value should be in range [1, {LARGEST_PORT}], found {{value}}",
    f"`_validate_port_range`, {_DATABASE}",
    _tcp(0, 80),
    _tcp(1, 80),
    "For any port, send -1 in both.",
)
ICMP_VALUE = Refusal(
    "rule",
    "from_port",
    f"for ICMP, a type (`from_port`) or code (`to_port`) outside 0 to {LARGEST_BYTE}",
    f"Value should be in range [-1, {LARGEST_BYTE}], found {{value}}",
    f"`_validate_port_range`, {_DATABASE}",
    _icmp(LARGEST_BYTE + 1, -1),
    _icmp(LARGEST_BYTE, -1),
)
ICMP_CODE_ALONE = Refusal(
    "rule",
    "non_field_errors",
    "for ICMP, a code (`to_port`) without a type (`from_port`)",
    '"from_port" should not be -1 if "to_port" is defined.',
    f"`_validate_port_range`, {_DATABASE}",
    _icmp(-1, 0),
    _icmp(8, 0),
    "from_port is the type and to_port the code: send a type, or -1 in both for any.",
)
PORTS_OF_ANY = Refusal(
    "rule",
    "from_port",
    "a port without a protocol (Neutron takes 1 to 65535 for any)",
    "Port range is not supported if protocol is not specified.",
    f"`_validate_port_range`, {_DATABASE}",
    _tcp(80, 80, protocol=""),
    _tcp(-1, -1, protocol=""),
    "Set protocol to tcp or udp, or send -1 in both ports.",
)
PORTS_OF_OTHERS = Refusal(
    "rule",
    "from_port",
    "a port of a protocol that has none (Neutron takes 1 to 65535 for any)",
    "Port range is not supported for protocol {protocol}.",
    f"`_validate_port_range`, {_DATABASE}",
    _tcp(80, 80, protocol="47"),
    _tcp(80, 80, protocol="132"),
    "Send -1 in both ports.",
)

# In the order of the fields and, for one field, in the order of the checks
TABLE: Sequence[Refusal] = (
    *(MANAGED_BY_OPENSTACK, NAME_LENGTH, NAME_BLANK, NAME_NULL_CHARACTER, NAME_NO_TEXT),
    *(DESCRIPTION_LENGTH, ETHERTYPE, DIRECTION, PROTOCOL, PROTOCOL_OF_IPV6),
    *(PORT_MISSING, PORT_TOO_LARGE, PORTS_REVERSED, ONLY_LAST_PORT, PORT_ZERO),
    *(ICMP_VALUE, ICMP_CODE_ALONE, PORTS_OF_ANY, PORTS_OF_OTHERS),
    *(PREFIX_OF_IPV4, PREFIX_OF_IPV6, TWO_ENDS, REMOTE_GROUP, RULE_DESCRIPTION_LENGTH),
)


def is_name_of_default_group(name: str) -> bool:
    """Return whether Neutron takes the name for the default group's, in upper or lower case."""
    return name.lower() == DEFAULT_NAME
