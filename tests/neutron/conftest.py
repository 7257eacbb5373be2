import pytest
from tests.lab.fixtures import lab, neutron_proxy, openstack_project

from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.sandbox import SandboxCloud

__all__ = ["lab", "neutron_proxy", "openstack_project"]


@pytest.fixture
async def lab_cloud(lab, monkeypatch):
    """The lab's Neutron through the driver."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.clouds_yaml))
    clouds = OpenStackClouds()
    yield clouds.cloud("admin")
    await clouds.close()


@pytest.fixture(params=["openstack", "sandbox"])
def cloud(request):
    """One driver after the other."""
    if request.param == "sandbox":
        return SandboxCloud(request.getfixturevalue("database"))
    return request.getfixturevalue("lab_cloud")


@pytest.fixture
def project(request, cloud):
    """A project of the test's own on that cloud."""
    if isinstance(cloud, SandboxCloud):
        return "0123456789abcdef0123456789abcdef"
    return request.getfixturevalue("openstack_project")
