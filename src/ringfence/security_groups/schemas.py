"""What clients send about groups and rules: one description of a rule for every way in."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ringfence.errors import Invalid
from ringfence.http.fields import (
    Choice,
    Field,
    FieldError,
    Hyperlink,
    Integer,
    Text,
    clean_fields,
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
    is_name_of_default_group,
)
from ringfence.security_groups.rule_input.refused_input import MANAGED_BY_OPENSTACK as _MANAGED
from ringfence.security_groups.rule_input.remote_ends import (
    EndProblem,
    KnownEnds,
    descriptions,
    settle,
)
from ringfence.security_groups.rule_input.rule_keys import unknown_keys
from ringfence.security_groups.rule_input.rule_requests import (
    RuleRequest,
    key_of,
    refuse_duplicates,
)
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES, Rule, RuleKey, canonical
from ringfence.security_groups.validation import ANY, RuleProblem, check_rule, is_protocol
from ringfence.text.json_value import Json

COLLECTION = "openstack-security-groups"
MANAGED_BY_OPENSTACK = _MANAGED.message
NAME_TAKEN = "Security group name should be unique."
NO_SUCH_OBJECT = "Invalid hyperlink - Object does not exist."
# Of a group to come: it has no rules yet, and no versions.
NO_ENDS = KnownEnds()


_NUMBER_ZERO = (
    "The number 0 is what programs send where nothing is set, and some clouds take it for every"
    ' protocol. Send "" for any protocol, or the text "0" for protocol 0 (HOPOPT) on purpose.'
)


@dataclass(frozen=True, slots=True)
class Protocol:
    """tcp, udp, icmp, nothing for any, or a number as IANA assigns them."""

    def clean(self, value: Json) -> str:
        """Give the word or the number as text, as it was sent."""
        refuse_null(value)
        if value == 0 and not isinstance(value, bool | str):
            raise FieldError(_NUMBER_ZERO)
        if (
            isinstance(value, bool)
            or not isinstance(value, str | int)
            or not is_protocol(str(value))
        ):
            raise FieldError(f'"{printable(value)}" is not a valid choice.')
        return str(value)


GROUP_FIELDS = {
    "name": Text(max_length=LONGEST_NAME),
    "description": Text(max_length=LONGEST_DESCRIPTION, blank=True),
}

# DRF's range of an integer column below, the highest port above.
_PORT = Integer(minimum=-2_147_483_648, maximum=LARGEST_PORT, null=True)

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
    "The rule with id {} is in the list twice, and the two differ. Send it once; a further rule has"
    " no id."
)
_RULE_ID = Integer(minimum=-(2**63), maximum=2**63 - 1)


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A group that is to be created."""

    name: str
    description: str
    rules: tuple[RuleRequest, ...]


def clean_update(body: Json, *, partial: bool) -> dict[str, str]:
    """Give the name and description that PUT or PATCH asks for; raises `Invalid`."""
    values = clean_fields(body, GROUP_FIELDS, required=() if partial else ("name",))
    if is_name_of_default_group(values.get("name", "")):
        raise Invalid({"name": [MANAGED_BY_OPENSTACK]})
    return values


def clean_creation(
    body: Json,
    known_groups: Container[str],
    known: KnownEnds = NO_ENDS,
) -> GroupRequest:
    """Give the group that is asked for; raises `Invalid` with the mistakes of all fields."""
    if not isinstance(body, Mapping):
        raise Invalid(not_a_dictionary(body))
    errors: dict[str, Any] = {}
    values: dict[str, str] = {}
    rules: list[RuleRequest] = []
    try:
        values = clean_fields(body, GROUP_FIELDS, required=("name",))
    except Invalid as error:
        errors.update(dict_of(error))
    try:
        rules = clean_new_rules(body.get("rules", []), known_groups, known)
    except Invalid as error:
        errors["rules"] = error.detail
    if is_name_of_default_group(values.get("name", "")):
        errors["name"] = [MANAGED_BY_OPENSTACK]
    if errors:
        raise Invalid(errors)
    refuse_duplicates(rules)
    return GroupRequest(values["name"], values.get("description", ""), tuple(rules))


def with_default_egress(rules: Sequence[RuleRequest]) -> tuple[RuleRequest, ...]:
    """Give the rules with the two that Neutron gives each new group, unless equal ones are there.

    They let everything out (`_create_default_security_group_rules` in its securitygroups_db).
    """
    keys = {key_of(request) for request in rules}
    default = [Rule(ethertype=ethertype, direction="egress") for ethertype in ETHERTYPES]
    return (*rules, *(RuleRequest(rule) for rule in default if canonical(rule) not in keys))


def dict_of(error: Invalid) -> dict[str, Any]:
    """Give the fields that an error names."""
    return dict(error.detail) if isinstance(error.detail, Mapping) else {}


def clean_new_rules(
    body: Json,
    known_groups: Container[str],
    known: KnownEnds = NO_ENDS,
) -> list[RuleRequest]:
    """Give the rules of a group to come; raises `Invalid`, also where one has an id."""
    if body is None:
        raise Invalid(["This field may not be null."])
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


def remote_groups_named(body: Json) -> set[str]:
    """Give the uuids of all groups that a list of rules names, to look them up at once."""
    if not isinstance(body, list):
        return set()
    addresses = (rule.get("remote_group") for rule in body if isinstance(rule, Mapping))
    found = (uuid_in(path_of(a), COLLECTION) for a in addresses if isinstance(a, str))
    return {uuid for uuid in found if uuid}


def clean_rules(
    body: Json,
    known_groups: Container[str],
    stored: Mapping[int, RuleRequest],
    known: KnownEnds,
) -> list[RuleRequest]:
    """Give the rules that are asked for, in their order.

    `known_groups` holds the uuids that a rule may name, `stored` the group's rules by id, `known`
    the remote ends that it may mean. Raises `Invalid` with a list parallel to the rules, or with
    one message for all of them.
    """
    rules = _once_by_id(_clean_each(body, known_groups, stored, known))
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
    # A rule that stands keeps its ports where none are sent; a new one must say them.
    rule = replace(base.rule if base.id is None else _with_wire_ports(base.rule), **values)
    try:
        described = descriptions(entry)
        check_rule(rule)
        request = settle(_without_wire_ports(rule), base, values, described, known)
    except RuleProblem as problem:
        raise Invalid({problem.field or "non_field_errors": [str(problem)]}) from None
    except EndProblem as problem:
        raise Invalid({problem.key: [str(problem)]}) from None
    if request.rule.remote_group and request.rule.remote_group not in known_groups:
        raise Invalid({"remote_group": [NO_SUCH_OBJECT]})
    return request


def _clean_rule_fields(entry: Json, known_groups: Container[str]) -> dict[str, Json]:
    errors: dict[str, Any] = {}
    values: dict[str, Any] = {}
    try:
        values = clean_fields(entry, RULE_FIELDS)
    except Invalid as error:
        errors = dict_of(error)
    if not isinstance(entry, Mapping):
        raise Invalid(errors)
    named = remote_groups_named([entry])
    if "remote_group" not in errors and any(uuid not in known_groups for uuid in named):
        errors["remote_group"] = [NO_SUCH_OBJECT]
    errors |= unknown_keys(entry, (*RULE_FIELDS, "id"))
    if errors:
        # In the order of the fields, as they are declared.
        raise Invalid({name: errors[name] for name in (*RULE_FIELDS, *errors) if name in errors})
    return values


def stored_id(sent: Json, stored: Mapping[int, RuleRequest]) -> int | None:
    """Return the id of the stored rule that is meant; None where it is none of these."""
    try:
        rule_id: int | None = _RULE_ID.clean(sent)
    except FieldError:
        return None
    return rule_id if rule_id in stored else None


def _stored_rule(sent: Json, stored: Mapping[int, RuleRequest]) -> RuleRequest:
    rule_id = stored_id(sent, stored)
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
    # Waldur writes any port as -1; inside, any is None.
    return replace(
        rule,
        from_port=None if rule.from_port == ANY else rule.from_port,
        to_port=None if rule.to_port == ANY else rule.to_port,
    )


def _once_by_id(rules: Sequence[RuleRequest]) -> list[RuleRequest]:
    """Return each stored rule once; raises `Invalid` where one is to become two different ones."""
    seen: dict[int, RuleRequest] = {}
    kept: list[RuleRequest] = []
    errors: list[dict[str, list[str]]] = []
    for rule in rules:
        first = rule if rule.id is None else seen.setdefault(rule.id, rule)
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
