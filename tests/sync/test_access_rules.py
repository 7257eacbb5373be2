"""An application credential with the access rules of the guide does all that Ringfence does."""

import asyncio
import json

import pytest
from tests.docs.markdown import ROOT
from tests.sync.conftest import place_at, tcp
from tests.sync.test_ports import instance, instances, made, pull, scheduled

from ringfence.cli.doctor.clouds import read_facts
from ringfence.cli.doctor.rights import Tenant, judge
from ringfence.monitoring.checks.check import Outcome
from ringfence.neutron.inspection import Inspection
from ringfence.neutron.openstack import MAX_RESPONSE_BYTES
from ringfence.neutron.port import AccessRefused
from ringfence.neutron.sessions import EntrySessions
from ringfence.sync.push import delete_group, push_group

RULES = json.loads((ROOT / "deploy" / "openstack" / "access-rules.json").read_text())


@pytest.fixture
def least(lab, openstack_project, neutron_proxy):
    """An entry as the guide makes it: a member of the project, limited by access rules."""
    override = {"network_endpoint_override": neutron_proxy.url}
    member = lab.make_entry(openstack_project, "member", **override)
    return lambda rules: lab.make_application_credential(member, rules)


async def judged(entry, project):
    sessions = EntrySessions(MAX_RESPONSE_BYTES)
    try:
        inspection = Inspection(sessions, entry, 30)
        checks = judge(await read_facts(inspection, [project]), [Tenant("one", "east", project)])
        with pytest.raises(AccessRefused):
            await inspection.items("/networks", {})
    finally:
        sessions.close()
    return {check.name: check for check in checks}


@pytest.fixture
def write_entry(lab, tmp_path, monkeypatch):
    """Write clouds.yaml with the entry `east`."""

    def write(entry):
        path = lab.write_clouds(tmp_path, east=entry)
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        return path

    return write


@pytest.fixture
def place_with(database, write_entry, openstack_project, monkeypatch):
    """A tenant of the project, with the entry."""
    return lambda entry: place_at(database, write_entry(entry), openstack_project, monkeypatch)


async def test_the_access_rules_of_the_guide_suffice_for_every_operation(
    lab, least, place_with, neutron_proxy, openstack_project
):
    async with place_with(least(RULES)) as place:
        web = await made(place, "web")
        network = await asyncio.to_thread(lab.make_network, openstack_project)
        (_, web_id, *_) = await place.row(web)
        await asyncio.to_thread(
            lab.make_port, network, openstack_project, [web_id], **instance("vm-1")
        )
        await pull(place)
        assert await instances(place, web) == "1"
        await place.change_rules(web, [tcp(443)])
        await place.world.execute("UPDATE security_groups SET name = 'www' WHERE uuid = %s", web)
        await push_group(place.database, place.clouds, web)
        assert [rule.port_range_min for rule in await place.keys(web)] == [443]
        assert (await place.found(web)).name == "www"
        assert await place.cloud.free_rule_quota(openstack_project) is None
        await scheduled(place, web)
        assert await delete_group(place.database, place.clouds, web, detach=True)
        assert [group.name for group in await place.cloud.list_groups(place.project)] == ["default"]
    assert {call.status for call in neutron_proxy.calls} <= {200, 201, 204, 404}

    checks = await judged("east", openstack_project)

    assert {check.outcome for check in checks.values()} == {Outcome.PASSED}
    assert "every call" in checks["access rules of east"].found


async def test_access_rules_that_lack_a_call_are_named_before_it_fails(
    least, write_entry, openstack_project
):
    lacking = [rule for rule in RULES if rule["method"] != "DELETE" and "ports" not in rule["path"]]
    write_entry(least(lacking))

    checks = await judged("east", openstack_project)

    limits = checks["access rules of east"]
    assert limits.outcome is Outcome.FAILED
    assert limits.found == (
        "they refuse DELETE /v2.0/security-groups/* (delete a group), "
        "DELETE /v2.0/security-group-rules/* (remove a rule)"
    )
    assert "GET of one item" in checks["reading with east"].tested
    assert checks["reading with east"].outcome is Outcome.WARNING
