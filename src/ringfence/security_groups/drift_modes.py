"""The drift mode of a group: its own, or the default of its tenant."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from ringfence.access.permissions import Actor
from ringfence.clouds.drift_modes import DriftMode, default_mode
from ringfence.database.pool import Connection, Database
from ringfence.errors import Invalid
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.http.fields import Choice, FieldError, not_a_dictionary, required_message
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.preconditions import NONE, Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.text.json_value import Json

_SET_MODE: LiteralString = """
INSERT INTO security_group_drift_modes (security_group_id, drift_mode) VALUES (%(id)s, %(mode)s)
ON CONFLICT (security_group_id) DO UPDATE SET drift_mode = excluded.drift_mode
"""

_CLEAR_MODE: LiteralString = "DELETE FROM security_group_drift_modes WHERE security_group_id = %s"

_OWN_MODE: LiteralString = """
SELECT own.drift_mode FROM security_group_drift_modes AS own WHERE own.security_group_id = %s
"""


class Drift(StrEnum):
    """Whether the last observation of a group was equal to the desired state."""

    IN_SYNC = "in_sync"
    DRIFTING = "drifting"
    # The group is not in the cloud any more.
    MISSING = "missing"
    # The group was loaded as OK and never pushed: no cloud has it (`cloud_state.never_pushed`).
    NEVER_PUSHED = "never_pushed"
    # The group was never observed.
    UNKNOWN = "unknown"


async def set_mode(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Set the drift mode of the group; null resets it to the default of its tenant.

    Raises `Invalid`, `PreconditionFailed`.
    """
    mode = _clean_mode(body)
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group)
        before = await own_mode(connection, group.id)
        if before == mode:
            return
        if mode is None:
            await connection.execute(_CLEAR_MODE, [group.id])
        else:
            await connection.execute(_SET_MODE, {"id": group.id, "mode": mode})
        message = (
            f"The drift mode of security group {group.name} has been set to "
            f"{mode or 'the default of its tenant'}."
        )
        context = {"from": before, "to": mode}
        kind = EventType.DRIFT_MODE_SET
        await record(connection, group_event(group, group.uuid, kind, message, context, actor))


async def own_mode(connection: Connection, group_id: int) -> DriftMode | None:
    """Return the mode that is set for the group itself."""
    cursor = await connection.execute(_OWN_MODE, [group_id])
    row = await cursor.fetchone()
    return DriftMode(row[0]) if row else None


async def mode_of(connection: Connection, group: SecurityGroup) -> DriftMode:
    """Return the mode that applies to the group: its own, or its tenant's."""
    own = await own_mode(connection, group.id)
    return own or await default_mode(connection, group.tenant_id)


_MODE = Choice([str(mode) for mode in DriftMode])


def _clean_mode(body: Json) -> DriftMode | None:
    if not isinstance(body, Mapping):
        raise Invalid(not_a_dictionary(body))
    if "mode" not in body:
        raise Invalid({"mode": [required_message(_MODE)]})
    sent = body["mode"]
    if sent is None:
        return None
    try:
        return DriftMode(_MODE.clean(sent))
    except FieldError as error:
        raise Invalid({"mode": [str(error)]}) from None
