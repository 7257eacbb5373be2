"""Fixtures over the lab, for any `conftest.py` to import."""

import pytest
from tests.lab.openstack import running_lab
from tests.lab.proxy import recording_proxy


@pytest.fixture(scope="session")
def lab():
    """A real Keystone and Neutron; see `Lab`."""
    with running_lab() as running:
        yield running


@pytest.fixture
def openstack_project(lab):
    """The id of an OpenStack project of the test's own, without quota."""
    return lab.make_project()


@pytest.fixture
def neutron_proxy(lab):
    """A recording proxy in front of the lab's Neutron; see `tests/lab/proxy.py`."""
    with recording_proxy(lab.network_url) as proxy:
        yield proxy
