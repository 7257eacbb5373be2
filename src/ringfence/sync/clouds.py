"""Which driver serves a tenant."""

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import Misconfigured, NetworkCloud
from ringfence.neutron.sandbox import SandboxCloud
from ringfence.sync.contacts import Contacts


class Clouds:
    """The clouds that this process talks to."""

    def __init__(self, database: Database) -> None:
        self.contacts = Contacts()
        self._sandbox = SandboxCloud(database)
        self._openstack = OpenStackClouds(note=self.contacts.note)

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
    """Give the project at the cloud; a sandbox needs no OpenStack project to exist."""
    return placement.project_backend_id or placement.tenant_uuid.hex
