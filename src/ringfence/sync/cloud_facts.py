"""Observe what decides the meaning of rules besides groups and ports.

These are the members of address groups, and the firewall driver of the cloud.
"""

from collections.abc import Iterable

import structlog

from ringfence.clouds.commands import record_firewall_driver
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.neutron.port import (
    CloudAddressGroup,
    CloudGroup,
    FirewallDriver,
    GiveUp,
    NetworkCloud,
)
from ringfence.ports.address_groups import (
    ObservedAddressGroup,
    referred_address_groups,
    store_address_groups,
)

# More than rules of a tenant refer to; those beyond stay unknown.
MOST_ADDRESS_GROUPS = 1_000

logger = structlog.get_logger(__name__)


async def observe_address_groups(
    database: Database, cloud: NetworkCloud, placement: Placement, listed: Iterable[CloudGroup]
) -> None:
    """Read and store the address groups that rules refer to, desired or in the `listed` groups.

    What the credentials may not read is not known, and neither is what they read before. Raises
    `Retry`.
    """
    in_cloud = {
        rule.remote_address_group_id
        for group in listed
        for rule in group.rules
        if rule.remote_address_group_id is not None
    }
    async with database.connection() as connection:
        desired = await referred_address_groups(connection, placement.tenant_id)
    referred = sorted({*in_cloud, *desired})[:MOST_ADDRESS_GROUPS]
    found: list[CloudAddressGroup] = []
    try:
        if referred:
            found = await cloud.list_address_groups(referred)
    except GiveUp as refused:
        logger.warning(
            "address_groups_not_read", tenant=placement.tenant_uuid.hex, error=str(refused)
        )
    observed = [ObservedAddressGroup(one.id, one.name, one.addresses) for one in found]
    async with database.transaction() as connection:
        await store_address_groups(connection, placement.tenant_id, observed)


async def observe_firewall_driver(
    database: Database, cloud: NetworkCloud, placement: Placement
) -> None:
    """Store the firewall driver of the cloud; an unknown one leaves what was stored."""
    driver = await cloud.firewall_driver()
    if driver is None:
        return
    known = None if driver is FirewallDriver.SEVERAL else driver.value
    async with database.transaction() as connection:
        await record_firewall_driver(connection, placement.tenant_id, known)
