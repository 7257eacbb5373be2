"""Check in the cloud that the projects named by the files exist, before the transaction begins.

Only projects that are not stored yet are checked. A cloud that does not respond causes a warning:
loading does not depend on it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ringfence.clouds.backend_projects import stored_projects
from ringfence.clouds.commands import CloudRow, existing_clouds
from ringfence.database.pool import Database
from ringfence.provisioning.problems import Location, Problems, quote
from ringfence.provisioning.schema import CloudEntry, Document, TenantEntry
from ringfence.sync.projects import ProjectLookup, look_up_projects
from ringfence.text.uuids import DASHED_UUID, parse_uuid

_DASHED = re.compile(DASHED_UUID)


@dataclass(frozen=True, slots=True)
class _Named:
    """A project that a tenant's entry names, and the entry of clouds.yaml that leads to it."""

    location: Location
    entry: str
    project: str


@dataclass(slots=True)
class Findings:
    """Problems of the projects, and warnings about projects that could not be checked."""

    wrong: list[tuple[Location, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # Tenants whose groups exist through a different entry of clouds.yaml
    same_projects: set[tuple[UUID, str]] = field(default_factory=set)

    def add_to(self, problems: Problems) -> None:
        for location, message in self.wrong:
            problems.add(location, message)


async def check_projects(
    database: Database, read: Sequence[tuple[str, Document]], known: Collection[str] = ()
) -> Findings:
    """Check the projects that are new in the files, except those that are known to exist."""
    named = list(await _named(database, read))
    findings = Findings()
    unchecked = {
        (one.entry, one.project)
        for one in named
        if not _DASHED.fullmatch(one.project) and one.project not in known
    }
    if unchecked:
        async with database.connection() as connection:
            unchecked -= await stored_projects(connection, [project for _, project in unchecked])
    result = await look_up_projects(unchecked) if unchecked else ProjectLookup()
    for one in named:
        if _DASHED.fullmatch(one.project):
            undashed = one.project.replace("-", "").lower()
            message = (
                f"{quote(one.project)} is not a project id: Keystone writes it as {undashed!r}"
            )
            findings.wrong.append((one.location, message))
        elif (one.entry, one.project) in result.missing:
            message = f"the cloud of the entry {quote(one.entry)} has no project {one.project!r}"
            findings.wrong.append((one.location, message))
    findings.warnings += _warnings(result)
    return findings


def _warnings(result: ProjectLookup) -> Iterator[str]:
    for entry, error in sorted(result.failed.items()):
        yield f"warning: projects of the entry {quote(entry)} were not checked: {error}"
    for entry, project in sorted(result.unknown):
        yield (
            f"warning: project {project} was not checked: the credentials of the entry "
            f"{quote(entry)} belong to another project and may not read it"
        )


async def _named(database: Database, read: Sequence[tuple[str, Document]]) -> Iterator[_Named]:
    tenants = [one for label, document in read for one in _tenants(document, Location("", label))]
    if not tenants:
        return iter(())
    entries = await _entries(database, read, {str(tenant.cloud) for tenant, _ in tenants})
    return (
        _Named(location.key("backend_id"), entry, tenant.backend_id)
        for tenant, location in tenants
        if (usual := entries.get(str(tenant.cloud))) and (entry := tenant.openstack_cloud or usual)
    )


def _tenants(document: Document, top: Location) -> Iterator[tuple[TenantEntry, Location]]:
    for c, customer in enumerate(document.customers):
        projects = top.key("customers").item(c).key("projects")
        for p, project in enumerate(customer.projects):
            for t, tenant in enumerate(project.tenants):
                if tenant.backend_id and not tenant.is_absent:
                    yield tenant, projects.item(p).key("tenants").item(t)


async def _entries(
    database: Database, read: Sequence[tuple[str, Document]], references: set[str]
) -> dict[str, str]:
    """Return the entry of clouds.yaml of each OpenStack cloud, by name and by UUID."""
    entries: dict[str, str] = {}
    uuids = [uuid for reference in references if (uuid := parse_uuid(reference))]
    async with database.connection() as connection:
        stored = await existing_clouds(connection, uuids, references, lock=False)
    declared = [cloud for _, document in read for cloud in document.clouds]
    # The files override the stored clouds.
    clouds: list[CloudRow | CloudEntry] = [*stored, *declared]
    for cloud in clouds:
        keys = {cloud.name} | ({cloud.uuid.hex, str(cloud.uuid)} if cloud.uuid else set())
        for key in keys:
            entries.pop(key, None)
            if cloud.backend == "openstack" and cloud.openstack_cloud:
                entries[key] = cloud.openstack_cloud
    return entries
