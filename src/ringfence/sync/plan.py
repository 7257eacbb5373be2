"""What to do in the cloud so that its rules become those asked for. Everything here is pure.

Rules are compared by `canonical`, the key by which Neutron itself takes two rules for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.neutron.port import CloudRule, kept_description
from ringfence.security_groups.rules import Rule, RuleKey, canonical, shown_protocol, stored_prefix

# What is said of a plan whose group the cloud does not have any more.
CREATED_ANEW: LiteralString = (
    "The cloud does not have this group any more: setting its rules creates a new group. Its "
    "backend_id changes, its tags are lost, and ports that carried the old group do not carry the "
    "new one. Whether it is stateful is kept."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """The calls to make, and what needs none.

    In this order: the first `removed_first` of `remove`, all of `add`, the rest of `remove`. A
    rule goes before the additions only where the quota leaves no other way, for until then the
    old rules and the new ones both admit their traffic.

    `description_only` are those of `keep` that differ in their description: Neutron's rules are
    immutable, and two that differ in nothing else cannot be there at once, so changing one would
    leave a gap.
    """

    add: tuple[CloudRule, ...]
    remove: tuple[CloudRule, ...]
    keep: tuple[CloudRule, ...]
    description_only: tuple[tuple[Rule, CloudRule], ...]
    removed_first: int = 0
    # Whether the quota takes what is to be there in the end; if not, no rule is removed for it.
    fits: bool = True

    @property
    def needed(self) -> bool:
        """Whether there is any call to make."""
        return bool(self.add or self.remove)

    @property
    def remove_before(self) -> tuple[CloudRule, ...]:
        """What makes room for the additions."""
        return self.remove[: self.removed_first]

    @property
    def remove_after(self) -> tuple[CloudRule, ...]:
        """What goes once its successors are there."""
        return self.remove[self.removed_first :]


def plan(
    desired: Sequence[Rule], observed: Sequence[CloudRule], *, room: int | None = None
) -> Changes:
    """Compare the rules asked for (remote groups by backend id) with those in the cloud.

    `room` is how many more rules the project may hold in the cloud, less than 0 where it holds
    too many already; `None` where it is unlimited or not known.
    """
    asked: dict[RuleKey, Rule] = {}
    for rule in desired:
        asked.setdefault(canonical(rule), rule)
    kept: dict[RuleKey, CloudRule] = {}
    twins: list[CloudRule] = []
    others: list[CloudRule] = []
    for found in observed:
        key = canonical(rule_from_cloud(found))
        if key in kept:
            twins.append(found)
        elif key in asked:
            kept[key] = found
        else:
            others.append(found)
    add = tuple(rule_for_cloud(rule) for key, rule in asked.items() if key not in kept)
    # Nobody misses a twin, so those make room first.
    remove = (*twins, *others)
    short = 0 if room is None or not add else max(0, len(add) - room)
    fits = short <= len(remove)
    return Changes(
        add=add,
        remove=remove,
        keep=tuple(kept.values()),
        description_only=tuple(
            (asked[key], found)
            for key, found in kept.items()
            if kept_description(asked[key].description) != found.description
        ),
        removed_first=short if fits else 0,
        fits=fits,
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
