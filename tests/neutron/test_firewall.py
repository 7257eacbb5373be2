"""The firewall driver of a cloud, by the agents on its hosts."""

import pytest

from ringfence.neutron.firewall import agents_from_body, driver_of
from ringfence.neutron.port import Unusable


def agent(kind, *, alive=True, **configurations):
    return {"agent_type": kind, "alive": alive, "configurations": configurations}


OVN = agent("OVN Controller agent")
OVS = agent("Open vSwitch agent", ovs_hybrid_plug=False)
HYBRID = agent("Open vSwitch agent", ovs_hybrid_plug=True)
BRIDGE = agent("Linux bridge agent")
OLD = agent("Open vSwitch agent", datapath_type="system")
OTHERS = [agent(kind) for kind in ("DHCP agent", "L3 agent", "NIC Switch agent")]


@pytest.mark.parametrize(
    ("agents", "driver"),
    [
        ([], None),
        (OTHERS, None),
        ([OVN, *OTHERS], "ovn"),
        ([agent("OVN Controller Gateway agent"), OVN, agent("OVN Metadata agent")], "ovn"),
        ([OVS, OVS], "openvswitch"),
        ([HYBRID], "iptables"),
        ([BRIDGE, HYBRID], "iptables"),
        ([OVS, HYBRID], "several"),
        ([OVN, OVS], "several"),
        ([OLD], None),
        ([OVS, OLD], None),
        # A host that was taken away does not count, unless all seem to be away.
        ([OVN, {**OVS, "alive": False}], "ovn"),
        ([{**OVS, "alive": False}], "openvswitch"),
    ],
)
def test_the_driver_is_that_of_all_hosts(agents, driver):
    assert driver_of(agents_from_body({"agents": agents})) == driver


@pytest.mark.parametrize(
    "agents",
    [
        [None, 7, "x", [], {}],
        [{"agent_type": kind} for kind in (None, 7, [], {}, "\0", "x" * 1_000_000)],
        [{"agent_type": "Open vSwitch agent", "configurations": one} for one in (None, 7, [], "x")],
        [agent("Open vSwitch agent", ovs_hybrid_plug=one) for one in (None, 0, 1, "true", [], {})],
    ],
)
def test_nonsense_tells_nothing(agents):
    assert driver_of(agents_from_body({"agents": agents})) is None


@pytest.mark.parametrize("body", [None, [], {}, {"agents": None}, {"agents": {}}])
def test_what_is_no_list_of_agents_is_unusable(body):
    with pytest.raises(Unusable):
        agents_from_body(body)
