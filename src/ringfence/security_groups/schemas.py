"""Parses what clients send about groups and rules. Every entry point uses these fields."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ringfence.errors import Invalid, Message
from ringfence.http.fields import (
    Choice,
    Field,
    FieldError,
    Hyperlink,
    Integer,
    Text,
    clean_fields,
    not_a_choice,
    not_a_dictionary,
    not_a_list,
    path_of,
    printable,
    refuse_null,
    uuid_in,
)
from ringfence.security_groups.rule_input.openings import opening_problems
from ringfence.security_groups.rule_input.refused_input import (
    LARGEST_PORT,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    REMOTE_GROUP,
    is_name_of_default_group,
)
from ringfence.security_groups.rule_input.refused_input import MANAGED_BY_OPENSTACK as _MANAGED
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    end_keys_of,
    resolve_end,
)
from ringfence.security_groups.rule_input.rule_keys import unknown_keys
from ringfence.security_groups.rule_input.rule_requests import (
    RuleProblem,
    RuleRequest,
    key_of,
    refuse_duplicates,
)
from ringfence.security_groups.rule_input.validation import (
    ANY,
    NAMED_PROTOCOLS,
    check_rule,
    is_protocol,
)
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES, Rule, RuleKey, canonical
from ringfence.text.json_value import Json

COLLECTION = "openstack-security-groups"
MANAGED_BY_OPENSTACK = _MANAGED.text()
NAME_TAKEN = Message(
    "Security group name should be unique.",
    "The tenant has a group with this name: take another one, or change that group.",
)
NO_SUCH_OBJECT = REMOTE_GROUP.text()
# A new group has no rules and no versions yet.
NO_ENDS = KnownEnds()


_NUMBER_ZERO = (
    "Programs send the number 0 for an unset value, and some clouds admit every protocol for it."
    ' Send "" for any protocol, or the text "0" for protocol 0 (HOPOPT).'
)


@dataclass(frozen=True, slots=True)
class Protocol:
    """tcp, udp, icmp, "" for any protocol, or a number assigned by IANA."""

    allowed = 'tcp, udp, icmp, "" for any protocol, or a number from 0 to 255'

    def clean(self, value: Json) -> str:
        """Return the name or the number as text, as it was sent."""
        refuse_null(value, self.allowed)
        if value == 0 and not isinstance(value, bool | str):
            raise FieldError(_NUMBER_ZERO)
        if (
            isinstance(value, bool)
            or not isinstance(value, str | int)
            or not is_protocol(str(value))
        ):
            raise not_a_choice(value, NAMED_PROTOCOLS, self.allowed)
        return str(value)


GROUP_FIELDS = {
    "name": Text(max_length=LONGEST_NAME),
    "description": Text(max_length=LONGEST_DESCRIPTION, blank=True),
}

# From the smallest value of Django REST Framework's integer field to the highest port
_PORT = Integer(
    minimum=-2_147_483_648,
    maximum=LARGEST_PORT,
    null=True,
    meaning="a port from 1 to 65535, or -1 in both ports for any",
)

RULE_FIELDS: Mapping[str, Field] = {
    "ethertype": Choice(ETHERTYPES),
    "direction": Choice(DIRECTIONS),
    "protocol": Protocol(),
    "from_port": _PORT,
    "to_port": _PORT,
    "cidr": Text(max_length=255, blank=True, null=True),
    "description": Text(max_length=LONGEST_DESCRIPTION, blank=True),
    "remote_group": Hyperlink(COLLECTION),
}

_TWICE = (
    "The rule with id {} is in the list twice, with different content. Send it once, and other"
    " rules without an id."
)
_RULE_ID = Integer(minimum=-(2**63), maximum=2**63 - 1)


@dataclass(frozen=True, slots=True)
class SettableFields:
    """The values of `GROUP_FIELDS`, with the defaults of a new group."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A group to create."""

    fields: SettableFields
    rules: tuple[RuleRequest, ...]


def clean_update(body: Json, *, partial: bool) -> dict[str, str]:
    """Return the settable fields in a PUT or PATCH; raises `Invalid`."""
    values = clean_fields(body, GROUP_FIELDS, required=() if partial else ("name",))
    if is_name_of_default_group(values.get("name", "")):
        raise Invalid({"name": [MANAGED_BY_OPENSTACK]})
    return values


def clean_creation(
    body: Json,
    known_groups: Container[str],
    known: KnownEnds = NO_ENDS,
) -> GroupRequest:
    """Return the group to create; raises `Invalid` with the errors of all fields."""
    values, rules = clean_group(
        body, GROUP_FIELDS, lambda sent: clean_new_rules(sent, known_groups, known)
    )
    refuse_duplicates(rules)
    return GroupRequest(SettableFields(**values), tuple(rules))


def clean_group(
    body: Json,
    fields: Mapping[str, Field],
    read_rules: Callable[[Json], list[RuleRequest]],
) -> tuple[dict[str, Any], list[RuleRequest]]:
    """Return the fields and rules of a group; raises `Invalid` with the errors of all fields."""
    if not isinstance(body, Mapping):
        raise Invalid(not_a_dictionary(body))
    errors: dict[str, Any] = {}
    values: dict[str, Any] = {}
    rules: list[RuleRequest] = []
    try:
        values = clean_fields(body, fields, required=("name",))
    except Invalid as error:
        errors.update(_errors_by_field(error))
    try:
        rules = read_rules(body.get("rules", []))
    except Invalid as error:
        errors["rules"] = error.detail
    if is_name_of_default_group(values.get("name", "")):
        errors["name"] = [MANAGED_BY_OPENSTACK]
    if errors:
        raise Invalid(errors)
    return values, rules


def with_default_egress(rules: Sequence[RuleRequest]) -> tuple[RuleRequest, ...]:
    """Return the rules and the two that Neutron adds to each new group, unless they are listed.

    These two admit all outgoing traffic (`_create_default_security_group_rules` in Neutron's
    securitygroups_db).
    """
    keys = {key_of(request) for request in rules}
    default = [Rule(ethertype=ethertype, direction="egress") for ethertype in ETHERTYPES]
    return (*rules, *(RuleRequest(rule) for rule in default if canonical(rule) not in keys))


def _errors_by_field(error: Invalid) -> dict[str, Any]:
    return dict(error.detail) if isinstance(error.detail, Mapping) else {}


def clean_new_rules(
    body: Json,
    known_groups: Container[str],
    known: KnownEnds = NO_ENDS,
) -> list[RuleRequest]:
    """Return the rules of a new group; raises `Invalid`, also for a rule with an id."""
    if body is None:
        raise Invalid([Message("This field may not be null.", "Send a list of rules.")])
    if isinstance(body, list):
        existing = [
            [f"Cannot add existed rule with id {printable(rule['id'])} to new security group"]
            if isinstance(rule, Mapping) and "id" in rule
            else {}
            for rule in body
        ]
        if any(existing):
            raise Invalid(existing)
    return _clean_each(body, known_groups, {}, known)


def remote_group_uuids(body: Json) -> set[str]:
    """Return the UUIDs of all groups in the `remote_group` URLs of a list of rules."""
    if not isinstance(body, list):
        return set()
    urls = (rule.get("remote_group") for rule in body if isinstance(rule, Mapping))
    uuids = (uuid_in(path_of(url), COLLECTION) for url in urls if isinstance(url, str))
    return {uuid for uuid in uuids if uuid}


def clean_rules(
    body: Json,
    known_groups: Container[str],
    stored: Mapping[int, RuleRequest],
    known: KnownEnds,
) -> list[RuleRequest]:
    """Return the desired rules, in their order.

    `known_groups` are the UUIDs that a rule may reference, `stored` the group's rules by id, and
    `known` the remote ends that a rule may mean. Raises `Invalid` with a list parallel to the
    rules, or with one message for all of them.
    """
    rules = _merge_repeated(_clean_each(body, known_groups, stored, known))
    refuse_duplicates(rules)
    return rules


def _clean_each(
    body: Json,
    known_groups: Container[str],
    stored: Mapping[int, RuleRequest],
    known: KnownEnds,
) -> list[RuleRequest]:
    if not isinstance(body, list):
        raise Invalid(not_a_list(body))
    rules: list[RuleRequest] = []
    errors: list[Any] = []
    for entry in body:
        try:
            rules.append(_clean_rule(entry, known_groups, stored, known))
            errors.append({})
        except Invalid as error:
            errors.append(error.detail)
    if not any(errors):
        errors = [*opening_problems(rules, stored, known)]
    if any(errors):
        raise Invalid(errors)
    return rules


def _clean_rule(
    entry: Json,
    known_groups: Container[str],
    stored: Mapping[int, RuleRequest],
    known: KnownEnds,
) -> RuleRequest:
    values = _clean_rule_fields(entry, known_groups)
    base = _stored_rule(entry["id"], stored) if "id" in entry else RuleRequest(Rule())
    # A stored rule keeps its ports if none are sent. A new rule must have them.
    rule = replace(base.rule if base.id is None else _with_wire_ports(base.rule), **values)
    try:
        end_keys = end_keys_of(entry)
        check_rule(rule)
        request = resolve_end(_without_wire_ports(rule), base, values, end_keys, known)
    except RuleProblem as problem:
        raise Invalid({problem.field or "non_field_errors": [str(problem)]}) from None
    if request.rule.remote_group and request.rule.remote_group not in known_groups:
        raise Invalid({"remote_group": [NO_SUCH_OBJECT]})
    return request


def _clean_rule_fields(entry: Json, known_groups: Container[str]) -> dict[str, Json]:
    errors: dict[str, Any] = {}
    values: dict[str, Any] = {}
    try:
        values = clean_fields(entry, RULE_FIELDS)
    except Invalid as error:
        errors = _errors_by_field(error)
    if not isinstance(entry, Mapping):
        raise Invalid(errors)
    uuids = remote_group_uuids([entry])
    if "remote_group" not in errors and any(uuid not in known_groups for uuid in uuids):
        errors["remote_group"] = [NO_SUCH_OBJECT]
    errors |= unknown_keys(entry, (*RULE_FIELDS, "id"))
    if errors:
        # In the order of the declared fields
        raise Invalid({name: errors[name] for name in (*RULE_FIELDS, *errors) if name in errors})
    return values


def stored_rule_id(sent: Json, stored: Mapping[int, RuleRequest]) -> int | None:
    """Return the submitted id if it is that of a stored rule, else None."""
    try:
        rule_id: int | None = _RULE_ID.clean(sent)
    except FieldError:
        return None
    return rule_id if rule_id in stored else None


def _stored_rule(sent: Json, stored: Mapping[int, RuleRequest]) -> RuleRequest:
    rule_id = stored_rule_id(sent, stored)
    if rule_id is not None:
        return stored[rule_id]
    try:
        _RULE_ID.clean(sent)
    except FieldError as error:
        raise Invalid({"id": [str(error)]}) from None
    raise Invalid({"id": f"Security group does not have rule with id {printable(sent)}."})


def _with_wire_ports(rule: Rule) -> Rule:
    return replace(
        rule,
        from_port=ANY if rule.from_port is None else rule.from_port,
        to_port=ANY if rule.to_port is None else rule.to_port,
    )


def _without_wire_ports(rule: Rule) -> Rule:
    # Waldur writes any port as -1; the domain writes None.
    return replace(
        rule,
        from_port=None if rule.from_port == ANY else rule.from_port,
        to_port=None if rule.to_port == ANY else rule.to_port,
    )


def _merge_repeated(rules: Sequence[RuleRequest]) -> list[RuleRequest]:
    """Return each stored rule once; raises `Invalid` if it is listed twice with other content."""
    first_by_id: dict[int, RuleRequest] = {}
    kept: list[RuleRequest] = []
    errors: list[dict[str, list[str]]] = []
    for rule in rules:
        first = rule if rule.id is None else first_by_id.setdefault(rule.id, rule)
        if first is rule:
            kept.append(rule)
        is_same = _content(first) == _content(rule)
        errors.append({} if is_same else {"id": [_TWICE.format(rule.id)]})
    if any(errors):
        raise Invalid(errors)
    return kept


def _content(rule: RuleRequest) -> tuple[RuleKey, str]:
    return key_of(rule), rule.rule.description


ERROR_FIELDS: Mapping[str, Field] = {
    "error_message": Text(max_length=10_000, blank=True),
    "error_traceback": Text(max_length=100_000, blank=True),
}
