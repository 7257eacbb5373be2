"""Neutron's `stateful`: whether a group admits the replies to outgoing traffic without a rule.

It changes the meaning of every rule, so a change in the cloud is an event. It is never pushed to an
existing group: if the drift mode does not adopt it, it stays as drift.
"""

from collections.abc import Sequence

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.traffic_changes import Grade


async def adopt_stateful(
    connection: Connection, placement: Placement, changed: Sequence[tuple[LocalGroup, bool]]
) -> None:
    """Make the observed values desired, with an event for each changed group."""
    adopted = await observations.adopt_stateful(
        connection, {local.id: stateful for local, stateful in changed}
    )
    changes = [(local, stateful) for local, stateful in changed if local.id in adopted]
    await _record(connection, placement, EventType.GROUP_PULLED, changes)


async def report_stateful(
    connection: Connection, placement: Placement, changed: Sequence[tuple[LocalGroup, bool]]
) -> None:
    """Record that groups have another value in the cloud, and change neither side."""
    await _record(connection, placement, EventType.GROUP_DRIFTED, changed)


async def _record(
    connection: Connection,
    placement: Placement,
    kind: EventType,
    changed: Sequence[tuple[LocalGroup, bool]],
) -> None:
    events = [
        group_event(
            placement,
            local.uuid,
            kind,
            f"Security group {local.name} has become "
            f"{'stateful' if stateful else 'stateless'} in the cloud.",
            {
                "backend_id": local.backend_id,
                "from": {"stateful": local.stateful},
                "to": {"stateful": stateful},
                # A stateless group does not admit replies without a rule.
                "grade": Grade.OPENS if stateful else Grade.CLOSES,
            },
        )
        for local, stateful in changed
    ]
    await record_all(connection, events)
