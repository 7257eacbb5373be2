from tests.lab.fixtures import lab, neutron_proxy, openstack_project

__all__ = ["lab", "neutron_proxy", "openstack_project"]
