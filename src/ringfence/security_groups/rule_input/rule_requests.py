"""A submitted rule as a value: what it admits, which stored rule it replaces, its remote end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ringfence.errors import Invalid, Message
from ringfence.security_groups.rules import Rule, RuleKey, canonical

DUPLICATE_RULES = "Duplicate security group rules are not allowed."


class RuleProblem(ValueError):
    """An error in a submitted rule, at a field or, without one, in the rule as a whole."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class UnresolvedEnd:
    """A remote end without a row here, stored by backend id: a group or an address group."""

    group_backend_id: str | None = None
    group_name: str | None = None
    address_group_backend_id: str | None = None


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """One desired rule; `id` is that of the stored rule it replaces, if there is one.

    `rule.remote_group` is the hexadecimal UUID of a group of the tenant. Ports are None for any.
    """

    rule: Rule
    id: int | None = None
    unresolved: UnresolvedEnd | None = None

    @property
    def has_remote_end(self) -> bool:
        """Whether the rule is limited to a prefix, a group or an address group."""
        rule = self.rule
        return bool(rule.cidr or rule.remote_group) or self.unresolved is not None


def refuse_duplicates(rules: Sequence[RuleRequest]) -> None:
    """Raise `Invalid` if two of the rules are duplicates for Neutron."""
    keys = [key_of(request) for request in rules]
    first: dict[RuleKey, RuleRequest] = {}
    for key, request in zip(keys, rules, strict=True):
        if key in first:
            raise Invalid([Message(DUPLICATE_RULES, _duplicate_hint(request.rule))])
        first[key] = request


def _duplicate_hint(rule: Rule) -> str:
    ports = "any" if rule.from_port is None else f"{rule.from_port}-{rule.to_port}"
    return (
        f"Send this once: {rule.direction} {rule.ethertype}, protocol {rule.protocol or 'any'},"
        f" ports {ports}, {rule.cidr or 'no cidr'}. Descriptions do not make rules differ."
    )


def key_of(request: RuleRequest) -> RuleKey:
    """Return Neutron's duplicate key of the rule, with its unresolved remote end, if any."""
    return canonical(with_remote_end(request))


def with_remote_end(request: RuleRequest) -> Rule:
    """Return the rule with its remote end, also an unresolved one, as an id of its own."""
    end = request.unresolved
    if end is None:
        return request.rule
    group = end.group_backend_id
    return replace(
        request.rule,
        # Never equal to the UUID of a known group. A group that was never created has no id.
        remote_group=None if group is None else f"unresolved {group or f'named {end.group_name}'}",
        remote_address_group=end.address_group_backend_id,
    )
