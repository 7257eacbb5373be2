"""Remove each optional extension of docs/reference/openstack.md from a real Neutron.

`make test` removes those that identity, completeness and openness depend on; with
RINGFENCE_FAULTS=all (`make test-faults`) all are removed, one after another.
"""

import os
import re
from pathlib import Path

import pytest
from tests.lab.missing_extensions import MISSING_EXTENSIONS
from tests.neutron.test_translate import RULE
from tests.sync.conftest import tcp
from tests.sync.test_cloud_texts import at_neutron, drift, neutron_says, state_of
from tests.sync.test_drift import set_mode
from tests.sync.test_projects import member, stand_for
from tests.sync.test_pull import pull, pull_one, push, pushed, uuid_of

from ringfence.errors import OperatorError
from ringfence.neutron.port import GroupInUse, ProjectNotFound, RequestRefused
from ringfence.security_groups.cloud_state.unreadable import MESSAGE_PREFIX
from ringfence.sync.binding.adoption import adopt
from ringfence.sync.push import delete_group

__all__ = ["at_neutron", "member", "neutron_says"]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "openstack.md"


def rows_of_the_page():
    section = PAGE.read_text().split("## Optional extensions")[1].split("\n## ")[0]
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return [alias for cell in first[1:] for alias in re.findall(r"`([^`]+)`", cell)]


def test_the_page_lists_each_extension_that_is_taken_away_and_no_other():
    assert sorted(rows_of_the_page()) == sorted(MISSING_EXTENSIONS)


def ingress(group):
    """The ports that a group in Neutron admits, each with its source."""
    return {
        (rule["port_range_min"], rule["remote_ip_prefix"])
        for rule in group["security_group_rules"]
        if rule["direction"] == "ingress"
    }


def in_neutron(lab, project, name="web"):
    path = f"/v2.0/security-groups?project_id={project}&name={name}"
    return lab.neutron("GET", path)["security_groups"]


def make_stranger(lab, project):
    """Create an open group of the same name in another project, shared with the tenant's."""
    owner = lab.make_project()
    values = {"project_id": owner, "name": "web"}
    made = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    group = made["security_group"]["id"]
    rule = {"security_group_id": group, "direction": "ingress", "project_id": owner}
    lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": rule})
    policy = {"object_type": "security_group", "object_id": group, "action": "access_as_shared"}
    policy |= {"target_tenant": project, "project_id": owner}
    lab.neutron("POST", "/v2.0/rbac-policies", {"rbac_policy": policy})
    return owner


async def rows(place):
    async with place.database.connection() as connection:
        cursor = await connection.execute("SELECT name, state FROM security_groups ORDER BY name")
        return await cursor.fetchall()


# Who owns a group, whether a list is complete, what a rule admits, and whether a change was seen
DECISIVE = (
    *("project-id", "pagination", "rbac-security-groups", "allow_bulk", "address-group"),
    *("security-groups-remote-address-group", "standard-attr-revisions", "standard-attr-timestamp"),
)
IS_WHOLE = os.environ.get("RINGFENCE_FAULTS") == "all"


def removed(aliases):
    """Return the extensions among `aliases` that this run removes, in all their variants."""
    return [
        pytest.param(missing, id=f"{alias}-{number}")
        for alias in aliases
        for number, missing in enumerate(MISSING_EXTENSIONS[alias])
        if IS_WHOLE or alias in DECISIVE
    ]


@pytest.mark.parametrize("missing", removed(MISSING_EXTENSIONS))
async def test_without_it_nothing_is_opened_deleted_or_imported_wrongly(
    neutron, lab, calls, missing
):
    owner = make_stranger(lab, neutron.project)
    stranger = in_neutron(lab, owner)
    calls.missing = missing
    uuid = await neutron.ask(rules=[tcp(22, description="ssh"), tcp(80)])

    if missing.is_without_bulk:
        with pytest.raises(RequestRefused, match="Bulk"):
            await push(neutron, uuid)
        assert [ingress(group) for group in in_neutron(lab, neutron.project)] == [set()]
        return

    await push(neutron, uuid)
    [own] = in_neutron(lab, neutron.project)
    assert ingress(own) == {(22, "10.0.0.0/8"), (80, "10.0.0.0/8")}
    assert (await pull(neutron))["imported"] == 1
    assert await rows(neutron) == [("default", "OK"), ("web", "OK")]
    await neutron.change_rules(uuid, [tcp(443), tcp(80)])
    await push(neutron, uuid)
    [own] = in_neutron(lab, neutron.project)
    assert ingress(own) == {(443, "10.0.0.0/8"), (80, "10.0.0.0/8")}
    assert not any((await pull(neutron)).values())

    await neutron.schedule(uuid, "DELETION_SCHEDULED")
    await delete_group(neutron.database, neutron.clouds, uuid)

    assert in_neutron(lab, neutron.project) == []
    assert in_neutron(lab, owner) == stranger
    assert await rows(neutron) == [("default", "OK")]


async def test_a_group_that_another_project_shares_is_not_taken_for_all_of_that_project(
    neutron, lab, member
):
    owner = make_stranger(lab, neutron.project)
    await neutron.world.execute("UPDATE clouds SET openstack_cloud = %s", member)
    await stand_for(neutron, owner)

    with pytest.raises(ProjectNotFound):
        await pull(neutron)

    assert await rows(neutron) == []


OF_PORTS = (
    *("standard-attr-revisions", "revision-if-match", "project-id", "filter-validation"),
    *("pagination", "port-security", "router"),
)


@pytest.mark.parametrize("missing", removed(OF_PORTS))
async def test_without_it_a_group_is_detached_from_ports_of_its_tenant(
    neutron, lab, calls, missing
):
    network = lab.make_network(neutron.project)
    uuid = await pushed(neutron, rules=[tcp(22)])
    backend_id = (await neutron.row(uuid))[1]
    owners = (neutron.project, neutron.project, lab.make_project())
    ports = [lab.make_port(network, owner, [backend_id]) for owner in owners]
    calls.missing = missing
    await pull(neutron)
    seen = await neutron.world.value("SELECT count(*) FROM cloud_port_groups")
    await neutron.schedule(uuid, "DELETION_SCHEDULED")

    with pytest.raises(GroupInUse):
        await delete_group(neutron.database, neutron.clouds, uuid, detach=True)

    is_blind = "port.security_groups" in missing.attributes
    assert seen == (0 if is_blind else 2)
    shown = [lab.neutron("GET", f"/v2.0/ports/{port}")["port"] for port in ports]
    carrying = [backend_id in port["security_groups"] for port in shown]
    assert carrying == [is_blind, is_blind, True]
    assert len(in_neutron(lab, neutron.project)) == 1


@pytest.mark.parametrize("mode", ["adopt", "enforce", "report"])
async def test_a_rule_with_a_hidden_address_group_is_not_taken_for_open(at_neutron, mode):
    office = {**RULE, "remote_ip_prefix": None, "remote_address_group_id": "a1"}
    other = {**RULE, "id": "r2", "port_range_min": 22, "port_range_max": 22}
    group = at_neutron.said["security_groups"][0]
    group["security_group_rules"] = [office, other]
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    await set_mode(at_neutron, uuid, mode)
    before = await ends(at_neutron)
    group["security_group_rules"] = [
        {name: value for name, value in rule.items() if name != "remote_address_group_id"}
        for rule in (office, other)
    ]

    for _ in range(2):
        await pull(at_neutron)
        await pull_one(at_neutron, uuid)

    assert await ends(at_neutron) == before
    _, _, state, message = await state_of(at_neutron, "g1")
    assert state == "ERRED"
    assert message.startswith(f"{MESSAGE_PREFIX} (r1: remote_address_group_id is missing)")
    shown = await drift(at_neutron, "g1")
    assert (shown["state"], shown["unexpected_at_cloud"]) == ("drifting", [])
    assert {call.method for call in at_neutron.calls} == {"GET"}
    group["security_group_rules"] = [office, other]
    await pull(at_neutron)
    assert (await state_of(at_neutron, "g1"))[2:] == ("OK", "")


async def test_a_group_with_hidden_address_groups_is_not_adopted_manually(at_neutron):
    office = {**RULE, "remote_ip_prefix": None, "remote_address_group_id": "a1"}
    group = at_neutron.said["security_groups"][0]
    group["security_group_rules"] = [office]
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    await at_neutron.world.execute(
        "UPDATE security_groups SET backend_id = '' WHERE uuid = %s", uuid
    )
    office.pop("remote_address_group_id")

    with pytest.raises(OperatorError, match="r1: remote_address_group_id is missing"):
        await adopt(at_neutron.database, uuid.hex, "g1")


async def ends(place):
    async with place.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT from_port, cidr, remote_address_group_backend_id FROM security_group_rules"
            " ORDER BY from_port"
        )
        return await cursor.fetchall()


async def test_in_a_cloud_without_address_groups_an_open_rule_is_an_open_rule(at_neutron):
    rule = {name: value for name, value in RULE.items() if name != "remote_address_group_id"}
    rule |= {"remote_ip_prefix": None}
    at_neutron.said["security_groups"][0]["security_group_rules"] = [rule]
    for _ in range(2):
        await pull(at_neutron)
    assert (await state_of(at_neutron, "g1"))[2:] == ("OK", "")
    assert [(end[0], end[1]) for end in await ends(at_neutron)] in ([(80, None)], [(80, "")])
