"""Rules that lost their remote end, and so would open: each is refused. Everything here is pure.

A rule without an end is compared with rules whose ends no request can set. Where it equals one,
or admits some of what a present one does, that end may have been meant.
"""

from collections.abc import Mapping, Sequence

from ringfence.http.fields import printable
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    LimitedRule,
    RemoteEnd,
    everybody,
    is_open,
    rest_of,
)
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import EVERY_PROTOCOL, Rule, RuleKey
from ringfence.security_groups.traffic import Traffic

# The rest of a rule, and what tells its end apart
Kept = tuple[RuleKey, tuple[object, ...]]


def opening_problems(
    rules: Sequence[RuleRequest], stored: Mapping[int, RuleRequest], known: KnownEnds
) -> list[dict[str, list[str]]]:
    """Return for each rule what is wrong where it lost its remote end, and so would open."""
    limited = [one for one in known.rules if one.end.group is None and one.rest is not None]
    if not limited:
        return [{} for _ in rules]
    kept = {
        (rest_of(request.rule), RemoteEnd.of(request.unresolved).key)
        for request in rules
        if request.unresolved is not None
    }
    openings = _Openings(limited, known.open_rests, kept)
    return [_problem(request, stored, openings) for request in rules]


def _problem(
    request: RuleRequest, stored: Mapping[int, RuleRequest], openings: "_Openings"
) -> dict[str, list[str]]:
    rest = rest_of(request.rule)
    if request.has_remote_end:
        return {}
    base = None if request.id is None else stored[request.id]
    if base is not None and is_open(base) and rest_of(base.rule) == rest:
        return {}
    limited = openings.lost(rest)
    if limited is None:
        return {}
    return {"remote_group": [_would_open(request.rule, limited, is_equal=limited.rest == rest)]}


class _Openings:
    """What may have been meant by a rule without an end, by the rest of that."""

    def __init__(
        self, limited: Sequence[LimitedRule], open_rests: frozenset[RuleKey], kept: set[Kept]
    ) -> None:
        self._equal: dict[RuleKey, list[LimitedRule]] = {}
        for one in limited:
            if one.rest is not None:
                self._equal.setdefault(one.rest, []).append(one)
        self._present = Traffic((one.rest, one) for one in limited if one.rest and one.is_present)
        # Not all clouds admit every protocol for number 0.
        self._open = Traffic(
            (rest, rest)
            for rest in open_rests
            if rest.protocol is None or rest.protocol not in EVERY_PROTOCOL
        )
        self._open_rests = open_rests
        self._kept = kept

    def lost(self, rest: RuleKey) -> LimitedRule | None:
        """Return the rule whose end was lost, if one was.

        What was open already may stay so, beside those that are kept.
        """
        for limited in self._equal.get(rest, ()):
            is_kept = limited.id is None or (rest, limited.end.key) in self._kept
            if not (is_kept and rest in self._open_rests):
                return limited
        if rest in self._open_rests or self._open.containing(rest) is not None:
            return None
        return self._present.overlapping(rest)


def _would_open(rule: Rule, limited: LimitedRule, *, is_equal: bool) -> str:
    by_id = "" if limited.id is None else f'"id": {limited.id} or '
    other = (
        "The rule that equals it in everything else has"
        if is_equal
        else "A rule that admits some of the same has"
    )
    return (
        f"This rule names no remote end and would be open to any address. {other} a remote end,"
        f" {printable(limited.end.words)}. To keep that, send"
        f" {by_id}{printable(limited.end.as_sent)}; to open the rule to any address on purpose,"
        f" send {everybody(rule)}."
    )
