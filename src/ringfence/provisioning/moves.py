"""Tenants that a file makes another project in the cloud, or puts into another cloud.

Their groups are in the old project: that is a mistake, unless the operator says that it is meant.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ringfence.clouds.commands import Tenant
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.provisioning.desired import Desired
from ringfence.provisioning.identity import Target
from ringfence.provisioning.mistakes import Mistakes, quote
from ringfence.provisioning.walk import Kinds
from ringfence.security_groups.moves import MOVED, groups_of_tenants, leave_project
from ringfence.security_groups.provision import Group
from ringfence.security_groups.states import State


@dataclass(frozen=True, slots=True)
class Move:
    """A tenant before and after, and how many groups it has."""

    before: Tenant
    after: Tenant
    groups: int


async def find_moves(
    connection: Connection,
    kinds: Kinds,
    desired: Desired,
    meant: Collection[str],
    mistakes: Mistakes,
) -> list[Move]:
    """Return the moves that the operator means; one that is not meant is a mistake.

    `meant` are names and uuids of tenants. The groups of a tenant that moves are at rest, without
    backend ids, in what the files are held against from now on.
    """
    found = [
        (target.row, tenant, target)
        for tenant in desired.tenants
        if (target := kinds.tenants.target_of(tenant.uuid)) is not None
        and target.row is not None
        and _is_elsewhere(target.row, tenant)
    ]
    counts = await groups_of_tenants(connection, [tenant.uuid for _, tenant, _ in found])
    moves = [
        Move(row, tenant, counts[tenant.uuid])
        for row, tenant, target in found
        if tenant.uuid in counts and _is_meant(target, row, counts[tenant.uuid], meant, mistakes)
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


def _is_elsewhere(row: Tenant, tenant: Tenant) -> bool:
    before, after = (row.cloud, row.backend_id), (tenant.cloud, tenant.backend_id)
    # Without a backend id nothing was ever in the cloud.
    return bool(row.backend_id) and before != after


def _is_meant(
    target: Target[Tenant], row: Tenant, groups: int, meant: Collection[str], mistakes: Mistakes
) -> bool:
    if {target.name, row.name, row.uuid.hex, str(row.uuid)} & set(meant):
        return True
    is_said = target.stated.get("backend_id", row.backend_id) != row.backend_id
    place = target.place.key("backend_id" if is_said else "cloud")
    mistakes.add(
        place,
        f"the tenant has {groups} security groups in the project {quote(row.backend_id)}, which "
        f"would stay there; if that is meant, add --move-tenant {row.uuid.hex}",
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
