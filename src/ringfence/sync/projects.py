"""Whether the project that a tenant stands for is one: asked before anything is believed of it.

An empty list of a project that does not exist looks like that of an empty one, and for an
administrator Neutron makes a `default` group for any id.
"""

import asyncio
from collections.abc import Collection, Sequence
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

# A file may name many projects; a cloud that does not answer holds up a load for so long.
LOOK_UP_SECONDS = 10.0


async def require_project(cloud: NetworkCloud, placement: Placement) -> ProjectStatus:
    """Return what is known of the tenant's project; raise `ProjectNotFound` where it is none."""
    project = project_of(placement)
    try:
        status = await cloud.project_status(project)
    except Retry:
        # The identity service does not answer; the network service may.
        status = ProjectStatus.UNKNOWN
    if status is ProjectStatus.MISSING:
        raise ProjectNotFound(
            f"The cloud has no project {project}: correct the backend_id of tenant "
            f"{placement.tenant_name}."
        )
    return status


def require_visible(
    status: ProjectStatus, placement: Placement, listed: Sequence[CloudGroup]
) -> None:
    """Raise `ProjectNotFound` for an empty list of a project of which nothing else is known.

    Neutron makes a project's `default` group before it lists the groups of the project.
    """
    if status is not ProjectStatus.UNKNOWN or any(one.name == DEFAULT_NAME for one in listed):
        return
    raise ProjectNotFound(
        f"The cloud shows no security group of the project {project_of(placement)}, not even "
        f"{DEFAULT_NAME}, which each has: correct the backend_id of tenant "
        f"{placement.tenant_name}, or the credentials in clouds.yaml."
    )


async def list_groups(
    database: Database, cloud: NetworkCloud, placement: Placement
) -> Sequence[CloudGroup]:
    """Return the groups of the tenant's project; a tenant whose project is none becomes ERRED."""
    try:
        status = await require_project(cloud, placement)
        listed = await cloud.list_groups(project_of(placement))
        require_visible(status, placement, listed)
    except ProjectNotFound as refused:
        async with database.transaction() as connection:
            said = str(refused)
            if await pulls.refuse(connection, placement.tenant_id, said):
                await record(connection, _failed(placement, said))
        raise
    return listed


def _failed(placement: Placement, message: str) -> Event:
    return Event(
        EventType.TENANT_PULL_FAILED,
        message,
        customer=placement.customer_uuid,
        project=placement.project_uuid,
        tenant=placement.tenant_uuid,
    )


@dataclass(slots=True)
class LookUp:
    """What came of asking for projects, each given by its entry of clouds.yaml and its id."""

    missing: set[tuple[str, str]] = field(default_factory=set)
    unknown: set[tuple[str, str]] = field(default_factory=set)
    # Why the projects of an entry could not be asked for
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some groups of a tenant, to be looked for in its project through an entry."""

    tenant: UUID
    entry: str
    project: str
    group_ids: tuple[str, ...]


async def find_samples(samples: Collection[Sample]) -> set[tuple[UUID, str]]:
    """Return the tenants and entries through which one of the groups was found."""
    clouds = OpenStackClouds(call_seconds=LOOK_UP_SECONDS)
    found: set[tuple[UUID, str]] = set()

    async def ask(entry: str) -> None:
        for sample in (one for one in samples if one.entry == entry):
            try:
                if await _is_found(clouds.cloud(entry), sample):
                    found.add((sample.tenant, entry))
            except CloudError:
                # Nothing is known of what lies behind the entry.
                return

    try:
        await asyncio.gather(*map(ask, sorted({sample.entry for sample in samples})))
    finally:
        await clouds.close()
    return found


async def _is_found(cloud: NetworkCloud, sample: Sample) -> bool:
    for group_id in sample.group_ids:
        try:
            group = await cloud.get_group(group_id)
        except GroupNotFound:
            continue
        return group.project_id == sample.project
    return False


async def look_up(wanted: Collection[tuple[str, str]]) -> LookUp:
    """Ask the clouds for projects; a cloud that fails is left alone from then on."""
    clouds = OpenStackClouds(call_seconds=LOOK_UP_SECONDS)
    result = LookUp()

    async def ask(entry: str) -> None:
        for key in sorted(one for one in wanted if one[0] == entry):
            try:
                status = await clouds.cloud(entry).project_status(key[1])
            except CloudError as error:
                result.failed[entry] = str(error)
                return
            if status is ProjectStatus.MISSING:
                result.missing.add(key)
            elif status is ProjectStatus.UNKNOWN:
                result.unknown.add(key)

    try:
        await asyncio.gather(*map(ask, sorted({entry for entry, _ in wanted})))
    finally:
        await clouds.close()
    return result
