from tests.lab.fixtures import lab, neutron_proxy

__all__ = ["lab", "neutron_proxy"]
