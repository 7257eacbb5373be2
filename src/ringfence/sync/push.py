"""One group, from what was asked for to the cloud.

Load, close the transaction; look in the cloud, plan, act, look again; settle, guarded by the
version that was loaded. Every step may be repeated: a push that died is simply pushed again.
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
    kept_description,
)
from ringfence.security_groups.cloud_state import lifecycle, observations
from ringfence.security_groups.cloud_state.lifecycle import DesiredRules, Group
from ringfence.security_groups.rules import DEFAULT_NAME, Rule
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.sync import ports
from ringfence.sync.binding.cloud_view import NO_REVISIONS, view_of
from ringfence.sync.binding.evidence import Attempt, attempt_of
from ringfence.sync.compare import lasting_drift_digest, mark_hidden_remotes, unreadable_message
from ringfence.sync.drivers import Clouds, project_of, require_own
from ringfence.sync.observing import observation_of
from ringfence.sync.plan import Changes, plan
from ringfence.sync.projects import require_project

RULES_A_CALL = 100
LOOKS = 4

logger = structlog.get_logger(__name__)


async def push_group(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Make the group in the cloud exactly what was asked for; tells whether there was any work.

    Raises `CloudError`; the group's state then stays for the next try.
    """
    async with database.transaction() as connection:
        group = await lifecycle.claim(connection, uuid, lifecycle.PUSHED)
    if group is None:
        return False
    await push(database, clouds.of(group.placement), group)
    return True


async def push(database: Database, cloud: NetworkCloud, group: Group) -> None:
    """Push a group that was taken up."""
    found = await _find_or_create(database, cloud, group)
    async with database.connection() as connection:
        asked = await lifecycle.desired_rules(connection, group.id)
    _refuse_unresolvable(asked)
    found = await _rename(cloud, group, found)
    converged = await _converge(cloud, group, found, asked)
    if converged.found.unreadable:
        raise GiveUp(unreadable_message(converged.found))
    await _remove_late(database, cloud, group)
    event = EventType.GROUP_CREATED if group.state is State.CREATING else EventType.GROUP_UPDATED
    context = {
        "backend_id": found.id,
        "version": group.version,
        "description_only": len(converged.description_only),
    }
    if converged.removed_first:
        # For a moment the group had fewer rules than before and after: somebody may ask why.
        context["removed_first"] = converged.removed_first
    async with database.transaction() as connection:
        settled = await lifecycle.record_applied(connection, group, event, context)
        if settled:
            found = converged.found
            look = observation_of(
                group.id, found, lasting_drift_digest(found, stateful=group.stateful)
            )
            await observations.write(connection, [look], None)
    if not settled:
        logger.info("push_outdated", security_group=group.uuid.hex, version=group.version)


async def delete_group(
    database: Database, clouds: Clouds, uuid: UUID, *, detach: bool = False
) -> bool:
    """Delete the group in the cloud, then here; tells whether there was any work.

    `detach` takes it off its ports before. One that is in use is refused in words that name them.
    Raises `CloudError`; a group that the cloud does not have is deleted already.
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
        left = await _left_in_cloud(database, clouds, group)
    async with database.transaction() as connection:
        await lifecycle.record_deleted(connection, group, left)
    return True


async def _left_in_cloud(database: Database, clouds: Clouds, group: Group) -> list[str]:
    """Return the ids of the groups that creations without a response may have made.

    They stay in the cloud: another tool may have made an equal one at the same time.
    """
    attempt = attempt_of(group)
    if attempt is None:
        return []
    cloud = clouds.of(group.placement)
    free = await _free_of_its_name(database, cloud, group, attempt)
    return sorted(found.id for found in free)


async def _delete_in_the_cloud(
    database: Database, clouds: Clouds, group: Group, *, detach: bool
) -> None:
    backend_id = group.backend_id
    cloud = clouds.of(group.placement)
    try:
        found = require_own(group.placement, await cloud.get_group(backend_id))
        if detach:
            await ports.detach(database, cloud, group, backend_id)
            found = await cloud.get_group(backend_id)
        # One that changed since it was looked at is looked at again, by the next try.
        await cloud.delete_group(backend_id, revision=found.revision_number)
    except GroupNotFound:
        logger.info("group_was_gone_already", security_group=group.uuid.hex)
    except GroupInUse:
        raise await ports.in_use(database, cloud, group) from None


async def _find_or_create(database: Database, cloud: NetworkCloud, group: Group) -> CloudGroup:
    if group.backend_id:
        try:
            return require_own(group.placement, await cloud.get_group(group.backend_id))
        except GroupNotFound:
            group = await _forget(database, group)
    found = await _find_unanswered(database, cloud, group)
    is_new = found is None
    if found is None:
        found = await _create(database, cloud, group)
    async with database.transaction() as connection:
        wanted = await lifecycle.record_created(connection, group, found.id)
    if wanted:
        return found
    # It was unlinked, settled by hand, or taken up by another worker meanwhile.
    if is_new and found.id not in await _known(database, group, [found]):
        await cloud.delete_group(found.id, revision=found.revision_number)
    raise Retry("The security group changed while it was being created.")


async def _create(database: Database, cloud: NetworkCloud, group: Group) -> CloudGroup:
    description = kept_description(group.description)
    try:
        await require_project(cloud, group.placement)
        project = project_of(group.placement)
        return await cloud.create_group(project, group.name, description, stateful=group.stateful)
    except GiveUp:
        # Nothing came of it, and nothing will: a group of this name is somebody else's.
        if group.creation_started is None:
            async with database.transaction() as connection:
                await lifecycle.creation_refused(connection, group)
        raise


async def _forget(database: Database, group: Group) -> Group:
    """Let a group that is gone be made anew, where nothing of it was known to be in the cloud.

    Any other is ERRED first: that somebody deleted it may well be what its owner has to hear.
    """
    if group.name == DEFAULT_NAME:
        raise GroupNotFound(DEFAULT_NOT_FOUND)
    if group.applied_version:
        raise GroupNotFound(NOT_FOUND)
    async with database.transaction() as connection:
        forgotten = await lifecycle.forget(connection, group)
    if forgotten is None:
        raise GiveUp("The security group changed while it was being created.")
    return forgotten


async def _find_unanswered(
    database: Database, cloud: NetworkCloud, group: Group
) -> CloudGroup | None:
    """Look for the group of an earlier creation that was not answered.

    Neutron takes no mark of ours, so it is known by project, name, description and time, by
    being as Neutron made it, and by being nobody's.
    """
    attempt = attempt_of(group)
    if attempt is None:
        return None
    free = await _free_of_its_name(database, cloud, group, attempt)
    return min(free, key=lambda candidate: candidate.created_at, default=None)


async def _free_of_its_name(
    database: Database, cloud: NetworkCloud, group: Group, attempt: Attempt
) -> list[CloudGroup]:
    project = project_of(group.placement)
    listed = await cloud.list_groups(project, name=group.name)
    if not listed:
        return []
    view = await view_of(database, cloud, project)
    candidates = [candidate for candidate in listed if attempt.may_have_made(candidate, view)]
    known = await _known(database, group, candidates) if candidates else set()
    return [candidate for candidate in candidates if candidate.id not in known]


async def _known(
    database: Database, group: Group, candidates: Sequence[CloudGroup]
) -> Container[str]:
    ids = [candidate.id for candidate in candidates]
    async with database.connection() as connection:
        return await lifecycle.known_backend_ids(connection, group.placement.tenant_id, ids)


async def _remove_late(database: Database, cloud: NetworkCloud, group: Group) -> None:
    """Delete what an earlier creation made after it was given up, if it has arrived by now.

    Only where all evidence agrees, the cloud counts revisions, and it is still as it was looked
    at. Any other stays, and the next pull imports it.
    """
    attempt = attempt_of(group)
    # Only while it is being created, from the second try on: the time is bounded then.
    if group.state is not State.CREATING or attempt is None:
        return
    for found in await _free_of_its_name(database, cloud, group, attempt):
        if found.revision_number == NO_REVISIONS:
            continue
        with suppress(GroupNotFound, GroupInUse, Outdated):
            await cloud.delete_group(found.id, revision=found.revision_number)
            logger.warning("late_creation_removed", security_group=group.uuid.hex, id=found.id)


def _refuse_unresolvable(asked: DesiredRules) -> None:
    """Never push a rule without the remote group that it names: it would admit anybody."""
    if asked.deleted_remotes:
        raise GiveUp(
            "A rule names the security group "
            f"{asked.deleted_remotes[0]}, which does not exist any more and never was in the cloud."
        )
    if asked.pending_remotes:
        raise Retry(
            "A rule names the security group "
            f"{asked.pending_remotes[0]}, which is not in the cloud yet."
        )


async def _rename(cloud: NetworkCloud, group: Group, found: CloudGroup) -> CloudGroup:
    # The name of the default group is Neutron's own.
    name = found.name if DEFAULT_NAME in {found.name, group.name} else group.name
    description = kept_description(group.description)
    if (found.name, found.description) == (name, description):
        return found
    return await cloud.update_group(
        found.id, name=name, description=description, revision=found.revision_number
    )


@dataclass(frozen=True, slots=True)
class Converged:
    """The cloud's rules are those asked for; what is left to tell of it."""

    found: CloudGroup
    description_only: tuple[tuple[Rule, CloudRule], ...]
    removed_first: int


async def _converge(
    cloud: NetworkCloud, group: Group, found: CloudGroup, asked: DesiredRules
) -> Converged:
    """Act until the cloud's rules are those asked for; nothing to do makes no call."""
    project = project_of(group.placement)
    removed_first = 0
    room: int | None = None
    for _ in range(LOOKS):
        found = mark_hidden_remotes(found, asked.rules)
        changes = plan(asked.rules, found.rules, room=room)
        if not changes.needed:
            return Converged(found, changes.description_only, removed_first)
        try:
            await _act(cloud, project, found.id, changes)
            removed_first += changes.removed_first
        except RuleExists:
            # Somebody was faster: it counts as ours once it is seen there.
            pass
        except QuotaExceeded:
            removed_first += changes.removed_first
            room = await cloud.rule_room(project) if changes.remove_after else None
            if room is None or not plan(asked.rules, found.rules, room=room).fits:
                raise
        found = await cloud.get_group(found.id)
    found = mark_hidden_remotes(found, asked.rules)
    changes = plan(asked.rules, found.rules)
    if found.unreadable:
        raise GiveUp(unreadable_message(found))
    if changes.needed:
        raise Retry("The rules in the cloud were changed by somebody else at the same time.")
    return Converged(found, changes.description_only, removed_first)


async def _act(cloud: NetworkCloud, project: str, group_id: str, changes: Changes) -> None:
    for rule in changes.remove_before:
        await cloud.delete_rule(rule.id)
    for chunk in _chunks(changes.add):
        await cloud.create_rules(project, group_id, chunk)
    for rule in changes.remove_after:
        await cloud.delete_rule(rule.id)


def _chunks(rules: tuple[CloudRule, ...]) -> list[tuple[CloudRule, ...]]:
    return [rules[start : start + RULES_A_CALL] for start in range(0, len(rules), RULES_A_CALL)]
