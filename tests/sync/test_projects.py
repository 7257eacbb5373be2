"""Without an existing project of the tenant, nothing is read or created in the cloud."""

import uuid
from copy import deepcopy

import pytest
import yaml
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_evidence import give_up, strangers, untouched
from tests.sync.test_pull import pull, push, pushed

from ringfence.errors import OperatorError
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import GiveUp, ProjectNotFound, ProjectStatus
from ringfence.provisioning.load import load_files
from ringfence.provisioning.options import LoadOptions
from ringfence.sync import manual, status
from ringfence.sync.pull import pull_tenant

PHANTOM = "0" * 32


@pytest.fixture
def member(lab, openstack_project, tmp_path, monkeypatch):
    """A clouds.yaml whose entry `member` is a plain member of the project."""
    name, secret = uuid.uuid4().hex, uuid.uuid4().hex
    values = {"name": name, "password": secret, "domain_id": "default"}
    user = lab.keystone("POST", "/users", {"user": values})["user"]["id"]
    roles = lab.keystone("GET", "/roles")["roles"]
    role = next(role["id"] for role in roles if role["name"] == "member")
    lab.keystone("PUT", f"/projects/{openstack_project}/users/{user}/roles/{role}")
    entry = deepcopy(lab.entry)
    entry["auth"] |= {"username": name, "password": secret, "project_id": openstack_project}
    entry["auth"].pop("project_name", None)
    entry["auth"].pop("project_domain_name", None)
    entry["auth"].pop("project_domain_id", None)
    path = tmp_path / "member.yaml"
    path.write_text(yaml.safe_dump({"clouds": {"member": entry, "admin": lab.entry}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    return "member"


async def stand_for(place, project):
    await place.world.execute(
        "UPDATE tenants SET backend_id = %s WHERE uuid = %s", project, place.tenant
    )


async def the_tenant(place):
    return await place.world.one(
        "SELECT state, error_message FROM tenants WHERE uuid = %s", place.tenant
    )


async def test_an_administrator_learns_of_any_project_and_a_member_of_its_own(
    openstack_project, member
):
    clouds = OpenStackClouds()
    admin, plain = clouds.cloud("admin"), clouds.cloud(member)
    dashed = str(uuid.UUID(openstack_project))

    assert await admin.project_status(openstack_project) is ProjectStatus.FOUND
    assert await admin.project_status(PHANTOM) is ProjectStatus.MISSING
    assert await admin.project_status(dashed) is ProjectStatus.MISSING
    assert await plain.project_status(openstack_project) is ProjectStatus.FOUND
    assert await plain.project_status(PHANTOM) is ProjectStatus.UNKNOWN
    await clouds.close()


async def test_nothing_is_read_of_a_project_that_does_not_exist(neutron, calls):
    await stand_for(neutron, PHANTOM)

    for _ in range(2):
        with pytest.raises(ProjectNotFound, match="has no project"):
            await pull(neutron)

    state, message = await the_tenant(neutron)
    assert (state, PHANTOM in message) == ("ERRED", True)
    # Neutron creates a default group when the groups of such a project are listed.
    assert calls.calls == []
    assert await neutron.world.value("SELECT count(*) FROM security_groups") == 0
    assert (await neutron.events()).count("tenant_pull_failed") == 1
    await stand_for(neutron, neutron.project)
    await pull(neutron)
    assert await the_tenant(neutron) == ("OK", "")


async def test_no_group_is_created_in_a_project_that_does_not_exist(neutron, calls):
    await stand_for(neutron, PHANTOM)
    group = await neutron.ask("web", [tcp(443)])

    with pytest.raises(ProjectNotFound, match="correct the backend_id"):
        await push(neutron, group)

    assert calls.changes() == []


async def test_a_member_of_another_project_sees_no_empty_tenant(neutron, member):
    await neutron.world.execute("UPDATE clouds SET openstack_cloud = %s", member)
    await stand_for(neutron, PHANTOM)

    with pytest.raises(ProjectNotFound, match="not even default"):
        await pull(neutron)

    assert (await the_tenant(neutron))[0] == "ERRED"
    await stand_for(neutron, neutron.project)
    assert (await pull(neutron))["imported"] == 1


async def test_pulling_and_confirming_agree_on_groups_of_another_project(neutron, lab):
    old = [await pushed(neutron, f"web-{number}", [tcp(443)]) for number in range(7)]
    left = await neutron.cloud.list_groups(neutron.project)
    await stand_for(neutron, lab.make_project())
    tenant = await status.find_tenant(neutron.database, neutron.tenant.hex)

    done = await pull(neutron)
    lines, _ = await manual.confirm_missing(neutron.database, tenant, confirmed=False)
    await neutron.change_rules(old[0], [tcp(22)])
    with pytest.raises(GiveUp, match="belongs to the project"):
        await push(neutron, old[0])

    assert (done["missing"], len(lines)) == (7, 7)
    await give_up(neutron, old[0], "elsewhere")
    await neutron.world.execute("UPDATE security_groups SET state = 'OK', error_message = ''")
    _, marked = await manual.confirm_missing(neutron.database, tenant, confirmed=True)
    assert marked == 7
    assert await neutron.cloud.list_groups(neutron.project) == left


SITE = """
clouds: [{{name: lab, backend: openstack, openstack_cloud: {entry}}}]
customers:
  - name: Acme
    projects: [{{name: Web, tenants: [{{name: prod, cloud: lab, backend_id: "{project}"}}]}}]
"""
PLACE = "customers[0].projects[0].tenants[0].backend_id"


@pytest.fixture
def load_site(database, tmp_path):
    async def load(entry, project):
        path = tmp_path / "site.yaml"
        path.write_text(SITE.format(entry=entry, project=project))
        return await load_files(database, [path])

    return load


async def test_a_load_refuses_a_project_that_keystone_does_not_know(
    load_site, lab, openstack_project, monkeypatch
):
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.clouds_yaml))

    with pytest.raises(OperatorError) as refused:
        await load_site("admin", PHANTOM)
    report = await load_site("admin", openstack_project)

    assert (
        str(refused.value) == f"{PLACE}: the cloud of the entry 'admin' has no project '{PHANTOM}'"
    )
    assert report.warnings == []


async def test_a_load_reports_what_a_member_could_not_check(load_site, member, openstack_project):
    report = await load_site(member, PHANTOM)
    again = await load_site(member, PHANTOM)
    own = await load_site(member, openstack_project)

    assert report.warnings[0].startswith(f"warning: project {PHANTOM} was not checked")
    assert (again.warnings, own.warnings) == ([], [])


async def test_a_load_continues_without_the_cloud(load_site, tmp_path, monkeypatch):
    path = tmp_path / "clouds.yaml"
    auth = {"auth_url": "http://127.0.0.1:1/v3", "username": "u", "password": "p"}
    auth |= {"project_name": "x", "user_domain_id": "default", "project_domain_id": "default"}
    path.write_text(yaml.safe_dump({"clouds": {"away": {"auth": auth}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    report = await load_site("away", PHANTOM)

    assert report.counts["tenants"].created == 1
    assert report.lines()[-1].startswith(
        "warning: projects of the entry 'away' were not checked: The cloud cannot be reached"
    )


@pytest.mark.parametrize("dashed", [str(uuid.UUID(int=7)), str(uuid.UUID(int=2**127)).upper()])
async def test_a_dashed_project_id_is_refused_with_the_right_form(load_site, dashed):
    with pytest.raises(OperatorError) as refused:
        await load_site("east", dashed)

    plain = dashed.replace("-", "").lower()
    words = f"{PLACE}: {dashed!r} is not a project id: Keystone writes it as {plain!r}"
    assert str(refused.value) == words


async def test_a_tenant_that_moves_leaves_its_groups_as_they_are_in_the_old_project(
    neutron, lab, tmp_path
):
    group = await pushed(neutron, "web", [tcp(443)])
    theirs = await strangers(neutron, "theirs", cloud_tcp(22))
    await pull(neutron)
    ours = await neutron.found(group)
    new = lab.make_project()
    path = tmp_path / "move.yaml"
    row = await neutron.world.one(
        "SELECT project.uuid, customer.uuid, customer.name, project.name FROM tenants"
        " JOIN projects project ON project.id = project_id JOIN customers customer"
        " ON customer.id = customer_id WHERE tenants.uuid = %s",
        neutron.tenant,
    )
    tenant = {"name": "web-prod", "uuid": neutron.tenant.hex, "cloud": "east", "backend_id": new}
    project = {"name": row[3], "uuid": row[0].hex, "tenants": [tenant]}
    customer = {"name": row[2], "uuid": row[1].hex, "projects": [project]}
    path.write_text(yaml.safe_dump({"customers": [customer]}))

    with pytest.raises(OperatorError, match=f"--move-tenant {neutron.tenant.hex}"):
        await load_files(neutron.database, [path])
    await load_files(neutron.database, [path], LoadOptions(moves=["web-prod"]))

    state, backend_id, version, applied, message, _ = await neutron.row(group)
    assert (state, backend_id, version, applied) == ("ERRED", "", 1, 0)
    assert message.startswith("The tenant moved to another project")
    assert await neutron.rows(group) == [("tcp", 443, 443, "10.0.0.0/8")]
    assert "tenant_moved" in await neutron.events()
    assert await neutron.documents_are_fresh()
    await pull_tenant(neutron.database, neutron.clouds, neutron.tenant, requested=False)
    await neutron.schedule(group, "UPDATE_SCHEDULED")
    await push(neutron, group)
    assert (await neutron.found(group)).project_id == new
    assert await untouched(neutron, ours, theirs)


async def test_another_entry_that_leads_to_the_same_project_is_no_move(neutron, lab, tmp_path):
    uuid = await pushed(neutron, "web", [tcp(443)])
    lab.write_clouds(tmp_path, east={}, renamed={})
    (name,) = await neutron.world.one("SELECT name FROM clouds")
    cloud = {"name": name, "backend": "openstack", "openstack_cloud": "renamed"}
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump({"clouds": [cloud]}))
    before = await neutron.row(uuid)

    await load_files(neutron.database, [file])

    assert await neutron.row(uuid) == before
    await pull(neutron)
    assert await neutron.row(uuid) == before
