"""The entry of clouds.yaml that leads to a tenant's project, before and after the load.

A different entry can lead to the same project; then some of its groups exist there. This is
checked before the transaction begins, by reading only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringfence.clouds.backend_projects import tenants_with_other_entries
from ringfence.clouds.commands import CloudRow, TenantRow, existing_clouds
from ringfence.database.pool import Connection, Database
from ringfence.provisioning.schema import Document
from ringfence.sync.projects import Sample, find_samples

# Tenants beyond this limit are not checked and count as moved.
MAX_TENANTS = 1000

# The driver, and its entry of clouds.yaml if it uses one
Backend = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Backends:
    """The stored and the desired backend of each cloud."""

    before: Mapping[UUID, Backend]
    after: Mapping[UUID, Backend]

    def changed(self) -> set[UUID]:
        """Return the clouds whose backend changes."""
        return {uuid for uuid, way in self.before.items() if self.after.get(uuid, way) != way}

    def of(self, row: TenantRow, tenant: TenantRow) -> tuple[Backend, Backend]:
        """Return the backend of a tenant before and after the load."""
        return _backend(self.before, row), _backend(self.after, tenant)


def _backend(backends: Mapping[UUID, Backend], tenant: TenantRow) -> Backend:
    backend, entry = backends.get(tenant.cloud, ("", None))
    return backend, (tenant.openstack_cloud or entry) if backend == "openstack" else None


async def backends_of(
    connection: Connection, clouds: Collection[CloudRow], tenants: Collection[TenantRow]
) -> Backends:
    """Return the backends of the clouds in the files and of the clouds of the tenants."""
    uuids = {cloud.uuid for cloud in clouds} | {tenant.cloud for tenant in tenants}
    stored = await existing_clouds(connection, uuids, [], lock=False)
    before = {cloud.uuid: (cloud.backend, cloud.openstack_cloud) for cloud in stored}
    after = {cloud.uuid: (cloud.backend, cloud.openstack_cloud) for cloud in clouds}
    return Backends(before, before | after)


async def find_same_projects(
    database: Database, read: Sequence[tuple[str, Document]]
) -> set[tuple[UUID, str]]:
    """Return tenants, each with a different entry through which its groups exist.

    All tenants of a name are checked: the transaction decides which of them the files mean.
    """
    desired = [one for _, document in read for one in _desired_entries(document)]
    if not desired:
        return set()
    async with database.connection() as connection:
        rows = await tenants_with_other_entries(connection, desired, MAX_TENANTS)
    samples = [Sample(tenant, entry, project, tuple(ids)) for tenant, entry, project, ids in rows]
    return await find_samples(samples) if samples else set()


def _desired_entries(document: Document) -> Iterator[dict[str, str]]:
    """Yield the entry of each cloud and tenant that states one, by name and by UUID."""
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
