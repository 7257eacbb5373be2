"""The cloud drivers by tenant: OpenStack or the sandbox."""

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import CloudGroup, GiveUp, Misconfigured, NetworkCloud
from ringfence.neutron.sandbox.cloud import SandboxCloud
from ringfence.sync.reachability import Reachability


class Clouds:
    """The clouds that this process calls."""

    def __init__(self, database: Database) -> None:
        self.reachability = Reachability()
        self._sandbox = SandboxCloud(database)
        self._openstack = OpenStackClouds(note_call=self.reachability.note)

    def of(self, placement: Placement) -> NetworkCloud:
        """Return the driver of a tenant's cloud; raises `Misconfigured`."""
        if placement.backend == "sandbox":
            return self._sandbox
        if not placement.project_backend_id:
            raise Misconfigured(
                f"Tenant {placement.tenant_name} has no backend_id: "
                "set it to the id of the tenant's OpenStack project."
            )
        if not placement.openstack_cloud:
            raise Misconfigured(
                f"Tenant {placement.tenant_name} has no entry of clouds.yaml: "
                "set openstack_cloud of its cloud to one."
            )
        return self._openstack.cloud(placement.openstack_cloud)

    async def close(self) -> None:
        """Release threads and connections."""
        await self._openstack.close()


def project_of(placement: Placement) -> str:
    """Return the id of the project in the cloud; a sandbox needs no OpenStack project."""
    return placement.project_backend_id or placement.tenant_uuid.hex


def require_own(placement: Placement, group: CloudGroup) -> CloudGroup:
    """Return the group; raise `GiveUp` if it is not in the tenant's project."""
    if is_own(placement, group):
        return group
    raise GiveUp(
        f"The security group {group.id} belongs to the project {group.project_id} in the cloud, "
        f"and tenant {placement.tenant_name} is the project {project_of(placement)}: "
        "it was not changed. Correct the tenant's backend_id, or delete the group here."
    )


def is_own(placement: Placement, group: CloudGroup) -> bool:
    """Return whether the group is in the tenant's project."""
    return group.project_id == project_of(placement)
