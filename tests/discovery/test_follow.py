"""Workers repeat a discovery; a cloud that misbehaves does no harm."""

import asyncio
import time
from dataclasses import replace

import pytest
from tests.discovery.fake_cloud import as_json, running_fake_cloud
from tests.lab.proxy import Response
from tests.patience import PATIENCE_SECONDS

from ringfence.discovery import runs
from ringfence.discovery.follow import run, run_discoveries
from ringfence.discovery.found import Selection
from ringfence.discovery.runs import Request
from ringfence.errors import Conflict
from ringfence.neutron import inventory
from ringfence.neutron.translate import ENDLESS_LIST
from ringfence.provisioning.document import check_document
from ringfence.provisioning.load import load_documents
from ringfence.provisioning.problems import Problems
from ringfence.settings import Settings
from ringfence.sync.compare import DEFAULT_GUARD

EAST = Selection("east", ("east",))
OWN = {"name": "own", "cloud": "mine", "backend_id": "p00"}
GONE = "The cloud has no project {0}: correct the backend_id of tenant {0}."


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "ATTEMPTS", ((500, 0.0), (500, 0.0), (100, 0.0)))
    with running_fake_cloud() as cloud:
        for number in range(12):
            cloud.add(f"p{number:02}", "default", "web")
        path = tmp_path / "clouds.yaml"
        path.write_text(cloud.clouds_yaml())
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        yield cloud


@pytest.fixture
def repeat(database):
    """Run the discovery once, as a worker does, and return it afterwards."""

    async def once(**values):
        async with database.transaction() as connection:
            await runs.save(connection, Request(EAST, requested=True, **values))
        claimed = await runs.claim(database, 3600)
        await run(database, claimed, DEFAULT_GUARD)
        [discovery] = await runs.discoveries(database)
        return discovery

    return once


@pytest.fixture
def rows(database):
    async def read(statement):
        async with database.connection() as connection:
            return await (await connection.execute(statement)).fetchall()

    return read


ERRED = "SELECT name, error_message FROM tenants WHERE state = 'ERRED' ORDER BY name"


async def test_a_worker_runs_what_is_requested_and_what_is_followed(database, cloud, rows):
    async with database.transaction() as connection:
        await runs.save(connection, Request(EAST, follow=True))
    stop = asyncio.Event()
    worker = asyncio.create_task(run_discoveries(Settings(pull_interval=1), database, stop))
    deadline = time.monotonic() + PATIENCE_SECONDS

    async def tenants():
        return {name for (name,) in await rows("SELECT name FROM tenants")}

    while len(await tenants()) < 12:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    cloud.add("new", "default")
    while "new" not in await tenants():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    stop.set()
    await worker
    assert {call.method for call in cloud.server.calls if "/auth/tokens" not in call.path} == {
        "GET"
    }


async def test_tenants_have_their_groups_and_a_vanished_project_is_marked(cloud, repeat, rows):
    discovery = await repeat()
    assert (discovery.error_message, discovery.report["groups"]) == ("", 24)
    assert await rows("SELECT count(*) FROM security_groups") == [(24,)]
    assert await rows(ERRED) == []
    del cloud.projects["p03"]
    await repeat()
    assert await rows(ERRED) == [("p03", GONE.format("p03"))]
    assert await rows("SELECT count(*) FROM tenants") == [(12,)]
    assert await rows("SELECT count(*) FROM events WHERE event_type LIKE '%pull_failed'") == [(1,)]
    # Marked once, and the event is written once.
    await repeat()
    assert await rows("SELECT count(*) FROM events WHERE event_type LIKE '%pull_failed'") == [(1,)]


async def test_a_tenant_that_came_from_a_file_is_left_as_it_is(database, cloud, repeat, rows):  # noqa: ARG001 - the cloud is configured
    tree = {
        "clouds": [{"name": "mine", "backend": "openstack", "openstack_cloud": "east"}],
        "customers": [{"name": "Mine", "projects": [{"name": "Mine", "tenants": [OWN]}]}],
    }
    document = check_document(tree, "", Problems())
    await load_documents(database, [("", document)], known_projects=["p00"])
    discovery = await repeat()
    assert discovery.error_message == ""
    assert await rows("SELECT name FROM tenants WHERE backend_id = 'p00'") == [("own",)]
    assert await rows("SELECT count(*) FROM tenants") == [(12,)]


async def test_a_run_that_only_reports_creates_nothing(cloud, repeat, rows):
    discovery = await repeat(creates_tenants=False)
    assert discovery.report["tenants"] == len(cloud.projects)
    assert await rows("SELECT count(*) FROM tenants") == [(0,)]


async def test_a_report_of_what_is_followed_creates_nothing_and_changes_no_customer(
    database, cloud, repeat, rows
):
    async with database.transaction() as connection:
        await runs.save(connection, Request(replace(EAST, customer="Acme"), follow=True))
    with pytest.raises(Conflict):
        await repeat(creates_tenants=False)
    report = Request(replace(EAST, customer="Acme"), requested=True, creates_tenants=False)
    async with database.transaction() as connection:
        await runs.save(connection, report)
    await run(database, await runs.claim(database, 3600), DEFAULT_GUARD)
    [discovery] = await runs.discoveries(database)
    assert (discovery.customer, discovery.follow) == ("Acme", True)
    assert discovery.report["tenants"] == len(cloud.projects)
    assert await rows("SELECT count(*) FROM tenants") == [(0,)]
    # What workers repeat creates them.
    await run(database, await runs.claim(database, 0), DEFAULT_GUARD)
    assert await rows("SELECT count(*) FROM tenants") == [(12,)]


def without(*projects):
    """A Keystone whose list lacks projects that it has."""

    def spoil(call):
        if call.path.startswith("/v3/projects") and not call.path.startswith("/v3/projects/"):
            kept = [f"p{number:02}" for number in range(12) if f"p{number:02}" not in projects]
            listed = [{"id": one, "name": one, "domain_id": "default"} for one in kept]
            return as_json({"projects": listed, "links": {"next": None}})
        return None

    return spoil


def cut_off(call):
    """Half of a page."""
    return (
        Response(200, b'{"security_groups": [{"id": "0') if "security-groups" in call.path else None
    )


def on(path, response):
    return lambda call: response if path in call.path else None


def leading_back(path, kind, **page):
    """A list whose pages lead to each other for ever."""

    def spoil(call):
        if path not in call.path:
            return None
        one, other = ("b", "a") if "marker=a" in call.path else ("a", "b")
        link = f"http://h/v3/{kind}?marker={one}"
        ends = {"links": {"next": link}, f"{kind}_links": [{"rel": "next", "href": link}]}
        return as_json({kind: [{"id": other, **page}, {"id": one, **page}], **ends})

    return spoil


ALL = [f"p{number:02}" for number in range(12)]
ENDLESS = f"the cloud east: {ENDLESS_LIST}"
STOPPED = "12 of 12 projects are missing in the cloud at once: their tenants were not marked"


MISBEHAVIOUR = [
    (without(*ALL), STOPPED),
    # The list lacks it, and Keystone has it.
    (without("p03"), ""),
    (on("/v3/projects", as_json({"projects": []})), STOPPED),
    (on("/v3/projects", as_json({"projects": [], "truncated": True})), ""),
    (on("/v3/projects", Response(500)), "the cloud east: The cloud's network service failed"),
    (on("/v3/projects", Response(200, b"<html>")), "the cloud east: The identity service sent"),
    (on("/v3/projects", as_json({})), "the cloud east: The cloud sent a response"),
    (cut_off, "the cloud east: The cloud sent a response that is not Neutron's (no JSON)."),
    (leading_back("/ports", "ports", project_id="p00"), ENDLESS),
    (leading_back("/v3/projects", "projects", name="x", domain_id="default"), ENDLESS),
    (on("/ports", Response(502)), "the cloud east: The cloud's network service failed"),
]


async def test_a_cloud_that_misbehaves_marks_and_removes_nothing(cloud, repeat, rows):
    await repeat()
    counted = "SELECT (SELECT count(*) FROM tenants), (SELECT count(*) FROM security_groups)"
    before = await rows(counted)
    for spoil, error in MISBEHAVIOUR:
        cloud.spoil = spoil
        discovery = await repeat()
        assert discovery.error_message[: len(error)] == error
        assert bool(discovery.error_message) is bool(error), discovery.error_message
        assert await rows(ERRED) == []
        assert await rows(counted) == before
        # The last report that there was
        assert discovery.report is not None


async def test_a_page_is_requested_again_and_a_deleted_marker_is_passed_over(cloud, repeat, rows):
    failed = []

    def spoil(call):
        if "ports" in call.path:
            if "marker=port-1" in call.path and len(cloud.ports) == 5:
                # Deleted between two pages
                del cloud.ports[1]
            elif not failed:
                failed.append(call)
                return Response(503)
        return None

    cloud.ports = [
        {"id": f"port-{number}", "project_id": "p00", "security_groups": ["0001-web"]}
        for number in range(5)
    ]
    cloud.spoil = spoil
    discovery = await repeat()
    assert (discovery.error_message, len(failed)) == ("", 1)
    assert {name for (name,) in await rows("SELECT backend_id FROM cloud_ports")} == {
        *("port-0", "port-1", "port-2", "port-3", "port-4")
    }


async def test_ports_that_may_not_be_read_are_a_warning(cloud, repeat, rows):
    cloud.spoil = on("/ports", as_json({"NeutronError": {"type": "X", "message": "no"}}, 403))
    discovery = await repeat()
    assert discovery.report["warnings"] == [
        "ports may not be read: which groups are in use is not known"
    ]
    assert await rows("SELECT count(*) FROM tenant_port_observations") == [(0,)]


async def test_a_role_that_sees_only_its_own_groups_is_told_what_is_left_out(cloud, repeat, rows):
    cloud.roles = ("reader",)
    cloud.projects["admin"] = "admin"
    cloud.groups = []
    discovery = await repeat()
    assert await rows("SELECT name FROM tenants") == [("admin",)]
    assert discovery.report["warnings"][0].startswith("12 further projects are left out")


async def test_a_killed_workers_run_is_taken_over_after_its_lease(database, cloud, rows):  # noqa: ARG001 - the cloud is configured
    async with database.transaction() as connection:
        await runs.save(connection, Request(EAST, requested=True))
    assert await runs.claim(database, 3600) is not None
    assert await runs.claim(database, 3600) is None
    for moment in ("- interval '1 s'", "+ interval '1 day'"):
        await rows(f"UPDATE discoveries SET running_until = now() {moment} RETURNING 1")  # noqa: S608 - constants
        assert await runs.claim(database, 3600) is not None
