"""From the cloud to the rows: one group, or all groups of a tenant with one list call.

Nothing is deleted here. Where something was asked for and has not reached the cloud, what was
asked for stays; where the cloud is silent, it is asked again directly before that means "gone".
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from ringfence.clouds import pulls
from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.placement import Placement, placement_of
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.neutron.port import (
    CloudGroup,
    GiveUp,
    GroupNotFound,
    NetworkCloud,
)
from ringfence.security_groups.cloud_state import bindings, drift, imports, lifecycle, observations
from ringfence.security_groups.cloud_state.imports import FoundGroup
from ringfence.security_groups.cloud_state.refresh import GroupDiff, mark_missing, refresh_groups
from ringfence.security_groups.cloud_state.snapshot import (
    LocalGroup,
    Snapshot,
    local_groups,
    moments,
)
from ringfence.security_groups.cloud_state.unreadable import (
    clear_unreadable,
    mark_unreadable,
    says_unreadable,
)
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.sync.binding.cloud_view import SAME_CLOCK, view_of
from ringfence.sync.compare import Comparison, as_known, compare, compare_tenant
from ringfence.sync.drivers import Clouds, is_own, project_of, require_own
from ringfence.sync.missing_bound import USUAL_BOUND, MassRemovalGuard
from ringfence.sync.observing import (
    Seen,
    is_adopted,
    lasting_drift,
    missing,
    observation_of,
    observe,
    said_of_unreadable,
    to_be_put_back,
)
from ringfence.sync.plan import rule_from_cloud
from ringfence.sync.ports import observe_ports
from ringfence.sync.projects import list_groups
from ringfence.sync.push import push

GROUPS_A_TRANSACTION = 200


async def pull_group(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Adopt what the cloud has, or push again what never reached it; tells whether it was due.

    Raises `CloudError`; the group's state then stays for the next try.
    """
    async with database.transaction() as connection:
        group = await lifecycle.claim(connection, uuid, lifecycle.PULLED)
    if group is None:
        return False
    if not group.backend_id:
        raise GiveUp("The security group is not in the cloud yet: there is nothing to pull.")
    cloud = clouds.of(group.placement)
    async with database.connection() as connection:
        rows = await local_groups(connection, group.placement.tenant_id, only=group.id)
    if not rows:
        # It was unlinked meanwhile.
        return False
    local = rows[0]
    try:
        answer = require_own(group.placement, await cloud.get_group(group.backend_id))
    except GroupNotFound:
        async with database.transaction() as connection:
            await tenants.lock(connection, group.placement.tenant_id)
            await observations.write(connection, [missing(local)], None)
        is_default = group.name == DEFAULT_NAME
        raise GroupNotFound(DEFAULT_NOT_FOUND if is_default else NOT_FOUND) from None
    found = as_known(local, answer)
    refresh = compare(local, found)
    enforced = local.drift_mode is DriftMode.ENFORCE and not refresh.unreadable
    if refresh.is_change and (local.is_outstanding or enforced):
        await push(database, cloud, group)
        return True
    async with database.transaction() as connection:
        settled = refresh if local.drift_mode is DriftMode.ADOPT else _unchanged(local)
        await refresh_groups(connection, group.placement, [settled])
        if refresh.unreadable:
            await mark_unreadable(connection, group.placement, {local.id: refresh.unreadable})
    await observe(database, group.placement, [(refresh, found)], None)
    return True


async def pull_tenant(
    database: Database,
    clouds: Clouds,
    uuid: UUID,
    *,
    requested: bool,
    bound: MassRemovalGuard = USUAL_BOUND,
    confirmed: bool = False,
) -> Mapping[str, int]:
    """Compare all of a tenant's groups with its cloud; gives what was done, in numbers.

    More missing groups than `bound` allows are marked only where an operator `confirmed` it.
    Raises `CloudError`; nothing was touched then.
    """
    async with database.transaction() as connection:
        placement = await placement_of(connection, uuid)
        if placement is None:
            return {}
        if requested:
            await pulls.begin(connection, uuid)
    cloud = clouds.of(placement)
    async with database.connection() as connection:
        before = await moments(connection, placement.tenant_id)
    listed = await list_groups(database, cloud, placement)
    comparison, before = await _compare_with_rows(database, cloud, placement, listed, before)
    if not confirmed and bound.is_passed(len(comparison.missing), comparison.known):
        await _stop(database, placement, comparison, requested=requested)
        return {"missing": len(comparison.missing), "touched": 0}
    gone, present = await _confirm(cloud, placement, comparison.missing)
    done = await _write(database, placement, comparison, before, gone, present)
    await observe_ports(database, cloud, placement)
    async with database.transaction() as connection:
        await pulls.compared(connection, placement.tenant_id, before.taken)
        await pulls.succeed(connection, placement.tenant_id, requested=requested)
        # A rule that cannot be read is no news: its group has an event of its own.
        if requested or any(number for what, number in done.items() if what != "unreadable"):
            said = f"Security groups of tenant {placement.tenant_name} have been pulled."
            await record(connection, _event(placement, EventType.TENANT_PULLED, said, done))
    return done


async def missing_groups(database: Database, clouds: Clouds, uuid: UUID) -> list[LocalGroup]:
    """Give the groups at rest that the cloud does not have, each asked for directly; no change.

    Raises `CloudError`.
    """
    async with database.transaction() as connection:
        placement = await placement_of(connection, uuid)
        if placement is None:
            return []
        before = await moments(connection, placement.tenant_id)
    cloud = clouds.of(placement)
    listed = await list_groups(database, cloud, placement)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    missing_in_list = compare_tenant(rows, listed, before).missing
    gone, _ = await _confirm(cloud, placement, missing_in_list)
    return gone


def _is_due(refresh: GroupDiff) -> bool:
    """Spare what was asked for and never arrived; settle what did arrive."""
    if refresh.unreadable:
        # There is nothing that could be settled as OK.
        return refresh.is_change and is_adopted(refresh)
    if refresh.local.is_outstanding:
        return not refresh.is_change
    if refresh.is_change:
        return is_adopted(refresh)
    return refresh.local.state is not State.OK


def _unchanged(local: LocalGroup) -> GroupDiff:
    return GroupDiff(local, local.name, local.description)


async def _compare_with_rows(
    database: Database,
    cloud: NetworkCloud,
    placement: Placement,
    listed: Sequence[CloudGroup],
    before: Snapshot,
) -> tuple[Comparison, Snapshot]:
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    view = SAME_CLOCK
    if any(row.creation_started and not row.backend_id for row in rows):
        view = await view_of(database, cloud, project_of(placement))
    comparison = compare_tenant(rows, listed, before, view)
    if not comparison.recognised:
        return comparison, before
    attached = set()
    for row, group in comparison.recognised:
        async with database.transaction() as connection:
            if await bindings.attach(connection, placement, row, group.id):
                attached.add(row.id)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    moved = {row.id: row.moment for row in rows if row.id in attached}
    before = Snapshot(before.taken, {**before.of, **moved})
    return compare_tenant(rows, listed, before, view), before


async def _confirm(
    cloud: NetworkCloud, placement: Placement, missing: Sequence[LocalGroup]
) -> tuple[list[LocalGroup], list[Seen]]:
    """Ask for each missing group directly; a list may be cut short, a direct response is not.

    One that is in another project is gone from this tenant as well.
    """
    answers = await asyncio.gather(
        *(cloud.get_group(row.backend_id) for row in missing), return_exceptions=True
    )
    gone: list[LocalGroup] = []
    present: list[Seen] = []
    for row, answer in zip(missing, answers, strict=True):
        if isinstance(answer, GroupNotFound):
            gone.append(row)
        elif isinstance(answer, BaseException):
            raise answer
        elif not is_own(placement, answer):
            gone.append(row)
        else:
            found = as_known(row, answer)
            present.append((compare(row, found), found))
    return gone, present


async def _write(
    database: Database,
    placement: Placement,
    comparison: Comparison,
    before: Snapshot,
    gone: Sequence[LocalGroup],
    present: Sequence[Seen],
) -> dict[str, int]:
    counted = ("imported", "contested", "refreshed", "put_back", "drifted", "gone", "unreadable")
    done = dict.fromkeys(counted, 0)
    ids: Mapping[str, int] = {}
    if comparison.unknown:
        found = [_found(group) for group in comparison.unknown]
        async with database.transaction() as connection:
            ids = await imports.import_groups(connection, placement, found, before.taken)
            done["imported"] = len(ids)
            looks = [
                observation_of(ids[group.id], group, lasting_drift(group, stateful=None))
                for group in comparison.unknown
                if group.id in ids
            ]
            await observations.write(connection, looks, before.taken)
    if news := [contested for contested in comparison.contested if contested.is_news]:
        async with database.transaction() as connection:
            done["contested"] = await bindings.contest(connection, placement, news)
    seen = [*comparison.seen, *present]
    refreshes = [refresh for refresh, _ in seen if _is_due(refresh)]
    for start in range(0, len(refreshes), GROUPS_A_TRANSACTION):
        async with database.transaction() as connection:
            done["refreshed"] += await refresh_groups(
                connection, placement, refreshes[start : start + GROUPS_A_TRANSACTION]
            )
    done["drifted"] = await observe(database, placement, seen, before.taken)
    if back := to_be_put_back(seen):
        async with database.transaction() as connection:
            done["put_back"] = await drift.revert(connection, placement, back)
    if readable := [
        refresh.local
        for refresh, _ in seen
        if not refresh.unreadable and says_unreadable(refresh.local)
    ]:
        async with database.transaction() as connection:
            await clear_unreadable(connection, placement, readable)
    if gone:
        async with database.transaction() as connection:
            for message, groups in _by_message(gone).items():
                done["gone"] += await mark_missing(connection, placement, groups, message)
            looks = [missing(local) for local in gone]
            await observations.write(connection, looks, before.taken)
    if unreadable := _unreadable(comparison.unknown, ids, seen):
        async with database.transaction() as connection:
            await mark_unreadable(connection, placement, unreadable)
        done["unreadable"] = len(unreadable)
    if any(refresh.local.is_duplicate_name for refresh in refreshes) or gone:
        async with database.transaction() as connection:
            await imports.promote_twins(connection, placement)
    return done


def _by_message(gone: Sequence[LocalGroup]) -> Mapping[str, Sequence[LocalGroup]]:
    """Return groups that are gone by what each is to say."""
    defaults = [local for local in gone if local.name == DEFAULT_NAME]
    others = [local for local in gone if local.name != DEFAULT_NAME]
    said = {NOT_FOUND: others, DEFAULT_NOT_FOUND: defaults}
    return {message: groups for message, groups in said.items() if groups}


def _unreadable(
    unknown: Sequence[CloudGroup], ids: Mapping[str, int], seen: Sequence[Seen]
) -> dict[int, str]:
    """Return what is said of each group with a rule that cannot be read, by the id of its row."""
    imported = [group for group in unknown if group.unreadable and group.id in ids]
    at_rest = [refresh for refresh, _ in seen if not refresh.local.is_outstanding]
    return {ids[group.id]: said_of_unreadable(group) for group in imported} | {
        refresh.local.id: refresh.unreadable for refresh in at_rest if refresh.unreadable
    }


async def _stop(
    database: Database, placement: Placement, comparison: Comparison, *, requested: bool
) -> None:
    said = (
        f"{len(comparison.missing)} of {comparison.known} security groups are missing "
        "in the cloud at once: nothing was changed."
    )
    async with database.transaction() as connection:
        is_news = await pulls.stop(connection, placement.tenant_id, said, requested=requested)
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
