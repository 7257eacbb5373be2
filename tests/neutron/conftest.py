import asyncio

import pytest
from tests.lab.fixtures import lab, neutron_proxy, openstack_project

from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.sandbox import address_groups, ports
from ringfence.neutron.sandbox.cloud import SandboxCloud

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
    """Each driver in turn."""
    if request.param == "sandbox":
        return SandboxCloud(request.getfixturevalue("database"))
    return request.getfixturevalue("lab_cloud")


@pytest.fixture
def project(request, cloud):
    """A project of the test's own on that cloud."""
    if isinstance(cloud, SandboxCloud):
        return "0123456789abcdef0123456789abcdef"
    return request.getfixturevalue("openstack_project")


@pytest.fixture
def add_address_group(request, cloud, project):
    """Return a function that creates an address group in the project."""
    if isinstance(cloud, SandboxCloud):
        database = request.getfixturevalue("database")

        async def add(addresses, name=""):
            async with database.transaction() as connection:
                return await address_groups.add_address_group(connection, project, addresses, name)

        return add
    lab = request.getfixturevalue("lab")

    async def add_to_project(addresses, name=""):
        values = {"addresses": addresses, "name": name, "project_id": project}
        body = {"address_group": values}
        made = await asyncio.to_thread(lab.neutron, "POST", "/v2.0/address-groups", body)
        return made["address_group"]["id"]

    return add_to_project


@pytest.fixture
def add_port(request, cloud, project):
    """Return a function that creates a port with groups in the project, like a compute service."""
    if isinstance(cloud, SandboxCloud):
        database = request.getfixturevalue("database")

        async def add(groups, **values):
            async with database.transaction() as connection:
                return await ports.add_port(
                    connection, project, groups, fixed_ips=["192.0.2.7"], **values
                )

        return add
    lab = request.getfixturevalue("lab")
    network = lab.make_network(project)

    async def add_to_network(groups, **values):
        return await asyncio.to_thread(lab.make_port, network, project, groups, **values)

    return add_to_network
