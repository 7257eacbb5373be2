"""The drift of one group, from its last observation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ringfence.clouds.drift_modes import DriftMode
from ringfence.database.pool import Database
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.never_pushed import is_never_pushed
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, local_group
from ringfence.security_groups.drift_modes import Drift, mode_of
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.sync.compare import compare, lasting_drift_digest
from ringfence.sync.dry_run import Remotes
from ringfence.sync.observing import observed_group
from ringfence.sync.plan import plan


async def drift_of_group(database: Database, group: SecurityGroup, base: str) -> dict[str, Any]:
    """Return the document of the group's drift; no cloud is called. Raises `NotFound`."""
    async with database.transaction() as connection:
        mode = await mode_of(connection, group)
        last = await observations.last_observation(connection, group.id)
        local = await local_group(connection, group.tenant_id, group.id)
        stored = await queries.rules_of(connection, group.id)
        remotes = Remotes(await queries.remotes_of_tenant(connection, group.tenant_id))
    return _document(mode, _with_named_remotes(local, stored, remotes), last, remotes, base)


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
