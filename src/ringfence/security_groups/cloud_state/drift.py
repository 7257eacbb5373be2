"""Reverts drift, or only records it, as the drift mode of each group says."""

from collections.abc import Sequence
from typing import LiteralString

from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.refresh import GroupDiff, lock_unchanged
from ringfence.security_groups.events import group_event
from ringfence.security_groups.read_model import documents

_REVERT: LiteralString = """
UPDATE security_groups SET state = 'UPDATE_SCHEDULED', modified = now()
WHERE id = ANY(%s) AND state IN ('OK', 'ERRED')
"""


async def revert(
    connection: Connection, placement: Placement, refreshes: Sequence[GroupDiff]
) -> int:
    """Schedule pushes of what is desired of groups at rest; return of how many."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, [refresh.local for refresh in refreshes])
    taken = [refresh for refresh in refreshes if refresh.local.id in still]
    if not taken:
        return 0
    ids = [refresh.local.id for refresh in taken]
    await connection.execute(_REVERT, [ids])
    said = "Security group {} differs in the cloud; what was asked for is put back."
    kind = EventType.GROUP_DRIFT_ENFORCED
    await record_all(connection, [_event(placement, kind, refresh, said) for refresh in taken])
    for refresh in taken:
        await defer_for_group(connection, Job.PUSH_GROUP, refresh.local.uuid)
    await documents.refresh(connection, documents.GROUPS, ids)
    return len(taken)


async def report_drift(
    connection: Connection, placement: Placement, refreshes: Sequence[GroupDiff]
) -> None:
    """Record that groups differ in the cloud and stay so."""
    said = "Security group {} differs in the cloud from what was asked for."
    kind = EventType.GROUP_DRIFTED
    await record_all(connection, [_event(placement, kind, refresh, said) for refresh in refreshes])


def _event(placement: Placement, kind: EventType, refresh: GroupDiff, said: str) -> Event:
    local = refresh.local
    return group_event(
        placement,
        local.uuid,
        kind,
        said.format(local.name),
        {
            "backend_id": local.backend_id,
            "rules_missing_at_cloud": len(refresh.drop),
            "rules_unexpected_at_cloud": len(refresh.add),
            "rules_lost_with_their_remote_group": refresh.lost,
            "is_renamed": (refresh.name, refresh.description) != (local.name, local.description),
        },
    )
