"""Differences between clouds: clocks, initial rules, optional attributes."""

import asyncio
import json
from datetime import timedelta

import pytest
from tests.lab.openstack import separate_lab
from tests.lab.proxy import Response
from tests.sync.conftest import place_at, tcp
from tests.sync.test_cloud_texts import at_neutron, drift, neutron_says
from tests.sync.test_pull import pull, uuid_of
from tests.time_limit import LONG_SECONDS

from ringfence.neutron.port import CloudGroup, QuotaExceeded, Retry
from ringfence.sync.push import push_group

__all__ = ["at_neutron", "neutron_says"]


def named(lab, project, name):
    path = f"/v2.0/security-groups?project_id={project}&name={name}"
    return lab.neutron("GET", path)["security_groups"]


async def push(place, uuid):
    return await push_group(place.database, place.clouds, uuid)


@pytest.mark.parametrize("seconds", [-90, 90])
async def test_a_cloud_with_another_clock_gets_one_group_for_creations_without_a_response(
    neutron, lab, calls, seconds
):
    calls.skew = timedelta(seconds=seconds)
    uuid = await neutron.ask(rules=[tcp(22)])
    calls.fault("POST", "/security-groups", Response(504, after=True))

    with pytest.raises(Retry):
        await push(neutron, uuid)
    await push(neutron, uuid)

    assert (await neutron.row(uuid))[0] == "OK"
    assert len(named(lab, neutron.project, "web")) == 1


async def test_six_groups_of_a_cloud_whose_clock_differs_are_made_once_each(neutron, lab, calls):
    calls.skew = timedelta(seconds=90)
    uuids = [await neutron.ask(f"web-{number}", rules=[tcp(22)]) for number in range(6)]
    # No creation ever gets a response, however often it is retried.
    calls.fault("POST", "/security-groups", Response(504, after=True), lasting=True)

    tries = 0
    waiting = uuids
    while waiting and tries < 9:
        tries += 1
        ended = await asyncio.gather(
            *(push(neutron, uuid) for uuid in waiting), return_exceptions=True
        )
        assert all(isinstance(one, Retry) for one in ended if isinstance(one, BaseException))
        waiting = [uuid for uuid in uuids if (await neutron.row(uuid))[0] != "OK"]
    await pull(neutron)

    assert [(await neutron.row(uuid))[0] for uuid in uuids] == ["OK"] * 6
    made = lab.neutron("GET", f"/v2.0/security-groups?project_id={neutron.project}")
    names = sorted(group["name"] for group in made["security_groups"])
    assert names == ["default", *(f"web-{number}" for number in range(6))]
    # One group was created for each, none was created again and deleted, and none was imported.
    assert (calls.count("POST", "/security-groups"), calls.count("DELETE", "/security-groups")) == (
        6,
        0,
    )
    assert await neutron.world.value("SELECT count(*) FROM security_groups") == 7


# Neutron's form of templates. Those of the shared lab stay as they are: every other test uses
# them.
TEMPLATE = {
    "id": "t1",
    "description": "",
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "port_range_min": 22,
    "port_range_max": 22,
    "remote_ip_prefix": None,
    "remote_group_id": "PARENT",
    "remote_address_group_id": None,
    "used_in_non_default_sg": True,
    "used_in_default_sg": False,
}
OF_DEFAULT = {**TEMPLATE, "protocol": None, "port_range_min": None, "port_range_max": None}
TEMPLATES = [
    TEMPLATE,
    *(
        {**OF_DEFAULT, "direction": "egress", "ethertype": word, "remote_group_id": None}
        for word in ("IPv4", "IPv6")
    ),
    {**OF_DEFAULT, "used_in_non_default_sg": False, "used_in_default_sg": True},
]


async def late_creation(place, name="web"):
    """A group in its second push, and the group that the first attempt created too late."""
    uuid = await place.ask(name, rules=[tcp(22)])
    await place.world.execute(
        "UPDATE security_groups SET state = 'CREATING', creation_started = clock_timestamp()"
        " WHERE uuid = %s",
        uuid,
    )
    own = await place.cloud.create_group(place.project, name, "")
    await place.world.execute(
        "UPDATE security_groups SET backend_id = %s WHERE uuid = %s", own.id, uuid
    )
    await place.cloud.create_group(place.project, name, "")
    return uuid


async def test_a_group_with_other_rules_than_the_clouds_first_ones_is_no_late_creation(
    neutron, lab, calls
):
    body = json.dumps({"default_security_group_rules": TEMPLATES}).encode()
    calls.fault("GET", "/default-security-group-rules", Response(200, body), lasting=True)
    await push(neutron, await late_creation(neutron))
    # The rule of the template is missing, so somebody changed the group.
    assert len(named(lab, neutron.project, "web")) == 2


@pytest.fixture
def templates_lab(lab, tmp_path):
    """A separate Neutron whose templates admit SSH from the members of a new group."""
    folder = tmp_path / "lab"
    folder.mkdir()
    with separate_lab(lab, folder) as own:
        values = {name: TEMPLATE[name] for name in TEMPLATE.keys() - {"id"}}
        template = {name: value for name, value in values.items() if value is not None}
        path = "/v2.0/default-security-group-rules"
        own.neutron("POST", path, {"default_security_group_rule": template})
        yield own


@pytest.mark.timeout(LONG_SECONDS)
async def test_a_late_creation_of_an_administrators_own_templates_is_removed_unless_touched(
    database, templates_lab, tmp_path, monkeypatch
):
    path = templates_lab.write_clouds(tmp_path, east={})
    project = templates_lab.make_project()
    async with place_at(database, path, project, monkeypatch) as place:
        calm = await late_creation(place)
        busy = await late_creation(place, "busy")
        groups = named(templates_lab, project, "busy")
        own = (await place.row(busy))[1]
        [late] = [group["id"] for group in groups if group["id"] != own]
        rule = {"security_group_id": late, "direction": "ingress", "protocol": "udp"}
        path = "/v2.0/security-group-rules"
        templates_lab.neutron("POST", path, {"security_group_rule": rule})

        await push(place, calm)
        await push(place, busy)

        assert [len(group["security_group_rules"]) for group in groups] == [3, 3]
        assert len(named(templates_lab, project, "web")) == 1
        assert len(named(templates_lab, project, "busy")) == 2


async def test_a_late_creation_is_removed_in_a_cloud_without_templates(neutron, lab, calls):
    calls.fault("GET", "/default-security-group-rules", Response(404, b"<html>"), lasting=True)
    await push(neutron, await late_creation(neutron))
    assert len(named(lab, neutron.project, "web")) == 1


async def test_over_quota_is_named_at_once_in_a_cloud_without_quota_details(neutron, lab, calls):
    calls.fault("GET", "/details.json", Response(404, b"<html>"), lasting=True)
    uuid = await neutron.ask(rules=[tcp(22)])
    await push(neutron, uuid)
    lab.set_quota(neutron.project, rules=5)
    await neutron.change_rules(uuid, [tcp(22), *(tcp(port) for port in range(80, 90))])
    with pytest.raises(QuotaExceeded, match="security_group_rule"):
        await push(neutron, uuid)
    await neutron.change_rules(uuid, [tcp(port) for port in range(80, 90)])
    with pytest.raises(QuotaExceeded, match="security_group_rule"):
        await push(neutron, uuid)


def say(place, **values):
    place.said["security_groups"][0] |= values


async def test_a_group_that_becomes_stateless_is_adopted_with_an_event(at_neutron):
    say(at_neutron, stateful=True)
    await pull(at_neutron)
    shown = await drift(at_neutron, "g1")
    assert (shown["stateful"], shown["desired_stateful"]) == (True, True)

    say(at_neutron, stateful=False)
    await pull(at_neutron)
    await pull(at_neutron)

    shown = await drift(at_neutron, "g1")
    assert (shown["state"], shown["stateful"], shown["desired_stateful"]) == (
        "in_sync",
        False,
        False,
    )
    assert (await at_neutron.events()).count("security_group_pulled") == 1


@pytest.mark.parametrize("mode", ["report", "enforce"])
async def test_a_group_that_becomes_stateless_is_drift_and_not_pushed(at_neutron, mode):
    say(at_neutron, stateful=True)
    await pull(at_neutron)
    await at_neutron.world.execute(
        "INSERT INTO tenant_drift_modes SELECT id, %s FROM tenants", mode
    )
    say(at_neutron, stateful=False)

    await pull(at_neutron)
    await pull(at_neutron)

    shown = await drift(at_neutron, "g1")
    assert (shown["state"], shown["desired_stateful"]) == ("drifting", True)
    # Replies are not admitted any more.
    assert shown["grade"] == "closes"
    assert shown["traffic"]["same"] is True
    assert [note["code"] for note in shown["traffic"]["notes"]] == ["stateful"]
    assert (await at_neutron.events()).count("security_group_drifted") == 1
    assert {call.method for call in at_neutron.calls} == {"GET"}
    say(at_neutron, stateful=True)
    await pull(at_neutron)
    assert (await drift(at_neutron, "g1"))["state"] == "in_sync"


async def test_a_cloud_without_the_extension_does_not_report_stateful(at_neutron):
    await pull(at_neutron)
    shown = await drift(at_neutron, "g1")
    assert (shown["state"], shown["stateful"]) == ("in_sync", None)


async def test_a_stateless_group_that_is_created_again_is_stateless(neutron, lab):
    values = {"project_id": neutron.project, "name": "web", "stateful": False}
    made = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    first = made["security_group"]["id"]
    await pull(neutron)
    uuid = await uuid_of(neutron, first)
    lab.neutron("DELETE", f"/v2.0/security-groups/{first}")
    await neutron.world.execute(
        "UPDATE security_groups SET backend_id = '', state = 'UPDATE_SCHEDULED' WHERE uuid = %s",
        uuid,
    )

    await push(neutron, uuid)

    found: CloudGroup = await neutron.found(uuid)
    assert found.id != first
    assert found.stateful is False
