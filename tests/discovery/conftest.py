import pytest
from tests.discovery.waldur_site import TOKEN, WaldurSite, waldur_site
from tests.lab.fixtures import lab, neutron_proxy, openstack_project

from ringfence.discovery.waldur.client import WaldurClient

__all__ = ["lab", "neutron_proxy", "openstack_project"]


@pytest.fixture
def site():
    """A stand-in of a Waldur site without objects."""
    with waldur_site() as served:
        yield served


@pytest.fixture
def client(site: WaldurSite):
    """A client of the site that waits for nothing; `waited` has the seconds."""
    waited: list[float] = []
    client = WaldurClient(site.url, TOKEN, sleep=waited.append)
    client.waited = waited
    return client
