"""Prove that groups can be changed: create a group with one rule in a project, and remove it.

Once the creation has begun, it is finished and undone even if the program is interrupted. Before
it, the group's name is printed, so that a killed program leaves nothing unknown behind.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, LiteralString
from uuid import uuid4

from ringfence.clouds.placement import Placement, placement_of
from ringfence.database.pool import Database
from ringfence.monitoring.checks.check import PREFIX, Check, failed, passed
from ringfence.neutron.port import (
    AccessRefused,
    CloudError,
    CloudRule,
    GiveUp,
    GroupNotFound,
    NetworkCloud,
    QuotaExceeded,
)
from ringfence.sync.drivers import Clouds, project_of
from ringfence.text.escaping import terminal

if TYPE_CHECKING:
    from ringfence.cli.doctor.clouds import TenantRow

DESCRIPTION = "Created by ringfence doctor --write-test. Delete it if it is still there."
# An address for documentation (RFC 5737) and the port that discards everything
RULE = CloudRule("IPv4", "ingress", "tcp", 9, 9, "192.0.2.1/32")

_IMPORTED: LiteralString = """
SELECT sg.uuid FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE tenant.uuid = %(tenant)s AND sg.name = %(name)s
"""


def choose(tenants: Sequence["TenantRow"], *, is_named: bool) -> list["TenantRow"]:
    """Return the tenants to test: the named one, or the first of each entry of clouds.yaml."""
    usable = [tenant for tenant in tenants if tenant.entry and tenant.project_id]
    if is_named:
        return [tenant for tenant in tenants if tenant in usable or not tenant.is_openstack]
    return list({tenant.entry: tenant for tenant in reversed(usable)}.values())[::-1]


def question(tenant: "TenantRow") -> str:
    """Return what is about to be done, for the operator to confirm."""
    return (
        f"create and remove a security group in the project {tenant.project_id or 'of a sandbox'} "
        f"of tenant {tenant.name}"
    )


async def run(database: Database, tenants: Sequence["TenantRow"]) -> list[Check]:
    """Test the tenants one after the other."""
    clouds = Clouds(database)
    try:
        return [await _test(database, clouds, tenant) for tenant in tenants]
    finally:
        await clouds.close()


async def _test(database: Database, clouds: Clouds, tenant: "TenantRow") -> Check:
    check_name, name = f"write test, tenant {tenant.name}", f"{PREFIX}{uuid4().hex[:12]}"
    tested = f"creation, one rule and removal of {name}"
    async with database.connection() as connection:
        placement = await placement_of(connection, tenant.uuid)
    if placement is None:
        return failed(check_name, "the tenant was deleted", tested, "run this again")
    sys.stderr.write(f"{terminal(check_name)}: security group {name}\n")
    try:
        cloud = clouds.of(placement)
        problem, left = await _uninterrupted(cloud, project_of(placement), name)
    except CloudError as error:
        problem, left = error, ""
    if left:
        fix = f"remove it: openstack security group delete {left}"
        return failed(check_name, f"the group {left} is left: {problem}", tested, fix)
    if problem is not None:
        return failed(check_name, str(problem), tested, _fix(problem, tenant))
    if imported := await _imported(database, placement, name):
        found = f"a pull imported the group in the meantime, as {imported}"
        return failed(check_name, found, tested, "delete it here; the cloud does not have it")
    return passed(check_name, "a group with a rule was created and removed", tested)


async def _uninterrupted(
    cloud: NetworkCloud, project: str, name: str
) -> tuple[CloudError | None, str]:
    """Create and remove the group even if SIGINT or SIGTERM arrives in the meantime."""
    work = asyncio.create_task(create_and_remove(cloud, project, name))
    waiting = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if waiting is not None:
        loop.add_signal_handler(signal.SIGTERM, waiting.cancel)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        problem, left = await work
        if left:
            sys.stderr.write(f"left in the cloud: {terminal(left)}: {terminal(str(problem))}\n")
        raise KeyboardInterrupt from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def create_and_remove(
    cloud: NetworkCloud, project: str, name: str
) -> tuple[CloudError | None, str]:
    """Return the first error, if any, and the id (or the name) of what is left in the cloud."""
    problem: CloudError | None = None
    created = ""
    try:
        created = (await cloud.create_group(project, name, DESCRIPTION)).id
        await cloud.create_rules(project, created, [RULE])
    except CloudError as error:
        problem = error
    try:
        # Without a response to the creation, the group may still be there.
        for group_id in [created] if created else await _found(cloud, project, name):
            created = group_id
            with suppress(GroupNotFound):
                await cloud.delete_group(group_id)
    except CloudError as error:
        return problem or error, created or (name if _may_exist(problem) else "")
    return problem, ""


async def _found(cloud: NetworkCloud, project: str, name: str) -> list[str]:
    return [group.id for group in await cloud.list_groups(project, name=name)]


def _may_exist(problem: CloudError | None) -> bool:
    """Return whether a creation that ended so may have created the group."""
    return not isinstance(problem, (AccessRefused, QuotaExceeded))


def _fix(problem: CloudError, tenant: "TenantRow") -> str:
    if isinstance(problem, QuotaExceeded):
        return "raise the quota of security groups and rules of the project"
    if isinstance(problem, GiveUp):
        return (
            f"correct the rights of the entry {tenant.entry} as the check of its credentials, or "
            "of the tenant, says"
        )
    return "wait for the cloud, and run this again"


async def _imported(database: Database, placement: Placement, name: str) -> str:
    """Return the UUID of the group if a pull imported it."""
    async with database.connection() as connection:
        values = {"tenant": placement.tenant_uuid, "name": name}
        row = await (await connection.execute(_IMPORTED, values)).fetchone()
    return row[0].hex if row else ""
