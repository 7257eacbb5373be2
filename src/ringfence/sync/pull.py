"""From the cloud to the rows: one group, or all groups of a tenant with one list call.

Nothing is deleted here. Where something was asked for and has not reached the cloud, what was
asked for stays; where the cloud is silent, it is asked again directly before that means "gone".
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringfence.clouds import comparisons
from ringfence.clouds.placement import Placement, placement_of
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.neutron.port import (
    CloudGroup,
    GiveUp,
    GroupNotFound,
    NetworkCloud,
    kept_description,
)
from ringfence.security_groups import adoptions, outcomes
from ringfence.security_groups.adoptions import FoundGroup, Refresh
from ringfence.security_groups.local_groups import LocalGroup, Moments, local_groups, moments
from ringfence.security_groups.rules import canonical
from ringfence.security_groups.states import State
from ringfence.sync.clouds import Clouds, project_of
from ringfence.sync.plan import rule_from_cloud
from ringfence.sync.push import DEFAULT_NAME, NOT_FOUND, push

# So many groups missing at once, and more than half of a tenant's, are taken for a mistake.
MISSING_BOUND = 5
GROUPS_A_TRANSACTION = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """A tenant's rows against the cloud's list."""

    unknown: tuple[CloudGroup, ...]
    refreshes: tuple[Refresh, ...]
    missing: tuple[LocalGroup, ...]
    # Groups that never learnt their backend id, with the group of their name
    attachable: tuple[tuple[LocalGroup, CloudGroup], ...]
    known: int

    @property
    def is_suspicious(self) -> bool:
        """Whether too much is missing to be believed."""
        return len(self.missing) > MISSING_BOUND and 2 * len(self.missing) > self.known


async def pull_group(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Adopt what the cloud has, or push again what never reached it; tells whether it was due.

    Raises `CloudError`; the group's state then stays for the next try.
    """
    async with database.transaction() as connection:
        group = await outcomes.take_up(connection, uuid, outcomes.PULLED)
    if group is None:
        return False
    if not group.backend_id:
        raise GiveUp("The security group is not at the cloud yet: there is nothing to pull.")
    cloud = clouds.of(group.placement)
    async with database.connection() as connection:
        local = (await local_groups(connection, group.placement.tenant_id, only=group.id))[0]
    try:
        found = await cloud.get_group(group.backend_id)
    except GroupNotFound:
        raise GroupNotFound(NOT_FOUND) from None
    refresh = compare(local, found)
    if local.is_outstanding and refresh.is_change:
        await push(database, cloud, group)
        return True
    async with database.transaction() as connection:
        await adoptions.refresh_groups(connection, group.placement, [refresh])
    return True


async def pull_tenant(
    database: Database, clouds: Clouds, uuid: UUID, *, requested: bool
) -> Mapping[str, int]:
    """Compare all of a tenant's groups with its cloud; gives what was done, in numbers.

    Raises `CloudError`; nothing was touched then.
    """
    async with database.transaction() as connection:
        placement = await placement_of(connection, uuid)
        if placement is None:
            return {}
        if requested:
            await comparisons.begin(connection, uuid)
    cloud = clouds.of(placement)
    async with database.connection() as connection:
        before = await moments(connection, placement.tenant_id)
    listed = await cloud.list_groups(project_of(placement))
    comparison, before = await _compare_with_rows(database, placement, listed, before)
    if comparison.is_suspicious:
        await _stop(database, placement, comparison, requested=requested)
        return {"missing": len(comparison.missing), "touched": 0}
    gone, present = await _confirm(cloud, comparison.missing)
    done = await _write(database, placement, comparison, before, gone, present)
    async with database.transaction() as connection:
        await comparisons.succeed(connection, placement.tenant_id, requested=requested)
        if requested or any(done.values()):
            said = f"Security groups of tenant {placement.tenant_name} have been pulled."
            await record(connection, _event(placement, EventType.TENANT_PULLED, said, done))
    return done


def compare(local: LocalGroup, found: CloudGroup) -> Refresh:
    """Say what makes the row equal to the cloud's group.

    A rule on both sides stays as it is here, its description too: Neutron cannot change one, so a
    difference is what a user asked for and could not have.
    """
    theirs = {canonical(rule): rule for rule in map(rule_from_cloud, found.rules)}
    ours = {canonical(stored.rule): stored for stored in local.rules}
    is_described_so = found.description == kept_description(local.description)
    return Refresh(
        local,
        name=local.name if local.name == DEFAULT_NAME else found.name,
        description=local.description if is_described_so else found.description,
        add=tuple(rule for key, rule in theirs.items() if key not in ours),
        drop=tuple(stored for key, stored in ours.items() if key not in theirs),
    )


def compare_tenant(
    rows: Sequence[LocalGroup], listed: Sequence[CloudGroup], before: Moments
) -> Comparison:
    """Hold a list against the rows; groups that moved since `before` are left alone."""
    found = {group.id: group for group in listed}
    still = [row for row in rows if _is_still(row, before)]
    at_the_cloud = [row for row in still if row.backend_id and not _is_marked(row)]
    refreshes = [compare(row, found[row.backend_id]) for row in still if row.backend_id in found]
    known = {row.backend_id for row in rows}
    unknown = [group for group in listed if group.id not in known]
    nameless = {row.name: row for row in still if not row.backend_id and not row.is_twin}
    by_name = {group.name: group for group in reversed(unknown) if group.name in nameless}
    return Comparison(
        unknown=tuple(unknown),
        refreshes=tuple(refresh for refresh in refreshes if _is_due(refresh)),
        missing=tuple(row for row in at_the_cloud if row.backend_id not in found),
        attachable=tuple((nameless[name], group) for name, group in by_name.items()),
        known=len(at_the_cloud),
    )


def _is_still(row: LocalGroup, before: Moments) -> bool:
    return row.state in {State.OK, State.ERRED} and before.of.get(row.id) == row.moment


def _is_marked(row: LocalGroup) -> bool:
    return row.state is State.ERRED and row.error_message == NOT_FOUND


def _is_due(refresh: Refresh) -> bool:
    """Spare what was asked for and never arrived; settle what did arrive."""
    if refresh.local.is_outstanding:
        return not refresh.is_change
    return refresh.is_change or refresh.local.state is not State.OK


async def _compare_with_rows(
    database: Database, placement: Placement, listed: Sequence[CloudGroup], before: Moments
) -> tuple[Comparison, Moments]:
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    comparison = compare_tenant(rows, listed, before)
    if not comparison.attachable:
        return comparison, before
    attached = set()
    for row, group in comparison.attachable:
        async with database.transaction() as connection:
            if await adoptions.attach(connection, placement, row, group.id):
                attached.add(row.id)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    moved = {row.id: row.moment for row in rows if row.id in attached}
    before = Moments(before.taken, {**before.of, **moved})
    return compare_tenant(rows, listed, before), before


async def _confirm(
    cloud: NetworkCloud, missing: Sequence[LocalGroup]
) -> tuple[list[LocalGroup], list[Refresh]]:
    """Ask for each missing group directly; a list may be cut short, a direct answer is not."""
    answers = await asyncio.gather(
        *(cloud.get_group(row.backend_id) for row in missing), return_exceptions=True
    )
    gone: list[LocalGroup] = []
    present: list[Refresh] = []
    for row, answer in zip(missing, answers, strict=True):
        if isinstance(answer, GroupNotFound):
            gone.append(row)
        elif isinstance(answer, BaseException):
            raise answer
        elif _is_due(refresh := compare(row, answer)):
            present.append(refresh)
    return gone, present


async def _write(
    database: Database,
    placement: Placement,
    comparison: Comparison,
    before: Moments,
    gone: Sequence[LocalGroup],
    present: Sequence[Refresh],
) -> dict[str, int]:
    done = {"imported": 0, "refreshed": 0, "gone": 0}
    if comparison.unknown:
        found = [_found(group) for group in comparison.unknown]
        async with database.transaction() as connection:
            done["imported"] = await adoptions.import_groups(
                connection, placement, found, before.taken
            )
    refreshes = [*comparison.refreshes, *present]
    for start in range(0, len(refreshes), GROUPS_A_TRANSACTION):
        async with database.transaction() as connection:
            done["refreshed"] += await adoptions.refresh_groups(
                connection, placement, refreshes[start : start + GROUPS_A_TRANSACTION]
            )
    if gone:
        async with database.transaction() as connection:
            done["gone"] = await adoptions.mark_gone(connection, placement, gone, NOT_FOUND)
    if any(refresh.local.is_twin for refresh in refreshes) or gone:
        async with database.transaction() as connection:
            await adoptions.promote_twins(connection, placement)
    return done


async def _stop(
    database: Database, placement: Placement, comparison: Comparison, *, requested: bool
) -> None:
    said = (
        f"{len(comparison.missing)} of {comparison.known} security groups are missing "
        "at the cloud at once: nothing was changed."
    )
    async with database.transaction() as connection:
        is_news = await comparisons.stop(connection, placement.tenant_id, said, requested=requested)
        if is_news:
            await record(connection, _event(placement, EventType.TENANT_PULL_STOPPED, said, {}))


def _found(group: CloudGroup) -> FoundGroup:
    return FoundGroup(
        group.id, group.name, group.description, tuple(map(rule_from_cloud, group.rules))
    )


def _event(
    placement: Placement, kind: EventType, message: str, context: Mapping[str, int]
) -> Event:
    return Event(
        kind,
        message,
        customer=placement.customer_uuid,
        project=placement.project_uuid,
        tenant=placement.tenant_uuid,
        context=context,
    )
