"""Which driver serves a tenant."""

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import CloudGroup, GiveUp, Misconfigured, NetworkCloud
from ringfence.neutron.sandbox.cloud import SandboxCloud
from ringfence.sync.reachability import Reachability


class Clouds:
    """The clouds that this process talks to."""

    def __init__(self, database: Database) -> None:
        self.reachability = Reachability()
        self._sandbox = SandboxCloud(database)
        self._openstack = OpenStackClouds(note=self.reachability.note)

    def of(self, placement: Placement) -> NetworkCloud:
        """Give the driver of a tenant's cloud; raises `Misconfigured`."""
        if placement.backend == "sandbox":
            return self._sandbox
        if not placement.project_backend_id:
            raise Misconfigured(
                f"Tenant {placement.tenant_name} has no backend_id: "
                "the OpenStack project that it stands for is not known."
            )
        if not placement.openstack_cloud:
            raise Misconfigured(
                f"Tenant {placement.tenant_name} has no entry of clouds.yaml: "
                "its cloud names no openstack_cloud."
            )
        return self._openstack.cloud(placement.openstack_cloud)

    async def close(self) -> None:
        """Let go of threads and connections."""
        await self._openstack.close()


def project_of(placement: Placement) -> str:
    """Give the project in the cloud; a sandbox needs no OpenStack project to exist."""
    return placement.project_backend_id or placement.tenant_uuid.hex


def require_own(placement: Placement, found: CloudGroup) -> CloudGroup:
    """Return the group; raise `GiveUp` where it belongs to another project than the tenant."""
    if is_own(placement, found):
        return found
    raise GiveUp(
        f"The security group {found.id} belongs to the project {found.project_id} in the cloud, "
        f"and tenant {placement.tenant_name} is the project {project_of(placement)}: "
        "it is not changed. Correct the tenant's backend_id, or delete the group here."
    )


def is_own(placement: Placement, found: CloudGroup) -> bool:
    """Return whether the group belongs to the project that the tenant stands for."""
    return found.project_id == project_of(placement)
