"""How one group differs in its cloud, as far as the cloud was last seen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ringfence.clouds.drift_modes import DriftMode
from ringfence.database.pool import Database
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, local_group
from ringfence.security_groups.drift_modes import Drift, mode_of
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import Rule
from ringfence.sync.compare import compare, lasting_drift_digest
from ringfence.sync.dry_run import Remotes
from ringfence.sync.observing import observed_group
from ringfence.sync.plan import plan


async def drift_of_group(database: Database, group: SecurityGroup, base: str) -> dict[str, Any]:
    """Show how the group differs in its cloud, which is not asked; raises `NotFound`."""
    async with database.transaction() as connection:
        mode = await mode_of(connection, group)
        look = await observations.last_look(connection, group.id)
        local = await local_group(connection, group.tenant_id, group.id)
        stored = await queries.rules_of(connection, group.id)
        remotes = Remotes(await queries.remotes_of_tenant(connection, group.tenant_id))
    return _shown(mode, _with_named_ends(local, stored, remotes), look, remotes, base)


def _with_named_ends(
    local: LocalGroup, stored: Sequence[RuleRequest], remotes: Remotes
) -> LocalGroup:
    """Return the group with the ends of its rules as they are shown, also those without an id."""
    rules = {request.id: remotes.rule(request) for request in stored}
    named = (replace(one, rule=rules.get(one.id, one.rule)) for one in local.rules)
    return replace(local, rules=tuple(named))


def _shown(
    mode: DriftMode, local: LocalGroup, look: LastObservation | None, remotes: Remotes, base: str
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "mode": mode,
        "state": Drift.UNKNOWN,
        "observed_at": look and look.observed_at.isoformat(),
        "revision": look and look.revision_number,
        "missing_at_cloud": [],
        "unexpected_at_cloud": [],
        "description_only": [],
        "unreadable": [],
        "stateful": look and look.stateful,
        "desired_stateful": local.stateful,
        "name": None,
        "description": None,
    }
    if look is None:
        return shown
    if look.missing:
        return shown | {"state": Drift.MISSING}
    found = observed_group(local.backend_id, look)
    refresh = compare(local, found)
    is_drifting = refresh.is_change or bool(lasting_drift_digest(found, stateful=local.stateful))
    changes = plan([stored.rule for stored in local.rules], found.rules)

    def each(rules: Iterable[Rule]) -> list[ShownRule]:
        return [remotes.shown(rule, base) for rule in rules]

    return shown | {
        "state": Drift.DRIFTING if is_drifting else Drift.IN_SYNC,
        "missing_at_cloud": each(stored.rule for stored in refresh.remove),
        "unexpected_at_cloud": each(refresh.add),
        "description_only": [
            remotes.shown(rule, base) | {"description_at_cloud": theirs.description}
            for rule, theirs in changes.description_only
        ],
        "unreadable": list(look.unreadable),
        "name": _words(local.name, refresh.name),
        "description": _words(local.description, refresh.description),
    }


def _words(desired: str, at_cloud: str) -> dict[str, str] | None:
    return None if desired == at_cloud else {"desired": desired, "at_cloud": at_cloud}
