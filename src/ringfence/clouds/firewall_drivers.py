"""The firewall driver of a cloud: the operator's word, or else what the cloud shows."""

from typing import LiteralString

FIREWALL_DRIVERS = ("ovn", "openvswitch", "iptables")
# Another name of Neutron for one of them, which plugs its ports through a bridge
SAME_FIREWALL_DRIVERS = {"iptables_hybrid": "iptables"}
# Instead of one of them: what the cloud shows
OBSERVED = "observed"

# For statements with `clouds AS cloud`; NULL is not known
FIREWALL_DRIVER: LiteralString = "coalesce(cloud.firewall_driver, cloud.observed_firewall_driver)"
