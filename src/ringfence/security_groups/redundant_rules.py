"""The rules of a group that others cover, and a shorter list that admits the same.

Nothing is changed: the list is a body for `plan/` and `set_rules/`. `redundancy` decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.database.pool import Database
from ringfence.http.offload import in_thread
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.redundancy import reduce
from ringfence.security_groups.representation import Remote, request_document
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, with_remote_end
from ringfence.security_groups.traffic_changes import Note, uncertainty

UNRESOLVED = "unresolved_end"
# Why a rule is kept and covers no other
REASONS = {
    UNRESOLVED: "Its remote end is not known here.",
    Note.PROTOCOL_ZERO: (
        "It has protocol 0, which some clouds take for every protocol, and some do not."
    ),
    Note.ICMPV6_OVER_IPV4: (
        "It has the ICMP of IPv6 with IPv4: clouds differ in which protocol it admits."
    ),
}


async def redundancy_of(database: Database, group: SecurityGroup, base: str) -> dict[str, Any]:
    """Return the document of the group's redundant rules; URLs start with `base`."""
    async with database.connection() as connection:
        rules = await queries.rules_of(connection, group.id)
        remotes = await queries.remotes_of_tenant(connection, group.tenant_id)
    return await in_thread(lambda: _document(group, rules, remotes, base))


def _document(
    group: SecurityGroup, rules: Sequence[RuleRequest], remotes: Sequence[Remote], base: str
) -> dict[str, Any]:
    by_uuid = {remote.uuid.hex: remote for remote in remotes if remote.uuid}

    def shown(number: int) -> ShownRule:
        request = rules[number]
        return request_document(request, by_uuid.get(request.rule.remote_group or ""), base)

    reasons = {number: code for number, rule in enumerate(rules) if (code := _reason(rule))}
    reduction = reduce([with_remote_end(rule) for rule in rules], reasons.keys())
    positions = {number: position for position, number in enumerate(reduction.kept)}
    return {
        "version": group.version,
        "rules_count": len(rules),
        "redundant": [
            {"rule": shown(number), "covered_by": [positions[each] for each in covering]}
            for number, covering in reduction.covered.items()
        ],
        "rules": [shown(number) for number in reduction.kept],
        "not_compared": _not_compared(reasons, positions),
        "complete": reduction.is_complete,
    }


def _not_compared(reasons: Mapping[int, str], positions: Mapping[int, int]) -> list[dict[str, Any]]:
    return [
        {"rule": positions[number], "code": code, "message": REASONS[code]}
        for number, code in reasons.items()
    ]


def _reason(request: RuleRequest) -> str | None:
    """Return why a rule is kept as it is; ports that clouds do not match only widen it."""
    if request.unresolved is not None:
        return UNRESOLVED
    note = uncertainty(request.rule)
    return note if note in REASONS else None
