"""Set the groups of one port in the cloud.

`jobs` passes the UUID of a port. Its desired groups come from PostgreSQL, those that it has from
the cloud. What somebody else changed in the meantime stays (`ports/group_changes.py`).
`ports/lifecycle.py` records the outcome.

No transaction is open during a call. The port changes only at the revision that was read, so a
concurrent change is never overwritten; the port is then read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from ringfence.database.pool import Database
from ringfence.neutron.port import (
    CloudPort,
    GroupNotFound,
    NetworkCloud,
    Outdated,
    PortNotFound,
    Retry,
)
from ringfence.ports import lifecycle
from ringfence.ports.group_changes import merged
from ringfence.ports.lifecycle import PortUpdate
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.failures import PortUpdateFailed

# How often the port is read: each time it is at another revision only if somebody else changed it.
ATTEMPTS = 6

PORT_NOT_FOUND = (
    "The port was not found in the cloud, and nothing was changed. The next pull of the tenant "
    "removes it here."
)

GROUPS_NOT_SHOWN = (
    "The cloud does not show the groups of the port, so nothing was changed. An operator must "
    "correct the credentials or the policy of the cloud; then set its groups again."
)

logger = structlog.get_logger(__name__)


async def push_port(database: Database, clouds: Clouds, uuid: UUID) -> bool:
    """Set the desired groups of the port; return whether there was any work.

    Raises `CloudError`; the port then keeps its state for the next attempt.
    """
    async with database.transaction() as connection:
        update = await lifecycle.claim(connection, uuid)
    if update is None:
        return False
    reached = await _converge(clouds.of(update.placement), update)
    context = {"security_groups": reached.groups, "changed_by_others": reached.others}
    async with database.transaction() as connection:
        is_applied = await lifecycle.record_applied(
            connection, update, reached.groups, reached.revision, context
        )
    if not is_applied:
        logger.info("push_outdated", port=uuid.hex)
    return True


@dataclass(frozen=True, slots=True)
class Reached:
    """The groups of a port after a change, and those that somebody else added or removed."""

    groups: Sequence[str]
    others: Sequence[str]
    revision: int


async def _converge(cloud: NetworkCloud, update: PortUpdate) -> Reached:
    """Change the port until it has the groups; no call if it has them."""
    for _ in range(ATTEMPTS):
        port = await _read(cloud, update)
        groups = port.security_group_ids
        if groups is None:
            raise PortUpdateFailed(GROUPS_NOT_SHOWN)
        desired = merged(groups, update.base, update.desired)
        if set(desired) == set(groups):
            others = sorted(set(groups) ^ set(update.desired))
            return Reached(list(groups), others, port.revision_number)
        try:
            await cloud.set_port_groups(port.id, desired, revision=port.revision_number)
        except Outdated:
            continue
        except PortNotFound:
            raise PortUpdateFailed(PORT_NOT_FOUND) from None
        except GroupNotFound as error:
            await _require_groups(cloud, update, error)
    raise Retry("Somebody else keeps changing the port in the cloud.")


async def _read(cloud: NetworkCloud, update: PortUpdate) -> CloudPort:
    try:
        port = await cloud.get_port(update.backend_id)
    except PortNotFound:
        raise PortUpdateFailed(PORT_NOT_FOUND) from None
    placement = update.placement
    if port.project_id != project_of(placement):
        raise PortUpdateFailed(
            f"The port belongs to the project {port.project_id} in the cloud, and tenant "
            f"{placement.tenant_name} is the project {project_of(placement)}: it was not changed. "
            "Correct the tenant's backend_id."
        )
    return port


async def _require_groups(cloud: NetworkCloud, update: PortUpdate, error: GroupNotFound) -> None:
    """Raise `PortUpdateFailed` if a group that is to be added does not exist in the cloud.

    Any other was removed from the port when it was deleted: the port can be read again.
    """
    for group in update.desired:
        if group in update.base:
            continue
        try:
            await cloud.get_group(group)
        except GroupNotFound:
            raise PortUpdateFailed(
                f"{error} Nothing was changed. Pull the tenant, then set groups that exist."
            ) from None
