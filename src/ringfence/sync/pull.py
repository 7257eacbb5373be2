"""Pull one group, or all groups of a tenant, from the cloud into the rows.

`jobs` names the group or the tenant; the rows come from PostgreSQL, the groups from the cloud by
one request or one paged list. `compare` computes the differences, and this module writes them:
groups are imported, refreshed, reverted or marked as missing. `observing` stores what the cloud
reported.

Nothing is deleted here. Desired rules that have not reached the cloud stay. A group that is not in
the list is requested directly before it counts as missing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ringfence.clouds import pulls
from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.placement import Placement, placement_of
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.neutron.port import CloudGroup, GiveUp, GroupNotFound, NetworkCloud
from ringfence.security_groups.cloud_state import bindings, drift, imports, lifecycle, observations
from ringfence.security_groups.cloud_state.imports import ImportedGroup
from ringfence.security_groups.cloud_state.refresh import mark_missing, refresh_groups
from ringfence.security_groups.cloud_state.snapshot import (
    LocalGroup,
    Snapshot,
    local_groups,
    take_snapshot,
)
from ringfence.security_groups.cloud_state.unreadable import (
    clear_unreadable,
    is_marked_unreadable,
    mark_unreadable,
)
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND
from ringfence.sync.binding.cloud_view import SAME_CLOCK, view_of
from ringfence.sync.cloud_facts import observe_address_groups, observe_firewall_driver
from ringfence.sync.compare import (
    DEFAULT_GUARD,
    MassRemovalGuard,
    ObservedGroup,
    TenantDiff,
    compare,
    compare_tenant,
    lasting_drift_digest,
    lasting_drift_grade,
    mark_hidden_remotes_of,
    needs_refresh,
    no_diff,
    to_revert,
    unreadable_message,
)
from ringfence.sync.drivers import Clouds, is_own, project_of, require_own
from ringfence.sync.observing import (
    GROUPS_PER_TRANSACTION,
    missing_observation,
    observation_of,
    observe,
)
from ringfence.sync.plan import rule_from_cloud
from ringfence.sync.ports import observe_ports
from ringfence.sync.projects import list_groups, tenant_event
from ringfence.sync.push import push

# What a pull counts, in the order in which it is reported
COUNTS = ("imported", "contested", "refreshed", "reverted", "drifted", "missing", "unreadable")


async def pull_group(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Adopt what the cloud has, or push desired rules that never reached it.

    Returns whether the group was due. Raises `CloudError`; the group then keeps its state for the
    next attempt.
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
        # It was unlinked in the meantime.
        return False
    local = rows[0]
    try:
        response = require_own(group.placement, await cloud.get_group(group.backend_id))
    except GroupNotFound:
        async with database.transaction() as connection:
            await tenants.lock(connection, group.placement.tenant_id)
            await observations.write(connection, [missing_observation(local)], None)
        is_default = group.name == DEFAULT_NAME
        raise GroupNotFound(DEFAULT_NOT_FOUND if is_default else NOT_FOUND) from None
    observed = mark_hidden_remotes_of(local, response)
    diff = compare(local, observed)
    is_enforced = local.drift_mode is DriftMode.ENFORCE and not diff.unreadable
    if diff.is_change and (local.is_outstanding or is_enforced):
        await push(database, cloud, group)
        return True
    # In one transaction: whoever reads that the group is OK reads its drift, too.
    async with database.enclosing():
        async with database.transaction() as connection:
            adopted = diff if local.drift_mode is DriftMode.ADOPT else no_diff(local)
            await refresh_groups(connection, group.placement, [adopted])
            if diff.unreadable:
                await mark_unreadable(connection, group.placement, {local.id: diff.unreadable})
        await observe(database, group.placement, [(diff, observed)], None)
        # An observation that is equal to the last one was not written.
        async with database.connection() as connection:
            await observations.confirm(connection, local.id)
    return True


async def pull_tenant(
    database: Database,
    clouds: Clouds,
    uuid: UUID,
    *,
    requested: bool,
    guard: MassRemovalGuard = DEFAULT_GUARD,
    confirmed: bool = False,
) -> Mapping[str, int]:
    """Compare all of a tenant's groups with its cloud; return counts of what was done.

    More missing groups than `guard` allows are marked only if an operator `confirmed` it; else the
    result has `touched: 0` and how many are `missing`. On `CloudError` nothing was changed.
    """
    async with database.transaction() as connection:
        placement = await placement_of(connection, uuid)
        if placement is None:
            return {}
        if requested:
            await pulls.begin(connection, uuid)
    cloud = clouds.of(placement)
    async with database.connection() as connection:
        before = await take_snapshot(connection, placement.tenant_id)
    listed = await list_groups(database, cloud, placement)
    diff, before = await _compare_with_rows(database, cloud, placement, listed, before)
    if not confirmed and guard.stops(len(diff.missing), diff.expected):
        await _stop(database, placement, diff, requested=requested)
        return {"missing": len(diff.missing), "touched": 0}
    missing, present = await _get_each(cloud, placement, diff.missing)
    pull = _TenantPull(database, placement, diff, before, [*diff.observed, *present], missing)
    counts = await pull.write()
    await observe_ports(database, cloud, placement)
    await observe_address_groups(database, cloud, placement, listed)
    await observe_firewall_driver(database, cloud, placement)
    await _finish(database, placement, before.taken_at, counts, requested=requested)
    return counts


async def import_listed(
    database: Database, placement: Placement, listed: Sequence[CloudGroup], taken_at: datetime
) -> Mapping[str, int]:
    """Import the groups of a tenant that was never pulled; return counts of what was done.

    `listed` are all groups of its project, read after `taken_at`. Rows that exist are left to the
    next pull, so that no change since then is lost. Sends no request.
    """
    before = Snapshot(taken_at)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    diff = compare_tenant(rows, listed, before)
    counts = await _TenantPull(database, placement, diff, before, (), ()).write()
    await _finish(database, placement, taken_at, counts, requested=False)
    return counts


async def missing_groups(database: Database, clouds: Clouds, uuid: UUID) -> list[LocalGroup]:
    """Return the groups at rest that the cloud does not have; change nothing.

    Each is requested directly. Raises `CloudError`.
    """
    async with database.transaction() as connection:
        placement = await placement_of(connection, uuid)
        if placement is None:
            return []
        before = await take_snapshot(connection, placement.tenant_id)
    cloud = clouds.of(placement)
    listed = await list_groups(database, cloud, placement)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    not_listed = compare_tenant(rows, listed, before).missing
    missing, _ = await _get_each(cloud, placement, not_listed)
    return missing


async def _compare_with_rows(
    database: Database,
    cloud: NetworkCloud,
    placement: Placement,
    listed: Sequence[CloudGroup],
    before: Snapshot,
) -> tuple[TenantDiff, Snapshot]:
    """Compare the list with the rows; bind the rows that evidence matches, then compare again."""
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    view = SAME_CLOCK
    if any(row.creation_started and not row.backend_id for row in rows):
        view = await view_of(database, cloud, project_of(placement))
    diff = compare_tenant(rows, listed, before, view)
    if not diff.matched:
        return diff, before
    bound = set()
    for row, group in diff.matched:
        async with database.transaction() as connection:
            if await bindings.attach(connection, placement, row, group.id):
                bound.add(row.id)
    async with database.connection() as connection:
        rows = await local_groups(connection, placement.tenant_id)
    rebound = {row.id: row.change_marker for row in rows if row.id in bound}
    before = Snapshot(before.taken_at, {**before.markers, **rebound})
    return compare_tenant(rows, listed, before, view), before


async def _get_each(
    cloud: NetworkCloud, placement: Placement, groups: Sequence[LocalGroup]
) -> tuple[list[LocalGroup], list[ObservedGroup]]:
    """Request each group directly: a list may be cut short, a single response is not.

    Returns those that are missing and those that are present. A group that is in another project
    is missing from this tenant.
    """
    responses = await asyncio.gather(
        *(cloud.get_group(row.backend_id) for row in groups), return_exceptions=True
    )
    missing: list[LocalGroup] = []
    present: list[ObservedGroup] = []
    for row, response in zip(groups, responses, strict=True):
        if isinstance(response, GroupNotFound):
            missing.append(row)
        elif isinstance(response, BaseException):
            raise response
        elif not is_own(placement, response):
            missing.append(row)
        else:
            observed = mark_hidden_remotes_of(row, response)
            present.append((compare(row, observed), observed))
    return missing, present


@dataclass(frozen=True, slots=True)
class _TenantPull:
    """A compared tenant: what is to be written, in transactions of bounded size."""

    database: Database
    placement: Placement
    diff: TenantDiff
    before: Snapshot
    observed: Sequence[ObservedGroup]
    missing: Sequence[LocalGroup]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    async def write(self) -> Mapping[str, int]:
        """Import, refresh, revert and mark; return the counts."""
        imported = await self._import()
        await self._mark_contested()
        refreshed = await self._refresh()
        await self._record_drift()
        await self._mark_missing()
        await self._mark_unreadable(imported)
        if self.missing or any(local.is_duplicate_name for local in refreshed):
            async with self.database.transaction() as connection:
                await imports.promote_duplicates(connection, self.placement)
        return self.counts

    async def _import(self) -> Mapping[str, int]:
        """Return the ids of the new rows by backend id."""
        unknown, taken = self.diff.unknown, self.before.taken_at
        if not unknown:
            return {}
        new_groups = [_found(group) for group in unknown]
        async with self.database.transaction() as connection:
            ids = await imports.import_groups(connection, self.placement, new_groups, taken)
            new = [
                observation_of(
                    ids[group.id],
                    group,
                    lasting_drift_digest(group, stateful=None),
                    lasting_drift_grade(group, stateful=None),
                )
                for group in unknown
                if group.id in ids
            ]
            await observations.write(connection, new, taken)
        self.counts["imported"] = len(ids)
        return ids

    async def _mark_contested(self) -> None:
        news = [contested for contested in self.diff.contested if contested.is_change]
        if news:
            async with self.database.transaction() as connection:
                contested = await bindings.mark_contested(connection, self.placement, news)
            self.counts["contested"] = contested

    async def _refresh(self) -> Sequence[LocalGroup]:
        due = [diff for diff, _ in self.observed if needs_refresh(diff)]
        for start in range(0, len(due), GROUPS_PER_TRANSACTION):
            chunk = due[start : start + GROUPS_PER_TRANSACTION]
            async with self.database.transaction() as connection:
                refreshed = await refresh_groups(connection, self.placement, chunk)
            self.counts["refreshed"] += refreshed
        return [diff.local for diff in due]

    async def _record_drift(self) -> None:
        """Store the observations, then report drift or schedule pushes that revert it."""
        drifted = await observe(self.database, self.placement, self.observed, self.before.taken_at)
        self.counts["drifted"] = drifted
        if revert := to_revert(self.observed):
            async with self.database.transaction() as connection:
                reverted = await drift.revert(connection, self.placement, revert)
            self.counts["reverted"] = reverted
        readable = [
            diff.local
            for diff, _ in self.observed
            if not diff.unreadable and is_marked_unreadable(diff.local)
        ]
        if readable:
            async with self.database.transaction() as connection:
                await clear_unreadable(connection, self.placement, readable)

    async def _mark_missing(self) -> None:
        if not self.missing:
            return
        defaults = [local for local in self.missing if local.name == DEFAULT_NAME]
        others = [local for local in self.missing if local.name != DEFAULT_NAME]
        async with self.database.transaction() as connection:
            for message, groups in ((NOT_FOUND, others), (DEFAULT_NOT_FOUND, defaults)):
                if groups:
                    self.counts["missing"] += await mark_missing(
                        connection, self.placement, groups, message
                    )
            missing = [missing_observation(local) for local in self.missing]
            await observations.write(connection, missing, self.before.taken_at)

    async def _mark_unreadable(self, imported: Mapping[str, int]) -> None:
        new = [group for group in self.diff.unknown if group.unreadable and group.id in imported]
        at_rest = [diff for diff, _ in self.observed if not diff.local.is_outstanding]
        messages = {imported[group.id]: unreadable_message(group) for group in new} | {
            diff.local.id: diff.unreadable for diff in at_rest if diff.unreadable
        }
        if messages:
            async with self.database.transaction() as connection:
                await mark_unreadable(connection, self.placement, messages)
            self.counts["unreadable"] = len(messages)


async def _finish(
    database: Database,
    placement: Placement,
    taken_at: datetime,
    counts: Mapping[str, int],
    *,
    requested: bool,
) -> None:
    async with database.transaction() as connection:
        await pulls.record_pulled_at(connection, placement.tenant_id, taken_at)
        await pulls.succeed(connection, placement.tenant_id, requested=requested)
        # Unreadable rules are not news: their group has an event of its own.
        if requested or any(number for what, number in counts.items() if what != "unreadable"):
            message = f"Security groups of tenant {placement.tenant_name} have been pulled."
            await record(
                connection, tenant_event(placement, EventType.TENANT_PULLED, message, counts)
            )


async def _stop(
    database: Database, placement: Placement, diff: TenantDiff, *, requested: bool
) -> None:
    message = (
        f"{len(diff.missing)} of {diff.expected} security groups are missing "
        "in the cloud at once: nothing was changed."
    )
    async with database.transaction() as connection:
        is_news = await pulls.stop(connection, placement.tenant_id, message, requested=requested)
        if is_news:
            await record(
                connection, tenant_event(placement, EventType.TENANT_PULL_STOPPED, message)
            )


def _found(group: CloudGroup) -> ImportedGroup:
    rules = tuple(map(rule_from_cloud, group.rules))
    return ImportedGroup(group.id, group.name, group.description, rules)
