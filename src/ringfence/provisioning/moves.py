"""Tenants that a file makes another project in the cloud, or puts into another cloud.

Their groups are in the old project: that is a mistake, unless the operator says that it is meant.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringfence.clouds.commands import Tenant, tenants_of_clouds
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.provisioning.cloud_entries import Ways, ways_of
from ringfence.provisioning.desired import Desired
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Target
from ringfence.provisioning.problems import Mistakes, Place, quote
from ringfence.security_groups.bulk_load import Group
from ringfence.security_groups.cloud_state.tenant_moves import (
    MOVED,
    groups_of_tenants,
    leave_project,
)
from ringfence.security_groups.states import State


@dataclass(frozen=True, slots=True)
class Move:
    """A tenant before and after, and how many groups it has."""

    before: Tenant
    after: Tenant
    groups: int


@dataclass(frozen=True, slots=True)
class Meant:
    """Names and uuids of tenants that may move, and entries known to lead to the same project."""

    named: Collection[str]
    same_projects: Collection[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A tenant that goes elsewhere; `entry` is the entry of clouds.yaml where that alone does."""

    before: Tenant
    after: Tenant
    place: Place
    name: str
    entry: str | None = None


async def find_moves(
    connection: Connection, kinds: Kinds, desired: Desired, meant: Meant, mistakes: Mistakes
) -> list[Move]:
    """Return the moves that the operator means; one that is not meant is a mistake.

    The groups of a tenant that moves are at rest, without backend ids, in what the files are held
    against from now on.
    """
    ways = await ways_of(connection, desired.clouds, [*kinds.tenants.rows.values()])
    found = [
        one
        for tenant in desired.tenants
        if (target := kinds.tenants.target_of(tenant.uuid)) is not None
        and (one := _find(kinds, target, tenant, ways)) is not None
    ]
    found += await _of_clouds(connection, kinds, desired, ways)
    found = [one for one in found if (one.before.uuid, one.entry) not in meant.same_projects]
    counts = await groups_of_tenants(connection, [one.before.uuid for one in found])
    moves = [
        Move(one.before, one.after, counts[one.before.uuid].groups)
        for one in found
        if one.before.uuid in counts
        # Another way there loses nothing of groups that were never in the cloud.
        and (one.entry is None or counts[one.before.uuid].bound)
        and _is_meant(one, counts[one.before.uuid].groups, meant, mistakes)
    ]
    for move in moves:
        _forget_ids(kinds, move, mistakes)
    return moves


async def carry_out(connection: Connection, moves: Sequence[Move]) -> None:
    """Let the groups of the tenants leave their projects, and record it."""
    if not moves:
        return
    await leave_project(connection, [move.after.uuid for move in moves])
    await record_all(connection, [_event(move) for move in moves])


def _find(kinds: Kinds, target: Target[Tenant], tenant: Tenant, ways: Ways) -> _Found | None:
    row = target.row
    # Without a backend id nothing was ever in the cloud.
    if row is None or not row.backend_id:
        return None
    if (row.cloud, row.backend_id) != (tenant.cloud, tenant.backend_id):
        is_said = target.stated.get("backend_id", row.backend_id) != row.backend_id
        place = target.place.key("backend_id" if is_said else "cloud")
        return _Found(row, tenant, place, target.name)
    before, after = ways.of(row, tenant)
    if before == after:
        return None
    place = target.place.key("openstack_cloud")
    if row.openstack_cloud == tenant.openstack_cloud:
        place = _place_of_cloud(kinds, tenant.cloud) or place
    return _Found(row, tenant, place, target.name, after[1] or "")


async def _of_clouds(
    connection: Connection, kinds: Kinds, desired: Desired, ways: Ways
) -> list[_Found]:
    """Return the tenants that the files do not name, of clouds to which another way leads."""
    changed = {cloud.uuid: cloud.openstack_cloud or "" for cloud in desired.clouds}
    changed = {uuid: entry for uuid, entry in changed.items() if uuid in ways.changed()}
    if not changed:
        return []
    named = {tenant.uuid for tenant in desired.tenants}
    return [
        _Found(row, row, place, row.name, changed[row.cloud])
        for row in await tenants_of_clouds(connection, changed)
        if row.uuid not in named and (place := _place_of_cloud(kinds, row.cloud)) is not None
    ]


def _place_of_cloud(kinds: Kinds, cloud: UUID) -> Place | None:
    target = kinds.clouds.target_of(cloud)
    return target.place.key("openstack_cloud") if target else None


def _is_meant(found: _Found, groups: int, meant: Meant, mistakes: Mistakes) -> bool:
    row = found.before
    if {found.name, row.name, row.uuid.hex, str(row.uuid)} & set(meant.named):
        return True
    whose, why = "the tenant", ""
    if found.entry is not None:
        whose = f"the tenant {quote(row.name)}"
        why = " (none was found there with the new entry)"
    mistakes.add(
        found.place,
        f"{whose} has {groups} security groups in the project {quote(row.backend_id)}, which "
        f"would stay there{why}; if that is meant, add --move-tenant {row.uuid.hex}",
    )
    return False


def _forget_ids(kinds: Kinds, move: Move, mistakes: Mistakes) -> None:
    for uuid, row in list(kinds.groups.rows.items()):
        if row.parent != move.after.uuid:
            continue
        target = kinds.groups.target_of(uuid)
        said = target.stated.get("backend_id") if target else None
        if target is not None and said and said == row.backend_id:
            message = f"{quote(said)} is in the project that the tenant leaves: leave it out"
            mistakes.add(target.place.key("backend_id"), message)
        kinds.groups.rows[uuid] = left = _left(row, is_bound=bool(said))
        if target is not None:
            target.row = left


def _left(row: Group, *, is_bound: bool) -> Group:
    state, message = (State.OK, "") if is_bound else (State.ERRED, MOVED)
    return replace(row, backend_id="", state=state, error_message=message, applied_version=0)


def _event(move: Move) -> Event:
    before, after = move.before, move.after
    return Event(
        EventType.TENANT_MOVED,
        f"Tenant {after.name} became another project in the cloud; its groups stay in the old one.",
        project=after.parent,
        tenant=after.uuid,
        context={
            "from": {"cloud": before.cloud.hex, "backend_id": before.backend_id},
            "to": {"cloud": after.cloud.hex, "backend_id": after.backend_id},
            "groups": move.groups,
        },
    )
