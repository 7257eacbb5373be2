"""Whether the projects that files name exist, asked before the transaction begins.

Only what is not stored yet is asked for. A cloud that does not answer is a warning: loading does
not depend on it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ringfence.clouds.backend_projects import stored_projects
from ringfence.clouds.commands import Cloud, clouds_present
from ringfence.database.pool import Database
from ringfence.provisioning.problems import Mistakes, Place, quote
from ringfence.provisioning.schema import CloudEntry, Document, TenantEntry
from ringfence.sync.projects import ProjectLookup, look_up_projects
from ringfence.text.uuids import DASHED_UUID, parse_uuid

_DASHED = re.compile(DASHED_UUID)


@dataclass(frozen=True, slots=True)
class _Named:
    """A project that a tenant's entry names, in the entry of clouds.yaml that leads there."""

    place: Place
    entry: str
    project: str


@dataclass(slots=True)
class Findings:
    """What is wrong with the projects, and what could not be asked."""

    wrong: list[tuple[Place, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # Tenants whose groups are found through another entry of clouds.yaml
    same_projects: set[tuple[UUID, str]] = field(default_factory=set)

    def add_to(self, mistakes: Mistakes) -> None:
        """Note what is wrong."""
        for place, message in self.wrong:
            mistakes.add(place, message)


async def check_projects(database: Database, read: Sequence[tuple[str, Document]]) -> Findings:
    """Ask for the projects that are new in the files."""
    named = list(await _named(database, read))
    findings = Findings()
    wanted = {(one.entry, one.project) for one in named if not _DASHED.fullmatch(one.project)}
    if wanted:
        async with database.connection() as connection:
            wanted -= await stored_projects(connection, [project for _, project in wanted])
    result = await look_up_projects(wanted) if wanted else ProjectLookup()
    for one in named:
        if _DASHED.fullmatch(one.project):
            undashed = one.project.replace("-", "").lower()
            message = f"{quote(one.project)} is no project id: Keystone writes it {undashed!r}"
            findings.wrong.append((one.place, message))
        elif (one.entry, one.project) in result.missing:
            message = f"the cloud of the entry {quote(one.entry)} has no project {one.project!r}"
            findings.wrong.append((one.place, message))
    findings.warnings += _warnings(result)
    return findings


def _warnings(result: ProjectLookup) -> Iterator[str]:
    for entry, error in sorted(result.failed.items()):
        yield f"warning: projects of the entry {quote(entry)} were not checked: {error}"
    for entry, project in sorted(result.unknown):
        yield (
            f"warning: project {project} was not checked: the credentials of the entry "
            f"{quote(entry)} are of another project and may not ask"
        )


async def _named(database: Database, read: Sequence[tuple[str, Document]]) -> Iterator[_Named]:
    tenants = [one for label, document in read for one in _tenants(document, Place("", label))]
    if not tenants:
        return iter(())
    entries = await _entries(database, read, {tenant.cloud for tenant, _ in tenants})
    return (
        _Named(place.key("backend_id"), entry, tenant.backend_id)
        for tenant, place in tenants
        if (usual := entries.get(tenant.cloud)) and (entry := tenant.openstack_cloud or usual)
    )


def _tenants(document: Document, top: Place) -> Iterator[tuple[TenantEntry, Place]]:
    for c, customer in enumerate(document.customers):
        projects = top.key("customers").item(c).key("projects")
        for p, project in enumerate(customer.projects):
            for t, tenant in enumerate(project.tenants):
                if tenant.backend_id:
                    yield tenant, projects.item(p).key("tenants").item(t)


async def _entries(
    database: Database, read: Sequence[tuple[str, Document]], references: set[str]
) -> dict[str, str]:
    """Return the entry of clouds.yaml of each cloud with OpenStack, by what refers to it."""
    entries: dict[str, str] = {}
    uuids = [uuid for reference in references if (uuid := parse_uuid(reference))]
    async with database.connection() as connection:
        stored = await clouds_present(connection, uuids, references, lock=False)
    declared = [cloud for _, document in read for cloud in document.clouds]
    # The files override the stored clouds.
    clouds: list[Cloud | CloudEntry] = [*stored, *declared]
    for cloud in clouds:
        keys = {cloud.name} | ({cloud.uuid.hex, str(cloud.uuid)} if cloud.uuid else set())
        for key in keys:
            entries.pop(key, None)
            if cloud.backend == "openstack" and cloud.openstack_cloud:
                entries[key] = cloud.openstack_cloud
    return entries
