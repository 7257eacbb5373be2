"""Push one group from the rows to the cloud.

`jobs` passes the UUID of a group; its desired rules come from PostgreSQL, its observed ones from
the cloud. `plan` compares the two; this module creates and deletes rules in the cloud until there
is nothing to do. `lifecycle` records the applied version, if the loaded one is still the newest.

No transaction is open during a call. Every step can be repeated: an interrupted push runs again.
"""

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from ringfence.database.pool import Database
from ringfence.events.types import EventType
from ringfence.neutron.port import (
    CloudGroup,
    CloudRule,
    GiveUp,
    GroupInUse,
    GroupNotFound,
    NetworkCloud,
    Outdated,
    QuotaExceeded,
    Retry,
    RuleExists,
    truncate_description,
)
from ringfence.security_groups.cloud_state import lifecycle, observations
from ringfence.security_groups.cloud_state.lifecycle import DesiredRules, Group
from ringfence.security_groups.rules import DEFAULT_NAME, Rule
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.sync import ports
from ringfence.sync.binding.cloud_view import NO_REVISIONS, view_of
from ringfence.sync.binding.evidence import CreationAttempt, creation_attempt
from ringfence.sync.compare import (
    lasting_drift_digest,
    lasting_drift_grade,
    mark_hidden_remotes,
    unreadable_message,
)
from ringfence.sync.drivers import Clouds, project_of, require_own
from ringfence.sync.observing import observation_of
from ringfence.sync.plan import Changes, plan
from ringfence.sync.projects import require_project

RULES_PER_CALL = 100
CONVERGE_ATTEMPTS = 4

logger = structlog.get_logger(__name__)


async def push_group(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Make the group in the cloud exactly the desired one; return whether there was any work.

    Raises `CloudError`; the group then keeps its state for the next attempt.
    """
    async with database.transaction() as connection:
        group = await lifecycle.claim(connection, uuid, lifecycle.PUSHED)
    if group is None:
        return False
    await push(database, clouds.of(group.placement), group)
    return True


async def push(database: Database, cloud: NetworkCloud, group: Group) -> None:
    """Push a claimed group."""
    observed = await _find_or_create(database, cloud, group)
    async with database.connection() as connection:
        desired = await lifecycle.desired_rules(connection, group.id)
    _refuse_unresolvable(desired)
    observed = await _rename(cloud, group, observed)
    converged = await _converge(cloud, group, observed, desired)
    if converged.observed.unreadable:
        raise GiveUp(unreadable_message(converged.observed))
    await _delete_late_creation(database, cloud, group)
    event = EventType.GROUP_CREATED if group.state is State.CREATING else EventType.GROUP_UPDATED
    context = {
        "backend_id": observed.id,
        "version": group.version,
        "description_only": len(converged.description_only),
    }
    if converged.removed_first:
        # For a moment the group had fewer rules than before and after: the event explains it.
        context["removed_first"] = converged.removed_first
    async with database.transaction() as connection:
        is_applied = await lifecycle.record_applied(connection, group, event, context)
        if is_applied:
            observed = converged.observed
            drift = lasting_drift_digest(observed, stateful=group.stateful)
            grade = lasting_drift_grade(observed, stateful=group.stateful)
            observation = observation_of(group.id, observed, drift, grade)
            await observations.write(connection, [observation], None)
    if not is_applied:
        logger.info("push_outdated", security_group=group.uuid.hex, version=group.version)


async def delete_group(
    database: Database, clouds: Clouds, uuid: UUID, *, detach: bool = False
) -> bool:
    """Delete the group in the cloud, then its row; return whether there was any work.

    `detach` removes it from its ports first. Raises `CloudError`; that of a group in use names its
    ports. A group that the cloud does not have is deleted already.
    """
    async with database.transaction() as connection:
        group = await lifecycle.claim(connection, uuid, lifecycle.DELETED)
    if group is None:
        return False
    if group.name == DEFAULT_NAME and group.backend_id:
        raise GiveUp("The default security group is managed by OpenStack itself.")
    left: Sequence[str] = ()
    if group.backend_id:
        await _delete_in_the_cloud(database, clouds, group, detach=detach)
    else:
        left = await _possible_leftovers(database, clouds, group)
    async with database.transaction() as connection:
        await lifecycle.record_deleted(connection, group, left)
    return True


async def _possible_leftovers(database: Database, clouds: Clouds, group: Group) -> list[str]:
    """Return the ids of the groups that creations without a response may have created.

    They stay in the cloud: another tool may have created an equal one at the same time.
    """
    attempt = creation_attempt(group)
    if attempt is None:
        return []
    cloud = clouds.of(group.placement)
    free = await _candidates(database, cloud, group, attempt)
    return sorted(observed.id for observed in free)


async def _delete_in_the_cloud(
    database: Database, clouds: Clouds, group: Group, *, detach: bool
) -> None:
    backend_id = group.backend_id
    cloud = clouds.of(group.placement)
    try:
        observed = require_own(group.placement, await cloud.get_group(backend_id))
        if detach:
            await ports.detach(database, cloud, group, backend_id)
            observed = await cloud.get_group(backend_id)
        # If it changed since it was read, the next attempt reads it again.
        await cloud.delete_group(backend_id, revision=observed.revision_number)
    except GroupNotFound:
        logger.info("group_already_deleted", security_group=group.uuid.hex)
    except GroupInUse:
        raise await ports.group_in_use(database, cloud, group) from None


async def _find_or_create(database: Database, cloud: NetworkCloud, group: Group) -> CloudGroup:
    if group.backend_id:
        try:
            return require_own(group.placement, await cloud.get_group(group.backend_id))
        except GroupNotFound:
            group = await _recreate(database, group)
    observed = await _find_unconfirmed(database, cloud, group)
    is_new = observed is None
    if observed is None:
        observed = await _create(database, cloud, group)
    async with database.transaction() as connection:
        is_recorded = await lifecycle.record_created(connection, group, observed.id)
    if is_recorded:
        return observed
    # It was unlinked, set by an operator, or claimed by another worker in the meantime.
    if is_new and observed.id not in await _known_backend_ids(database, group, [observed]):
        await cloud.delete_group(observed.id, revision=observed.revision_number)
    raise Retry("The security group changed while it was being created.")


async def _create(database: Database, cloud: NetworkCloud, group: Group) -> CloudGroup:
    description = truncate_description(group.description)
    try:
        await require_project(cloud, group.placement)
        project = project_of(group.placement)
        return await cloud.create_group(project, group.name, description, stateful=group.stateful)
    except GiveUp:
        # Nothing was created, nor will be: a group of this name is somebody else's.
        if group.creation_started is None:
            async with database.transaction() as connection:
                await lifecycle.record_creation_refused(connection, group)
        raise


async def _recreate(database: Database, group: Group) -> Group:
    """Prepare a missing group to be created again, if no version of it was ever applied.

    Any other becomes ERRED first: its owner has to know that somebody deleted it.
    """
    if group.name == DEFAULT_NAME:
        raise GroupNotFound(DEFAULT_NOT_FOUND)
    if group.applied_version:
        raise GroupNotFound(NOT_FOUND)
    async with database.transaction() as connection:
        forgotten = await lifecycle.record_lost(connection, group)
    if forgotten is None:
        raise GiveUp("The security group changed while it was being created.")
    return forgotten


async def _find_unconfirmed(
    database: Database, cloud: NetworkCloud, group: Group
) -> CloudGroup | None:
    """Find the group of an earlier creation without a response.

    Neutron takes no idempotency key, so evidence decides: project, name, description and time, no
    change since Neutron created it, and no row that has it.
    """
    attempt = creation_attempt(group)
    if attempt is None:
        return None
    free = await _candidates(database, cloud, group, attempt)
    return min(free, key=lambda candidate: candidate.created_at, default=None)


async def _candidates(
    database: Database, cloud: NetworkCloud, group: Group, attempt: CreationAttempt
) -> list[CloudGroup]:
    project = project_of(group.placement)
    listed = await cloud.list_groups(project, name=group.name)
    if not listed:
        return []
    view = await view_of(database, cloud, project)
    candidates = [candidate for candidate in listed if attempt.may_have_created(candidate, view)]
    known = await _known_backend_ids(database, group, candidates) if candidates else set()
    return [candidate for candidate in candidates if candidate.id not in known]


async def _known_backend_ids(
    database: Database, group: Group, candidates: Sequence[CloudGroup]
) -> Container[str]:
    ids = [candidate.id for candidate in candidates]
    async with database.connection() as connection:
        return await lifecycle.known_backend_ids(connection, group.placement.tenant_id, ids)


async def _delete_late_creation(database: Database, cloud: NetworkCloud, group: Group) -> None:
    """Delete what an earlier, abandoned creation has created late.

    Only if all evidence agrees, the cloud counts revisions, and the group did not change since it
    was read. Any other stays, and the next pull imports it.
    """
    attempt = creation_attempt(group)
    # Only while it is being created, from the second attempt on: the time is bounded then.
    if group.state is not State.CREATING or attempt is None:
        return
    for observed in await _candidates(database, cloud, group, attempt):
        if observed.revision_number == NO_REVISIONS:
            continue
        with suppress(GroupNotFound, GroupInUse, Outdated):
            await cloud.delete_group(observed.id, revision=observed.revision_number)
            logger.warning("late_creation_deleted", security_group=group.uuid.hex, id=observed.id)


def _refuse_unresolvable(desired: DesiredRules) -> None:
    """Raise if a rule's remote group is not in the cloud: it would admit anyone then."""
    if desired.deleted_remotes:
        raise GiveUp(
            f"A rule names the security group {desired.deleted_remotes[0]}, which does not "
            "exist and never was in the cloud. Remove the rule, or name another group."
        )
    if desired.pending_remotes:
        raise Retry(
            f"A rule names the security group {desired.pending_remotes[0]}, which is not in the "
            "cloud yet."
        )


async def _rename(cloud: NetworkCloud, group: Group, observed: CloudGroup) -> CloudGroup:
    # The name of the default group is Neutron's own.
    name = observed.name if DEFAULT_NAME in {observed.name, group.name} else group.name
    description = truncate_description(group.description)
    if (observed.name, observed.description) == (name, description):
        return observed
    return await cloud.update_group(
        observed.id, name=name, description=description, revision=observed.revision_number
    )


@dataclass(frozen=True, slots=True)
class Converged:
    """A group whose rules are the desired ones, and how that was reached."""

    observed: CloudGroup
    description_only: tuple[tuple[Rule, CloudRule], ...]
    removed_first: int


async def _converge(
    cloud: NetworkCloud, group: Group, observed: CloudGroup, desired: DesiredRules
) -> Converged:
    """Change the cloud until its rules are the desired ones; no call if they are."""
    project = project_of(group.placement)
    removed_first = 0
    free_quota: int | None = None
    for _ in range(CONVERGE_ATTEMPTS):
        observed = mark_hidden_remotes(observed, desired.rules)
        changes = plan(desired.rules, observed.rules, free_quota=free_quota)
        if not changes.needed:
            return Converged(observed, changes.description_only, removed_first)
        try:
            await _act(cloud, project, observed.id, changes)
            removed_first += changes.removed_first
        except RuleExists:
            # Somebody else created it: the next plan keeps it.
            pass
        except QuotaExceeded:
            removed_first += changes.removed_first
            free_quota = await cloud.free_rule_quota(project) if changes.remove_after else None
            if (
                free_quota is None
                or not plan(desired.rules, observed.rules, free_quota=free_quota).fits
            ):
                raise
        observed = await cloud.get_group(observed.id)
    observed = mark_hidden_remotes(observed, desired.rules)
    changes = plan(desired.rules, observed.rules)
    if observed.unreadable:
        raise GiveUp(unreadable_message(observed))
    if changes.needed:
        raise Retry("Somebody else changed the rules in the cloud at the same time.")
    return Converged(observed, changes.description_only, removed_first)


async def _act(cloud: NetworkCloud, project: str, group_id: str, changes: Changes) -> None:
    for rule in changes.remove_before:
        await cloud.delete_rule(rule.id)
    for chunk in _chunks(changes.add):
        await cloud.create_rules(project, group_id, chunk)
    for rule in changes.remove_after:
        await cloud.delete_rule(rule.id)


def _chunks(rules: tuple[CloudRule, ...]) -> list[tuple[CloudRule, ...]]:
    return [rules[start : start + RULES_PER_CALL] for start in range(0, len(rules), RULES_PER_CALL)]
