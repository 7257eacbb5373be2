"""The drift of one group, from its last observation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ringfence.clouds.drift_modes import DriftMode
from ringfence.database.pool import Database
from ringfence.http.offload import in_thread
from ringfence.security_groups import queries
from ringfence.security_groups.carriers import traffic_document
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.never_pushed import is_never_pushed
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, local_group
from ringfence.security_groups.drift_modes import Drift, mode_of
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import canonical
from ringfence.security_groups.traffic_changes import Grade, Note, TrafficChange
from ringfence.security_groups.traffic_changes import compare as compare_traffic
from ringfence.sync.compare import (
    compare,
    drift_grade,
    is_stateful_drift,
    lasting_drift_digest,
)
from ringfence.sync.dry_run import Remotes
from ringfence.sync.observing import observed_group
from ringfence.sync.plan import plan, rule_from_cloud


async def drift_of_group(database: Database, group: SecurityGroup, base: str) -> dict[str, Any]:
    """Return the document of the group's drift; no cloud is called. Raises `NotFound`."""
    async with database.transaction() as connection:
        mode = await mode_of(connection, group)
        last = await observations.last_observation(connection, group.id)
        local = await local_group(connection, group.tenant_id, group.id)
        stored = await queries.rules_of(connection, group.id)
        remotes = Remotes(await queries.remotes_of_tenant(connection, group.tenant_id))
    local = _with_named_remotes(local, stored, remotes)
    document = _document(mode, local, last, remotes, base)
    if last is None:
        return document
    return document | await _traffic(database, local, group, last, remotes)


async def _traffic(
    database: Database,
    local: LocalGroup,
    group: SecurityGroup,
    last: LastObservation,
    remotes: Remotes,
) -> dict[str, Any]:
    """Return what the cloud admits beyond what is desired, and what it does not admit of it."""
    observed = observed_group(local.backend_id, last)
    desired = [stored.rule for stored in local.rules]
    is_stateful = is_stateful_drift(desired=local.stateful, observed=last.stateful)

    def compared() -> TrafficChange:
        if last.missing:
            return compare_traffic(desired, ())
        diff = compare(local, observed)
        extra = {canonical(rule) for rule in diff.add}
        rules = list(map(rule_from_cloud, observed.rules))
        both = [rule for rule in rules if canonical(rule) not in extra]
        notes = [Note.RULES_UNREADABLE] if last.unreadable else []
        notes += [Note.STATEFUL] if is_stateful else []
        # Any unreadable rule may be the one that seems to be missing.
        maybe = desired if last.unreadable else ()
        # The additional rules come first: their indexes are those of `unexpected_at_cloud`.
        rules = [*diff.add, *both, *maybe]
        return compare_traffic(desired, rules, notes, submitted=len(diff.add))

    traffic = await traffic_document(database, (group.id, group.tenant_id), compared, remotes.names)
    if last.missing:
        grade = Grade.CLOSES if traffic["closes_total"] else Grade.NONE
    else:
        grade = await in_thread(lambda: drift_grade(compare(local, observed), observed))
    return {"grade": grade, "traffic": traffic}


def _with_named_remotes(
    local: LocalGroup, stored: Sequence[RuleRequest], remotes: Remotes
) -> LocalGroup:
    """Return the group with the remotes of its rules as the API shows them, with or without id."""
    rules = {request.id: remotes.rule(request) for request in stored}
    named = (
        replace(stored_rule, rule=rules.get(stored_rule.id, stored_rule.rule))
        for stored_rule in local.rules
    )
    return replace(local, rules=tuple(named))


def _document(
    mode: DriftMode, local: LocalGroup, last: LastObservation | None, remotes: Remotes, base: str
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "mode": mode,
        "state": _unobserved(local),
        "grade": None,
        "traffic": None,
        "observed_at": last and last.observed_at.isoformat(),
        "revision": last and last.revision_number,
        "missing_at_cloud": [],
        "unexpected_at_cloud": [],
        "description_only": [],
        "unreadable": [],
        "stateful": last and last.stateful,
        "desired_stateful": local.stateful,
        "name": None,
        "description": None,
    }
    if last is None:
        return document
    if last.missing:
        return document | {"state": Drift.MISSING}
    observed = observed_group(local.backend_id, last)
    diff = compare(local, observed)
    is_drifting = diff.is_change or bool(lasting_drift_digest(observed, stateful=local.stateful))
    changes = plan([stored.rule for stored in local.rules], observed.rules)
    return document | {
        "state": Drift.DRIFTING if is_drifting else Drift.IN_SYNC,
        "missing_at_cloud": [remotes.shown(one.rule, base) for one in diff.remove],
        "unexpected_at_cloud": [remotes.shown(rule, base) for rule in diff.add],
        "description_only": [
            remotes.shown(rule, base) | {"description_at_cloud": cloud_rule.description}
            for rule, cloud_rule in changes.description_only
        ],
        "unreadable": list(last.unreadable),
        "name": _values(local.name, diff.name),
        "description": _values(local.description, diff.description),
    }


def _unobserved(local: LocalGroup) -> Drift:
    """Return the state of a group without an observation."""
    is_never = is_never_pushed(local.state, local.backend_id)
    return Drift.NEVER_PUSHED if is_never else Drift.UNKNOWN


def _values(desired: str, observed: str) -> dict[str, str] | None:
    return None if desired == observed else {"desired": desired, "at_cloud": observed}
