"""What to do at the cloud so that its rules become those asked for. Everything here is pure.

Rules are compared by `canonical`, the key by which Neutron itself takes two rules for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.neutron.port import CloudRule, kept_description
from ringfence.security_groups.rules import Rule, RuleKey, canonical, shown_protocol, stored_prefix


@dataclass(frozen=True, slots=True)
class Changes:
    """The calls to make, `add` first, and what needs none.

    `description_only` are those of `keep` that differ in their description: Neutron's rules are
    immutable, and two that differ in nothing else cannot be there at once, so changing one would
    leave a gap.
    """

    add: tuple[CloudRule, ...]
    remove: tuple[CloudRule, ...]
    keep: tuple[CloudRule, ...]
    description_only: tuple[tuple[Rule, CloudRule], ...]

    @property
    def needed(self) -> bool:
        """Whether there is any call to make."""
        return bool(self.add or self.remove)


def plan(desired: Sequence[Rule], observed: Sequence[CloudRule]) -> Changes:
    """Compare the rules asked for (remote groups by backend id) with those at the cloud."""
    asked: dict[RuleKey, Rule] = {}
    for rule in desired:
        asked.setdefault(canonical(rule), rule)
    kept: dict[RuleKey, CloudRule] = {}
    remove: list[CloudRule] = []
    for found in observed:
        key = canonical(rule_from_cloud(found))
        if key not in asked or key in kept:
            remove.append(found)
        else:
            kept[key] = found
    return Changes(
        add=tuple(rule_for_cloud(rule) for key, rule in asked.items() if key not in kept),
        remove=tuple(remove),
        keep=tuple(kept.values()),
        description_only=tuple(
            (asked[key], found)
            for key, found in kept.items()
            if kept_description(asked[key].description) != found.description
        ),
    )


def rule_for_cloud(rule: Rule) -> CloudRule:
    """Write a rule as Neutron takes it; any protocol is `None` there, not empty."""
    return CloudRule(
        ethertype=rule.ethertype,
        direction=rule.direction,
        protocol=rule.protocol or None,
        port_range_min=rule.from_port,
        port_range_max=rule.to_port,
        remote_ip_prefix=stored_prefix(rule.cidr),
        remote_group_id=rule.remote_group,
        remote_address_group_id=rule.remote_address_group,
        description=kept_description(rule.description),
    )


def rule_from_cloud(rule: CloudRule) -> Rule:
    """Read Neutron's rule in the words of the contract; the remote group by backend id."""
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
