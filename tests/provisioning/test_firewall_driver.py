"""The firewall driver of a cloud in a provisioning file."""

from ringfence.clouds.firewall_drivers import FIREWALL_DRIVER


async def test_the_firewall_driver_that_an_operator_names_wins_until_the_observed_one_is_asked_for(
    load, query
):
    cloud = "clouds: [{name: east, backend: sandbox%s}]"
    statement = f"SELECT cloud.firewall_driver, {FIREWALL_DRIVER} FROM clouds AS cloud"  # noqa: S608
    await load(cloud % "")
    assert await query(statement) == [(None, None)]
    await query("UPDATE clouds SET observed_firewall_driver = 'openvswitch'")
    await load(cloud % ", firewall_driver: ovn")
    assert await query(statement) == [("ovn", "ovn")]
    await load(cloud % "")
    assert await query(statement) == [("ovn", "ovn")]
    await load(cloud % ", firewall_driver: observed")
    assert await query(statement) == [(None, "openvswitch")]


async def test_the_hybrid_driver_of_neutron_is_iptables(load, query):
    await load("clouds: [{name: east, backend: sandbox, firewall_driver: iptables_hybrid}]")
    assert await query("SELECT firewall_driver FROM clouds") == [("iptables",)]
