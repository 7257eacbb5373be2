import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from tests.lab.proxy import Cut, Delay, Response
from tests.patience import PATIENCE_SECONDS
from tests.sync.conftest import cloud_tcp, tcp

from ringfence.database.outbox import Job, defer_for_group, defer_for_tenant
from ringfence.errors import Unavailable
from ringfence.settings import Settings
from ringfence.sync.worker import SHUTDOWN_SECONDS, run_worker

PROGRAM = Path(__file__).with_name("worker_process.py")


@contextmanager
def worker_process(conninfo, log, pull_interval=7200, shutdown_seconds=SHUTDOWN_SECONDS):
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, conninfo, str(pull_interval), str(shutdown_seconds)],
            stdout=output,
            stderr=output,
            env=os.environ.copy(),
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def worker(database, conninfo):  # noqa: ARG001 - the schema is there
    """A worker in this process that has started."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(Settings(), conninfo, stop=stop))
    yield task
    stop.set()
    await asyncio.wait_for(task, PATIENCE_SECONDS)


async def until(what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await what():
        assert time.monotonic() < deadline, "it does not come"
        await asyncio.sleep(0.05)


async def ask(place, name="web", **columns):
    uuid = await place.ask(name, **columns)
    await defer(place, Job.PUSH_GROUP, uuid)
    return uuid


async def defer(place, job, uuid):
    async with place.database.transaction() as connection:
        await defer_for_group(connection, job, uuid)


def is_in(place, uuid, state):
    async def check():
        row = await place.row(uuid)
        return row is not None and row[0] == state

    return check


async def test_a_worker_pushes_pulls_and_deletes(place, worker):
    uuid = await ask(place, rules=[tcp(22)])
    await until(is_in(place, uuid, "OK"))

    await place.cloud.create_rules(place.project, (await place.row(uuid))[1], [cloud_tcp(80)])
    await place.schedule(uuid, "UPDATE_SCHEDULED")
    await defer(place, Job.PULL_GROUP, uuid)
    await until(is_in(place, uuid, "OK"))
    assert len(await place.rows(uuid)) == 2

    await place.schedule(uuid, "DELETION_SCHEDULED")
    await defer(place, Job.DELETE_GROUP, uuid)

    async def gone():
        return await place.row(uuid) is None

    await until(gone)
    assert not worker.done()


async def test_finished_jobs_leave_nothing(sandbox, worker):
    uuid = await ask(sandbox)
    await until(is_in(sandbox, uuid, "OK"))

    async def empty():
        return await sandbox.world.value("SELECT count(*) FROM procrastinate_jobs") == 0

    await until(empty)
    assert not worker.done()


async def test_errors_of_a_moment_pass_without_being_shown(neutron, calls, worker):
    calls.fault("POST", "/security-groups", Response(503))
    calls.fault("POST", "/security-group-rules", Response(500))
    calls.fault("POST", "/security-group-rules", Cut(after=True), nth=2)
    states = set()
    uuid = await ask(neutron, rules=[tcp(22)])

    async def settled():
        states.add((await neutron.row(uuid))[0])
        return "OK" in states

    await until(settled)

    assert "ERRED" not in states
    assert [rule.port_range_min for rule in (await neutron.found(uuid)).rules] == [22]
    assert not worker.done()


async def test_a_refusal_is_shown_at_once_in_words(neutron, lab, worker):
    lab.set_quota(neutron.project, groups=0)

    uuid = await ask(neutron)
    await until(is_in(neutron, uuid, "ERRED"))

    assert "uota" in (await neutron.row(uuid))[4]
    assert "Traceback" in await neutron.world.value(
        "SELECT error_traceback FROM security_groups WHERE uuid = %s", uuid
    )
    assert await neutron.documents_are_fresh()
    assert not worker.done()


async def test_groups_that_name_each_other_become_ok(sandbox, worker):
    for name in ("one", "two"):
        await sandbox.ask(name, rules=[tcp(22)])
    await sandbox.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id ="
        " (SELECT id FROM security_groups WHERE id <> security_group_id)"
    )
    uuids = [
        await sandbox.world.value("SELECT uuid FROM security_groups WHERE name = %s", name)
        for name in ("one", "two")
    ]
    for uuid in uuids:
        await defer(sandbox, Job.PUSH_GROUP, uuid)

    for uuid in uuids:
        await until(is_in(sandbox, uuid, "OK"))
    assert not worker.done()


async def test_a_requested_pull_of_a_tenant_ends_in_ok(place, worker):
    await place.cloud.create_group(place.project, "new", "")
    await place.world.execute("UPDATE tenants SET state = 'UPDATE_SCHEDULED', modified = now()")
    async with place.database.transaction() as connection:
        await defer_for_tenant(connection, place.tenant)

    async def settled():
        return (
            await place.world.value("SELECT state FROM tenants WHERE uuid = %s", place.tenant)
            == "OK"
        )

    await until(settled)
    assert await place.world.value("SELECT count(*) FROM security_groups WHERE name = 'new'") == 1
    assert not worker.done()


async def test_a_tenant_that_cannot_be_pulled_says_why(sandbox, worker):
    await sandbox.world.execute(
        "UPDATE clouds SET backend = 'openstack', openstack_cloud = 'nowhere'"
    )
    await sandbox.world.execute(
        "UPDATE tenants SET state = 'UPDATE_SCHEDULED', backend_id = '' WHERE uuid = %s",
        sandbox.tenant,
    )
    async with sandbox.database.transaction() as connection:
        await defer_for_tenant(connection, sandbox.tenant)

    async def erred():
        return await sandbox.world.one(
            "SELECT state, error_message FROM tenants WHERE uuid = %s", sandbox.tenant
        )

    async def has_erred():
        return (await erred())[0] == "ERRED"

    await until(has_erred)
    assert "has no backend_id" in (await erred())[1]
    assert not worker.done()


async def test_each_tenant_is_pulled_within_the_interval(sandbox, conninfo, tmp_path):
    await sandbox.cloud.create_group(sandbox.project, "new", "")

    async def imported():
        return await sandbox.world.value("SELECT count(*) FROM security_groups WHERE name = 'new'")

    with worker_process(conninfo, tmp_path / "log", pull_interval=2):
        await until(imported)


async def test_a_worker_killed_in_the_middle_of_a_push_leaves_no_trace(
    neutron, calls, conninfo, tmp_path
):
    calls.fault("POST", "/security-group-rules", Delay(2.0))
    uuid = await ask(neutron, rules=[tcp(22), tcp(80)])
    path = tmp_path / "log"
    with worker_process(conninfo, path) as process:
        await until(is_in(neutron, uuid, "CREATING"))

        async def has_backend_id():
            return bool((await neutron.row(uuid))[1])

        await until(has_backend_id)
        # The proxy has the call and passes it on after the worker's death.
        await asyncio.sleep(0.7)
        process.send_signal(signal.SIGKILL)
        process.wait()

    with worker_process(conninfo, path):
        await until(is_in(neutron, uuid, "OK"))

    named = await neutron.cloud.list_groups(neutron.project, name="web")
    assert [group.id for group in named] == [(await neutron.row(uuid))[1]]
    found = sorted(rule.port_range_min for rule in named[0].rules)
    assert found == [22, 80]


async def test_a_worker_ends_in_time_and_finishes_what_is_in_flight(
    neutron, calls, conninfo, tmp_path
):
    calls.fault("POST", "/security-groups", Delay(2.0))
    uuid = await ask(neutron)
    # On a busy machine, a push to the cloud takes longer than the worker's own limit.
    with worker_process(conninfo, tmp_path / "log", shutdown_seconds=PATIENCE_SECONDS) as process:
        await until(is_in(neutron, uuid, "CREATING"))
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)

    assert process.returncode == 0
    assert (await neutron.row(uuid))[0] == "OK"


async def test_a_job_that_does_not_end_in_time_is_given_back(neutron, calls, conninfo, tmp_path):
    calls.fault("POST", "/security-groups", Delay(25.0))
    uuid = await ask(neutron)
    with worker_process(conninfo, tmp_path / "log") as process:
        await until(is_in(neutron, uuid, "CREATING"))
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)

    assert process.returncode == 0
    status = "SELECT status::text FROM procrastinate_jobs"
    assert await neutron.world.value(status) == "todo"
    assert (await neutron.row(uuid))[0] == "CREATING"


async def test_a_worker_survives_its_database_connections(sandbox, conninfo, worker):
    uuid = await ask(sandbox, "first")
    await until(is_in(sandbox, uuid, "OK"))
    with psycopg.connect(conninfo, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    # The pool of the test has to notice it, too.
    with suppress(Unavailable):
        await sandbox.row(uuid)

    uuid = await ask(sandbox, "second")

    await until(is_in(sandbox, uuid, "OK"))
    assert not worker.done()
