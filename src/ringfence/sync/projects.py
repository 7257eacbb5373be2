"""Check that the OpenStack project of a tenant exists, before its lists are trusted.

The list of a project that does not exist is empty, like that of an empty project; and for an
administrator Neutron creates a `default` group for any id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ringfence.clouds import pulls
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import (
    CloudError,
    CloudGroup,
    GroupNotFound,
    NetworkCloud,
    ProjectNotFound,
    ProjectStatus,
    Retry,
)
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.sync.drivers import project_of

# The time limit of a call: a provisioning file may name many projects of a cloud that hangs.
LOOKUP_SECONDS = 10.0


async def require_project(cloud: NetworkCloud, placement: Placement) -> ProjectStatus:
    """Return the status of the tenant's project; raise `ProjectNotFound` if it does not exist."""
    project = project_of(placement)
    try:
        status = await cloud.project_status(project)
    except Retry:
        # The identity service does not respond; the network service may.
        status = ProjectStatus.UNKNOWN
    if status is ProjectStatus.MISSING:
        raise ProjectNotFound(no_such_project(placement))
    return status


def no_such_project(placement: Placement) -> str:
    """Return the error message of a tenant whose project does not exist."""
    return (
        f"The cloud has no project {project_of(placement)}: correct the backend_id of tenant "
        f"{placement.tenant_name}."
    )


async def refuse_tenant(database: Database, placement: Placement, message: str) -> bool:
    """Make a tenant ERRED that cannot be pulled; return whether that is new."""
    async with database.transaction() as connection:
        is_new = await pulls.refuse(connection, placement.tenant_id, message)
        if is_new:
            await record(connection, tenant_event(placement, EventType.TENANT_PULL_FAILED, message))
    return is_new


def require_visible(
    status: ProjectStatus, placement: Placement, listed: Sequence[CloudGroup]
) -> None:
    """Raise `ProjectNotFound` if the list has no `default` group and the status is unknown.

    Neutron creates a project's `default` group before it lists the groups of the project.
    """
    if status is not ProjectStatus.UNKNOWN or any(group.name == DEFAULT_NAME for group in listed):
        return
    raise ProjectNotFound(
        f"The cloud shows no security group of the project {project_of(placement)}, not even "
        f"{DEFAULT_NAME}, which each has: correct the backend_id of tenant "
        f"{placement.tenant_name}, or the credentials in clouds.yaml."
    )


async def list_groups(
    database: Database, cloud: NetworkCloud, placement: Placement
) -> Sequence[CloudGroup]:
    """Return the groups of the tenant's project; without a project the tenant becomes ERRED."""
    try:
        status = await require_project(cloud, placement)
        listed = await cloud.list_groups(project_of(placement))
        require_visible(status, placement, listed)
    except ProjectNotFound as error:
        await refuse_tenant(database, placement, str(error))
        raise
    return listed


def tenant_event(
    placement: Placement, kind: EventType, message: str, context: Mapping[str, int] | None = None
) -> Event:
    """Return an event of the service about a tenant."""
    return Event(
        kind,
        message,
        customer=placement.customer_uuid,
        project=placement.project_uuid,
        tenant=placement.tenant_uuid,
        context=context or {},
    )


@dataclass(slots=True)
class ProjectLookup:
    """Projects that are missing or unknown; a key is an entry of clouds.yaml and a project id."""

    missing: set[tuple[str, str]] = field(default_factory=set)
    unknown: set[tuple[str, str]] = field(default_factory=set)
    # Errors by entry: its projects could not be looked up
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some groups of a tenant, to be found in its project through an entry of clouds.yaml."""

    tenant: UUID
    entry: str
    project: str
    group_ids: tuple[str, ...]


async def find_samples(samples: Collection[Sample]) -> set[tuple[UUID, str]]:
    """Return the tenants and entries through which one of the groups was found."""
    found: set[tuple[UUID, str]] = set()

    async def look_up(entry: str, cloud: NetworkCloud) -> None:
        for sample in samples:
            if sample.entry != entry:
                continue
            try:
                if await _has_group(cloud, sample):
                    found.add((sample.tenant, entry))
            except CloudError:
                # Nothing is known of the cloud of this entry.
                return

    await _for_each_entry({sample.entry for sample in samples}, look_up)
    return found


async def _has_group(cloud: NetworkCloud, sample: Sample) -> bool:
    for group_id in sample.group_ids:
        try:
            group = await cloud.get_group(group_id)
        except GroupNotFound:
            continue
        return group.project_id == sample.project
    return False


async def look_up_projects(keys: Collection[tuple[str, str]]) -> ProjectLookup:
    """Look up projects in the clouds; after an error, the other projects of an entry are skipped.

    A key is an entry of clouds.yaml and the id of a project.
    """
    result = ProjectLookup()

    async def look_up(entry: str, cloud: NetworkCloud) -> None:
        for key in sorted(key for key in keys if key[0] == entry):
            try:
                status = await cloud.project_status(key[1])
            except CloudError as error:
                result.failed[entry] = str(error)
                return
            if status is ProjectStatus.MISSING:
                result.missing.add(key)
            elif status is ProjectStatus.UNKNOWN:
                result.unknown.add(key)

    await _for_each_entry({entry for entry, _ in keys}, look_up)
    return result


async def _for_each_entry(
    entries: Collection[str], work: Callable[[str, NetworkCloud], Awaitable[None]]
) -> None:
    """Do the work for all entries at once, each with its cloud."""
    clouds = OpenStackClouds(call_seconds=LOOKUP_SECONDS)
    try:
        await asyncio.gather(*(work(entry, clouds.cloud(entry)) for entry in sorted(entries)))
    finally:
        await clouds.close()
