"""What is done about groups that differ in the cloud: told, put back, or left to a mode.

A group that changed here since it was looked at is left alone, as in `adoptions`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import LiteralString

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode, default_mode
from ringfence.clouds.placement import Placement
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection, Database
from ringfence.errors import Invalid
from ringfence.events.commands import record, record_all
from ringfence.events.types import Event, EventType
from ringfence.http.fields import not_a_dictionary, printable
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state.imports import GroupDiff, lock_unchanged
from ringfence.security_groups.preconditions import NONE, Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.transaction_steps import event_of
from ringfence.text.json_value import Json

_PUT_BACK: LiteralString = """
UPDATE security_groups SET state = 'UPDATE_SCHEDULED', modified = now()
WHERE id = ANY(%s) AND state IN ('OK', 'ERRED')
"""

_SET_MODE: LiteralString = """
INSERT INTO security_group_drift_modes (security_group_id, drift_mode) VALUES (%(id)s, %(mode)s)
ON CONFLICT (security_group_id) DO UPDATE SET drift_mode = excluded.drift_mode
"""

_CLEAR_MODE: LiteralString = "DELETE FROM security_group_drift_modes WHERE security_group_id = %s"

_OWN_MODE: LiteralString = """
SELECT own.drift_mode FROM security_group_drift_modes AS own WHERE own.security_group_id = %s
"""


class Drift(StrEnum):
    """Whether a group was in its cloud what was asked for, when the two were last compared."""

    IN_SYNC = "in_sync"
    DRIFTING = "drifting"
    # The cloud does not have the group any more.
    MISSING = "missing"
    # The cloud was never seen.
    UNKNOWN = "unknown"


async def put_back(
    connection: Connection, placement: Placement, refreshes: Sequence[GroupDiff]
) -> int:
    """Schedule pushes of what is desired of groups at rest; return of how many."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, [refresh.local for refresh in refreshes])
    taken = [refresh for refresh in refreshes if refresh.local.id in still]
    if not taken:
        return 0
    ids = [refresh.local.id for refresh in taken]
    await connection.execute(_PUT_BACK, [ids])
    said = "Security group {} differs in the cloud; what was asked for is put back."
    kind = EventType.GROUP_DRIFT_ENFORCED
    await record_all(connection, [_event(placement, kind, refresh, said) for refresh in taken])
    for refresh in taken:
        await defer_for_group(connection, Job.PUSH_GROUP, refresh.local.uuid)
    await documents.refresh(connection, documents.GROUPS, ids)
    return len(taken)


async def tell(
    connection: Connection, placement: Placement, refreshes: Sequence[GroupDiff]
) -> None:
    """Record that groups differ in the cloud and stay so."""
    said = "Security group {} differs in the cloud from what was asked for."
    kind = EventType.GROUP_DRIFTED
    await record_all(connection, [_event(placement, kind, refresh, said) for refresh in refreshes])


async def set_mode(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Set what is done where the group differs in the cloud; null: as its tenant's default says.

    Raises `Invalid`, `PreconditionFailed`.
    """
    mode = _clean_mode(body)
    async with database.transaction() as connection:
        group = await queries.lock_in_tenant(connection, group)
        preconditions.require_version(group)
        before = await own_mode(connection, group.id)
        if before == mode:
            return
        if mode is None:
            await connection.execute(_CLEAR_MODE, [group.id])
        else:
            await connection.execute(_SET_MODE, {"id": group.id, "mode": mode})
        words = mode or "its tenant's default"
        said = f"Differences of security group {group.name} from the cloud: {words} from now on."
        change = {"from": before, "to": mode}
        await record(connection, event_of(EventType.DRIFT_MODE_SET, said, actor, group, change))


async def own_mode(connection: Connection, group_id: int) -> DriftMode | None:
    """Give the mode that was set for the group itself."""
    cursor = await connection.execute(_OWN_MODE, [group_id])
    row = await cursor.fetchone()
    return DriftMode(row[0]) if row else None


async def mode_of(connection: Connection, group: SecurityGroup) -> DriftMode:
    """Give the mode that holds for the group: its own, or its tenant's."""
    own = await own_mode(connection, group.id)
    return own or await default_mode(connection, group.tenant_id)


def _clean_mode(body: Json) -> DriftMode | None:
    if not isinstance(body, Mapping):
        raise Invalid(not_a_dictionary(body))
    if "mode" not in body:
        raise Invalid({"mode": ["This field is required."]})
    sent = body["mode"]
    if sent is None:
        return None
    if not isinstance(sent, str) or sent not in list(DriftMode):
        raise Invalid({"mode": [f'"{printable(sent)}" is not a valid choice.']})
    return DriftMode(sent)


def _event(placement: Placement, kind: EventType, refresh: GroupDiff, said: str) -> Event:
    local = refresh.local
    return Event(
        kind,
        said.format(local.name),
        customer=placement.customer_uuid,
        project=placement.project_uuid,
        tenant=placement.tenant_uuid,
        security_group=local.uuid,
        context={
            "backend_id": local.backend_id,
            "rules_missing_at_cloud": len(refresh.drop),
            "rules_unexpected_at_cloud": len(refresh.add),
            "rules_lost_with_their_remote_group": refresh.lost,
            "is_renamed": (refresh.name, refresh.description) != (local.name, local.description),
        },
    )
