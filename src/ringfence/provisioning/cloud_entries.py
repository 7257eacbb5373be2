"""Which entry of clouds.yaml leads to a tenant's project, before the files and after them.

Another entry may lead to the same project: its groups are found through it then. They are looked
for before the transaction begins, and nothing is changed in a cloud.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringfence.clouds.backend_projects import tenants_with_other_entries
from ringfence.clouds.commands import Cloud, Tenant, clouds_present
from ringfence.database.pool import Connection, Database
from ringfence.provisioning.schema import Document
from ringfence.sync.projects import Sample, find_samples

# What is not asked for is not known to be the same.
MOST_TENANTS = 1000

# The driver, and the entry of clouds.yaml where it takes one
Way = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Ways:
    """By cloud, the way there that is stored, and the one that the files desire."""

    before: Mapping[UUID, Way]
    after: Mapping[UUID, Way]

    def changed(self) -> set[UUID]:
        """Return the clouds to which another way leads from now on."""
        return {uuid for uuid, way in self.before.items() if self.after.get(uuid, way) != way}

    def of(self, row: Tenant, tenant: Tenant) -> tuple[Way, Way]:
        """Return the way to a tenant before and after."""
        return _way(self.before, row), _way(self.after, tenant)


def _way(ways: Mapping[UUID, Way], tenant: Tenant) -> Way:
    backend, entry = ways.get(tenant.cloud, ("", None))
    return backend, (tenant.openstack_cloud or entry) if backend == "openstack" else None


async def ways_of(
    connection: Connection, clouds: Collection[Cloud], tenants: Collection[Tenant]
) -> Ways:
    """Return the ways to the clouds that the files desire, and to those of the tenants."""
    uuids = {cloud.uuid for cloud in clouds} | {tenant.cloud for tenant in tenants}
    stored = await clouds_present(connection, uuids, [], lock=False)
    before = {cloud.uuid: (cloud.backend, cloud.openstack_cloud) for cloud in stored}
    after = {cloud.uuid: (cloud.backend, cloud.openstack_cloud) for cloud in clouds}
    return Ways(before, before | after)


async def find_same_projects(
    database: Database, read: Sequence[tuple[str, Document]]
) -> set[tuple[UUID, str]]:
    """Return tenants, each with another entry through which its groups are found.

    Those of a name are all asked for: which of them the files mean is decided in the transaction.
    """
    said = [one for _, document in read for one in _said(document)]
    if not said:
        return set()
    async with database.connection() as connection:
        rows = await tenants_with_other_entries(connection, said, MOST_TENANTS)
    samples = [Sample(tenant, entry, project, tuple(ids)) for tenant, entry, project, ids in rows]
    return await find_samples(samples) if samples else set()


def _said(document: Document) -> Iterator[dict[str, str]]:
    """Yield each entry that a cloud or a tenant has, by its name and by its uuid."""
    tenants = (
        tenant
        for customer in document.customers
        for project in customer.projects
        for tenant in project.tenants
    )
    for kind, named in (("cloud", document.clouds), ("tenant", tenants)):
        for one in named:
            keys = [one.name, *([str(one.uuid)] if one.uuid else [])]
            if one.openstack_cloud is not None:
                yield from (
                    {"kind": kind, "key": key, "entry": one.openstack_cloud} for key in keys
                )
