"""What discovery finds in a cloud, and which of its projects become tenants. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from uuid import UUID, uuid5

from ringfence.errors import OperatorError
from ringfence.neutron.identity import CloudDomain, CloudProject
from ringfence.provisioning.problems import nearest, quote

NAMESPACE = UUID("7b0d3c9e-52f4-5d8e-9a51-6f1f3e0c2b7a")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which projects become tenants of a cloud, and which customers they get.

    The customer of a project is its domain, its parent project if `by_parent` is set and it has
    one, or the one called `customer`.
    """

    # The name of the cloud, and the entries of clouds.yaml that lead to it
    cloud: str
    entries: tuple[str, ...]
    # By name or id; all of them if there is none
    domains: tuple[str, ...] = ()
    match: str = "*"
    customer: str | None = None
    by_parent: bool = False
    # The entry of a cloud that exists already
    cloud_entry: str | None = None

    @property
    def usual_entry(self) -> str:
        """Return the entry of the tenants that have none of their own."""
        return self.cloud_entry or self.entries[0]


@dataclass(frozen=True, slots=True)
class FoundProject:
    """A project in the cloud; `entry` is set if its credentials are of this project only."""

    project: CloudProject
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The projects and domains of a cloud, as far as the credentials show them."""

    projects: tuple[FoundProject, ...] = ()
    domains: tuple[CloudDomain, ...] = ()
    # All projects were listed: one that is not among them does not exist.
    is_complete: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def shows_all_projects(self) -> bool:
        """Return whether one entry leads to all of the projects."""
        return any(found.entry is None for found in self.projects)

    @property
    def project_ids(self) -> set[str]:
        return {found.project.id for found in self.projects}

    def domain_name(self, domain_id: str) -> str:
        names = {domain.id: domain.name for domain in self.domains}
        return names.get(domain_id) or domain_id


@dataclass(frozen=True, slots=True)
class ExistingTenant:
    """A tenant of the database that is a project of the cloud, with its ancestors."""

    uuid: UUID
    project: UUID
    project_name: str
    customer: UUID
    customer_name: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The UUIDs of a cloud's objects: the same in each run and on each machine."""

    cloud: UUID = field(default=NAMESPACE)

    @classmethod
    def of(cls, cloud: str) -> "Ids":
        return cls(uuid5(NAMESPACE, cloud))

    def tenant(self, project_id: str) -> UUID:
        return uuid5(self.cloud, f"tenant/{project_id}")

    def project(self, project_id: str) -> UUID:
        return uuid5(self.cloud, f"project/{project_id}")

    def customer(self, domain_or_project_id: str) -> UUID:
        return uuid5(self.cloud, f"customer/{domain_or_project_id}")


def select(found: Found, selection: Selection) -> list[FoundProject]:
    """Return the projects that become tenants; raise `OperatorError` for an unknown domain."""
    domains = _domain_ids(found, selection.domains)
    return [
        one
        for one in found.projects
        if (not domains or one.project.domain_id in domains)
        and fnmatchcase(one.project.name, selection.match)
    ]


def _domain_ids(found: Found, named: Sequence[str]) -> set[str]:
    """Return the ids of the domains of these names or ids."""
    by_name: dict[str, str] = {domain.name: domain.id for domain in found.domains}
    known = set(by_name.values()) | {one.project.domain_id for one in found.projects}
    ids = set()
    for name in named:
        domain = by_name.get(name, name)
        if domain not in known:
            hint = nearest(name, by_name) or "; openstack domain list shows all"
            raise OperatorError(f"the cloud has no domain {quote(name)}{hint}")
        ids.add(domain)
    return ids


def foreign_projects(existing: Mapping[str, ExistingTenant], ids: Ids) -> set[str]:
    """Return the projects whose tenants were not discovered: they are left as they are."""
    return {project for project, tenant in existing.items() if tenant.uuid != ids.tenant(project)}
