"""Verdicts compared with a model that judges one packet at a time, and with less known."""

import os

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.verdicts import worlds as model

from ringfence.ports.verdicts.because import Because
from ringfence.ports.verdicts.verdict import judge
from ringfence.ports.verdicts.world import World
from ringfence.security_groups.driver_protocols import DRIVERS

EXAMPLES = int(os.environ.get("RINGFENCE_TEST_WORLDS", "50"))
# Explaining a failure takes minutes.
WORLDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


@st.composite
def cases(draw):
    world = draw(model.worlds())
    return world, draw(model.packets(world))


@pytest.mark.parametrize("driver", DRIVERS)
@WORLDS
@given(case=cases())
def test_a_verdict_is_that_of_every_packet_that_is_meant(case, driver):
    world, packet = case
    found = judge(world, packet, driver)
    if found.verdict == "undetermined":
        # What only iptables or a difference between releases explains, or two parts in a row.
        assert set(found.because) & {
            Because.OWN_ADDRESS,
            Because.ADDRESS_GROUP_MAY_BE_IGNORED,
            Because.PARTS_MAY_DIFFER,
        }
        return
    outcomes = model.judged(world, packet, driver)
    admitted = "admitted" if all(outcomes) else "partly" if any(outcomes) else "refused"
    # A prefix has addresses, and a type codes, that the small universe does not have.
    assert found.verdict == admitted or (found.verdict, admitted) == ("partly", "refused")


@WORLDS
@given(case=cases())
def test_without_a_known_driver_a_definite_verdict_is_that_of_each_driver(case):
    world, packet = case
    found = judge(world, packet)
    by_driver = {judge(world, packet, driver).verdict for driver in DRIVERS}
    if found.verdict == "undetermined":
        assert by_driver == {"undetermined"} or len(by_driver) > 1
    else:
        assert by_driver == {found.verdict}


@WORLDS
@given(case=cases(), data=st.data())
def test_the_order_of_rules_ports_and_groups_changes_nothing(case, data):
    world, packet = case
    ports = data.draw(st.permutations(list(world.ports.values())))
    groups = data.draw(st.permutations(list(world.groups.values())))
    other = World.of(ports, groups, world.address_groups)
    one, two = judge(world, packet), judge(other, packet)
    assert (one.verdict, set(one.because)) == (two.verdict, set(two.because))


HIDDEN = st.sampled_from(
    ["group", "rules", "port", "groups of a port", "addresses", "pairs", "address groups"]
)


def hide(world, packet, what, data):
    """Return the world with less known, or `None` if an end would be missing."""
    group = data.draw(st.sampled_from(model.GROUPS))
    port = data.draw(st.sampled_from(sorted(world.ports)))
    if what == "group":
        return model.hide_group(world, group)
    if what == "rules":
        return model.hide_rules(world, group)
    if what == "address groups":
        return model.hide_address_groups(world)
    if what == "port":
        is_end = port in packet.source.ports + packet.destination.ports
        return None if is_end else model.hide_port(world, port)
    field = {"groups of a port": "groups", "addresses": "addresses", "pairs": "address_pairs"}
    return model.hide_port_values(world, port, **{field[what]: None})


@pytest.mark.parametrize("driver", [None, *DRIVERS])
@WORLDS
@given(case=cases(), what=st.lists(HIDDEN, min_size=1, max_size=2), data=st.data())
def test_hiding_data_never_makes_a_definite_verdict_wrong(case, what, data, driver):
    world, packet = case
    hidden = world
    for each in what:
        after = hide(hidden, packet, each, data)
        hidden = hidden if after is None else after
    full, less = judge(world, packet, driver), judge(hidden, packet, driver)
    assert less.verdict in {full.verdict, "undetermined"}
    for direction in ("egress", "ingress", "reply"):
        known, found = getattr(full, direction), getattr(less, direction)
        if known is not None and found is not None:
            assert found.verdict in {known.verdict, "undetermined"}
