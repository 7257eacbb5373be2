"""The laws of a plan, over generated rule sets."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, note, settings
from hypothesis import strategies as st

from ringfence.neutron.port import CloudRule
from ringfence.security_groups.rules import Rule, RuleKey, canonical
from ringfence.sync.plan import Changes, plan, rule_for_cloud, rule_from_cloud

PREFIXES = {
    "IPv4": [None, "", "0.0.0.0/0", "10.1.2.3/8", "10.0.0.0/8", "192.0.2.7", "192.0.2.7/32"],
    "IPv6": [None, "::/0", "2001:DB8::/32", "2001:db8:0::/32", "::ffff:10.0.0.1", "fe80::1/64"],
}
PROTOCOLS = ["", "tcp", "6", "udp", "17", "icmp", "1", "58", "132", "0", "200"]


PORTS = [(None, None), (1, 65535), (22, 80), (80, 80), (1, 80)]
ENDS = [{"remote_group": "g1"}, {"remote_group": "g2"}, {"remote_address_group": "a1"}]
KEYS, SPELLINGS = 48, 5


def _every_spelling() -> list[Rule]:
    return [
        Rule(ethertype, direction, protocol, low, high, **end, description=description)
        for ethertype, prefixes in PREFIXES.items()
        for direction in ("ingress", "egress")
        for protocol in PROTOCOLS
        for low, high in PORTS
        for end in [*ENDS, *({"cidr": prefix} for prefix in prefixes)]
        for description in ("", "web")
    ]


def _pool() -> list[Rule]:
    """Few rules in many spellings, so that rules that Neutron takes for equal are frequent."""
    chance = random.Random(7)  # noqa: S311 - a choice of examples, not a secret
    by_key: dict[RuleKey, list[Rule]] = defaultdict(list)
    for rule in SPELLED:
        by_key[canonical(rule)].append(rule)
    keys = chance.sample(list(by_key), KEYS)
    return [
        rule
        for key in keys
        for rule in chance.sample(by_key[key], min(SPELLINGS, len(by_key[key])))
    ]


SPELLED = _every_spelling()
POOL = _pool()
CASES = 10_000
# Drawing costs much more than a case, so each draw gives several cases.
CASES_A_DRAW = 100


def rule_set(chance: random.Random) -> list[Rule]:
    return chance.choices(POOL, k=chance.randrange(9))


def free_quota(chance: random.Random) -> int:
    return chance.randint(-5, 15)


def spelling(chance: random.Random) -> Rule:
    return chance.choice(SPELLED)


def itself(chance: random.Random) -> random.Random:
    return chance


def law(*parts: Callable[[random.Random], object]) -> Callable:
    """Check a law in ten thousand cases of these parts."""

    def holding(test):
        @settings(max_examples=CASES // CASES_A_DRAW, deadline=None, database=None)
        @given(st.integers(min_value=0, max_value=2**62))
        def held(seed):
            chance = random.Random(seed)  # noqa: S311 - a choice of examples, not a secret
            for _ in range(CASES_A_DRAW):
                case = [part(chance) for part in parts]
                try:
                    test(*case)
                except AssertionError:
                    note(f"in the case {case}")
                    raise

        held.__name__ = test.__name__
        return held

    return holding


def in_the_cloud(asked: list[Rule]) -> list[CloudRule]:
    """The rules that Neutron would have after creating these."""
    return [
        replace(rule_for_cloud(rule), id=f"rule-{number}")
        for number, rule in enumerate({canonical(rule): rule for rule in asked}.values())
    ]


def keys(found) -> list:
    return [canonical(rule_from_cloud(rule)) for rule in found]


def applied(changes: Changes, observed: list[CloudRule]) -> list[CloudRule]:
    gone = {rule.id for rule in changes.remove}
    added = [replace(rule, id=f"new-{number}") for number, rule in enumerate(changes.add)]
    return [rule for rule in observed if rule.id not in gone] + added


@law(rule_set, rule_set)
def test_applying_a_plan_leads_to_exactly_the_desired_rules(desired, before):
    observed = in_the_cloud(before)

    after = keys(applied(plan(desired, observed), observed))

    assert len(after) == len(set(after))
    assert set(after) == {canonical(rule) for rule in desired}


@law(rule_set, itself)
def test_what_is_equal_is_planned_nothing_in_any_order_and_without_ids(desired, chance):
    observed = [replace(rule, id="") for rule in in_the_cloud(desired)]
    chance.shuffle(observed)

    assert not plan(desired, observed).needed


@law(rule_set)
def test_what_is_equal_is_planned_nothing_in_neutrons_own_spelling(desired):
    spelled = [
        replace(
            rule,
            protocol={"6": "tcp", "": None, "1": "icmp"}.get(rule.protocol or "", rule.protocol),
            port_range_min=None if rule.port_range_min == 1 else rule.port_range_min,
            port_range_max=None if rule.port_range_min == 1 else rule.port_range_max,
        )
        for rule in in_the_cloud(desired)
        if (rule.port_range_min, rule.port_range_max) in {(1, 65535), (None, None), (22, 80)}
    ]
    asked = [
        rule
        for rule in desired
        if (rule.from_port, rule.to_port) in {(1, 65535), (None, None), (22, 80)}
    ]

    assert not plan(asked, spelled).needed


@law(rule_set, rule_set)
def test_no_rule_that_is_on_both_sides_is_touched(desired, before):
    observed = in_the_cloud(before)
    asked = {canonical(rule) for rule in desired}

    changes = plan(desired, observed)

    assert not asked & set(keys(changes.remove))
    assert not set(keys(changes.add)) & set(keys(observed))
    assert set(keys(changes.keep)) == asked & set(keys(observed))


@law(rule_set, rule_set)
def test_planning_again_after_applying_plans_nothing(desired, before):
    observed = in_the_cloud(before)

    assert not plan(desired, applied(plan(desired, observed), observed)).needed


@law(rule_set, rule_set, itself)
def test_a_plan_does_not_depend_on_order(desired, before, chance):
    observed = in_the_cloud(before)
    first = plan(desired, observed)

    second = plan(chance.sample(desired, len(desired)), chance.sample(observed, len(observed)))

    assert set(keys(first.add)) == set(keys(second.add))
    assert {rule.id for rule in first.remove} == {rule.id for rule in second.remove}


@law(rule_set)
def test_another_description_is_reported_and_makes_no_call(desired):
    observed = [replace(rule, description="of the cloud") for rule in in_the_cloud(desired)]

    changes = plan(desired, observed)

    assert not changes.needed
    assert len(changes.description_only) == len(observed)


@law(rule_set)
def test_of_two_equal_rules_in_the_cloud_one_is_removed(desired):
    observed = in_the_cloud(desired)
    twice = [*observed, *(replace(rule, id=f"{rule.id}-twin") for rule in observed)]

    changes = plan(desired, twice)

    assert {rule.id for rule in changes.remove} == {f"{rule.id}-twin" for rule in observed}
    assert not changes.add


def steps(changes: Changes) -> list[int]:
    """The change in the number of rules by each call, in order."""
    before = [-1] * len(changes.remove_before)
    return [*before, *[1] * len(changes.add), *[-1] * len(changes.remove_after)]


@law(rule_set, rule_set)
def test_with_enough_quota_no_rule_is_removed_before_the_additions(desired, before):
    observed = in_the_cloud(before)
    for free_quota in (None, len(desired)):
        changes = plan(desired, observed, free_quota=free_quota)

        assert changes.removed_first == 0
        assert changes.remove_after == changes.remove


@law(rule_set, rule_set, free_quota)
def test_near_the_quota_just_enough_rules_are_removed_first(desired, before, free_quota):
    observed = in_the_cloud(before)

    changes = plan(desired, observed, free_quota=free_quota)

    grown = len(changes.add) - len(changes.remove)
    assert changes.fits == (not changes.add or grown <= free_quota)
    if not changes.fits:
        assert changes.removed_first == 0
        return
    held, most = 0, max(free_quota, 0)
    for step in steps(changes):
        held += step
        assert held <= most
    assert held == grown
    if changes.removed_first:
        # With one removal fewer the last addition would be refused.
        assert len(changes.add) - (changes.removed_first - 1) > free_quota


@law(rule_set, rule_set, free_quota)
def test_the_quota_changes_the_order_of_a_plan_and_nothing_else(desired, before, free_quota):
    observed = in_the_cloud(before)

    near, far = plan(desired, observed, free_quota=free_quota), plan(desired, observed)

    assert (near.add, near.keep, near.description_only) == (
        far.add,
        far.keep,
        far.description_only,
    )
    assert near.remove == far.remove == (*near.remove_before, *near.remove_after)


@law(rule_set)
def test_duplicates_are_the_first_to_be_removed_for_the_quota(desired):
    observed = in_the_cloud(desired)
    duplicates = [replace(rule, id=f"{rule.id}-twin") for rule in observed]
    other = CloudRule("IPv4", "ingress", "sctp", id="other")
    new = Rule(protocol="112")

    changes = plan([*desired, new], [other, *observed, *duplicates], free_quota=0)

    assert changes.removed_first == 1
    assert changes.remove_before[0].id == (duplicates[0].id if duplicates else "other")


@law(spelling)
def test_a_rule_that_went_to_the_cloud_and_back_is_the_same_rule(rule):
    assert canonical(rule_from_cloud(rule_for_cloud(rule))) == canonical(rule)
