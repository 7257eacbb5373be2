"""Ports: who carries a tenant's groups, and taking a group off its ports before it goes."""

from collections.abc import Sequence

import structlog

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.neutron.port import (
    CloudError,
    CloudPort,
    GiveUp,
    GroupInUse,
    GroupNotFound,
    NetworkCloud,
    Outdated,
    PortNotFound,
    Retry,
)
from ringfence.security_groups import usage
from ringfence.security_groups.cloud_state import ports
from ringfence.security_groups.cloud_state.lifecycle import Group
from ringfence.security_groups.cloud_state.ports import FoundPort
from ringfence.security_groups.events import group_event
from ringfence.sync.drivers import project_of

# How often to look for ports that carry a group; each look finds fewer, unless somebody adds some.
LOOKS = 5

logger = structlog.get_logger(__name__)


async def observe_ports(database: Database, cloud: NetworkCloud, placement: Placement) -> None:
    """Read the ports and floating addresses of a tenant, and keep what was seen.

    Credentials that may not read them change nothing: then who uses a group is not known here.
    Raises `Retry`.
    """
    async with database.connection() as connection:
        taken = await ports.begin_reading(connection)
    project = project_of(placement)
    try:
        listed = await cloud.list_ports(project)
        floating = await cloud.list_floating_addresses(project)
    except GiveUp as refused:
        logger.warning("ports_not_read", tenant=placement.tenant_uuid.hex, error=str(refused))
        return
    leading_to: dict[str, list[str]] = {}
    for address, port_id in floating.items():
        leading_to.setdefault(port_id, []).append(address)
    found = [_found(port, leading_to.get(port.id, ())) for port in listed]
    async with database.transaction() as connection:
        await ports.take_reading(connection, placement.tenant_id, found, taken)


async def detach(database: Database, cloud: NetworkCloud, group: Group, backend_id: str) -> None:
    """Take a group off every port of its tenant that carries it; each keeps its other groups.

    A port changes only at the revision that was read, so what somebody else puts on it at the
    same time stays. Where it was the only group, the port has none then, which admits nobody.
    """
    project = project_of(group.placement)
    for _ in range(LOOKS):
        listed = await cloud.list_ports(project)
        carrying = [port for port in listed if backend_id in port.security_group_ids]
        if not carrying:
            return
        for port in carrying:
            await _take_off(database, cloud, group, backend_id, port)
    raise Retry("Ports that carry the security group change in the cloud all the time.")


async def in_use(database: Database, cloud: NetworkCloud, group: Group) -> GroupInUse:
    """Look who uses a group that the cloud would not delete, and give the error that says it."""
    try:
        await observe_ports(database, cloud, group.placement)
    except CloudError as error:
        logger.warning("ports_not_read", security_group=group.uuid.hex, error=str(error))
    async with database.connection() as connection:
        used = await usage.usage_of(connection, group.id)
    return GroupInUse(usage.in_use_message(group.name, used))


async def _take_off(
    database: Database, cloud: NetworkCloud, group: Group, backend_id: str, port: CloudPort
) -> None:
    left = [other for other in port.security_group_ids if other != backend_id]
    try:
        await cloud.set_port_groups(port.id, left, revision=port.revision_number)
    except (Outdated, PortNotFound, GroupNotFound):
        # It changed since it was read, or one of its groups went: the next look shows how it is.
        return
    said = f"Security group {group.name} has been taken off port {port.name or port.id}."
    context = {"backend_id": backend_id, "port": port.id, "name": port.name, "left": left}
    async with database.transaction() as connection:
        await record(
            connection,
            group_event(group.placement, group.uuid, EventType.GROUP_DETACHED, said, context),
        )


def _found(port: CloudPort, floating: Sequence[str]) -> FoundPort:
    return FoundPort(
        backend_id=port.id,
        name=port.name,
        device_id=port.device_id,
        device_owner=port.device_owner,
        addresses=port.fixed_ips,
        floating_addresses=tuple(sorted(floating)),
        group_ids=port.security_group_ids,
    )
