"""Tenants whose project or cloud the files change.

Their groups would stay in the old project. That is an error unless the operator allows the move
with `--move-tenant`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringfence.clouds.commands import TenantRow, tenants_of_clouds
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.provisioning.cloud_entries import Backends, backends_of
from ringfence.provisioning.desired import Desired
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Target
from ringfence.provisioning.problems import Location, Problems, quote
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

    before: TenantRow
    after: TenantRow
    groups: int


@dataclass(frozen=True, slots=True)
class AllowedMoves:
    """Names and UUIDs of tenants that may move, and entries known to lead to the same project."""

    named: Collection[str]
    same_projects: Collection[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A tenant that would move; `entry` is its new entry of clouds.yaml if only that changes."""

    before: TenantRow
    after: TenantRow
    location: Location
    name: str
    entry: str | None = None


async def find_moves(
    connection: Connection,
    kinds: Kinds,
    desired: Desired,
    allowed: AllowedMoves,
    problems: Problems,
) -> list[Move]:
    """Return the allowed moves; note those that are not allowed.

    The existing rows of the groups of a tenant that moves lose their backend ids and get the state
    that they have after the move.
    """
    backends = await backends_of(connection, desired.clouds, [*kinds.tenants.rows.values()])
    found = [
        one
        for tenant in desired.tenants
        if (target := kinds.tenants.target_of(tenant.uuid)) is not None
        and (one := _candidate(kinds, target, tenant, backends)) is not None
    ]
    found += await _candidates_of_clouds(connection, kinds, desired, backends)
    found = [one for one in found if (one.before.uuid, one.entry) not in allowed.same_projects]
    counts = await groups_of_tenants(connection, [one.before.uuid for one in found])
    moves = [
        Move(one.before, one.after, counts[one.before.uuid].groups)
        for one in found
        if one.before.uuid in counts
        # Groups that were never in the cloud lose nothing if only the entry changes.
        and (one.entry is None or counts[one.before.uuid].bound)
        and _is_allowed(one, counts[one.before.uuid].groups, allowed, problems)
    ]
    for move in moves:
        _clear_backend_ids(kinds, move, problems)
    return moves


async def apply_moves(connection: Connection, moves: Sequence[Move]) -> None:
    """Detach the groups of the tenants from their old projects and record an event for each."""
    if not moves:
        return
    await leave_project(connection, [move.after.uuid for move in moves])
    await record_all(connection, [_event(move) for move in moves])


def _candidate(
    kinds: Kinds, target: Target[TenantRow], tenant: TenantRow, backends: Backends
) -> _Candidate | None:
    row = target.row
    # Without a backend id, the tenant has nothing in the cloud.
    if row is None or not row.backend_id:
        return None
    if (row.cloud, row.backend_id) != (tenant.cloud, tenant.backend_id):
        is_stated = target.stated.get("backend_id", row.backend_id) != row.backend_id
        location = target.location.key("backend_id" if is_stated else "cloud")
        return _Candidate(row, tenant, location, target.name)
    before, after = backends.of(row, tenant)
    if before == after:
        return None
    location = target.location.key("openstack_cloud")
    if row.openstack_cloud == tenant.openstack_cloud:
        location = _location_of_cloud(kinds, tenant.cloud) or location
    return _Candidate(row, tenant, location, target.name, after[1] or "")


async def _candidates_of_clouds(
    connection: Connection, kinds: Kinds, desired: Desired, backends: Backends
) -> list[_Candidate]:
    """Return the tenants that the files do not name, of clouds whose backend changes."""
    changed = {cloud.uuid: cloud.openstack_cloud or "" for cloud in desired.clouds}
    changed = {uuid: entry for uuid, entry in changed.items() if uuid in backends.changed()}
    if not changed:
        return []
    named = {tenant.uuid for tenant in desired.tenants}
    return [
        _Candidate(row, row, location, row.name, changed[row.cloud])
        for row in await tenants_of_clouds(connection, changed)
        if row.uuid not in named and (location := _location_of_cloud(kinds, row.cloud)) is not None
    ]


def _location_of_cloud(kinds: Kinds, cloud: UUID) -> Location | None:
    target = kinds.clouds.target_of(cloud)
    return target.location.key("openstack_cloud") if target else None


def _is_allowed(found: _Candidate, groups: int, allowed: AllowedMoves, problems: Problems) -> bool:
    row = found.before
    if {found.name, row.name, row.uuid.hex, str(row.uuid)} & set(allowed.named):
        return True
    subject, reason = "the tenant", ""
    if found.entry is not None:
        subject = f"the tenant {quote(row.name)}"
        reason = " (none was found there with the new entry)"
    problems.add(
        found.location,
        f"{subject} has {groups} security groups in the project {quote(row.backend_id)}, which "
        f"would stay there{reason}; to allow that, add --move-tenant {row.uuid.hex}",
    )
    return False


def _clear_backend_ids(kinds: Kinds, move: Move, problems: Problems) -> None:
    for uuid, row in list(kinds.groups.rows.items()):
        if row.parent != move.after.uuid:
            continue
        target = kinds.groups.target_of(uuid)
        stated = target.stated.get("backend_id") if target else None
        if target is not None and stated and stated == row.backend_id:
            message = f"{quote(stated)} is in the project that the tenant leaves: remove it"
            problems.add(target.location.key("backend_id"), message)
        kinds.groups.rows[uuid] = left = _after_move(row, is_bound=bool(stated))
        if target is not None:
            target.row = left


def _after_move(row: Group, *, is_bound: bool) -> Group:
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
