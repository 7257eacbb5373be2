"""Compare the rows of a tenant with the groups that its cloud lists. Everything here is pure.

`pull` loads the rows, lists the groups and passes both in. The results say which groups to import,
refresh, revert or mark as missing, and how each differs from what is desired. `pull` writes the
rows, and `observing` stores what the cloud reported.
"""

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from ringfence.clouds.drift_modes import DriftMode
from ringfence.neutron.port import CloudGroup, CloudRule, UnreadableRule, truncate_description
from ringfence.neutron.read_rule import ADDRESS_GROUP
from ringfence.security_groups.cloud_state.bindings import Contested
from ringfence.security_groups.cloud_state.refresh import GroupDiff
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, Snapshot
from ringfence.security_groups.cloud_state.unreadable import MESSAGE_PREFIX, is_marked_unreadable
from ringfence.security_groups.rules import DEFAULT_NAME, Rule, canonical
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.security_groups.traffic_changes import Grade
from ringfence.sync.binding.cloud_view import SAME_CLOCK, CloudView
from ringfence.sync.binding.evidence import match_rows, same_name_ids
from ringfence.sync.plan import rule_from_cloud

# How many unreadable rules a message names
UNREADABLE_SHOWN = 3

_RULE_VALUES = attrgetter(*CloudRule.__dataclass_fields__)
_RULE_ID = attrgetter("id")

# A group's diff, with the group as the cloud reported it
ObservedGroup = tuple[GroupDiff, CloudGroup]


@dataclass(frozen=True, slots=True)
class MassRemovalGuard:
    """Stop a pull in which more than `count` groups and `share` of a tenant's are missing.

    That many at once is probably a mistake: the pull changes nothing until an operator confirms.
    """

    count: int = 5
    share: float = 0.5

    def stops(self, missing: int, known: int) -> bool:
        """Return whether this many missing groups, of this many known ones, stop the pull."""
        return missing > self.count and missing > self.share * known


DEFAULT_GUARD = MassRemovalGuard()


@dataclass(frozen=True, slots=True)
class TenantDiff:
    """How a tenant's rows differ from the cloud's list."""

    # Groups that no row has
    unknown: tuple[CloudGroup, ...]
    # Groups at rest (OK or ERRED) that the cloud has
    observed: tuple[ObservedGroup, ...]
    # Groups at rest that the cloud should have and does not list
    missing: tuple[LocalGroup, ...]
    # Rows without a backend id, with the group that is theirs by evidence
    matched: tuple[tuple[LocalGroup, CloudGroup], ...]
    # Rows without a backend id, with the groups of the same name
    contested: tuple[Contested, ...]
    # How many groups the cloud should have
    expected: int


def compare(local: LocalGroup, observed: CloudGroup) -> GroupDiff:
    """Return what makes the row equal to the cloud's group.

    A rule on both sides stays as it is in the row, including its description: Neutron cannot
    change a rule's description, so the desired one may never reach the cloud.
    """
    observed_rules = {canonical(rule): rule for rule in map(rule_from_cloud, observed.rules)}
    stored_rules = {canonical(stored.rule): stored for stored in local.rules}
    unreadable = unreadable_message(observed)
    is_same_description = observed.description == truncate_description(local.description)
    return GroupDiff(
        local,
        name=local.name if local.name == DEFAULT_NAME else observed.name,
        description=local.description if is_same_description else observed.description,
        add=tuple(rule for key, rule in observed_rules.items() if key not in stored_rules),
        # Any unreadable rule may be the one that seems to be missing.
        remove=()
        if unreadable
        else tuple(stored for key, stored in stored_rules.items() if key not in observed_rules),
        unreadable=unreadable,
    )


def no_diff(local: LocalGroup) -> GroupDiff:
    """Return the diff of a group that equals the cloud's."""
    return GroupDiff(local, local.name, local.description)


def compare_tenant(
    rows: Sequence[LocalGroup],
    listed: Sequence[CloudGroup],
    before: Snapshot,
    view: CloudView = SAME_CLOCK,
) -> TenantDiff:
    """Compare a list with the rows; skip groups that changed since the snapshot `before`."""
    by_id = {group.id: group for group in listed}
    by_id |= {
        row.backend_id: mark_hidden_remotes_of(row, by_id[row.backend_id])
        for row in rows
        if row.backend_id in by_id
    }
    unchanged = [row for row in rows if _is_unchanged(row, before)]
    expected = [row for row in unchanged if row.backend_id and not _is_marked_missing(row)]
    observed = [
        (_compare_among(row, by_id[row.backend_id], expected, by_id), by_id[row.backend_id])
        for row in unchanged
        if row.backend_id in by_id
    ]
    known = {row.backend_id for row in rows}
    without_id = [row for row in unchanged if not row.backend_id]
    recreated = [row for row in unchanged if _is_missing_default(row, by_id)]
    return TenantDiff(
        unknown=tuple(group for group in listed if group.id not in known),
        observed=tuple(observed),
        missing=tuple(row for row in expected if row.backend_id not in by_id),
        matched=tuple(match_rows([*without_id, *recreated], listed, known, view)),
        contested=tuple(Contested(row, same_name_ids(row, listed)) for row in without_id),
        expected=len(expected),
    )


def needs_refresh(diff: GroupDiff) -> bool:
    """Return whether the row takes over the diff, or becomes OK without one.

    Desired rules that never reached the cloud are kept. A group with unreadable rules cannot
    become OK.
    """
    if diff.unreadable:
        return diff.is_change and is_adopted(diff)
    if diff.local.is_outstanding:
        return not diff.is_change
    if diff.is_change:
        return is_adopted(diff)
    return diff.local.state is not State.OK


def is_adopted(diff: GroupDiff) -> bool:
    """Return whether drift is adopted: the mode says so, and no desired rules are outstanding."""
    return diff.local.drift_mode is DriftMode.ADOPT and not diff.local.is_outstanding


def to_revert(observed: Iterable[ObservedGroup]) -> list[GroupDiff]:
    """Return the drift of groups at rest whose mode is `enforce`.

    Desired rules that never reached the cloud are not drift: the group is ERRED, and its users
    decide.
    """
    return [
        diff
        for diff, _ in observed
        if diff.is_change
        and not diff.unreadable
        and diff.local.drift_mode is DriftMode.ENFORCE
        and (diff.local.state is State.OK or is_marked_unreadable(diff.local))
        and not diff.local.is_outstanding
    ]


def is_stateful_drift(*, desired: bool | None, observed: bool | None) -> bool:
    """Return whether both are known and differ."""
    return desired is not None and observed is not None and desired is not observed


def drift_digest(diff: GroupDiff, observed: CloudGroup) -> str:
    """Return a digest of how the cloud differs from what is desired; empty without drift."""
    lasting = lasting_drift_digest(observed, stateful=diff.local.stateful)
    if not diff.is_change:
        return lasting
    renamed = (diff.local.name, diff.name, diff.local.description, diff.description, lasting)
    added = sorted(map(repr, diff.add))
    dropped = sorted(repr(stored.rule) for stored in diff.remove)
    return _digest((renamed, added, dropped))


def lasting_drift_digest(observed: CloudGroup, *, stateful: bool | None) -> str:
    """Return a digest of the drift that no push ends; empty without any.

    That is unreadable rules, and a `stateful` that is not the desired one.
    """
    unreadable = unreadable_message(observed)
    is_drift = is_stateful_drift(desired=stateful, observed=observed.stateful)
    return _digest((unreadable, observed.stateful)) if unreadable or is_drift else ""


def drift_grade(diff: GroupDiff, observed: CloudGroup) -> Grade:
    """Return whether the cloud admits more or less than is desired.

    Rules that cannot be read may admit anything, so they count as opening.
    """
    lasting = lasting_drift_grade(observed, stateful=diff.local.stateful)
    if lasting is Grade.OPENS:
        return lasting
    return diff.grade if diff.grade is not Grade.NONE else lasting


def lasting_drift_grade(observed: CloudGroup, *, stateful: bool | None) -> Grade:
    """Return the grade of the drift that no push ends.

    A group that became stateful admits replies without a rule; one that became stateless does not
    any more.
    """
    if observed.unreadable:
        return Grade.OPENS
    if is_stateful_drift(desired=stateful, observed=observed.stateful):
        return Grade.OPENS if observed.stateful else Grade.CLOSES
    return Grade.NONE


def observation_digest(observed: CloudGroup) -> str:
    """Return a digest of everything that a cloud reports of a group, in any order of its rules.

    The revision alone is not enough: Neutron removes rules silently with the group they name.
    """
    rules = [_RULE_VALUES(rule) for rule in sorted(observed.rules, key=_RULE_ID)]
    unreadable = sorted((rule.id, rule.reason) for rule in observed.unreadable)
    values = (observed.name, observed.description, observed.revision_number, observed.stateful)
    return _digest((values, rules, unreadable))


def unreadable_message(observed: CloudGroup) -> str:
    """Return the error message for the group's unreadable rules; empty without any."""
    if not observed.unreadable:
        return ""
    first = observed.unreadable[:UNREADABLE_SHOWN]
    shown = [f"{rule.id or 'one without id'}: {rule.reason}" for rule in first]
    more = len(observed.unreadable) - len(shown)
    named = "; ".join(shown) + (f"; and {more} more" if more else "")
    return (
        f"{MESSAGE_PREFIX} ({named}). They are left as they are: correct or delete them in the "
        "cloud, then pull the group."
    )


def unreadable_notice(observed: CloudGroup) -> str:
    """Return what a plan says about the group's unreadable rules; empty without any."""
    message = unreadable_message(observed)
    return message and f"{message} Until then every change of the group ends as ERRED."


def mark_hidden_remotes(observed: CloudGroup, rules: Iterable[Rule]) -> CloudGroup:
    """Return the group with those rules as unreadable whose address group the cloud hides.

    Such a rule reads like one that is open to any address, and equals one of `rules` in
    everything but its address group.
    """
    if observed.shows_address_groups:
        return observed
    known = {
        canonical(replace(rule, remote_address_group=None))
        for rule in rules
        if rule.remote_address_group is not None
    }
    hidden = [rule for rule in observed.rules if canonical(rule_from_cloud(rule)) in known]
    reason = f"{ADDRESS_GROUP} is missing"
    return replace(
        observed,
        rules=tuple(rule for rule in observed.rules if rule not in hidden),
        unreadable=(*observed.unreadable, *(UnreadableRule(rule.id, reason) for rule in hidden)),
    )


def mark_hidden_remotes_of(local: LocalGroup, observed: CloudGroup) -> CloudGroup:
    """Return the cloud's group as `mark_hidden_remotes` does, with the rules of its row."""
    return mark_hidden_remotes(observed, (stored.rule for stored in local.rules))


def _is_unchanged(row: LocalGroup, before: Snapshot) -> bool:
    return row.state in {State.OK, State.ERRED} and before.markers.get(row.id) == row.change_marker


def _is_marked_missing(row: LocalGroup) -> bool:
    return row.state is State.ERRED and row.error_message in {NOT_FOUND, DEFAULT_NOT_FOUND}


def _is_missing_default(row: LocalGroup, listed: Container[str]) -> bool:
    """Return whether the row is a missing `default` group: Neutron creates another one."""
    return row.name == DEFAULT_NAME and bool(row.backend_id) and row.backend_id not in listed


def _compare_among(
    row: LocalGroup,
    observed: CloudGroup,
    expected: Sequence[LocalGroup],
    listed: Container[str],
) -> GroupDiff:
    """Compare, and count the rules that Neutron removed with the remote groups they name."""
    diff = compare(row, observed)
    named = {stored.rule.remote_group for stored in diff.remove if stored.rule.remote_group}
    missing = {
        other.backend_id
        for other in expected
        if other.backend_id in named and other.backend_id not in listed
    }
    return replace(
        diff, lost_rules=sum(stored.rule.remote_group in missing for stored in diff.remove)
    )


def _digest(value: Sequence[object]) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()
