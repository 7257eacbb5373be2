"""Ports: observe those of a tenant, and detach a group before it is deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import structlog

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import EventType
from ringfence.neutron.port import (
    AddressPair,
    CloudError,
    CloudPort,
    FixedIp,
    GiveUp,
    GroupInUse,
    GroupNotFound,
    NetworkCloud,
    Outdated,
    PortNotFound,
    Retry,
)
from ringfence.ports import observations
from ringfence.ports.observations import ObservedPort
from ringfence.security_groups import usage
from ringfence.security_groups.cloud_state.lifecycle import Group
from ringfence.security_groups.group_events import group_event
from ringfence.sync.drivers import project_of

# How often to list the ports of a group: each list is shorter unless somebody attaches it again.
DETACH_ATTEMPTS = 5

logger = structlog.get_logger(__name__)


async def observe_ports(database: Database, cloud: NetworkCloud, placement: Placement) -> None:
    """Read the ports and floating IPs of a tenant from the cloud, and store them.

    Without the permission to read them nothing changes: the use of its groups is then unknown.
    Raises `Retry`.
    """
    async with database.connection() as connection:
        taken = await observations.observation_time(connection)
    project = project_of(placement)
    try:
        listed = await cloud.list_ports(project)
        floating = await cloud.list_floating_ips(project)
    except GiveUp as refused:
        logger.warning("ports_not_read", tenant=placement.tenant_uuid.hex, error=str(refused))
        return
    floating_by_port: dict[str, list[str]] = {}
    for address, port_id in floating.items():
        floating_by_port.setdefault(port_id, []).append(address)
    await store_listed_ports(database, placement, listed, floating_by_port, taken)


async def store_listed_ports(
    database: Database,
    placement: Placement,
    listed: Sequence[CloudPort],
    floating_ips: Mapping[str, Sequence[str]],
    taken_at: datetime,
) -> None:
    """Store all ports of a tenant, with the floating IPs by port, read after `taken_at`."""
    observed = [_found_port(port, floating_ips.get(port.id, ())) for port in listed]
    async with database.transaction() as connection:
        await observations.store_ports(connection, placement.tenant_id, observed, taken_at)


async def detach(database: Database, cloud: NetworkCloud, group: Group, backend_id: str) -> None:
    """Detach a group from every port of its tenant; each port keeps its other groups.

    A port changes only at the revision that was read, so a concurrent change is not lost. A port
    whose only group it was has none then, and admits nobody.
    """
    project = project_of(group.placement)
    for _ in range(DETACH_ATTEMPTS):
        listed = await cloud.list_ports(project)
        carrying = [port for port in listed if backend_id in (port.security_group_ids or ())]
        if not carrying:
            return
        for port in carrying:
            await _detach_port(database, cloud, group, backend_id, port)
    raise Retry("Ports of the security group keep changing in the cloud.")


async def group_in_use(database: Database, cloud: NetworkCloud, group: Group) -> GroupInUse:
    """Return the error for a group that the cloud refuses to delete; it names what uses it."""
    try:
        await observe_ports(database, cloud, group.placement)
    except CloudError as error:
        logger.warning("ports_not_read", security_group=group.uuid.hex, error=str(error))
    async with database.connection() as connection:
        used = await usage.usage_of(connection, group.id)
    return GroupInUse(usage.in_use_message(group.name, used))


async def _detach_port(
    database: Database, cloud: NetworkCloud, group: Group, backend_id: str, port: CloudPort
) -> None:
    left = [other for other in port.security_group_ids or () if other != backend_id]
    try:
        await cloud.set_port_groups(port.id, left, revision=port.revision_number)
    except (Outdated, PortNotFound, GroupNotFound):
        # It changed since it was read, or one of its groups was deleted: the next list shows it.
        return
    message = f"Security group {group.name} has been detached from port {port.name or port.id}."
    context = {"backend_id": backend_id, "port": port.id, "name": port.name, "left": left}
    async with database.transaction() as connection:
        await record(
            connection,
            group_event(group.placement, group.uuid, EventType.GROUP_DETACHED, message, context),
        )


def _found_port(port: CloudPort, floating: Sequence[str]) -> ObservedPort:
    return ObservedPort(
        backend_id=port.id,
        name=port.name,
        device_id=port.device_id,
        device_owner=port.device_owner,
        addresses=tuple(fixed.ip_address for fixed in port.fixed_ips or ()),
        floating_addresses=tuple(sorted(floating)),
        security_group_ids=port.security_group_ids,
        description=port.description,
        network_id=port.network_id,
        mac_address=port.mac_address,
        status=port.status,
        dns_name=port.dns_name,
        vnic_type=port.vnic_type,
        port_security_enabled=port.port_security_enabled,
        admin_state_up=port.admin_state_up,
        allowed_address_pairs=_objects(port.allowed_address_pairs),
        fixed_ips=_objects(port.fixed_ips),
        revision_number=port.revision_number,
    )


def _objects(values: Sequence[AddressPair | FixedIp] | None) -> list[dict[str, str]] | None:
    return None if values is None else [asdict(value) for value in values]
