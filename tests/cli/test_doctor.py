"""`ringfence doctor` about a real cloud: what it says is what a push would meet."""

import asyncio
import os
import sys
from collections import Counter
from copy import deepcopy

import pytest
import yaml
from tests.cli.operating import url_of
from tests.factories.world import make_world
from tests.lab.fixtures import lab, neutron_proxy, openstack_project
from tests.lab.proxy import Cut
from tests.patience import PATIENCE_SECONDS

from ringfence.cli.doctor.clouds import Selection, read_facts
from ringfence.cli.doctor.examination import examine
from ringfence.cli.doctor.rights import Tenant, judge
from ringfence.cli.doctor.write_test import create_and_remove
from ringfence.monitoring.checks.check import PREFIX, Outcome
from ringfence.neutron.credentials import Credentials, TokenScope
from ringfence.neutron.port import CloudUnreachable, ProjectStatus
from ringfence.neutron.sandbox.cloud import SandboxCloud
from ringfence.settings import Settings

__all__ = ["lab", "neutron_proxy", "openstack_project"]

TENANT = "cloud east, tenant web-prod"


@pytest.fixture
async def world(database):
    return await make_world(database)


@pytest.fixture
def settings(conninfo):
    return Settings(database_url=url_of(conninfo))


@pytest.fixture
def use_entries(world, tmp_path, monkeypatch, openstack_project):
    """Write clouds.yaml, and let the tenant be the test's project in an OpenStack."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    async def use(**entries):
        path.write_text(yaml.safe_dump({"clouds": entries}))
        await world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'x'")
        await world.execute(
            "UPDATE tenants SET backend_id = %s WHERE id = %s", openstack_project, world.tenant_id
        )

    return use


@pytest.fixture
def check_clouds(world, settings):
    """Return a function that lets the doctor check the tenant with an entry."""

    async def check(entry, **options):
        await world.execute("UPDATE clouds SET openstack_cloud = %s", entry)
        found = await examine(settings, Selection(world.tenant_uuid.hex, **options))
        names = {check.name: check for check in found}
        first = next(at for at, check in enumerate(found) if check.name.startswith("credentials "))
        last = next(at for at, check in enumerate(found) if check.name == "versions")
        return found[first:last], names

    return check


async def test_a_verdict_on_rights_is_what_a_write_test_meets(
    lab, neutron_proxy, openstack_project, use_entries, check_clouds
):
    override = {"network_endpoint_override": neutron_proxy.url}
    system = deepcopy({**lab.entry, **override})
    for name in ("project_name", "project_domain_name", "project_domain_id"):
        system["auth"].pop(name, None)
    system["auth"]["system_scope"] = "all"
    await use_entries(
        reader=lab.make_entry(openstack_project, "reader", **override),
        other=lab.make_entry(lab.make_project(), "member", **override),
        system=system,
        member=lab.make_entry(openstack_project, "member", **override),
        admin={**lab.entry, **override},
    )
    for entry, where, what, fix in (
        ("reader", TENANT, "has the role reader only", f"--project {openstack_project} member"),
        ("other", TENANT, "they reach no other", "set openstack_cloud of the tenant to an entry"),
        ("system", "credentials system", "the system", "replace system_scope by project_name"),
        ("member", TENANT, "the project of the credentials", ""),
        ("admin", TENANT, "the project exists", ""),
    ):
        before = len(neutron_proxy.calls)
        checks, named = await check_clouds(entry, confirm=lambda _: True)
        methods = [call.method for call in neutron_proxy.calls[before:]]
        # Before the write test, a few GET requests
        assert methods.index("POST") <= 8, methods
        assert what in named[where].found, entry
        assert fix in named[where].fix
        assert all(check.tested for check in checks)
        proof = "write test, tenant web-prod"
        expected = {where, proof} if fix else set()
        assert {check.name for check in checks if not check.passed} == expected, entry
        assert {check.name for check in checks if check.outcome is Outcome.WARNING} == set()
    listed = lab.neutron("GET", f"/v2.0/security-groups?project_id={openstack_project}")
    assert [group["name"] for group in listed["security_groups"]] == ["default"]
    assert neutron_proxy.count("DELETE") == 2
    assert any(PREFIX.encode() in call.body for call in neutron_proxy.changes())


async def test_a_write_test_that_is_ended_still_removes_its_group(
    lab, neutron_proxy, openstack_project, use_entries, world, conninfo
):
    override = {"network_endpoint_override": neutron_proxy.url}
    await use_entries(east=lab.make_entry(openstack_project, "member", **override))
    await world.execute("UPDATE clouds SET openstack_cloud = 'east'")
    command = [sys.executable, "-m", "ringfence", "doctor", world.tenant_uuid.hex]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--write-test", "--yes"),
        env=os.environ | {"RINGFENCE_DATABASE_URL": url_of(conninfo)},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    # The response to the creation is lost, too.
    ended = Cut(after=True, first=process.terminate)
    neutron_proxy.fault("POST", "/security-groups", ended)

    _, said = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert process.returncode == 130, said
    assert f"security group {PREFIX}" in said.decode()
    assert [call.method for call in neutron_proxy.changes()] == ["POST", "DELETE"]
    listed = lab.neutron("GET", f"/v2.0/security-groups?project_id={openstack_project}")
    assert [group["name"] for group in listed["security_groups"]] == ["default"]


class Failing:
    """A sandbox cloud of which one method fails before or after it did its work."""

    def __init__(self, cloud, method, *, after=False):
        self._cloud, self._method, self._after = cloud, method, after

    def __getattr__(self, name):
        work = getattr(self._cloud, name)
        if name != self._method:
            return work

        async def fail(*arguments, **options):
            if self._after:
                await work(*arguments, **options)
            raise CloudUnreachable("no response")

        return fail


@pytest.mark.parametrize(
    ("method", "after", "is_left"),
    [
        ("create_group", False, False),
        ("create_group", True, False),
        ("create_rules", False, False),
        ("delete_group", True, False),
        ("delete_group", False, True),
        ("list_groups", False, False),
    ],
)
async def test_a_write_test_removes_its_group_or_names_it(database, method, after, is_left):
    sandbox = SandboxCloud(database)
    cloud = Failing(sandbox, method, after=after)
    name = f"{PREFIX}x"

    problem, left = await create_and_remove(cloud, "project", name)

    there = [group.id for group in await sandbox.list_groups("project", name=name)]
    assert bool(there) is is_left
    if method == "delete_group":
        # What a deletion without a response did is not known.
        assert left
        assert there in ([left], [])
    else:
        assert left == ""
    assert (problem is None) is (method == "list_groups")


async def test_what_cannot_be_looked_for_may_be_left(database):
    lost = Failing(SandboxCloud(database), "create_group", after=True)
    problem, left = await create_and_remove(Failing(lost, "list_groups"), "project", "x")
    assert (str(problem), left) == ("no response", "x")


async def test_what_the_service_does_not_do_is_a_failure_with_its_fix(world, settings):
    async def outcomes():
        return {check.name: check for check in await examine(settings)}

    await world.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    before = await outcomes()
    assert [check.name for check in before.values() if check.outcome is not Outcome.PASSED] == []
    await world.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'")
    await world.group("db", state="ERRED", error_message="quota\nexceeded")
    await world.group("loaded", backend_id="")
    await world.group(f"{PREFIX}0")
    await world.execute("UPDATE tenants SET created = now() - interval '4 h 2 min'")
    await world.execute(
        "UPDATE tenants SET error_message = 'stopped: 9 are missing' WHERE uuid = %s",
        world.tenant_uuid,
    )
    await world.execute(
        "INSERT INTO discoveries (cloud, entries, follow, error_message) VALUES"
        " ('east', '{east}', true, 'no sign-in'), ('west', '{west}', false, 'once')"
    )

    after = await outcomes()

    found = {
        name: (check.outcome, check.detail)
        for name, check in after.items()
        if check.outcome is not Outcome.PASSED
    }
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "workers": Outcome.FAILED,
        "groups in ERRED": Outcome.FAILED,
        "groups only here": Outcome.WARNING,
        "groups of write tests": Outcome.WARNING,
        "pulls": Outcome.FAILED,
        "overdue pulls": Outcome.FAILED,
        "discoveries": Outcome.FAILED,
    }
    for name, text in (
        ("workers", "none runs, the last heartbeat was 31 s ago"),
        ("groups in ERRED", "1: web-prod / db (quota exceeded); fix the cause"),
        ("groups only here", "1 never were in the cloud: web-prod / loaded; load their file"),
        ("groups of write tests", f"1 were left: web-prod / {PREFIX}0; delete them"),
        ("pulls", "web-prod (stopped: 9 are missing); fix the cause"),
        ("overdue pulls", "(never pulled); start more workers"),
        ("discoveries", "failed or stopped: east (no sign-in); fix the cause"),
    ):
        assert text in found[name][1]


class ManyProjects:
    """A cloud with projects, as an administrator of another one sees it; it counts the calls."""

    entry = "east"

    def __init__(self, projects):
        self.projects, self.calls = projects, Counter()

    async def credentials(self):
        self.calls["token"] += 1
        return Credentials("ops", TokenScope.PROJECT, "own", "ops", ("admin",), "/v2.0", "/v3")

    async def items(self, _path, query):
        self.calls["list"] += 1
        return [{"alias": "security-group", "project_id": query.get("project_id", "own")}]

    async def quota(self, _project):
        self.calls["quota"] += 1
        return {}

    async def listed_projects(self, *, only_disabled):
        assert not only_disabled
        self.calls["projects"] += 1
        return dict.fromkeys(self.projects[1:], True)

    async def project_status(self, _project):
        self.calls["project"] += 1
        return ProjectStatus.MISSING

    def now(self):
        return None


async def test_calls_do_not_grow_with_the_tenants_of_an_entry():
    projects = [f"p{number}" for number in range(1000)]
    cloud = ManyProjects(projects)

    facts = await read_facts(cloud, projects)

    assert cloud.calls == {"token": 1, "list": 5, "quota": 1, "projects": 1, "project": 1}
    checks = judge(facts, [Tenant(name, "east", name) for name in projects])
    assert [check.name for check in checks if not check.passed] == ["cloud east, tenant p0"]
