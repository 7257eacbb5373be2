"""Refuses rules that lost their remote end, and so would admit any address. Pure.

A rule without an end is compared with rules whose ends no request can set. If it equals one, or
admits some of the traffic of a current one, the request probably meant that end.
"""

from collections.abc import Mapping, Sequence

from ringfence.http.fields import printable
from ringfence.security_groups.overlap_index import OverlapIndex
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    ReferencingRule,
    RemoteEnd,
    any_address,
    is_open,
    key_without_end,
)
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import EVERY_PROTOCOL, Rule, RuleKey

# The key of a rule without its end, and the key of the end
KeptEnd = tuple[RuleKey, tuple[object, ...]]


def opening_problems(
    rules: Sequence[RuleRequest], stored: Mapping[int, RuleRequest], known: KnownEnds
) -> list[dict[str, list[str]]]:
    """Return an error for each rule that lost its remote end, and an empty one for the others."""
    unsettable = [each for each in known.rules if each.end.group is None and each.key is not None]
    if not unsettable:
        return [{} for _ in rules]
    kept = {
        (key_without_end(request.rule), RemoteEnd.from_unresolved(request.unresolved).key)
        for request in rules
        if request.unresolved is not None
    }
    lost_ends = _LostEnds(unsettable, known.open_keys, kept)
    return [_problem(request, stored, lost_ends) for request in rules]


def _problem(
    request: RuleRequest, stored: Mapping[int, RuleRequest], lost_ends: "_LostEnds"
) -> dict[str, list[str]]:
    key = key_without_end(request.rule)
    if request.has_remote_end:
        return {}
    base = None if request.id is None else stored[request.id]
    if base is not None and is_open(base) and key_without_end(base.rule) == key:
        return {}
    lost = lost_ends.find(key)
    if lost is None:
        return {}
    return {"remote_group": [_would_open(request.rule, lost, is_equal=lost.key == key)]}


class _LostEnds:
    """Finds the rule whose end a submitted rule without one has probably lost."""

    def __init__(
        self,
        unsettable: Sequence[ReferencingRule],
        open_keys: frozenset[RuleKey],
        kept: set[KeptEnd],
    ) -> None:
        self._equal: dict[RuleKey, list[ReferencingRule]] = {}
        for rule in unsettable:
            if rule.key is not None:
                self._equal.setdefault(rule.key, []).append(rule)
        self._current = OverlapIndex(
            (rule.key, rule) for rule in unsettable if rule.key and rule.is_current
        )
        # Not all clouds admit every protocol for number 0.
        self._open = OverlapIndex(
            (key, key)
            for key in open_keys
            if key.protocol is None or key.protocol not in EVERY_PROTOCOL
        )
        self._open_keys = open_keys
        self._kept = kept

    def find(self, key: RuleKey) -> ReferencingRule | None:
        """Return the rule whose end was lost, if any.

        OverlapIndex that was open before may stay open, next to rules whose ends are kept.
        """
        for rule in self._equal.get(key, ()):
            is_kept = rule.id is None or (key, rule.end.key) in self._kept
            if not (is_kept and key in self._open_keys):
                return rule
        if key in self._open_keys or self._open.containing(key) is not None:
            return None
        return self._current.overlapping(key)


def _would_open(rule: Rule, lost: ReferencingRule, *, is_equal: bool) -> str:
    by_id = "" if lost.id is None else f'"id": {lost.id} or '
    other = (
        "The rule that is otherwise equal has"
        if is_equal
        else "A rule that admits some of the same traffic has"
    )
    return (
        f"This rule has no remote end and would admit any address. {other} a remote end,"
        f" {printable(lost.end.label)}. To keep it, send {by_id}{printable(lost.end.request_text)}."
        f" To admit any address on purpose, send {any_address(rule)}."
    )
