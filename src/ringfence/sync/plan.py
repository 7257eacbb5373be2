"""Plan the calls that make the rules in the cloud the desired ones. Everything here is pure.

`push` passes the desired rules, which it loads from PostgreSQL, and the observed ones, which it
reads from the cloud. It makes the calls of the result in their order; `dry_run` shows them. Rules
are compared by `canonical`, the key by which Neutron itself recognizes a duplicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.neutron.port import CloudRule, truncate_description
from ringfence.security_groups.rules import Rule, RuleKey, canonical, shown_protocol, stored_prefix

# The notice of a plan whose group the cloud does not have any more
GROUP_RECREATED: LiteralString = (
    "The cloud does not have this group any more: setting its rules creates a new group. Its "
    "backend_id changes, its tags are lost, and ports of the old group do not get the new one. "
    "Whether it is stateful is kept."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """The calls to make, and the rules that need none.

    In this order: the first `removed_first` of `remove`, all of `add`, the rest of `remove`. A
    rule is removed before the additions only if the quota requires it: otherwise the old rules
    admit their traffic until the new ones do.

    `description_only` are the rules of `keep` whose description is not the desired one. Neutron
    cannot change a rule, nor hold two that are equal but for their description, so changing it
    would leave a gap.
    """

    add: tuple[CloudRule, ...]
    remove: tuple[CloudRule, ...]
    keep: tuple[CloudRule, ...]
    description_only: tuple[tuple[Rule, CloudRule], ...]
    removed_first: int = 0
    # Whether the desired rules fit in the quota; if not, no rule is removed first.
    fits: bool = True

    @property
    def needed(self) -> bool:
        """Return whether there is any call to make."""
        return bool(self.add or self.remove)

    @property
    def remove_before(self) -> tuple[CloudRule, ...]:
        """Return the rules to remove before the additions."""
        return self.remove[: self.removed_first]

    @property
    def remove_after(self) -> tuple[CloudRule, ...]:
        """Return the rules to remove after the additions."""
        return self.remove[self.removed_first :]


def plan(
    desired: Sequence[Rule], observed: Sequence[CloudRule], *, free_quota: int | None = None
) -> Changes:
    """Return the changes from the observed rules to the desired ones (remotes by backend id).

    `free_quota` is how many more rules the project may hold in the cloud, less than 0 if it holds
    too many already; `None` if it is unlimited or unknown.
    """
    desired_by_key: dict[RuleKey, Rule] = {}
    for rule in desired:
        desired_by_key.setdefault(canonical(rule), rule)
    kept: dict[RuleKey, CloudRule] = {}
    duplicates: list[CloudRule] = []
    extra: list[CloudRule] = []
    for cloud_rule in observed:
        key = canonical(rule_from_cloud(cloud_rule))
        if key in kept:
            duplicates.append(cloud_rule)
        elif key in desired_by_key:
            kept[key] = cloud_rule
        else:
            extra.append(cloud_rule)
    add = tuple(rule_for_cloud(rule) for key, rule in desired_by_key.items() if key not in kept)
    # Removing a duplicate closes nothing, so those come first.
    remove = (*duplicates, *extra)
    missing_quota = 0 if free_quota is None or not add else max(0, len(add) - free_quota)
    fits = missing_quota <= len(remove)
    return Changes(
        add=add,
        remove=remove,
        keep=tuple(kept.values()),
        description_only=tuple(
            (desired_by_key[key], cloud_rule)
            for key, cloud_rule in kept.items()
            if truncate_description(desired_by_key[key].description) != cloud_rule.description
        ),
        removed_first=missing_quota if fits else 0,
        fits=fits,
    )


def rule_for_cloud(rule: Rule) -> CloudRule:
    """Return a rule as Neutron takes it; any protocol is `None` there, not empty."""
    return CloudRule(
        ethertype=rule.ethertype,
        direction=rule.direction,
        protocol=rule.protocol or None,
        port_range_min=rule.from_port,
        port_range_max=rule.to_port,
        remote_ip_prefix=stored_prefix(rule.cidr),
        remote_group_id=rule.remote_group,
        remote_address_group_id=rule.remote_address_group,
        description=truncate_description(rule.description),
    )


def rule_from_cloud(rule: CloudRule) -> Rule:
    """Return Neutron's rule with the values of the contract; the remote group by backend id."""
    return Rule(
        ethertype=rule.ethertype,
        direction=rule.direction,
        protocol=shown_protocol(rule.protocol, rule.ethertype),
        from_port=rule.port_range_min,
        to_port=rule.port_range_max,
        cidr=rule.remote_ip_prefix,
        description=rule.description,
        remote_group=rule.remote_group_id,
        remote_address_group=rule.remote_address_group_id,
    )
