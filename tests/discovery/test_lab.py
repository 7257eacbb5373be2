"""Discovery of a real Keystone and Neutron with many projects in two domains."""

import json
import math
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg
import pytest
from tests.cli.operating import url_of
from tests.lab.proxy import recording_proxy
from tests.patience import PATIENCE_SECONDS

from ringfence.discovery.commands import discover
from ringfence.discovery.found import Ids, Selection
from ringfence.neutron.inventory import ATTEMPTS
from ringfence.provisioning.export.export import FileFormat, export
from ringfence.provisioning.load import load_files
from ringfence.sync.drivers import Clouds
from ringfence.sync.pull import pull_tenant

pytestmark = pytest.mark.timeout(4 * PATIENCE_SECONDS)

PROJECTS = 80
WITH_GROUPS = 20
WRITERS = "SELECT xmin::text, count(*) FROM {} GROUP BY 1 ORDER BY 1"
FIRST_GROUP = """
SELECT tenant.uuid, sg.backend_id FROM security_groups AS sg
JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE sg.name = 'web' ORDER BY sg.id LIMIT 1
"""
PAGE = ATTEMPTS[0][0]
WRITTEN = ("customers", "projects", "tenants", "tenant_pulls", "security_groups", "events")


@dataclass
class Region:
    """A cloud behind two recording proxies, with projects of the test's own."""

    domains: list[dict] = field(default_factory=list)
    projects: list[dict] = field(default_factory=list)
    proxies: list = field(default_factory=list)
    path: str = ""

    @property
    def names(self):
        return tuple(domain["name"] for domain in self.domains)

    @property
    def calls(self):
        return [call for proxy in self.proxies for call in proxy.calls]


@pytest.fixture
def region(lab, neutron_proxy, tmp_path, monkeypatch):
    region = Region()
    key = uuid.uuid4().hex[:8]
    for number in range(2):
        values = {"name": f"domain-{key}-{number}"}
        region.domains.append(lab.keystone("POST", "/domains", {"domain": values})["domain"])

    def make(number):
        values = {"name": f"p-{key}-{number}", "domain_id": region.domains[number % 2]["id"]}
        project = lab.keystone("POST", "/projects", {"project": values})["project"]
        if number < WITH_GROUPS:
            group = {"name": "web", "project_id": project["id"]}
            made = lab.neutron("POST", "/v2.0/security-groups", {"security_group": group})
            if number == 0:
                network = lab.make_network(project["id"])
                lab.make_port(network, project["id"], [made["security_group"]["id"]])
        return project

    assert lab.token
    with ThreadPoolExecutor(4) as executor:
        region.projects = list(executor.map(make, range(PROJECTS)))
    with recording_proxy(lab.identity_url.removesuffix("/v3")) as keystone_proxy:
        region.proxies = [keystone_proxy, neutron_proxy]
        entry = lab.entry
        entry |= {
            # Others first ask for the versions, and go on at the URL that the response has.
            "auth_type": "v3password",
            "auth": entry["auth"] | {"auth_url": f"{keystone_proxy.url}/v3"},
            "network_endpoint_override": neutron_proxy.url,
        }
        region.path = str(lab.write_clouds(tmp_path, east=entry))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", region.path)
        yield region


async def rows(database, statement):
    async with database.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def written(database):
    """Everything that a second run must leave alone, with the transaction that wrote it."""
    return {
        table: await rows(database, WRITERS.format(table))
        for table in (*WRITTEN, "security_group_documents")
    }


def killed_half_way(environment, command, count):
    """Run the command, and kill it once `count` is more than zero."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while count() == 0:
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def openstack(lab, *arguments):
    """What the real client lists."""
    environment = os.environ | {"OS_CLIENT_CONFIG_FILE": str(lab.clouds_yaml), "OS_CLOUD": "admin"}
    program = lab.state / "venv" / "bin" / "openstack"
    return json.loads(run([program, *arguments, "-f", "json"], environment))


def run(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def discovered_by_a_killed_run_and_another(region, conninfo):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RINGFENCE_")}
    environment = kept | {"RINGFENCE_DATABASE_URL": url_of(conninfo)}
    options = [option for name in region.names for option in ("--domain", name)]
    command = [sys.executable, "-m", "ringfence", "discover", "east", *options, "--load"]
    with psycopg.connect(conninfo, autocommit=True) as connection:

        def pulled():
            return connection.execute("SELECT count(*) FROM tenant_pulls").fetchone()[0]

        killed_half_way(environment, command, pulled)
        assert 0 < pulled() < PROJECTS
    for proxy in region.proxies:
        proxy.calls.clear()
    run(command, environment)


async def assert_equal_to_what_the_client_lists(lab, region, database, groups):
    projects = openstack(lab, "project", "list", "--long")
    domains = {domain["id"]: domain["name"] for domain in region.domains}
    listed = {
        (domains[one["Domain ID"]], one["Name"], one["ID"])
        for one in projects
        if one["Domain ID"] in domains
    }
    assert len(listed) == PROJECTS
    found = await rows(
        database,
        "SELECT customer.name, tenant.name, tenant.backend_id FROM tenants AS tenant"
        " JOIN projects AS project ON tenant.project_id = project.id"
        " JOIN customers AS customer ON project.customer_id = customer.id",
    )
    assert set(found) == listed
    imported = await rows(database, "SELECT backend_id, name FROM security_groups")
    ids = {project for _, _, project in listed}
    assert set(imported) == {(one["ID"], one["Name"]) for one in groups if one["Project"] in ids}
    assert len(imported) > WITH_GROUPS
    assert await rows(database, "SELECT count(*) FROM cloud_ports") == [(1,)]


async def assert_that_an_export_changes_nothing(database, path):
    before = await written(database)
    texts, notes = [], []
    await export(database, None, FileFormat.YAML, texts.append, notes.append)
    path.write_text("".join(texts))
    assert notes == []
    assert (await load_files(database, [path])).nothing_changed
    assert await written(database) == before


async def assert_that_a_pull_only_reports(lab, region, database):
    modes = await rows(database, "SELECT DISTINCT drift_mode FROM tenant_drift_modes")
    assert modes == [("report",)]
    [(tenant, group)] = await rows(database, FIRST_GROUP)
    rule = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
    lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": rule})
    _, neutron_proxy = region.proxies
    neutron_proxy.calls.clear()
    clouds = Clouds(database)
    counts = await pull_tenant(database, clouds, tenant, requested=True)
    await clouds.close()
    assert (counts["drifted"], counts["refreshed"], counts["reverted"]) == (1, 0, 0)
    assert neutron_proxy.calls
    assert neutron_proxy.changes() == []


async def assert_that_names_follow(lab, region, database, selection):
    renamed, gone = region.projects[7], region.projects[8]
    name = f"new-{renamed['id']}"
    lab.keystone("PATCH", f"/projects/{renamed['id']}", {"project": {"name": name}})
    lab.keystone("DELETE", f"/projects/{gone['id']}")
    outcome = await discover(database, selection, lambda *_: None, lambda *_: None)
    assert outcome.vanished == [gone["name"]]
    after = await rows(database, "SELECT backend_id, uuid, name, state FROM tenants")
    ids = Ids.of("east")
    assert {project: one for project, one, _, _ in after} == {
        project["id"]: ids.tenant(project["id"]) for project in region.projects
    }
    by_project = {project: (name, state) for project, _, name, state in after}
    assert by_project[renamed["id"]] == (name, "OK")
    assert by_project[gone["id"]] == (gone["name"], "ERRED")


async def test_a_cloud_of_many_projects_is_discovered_by_reading_only(
    lab, region, database, conninfo, tmp_path
):
    discovered_by_a_killed_run_and_another(region, conninfo)
    changes = [str(call) for call in region.calls if call.method != "GET"]
    assert changes == ["POST /v3/auth/tokens 201"]
    # No more requests than there are pages, and ten.
    groups = openstack(lab, "security", "group", "list")
    assert len(region.calls) <= math.ceil(len(groups) / PAGE) + 10, region.calls
    await assert_equal_to_what_the_client_lists(lab, region, database, groups)
    # A second run changes nothing and renders nothing.
    before = await written(database)
    selection = Selection("east", ("east",), domains=region.names)
    outcome = await discover(database, selection, lambda *_: None, lambda *_: None)
    assert outcome.loaded.nothing_changed
    assert await written(database) == before
    await assert_that_an_export_changes_nothing(database, tmp_path / "export.yaml")
    await assert_that_a_pull_only_reports(lab, region, database)
    await assert_that_names_follow(lab, region, database, selection)
