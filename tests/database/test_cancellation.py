"""A task that is cancelled ends, wherever it was, and leaves nothing behind.

Each task is cancelled at each of its waits, one after the other: as it begins to wait, and as what
it waited for is there, just before it goes on. The second is what `asyncio.wait_for` loses before
Python 3.12.
"""

import asyncio
import types

import httpx
import psycopg
import pytest
from tests.contract.paths import GROUPS, group_at
from tests.factories.world import make_world

from ringfence.app import create_app
from ringfence.database.pool import Database
from ringfence.database.replica import Replica
from ringfence.settings import Settings
from ringfence.sync.drivers import Clouds
from ringfence.sync.push import push_group

SIZE = 2
MOMENTS = ["as it begins to wait", "as it goes on"]


@types.coroutine
def _stepped(number, moment, coroutine):
    """Run a coroutine in the current task, and cancel that at the wait with this number.

    Returns whether there was such a wait.
    """
    task = asyncio.current_task()
    steps = coroutine.__await__()
    resume, value = steps.send, None
    waits = 0
    while True:
        try:
            waited_for = resume(value)
        except StopIteration:
            return waits >= number
        waits += 1
        if waits == number and (moment == MOMENTS[0] or waited_for is None):
            task.cancel()
        elif waits == number:
            # Called before the task's own callback, which makes it go on.
            waited_for.add_done_callback(lambda _: task.cancel())
        try:
            value, resume = (yield waited_for), steps.send
        except BaseException as error:  # noqa: BLE001 - handed on as it is
            value, resume = error, steps.throw


async def cancelled_at(number, moment, coroutine):
    return await _stepped(number, moment, coroutine)


async def cancelled_everywhere(make, check, *, every=1):
    """Cancel what `make` returns at its waits, a task for each, and check what it left behind."""
    for moment in MOMENTS:
        number = 1
        while True:
            task = asyncio.create_task(cancelled_at(number, moment, make()))
            await asyncio.wait({task}, timeout=30)
            if not task.done():
                task.cancel()
                pytest.fail(f"cancelled {moment}, at wait {number}, it does not end")
            if not task.cancelled() and task.exception() is None and not task.result():
                break
            assert task.cancelled(), f"cancelled {moment}, at wait {number}, it went on"
            await check()
            number += every
        assert number > 1


@pytest.fixture
async def database(conninfo):
    async with Database.open(conninfo, size=SIZE) as database:
        yield database


@pytest.fixture
def whole(database):
    """Return a check that every connection can be lent, and that none is in a transaction."""

    async def use(together):
        async with database.connection() as connection:
            await together.wait()
            return connection.info.transaction_status

    async def check():
        together = asyncio.Barrier(SIZE)
        async with asyncio.timeout(30):
            statuses = await asyncio.gather(*(use(together) for _ in range(SIZE)))
        assert statuses == [psycopg.pq.TransactionStatus.IDLE] * SIZE

    return check


async def statement(database):
    async with database.connection() as connection:
        await (await connection.execute("SELECT 1")).fetchone()


async def transaction(database):
    async with database.transaction() as connection:
        await connection.execute("SELECT 1")
        await connection.execute("SELECT 2")


async def enclosing(database):
    async with database.enclosing():
        await transaction(database)


async def read(database):
    async def run(connection):
        return await (await connection.execute("SELECT 1")).fetchone()

    await database.read(run)


async def within_a_deadline(database):
    async with asyncio.timeout(60):
        await transaction(database)


@pytest.mark.parametrize("use", [statement, transaction, enclosing, read, within_a_deadline])
async def test_a_use_of_the_pool_ends(database, whole, use):
    await cancelled_everywhere(lambda: use(database), whole)


@pytest.mark.parametrize("use", [statement, transaction])
async def test_a_use_that_has_to_wait_for_a_connection_ends(database, whole, use):
    async def contended():
        others = [asyncio.create_task(transaction(database)) for _ in range(2 * SIZE)]
        await asyncio.sleep(0)
        try:
            await use(database)
        finally:
            await asyncio.wait(others)

    await cancelled_everywhere(contended, whole)


async def test_the_watcher_of_a_replica_ends(database, whole, conninfo):
    async with Database.open(conninfo, size=SIZE) as second:
        replica = Replica(database, second)

        async def watch():
            await replica.check()
            replica._is_usable = True  # noqa: SLF001 - as after a good look
            await replica.read(lambda connection: connection.execute("SELECT 1"), 1)

        await cancelled_everywhere(watch, whole)


async def test_a_job_ends(database, whole):
    world = await make_world(database)
    clouds = Clouds(database)
    waiting = {"state": "CREATION_SCHEDULED", "backend_id": "", "applied_version": 0}
    uuid = await world.group("web", **waiting)

    async def job():
        await world.execute("UPDATE security_groups SET state = 'UPDATE_SCHEDULED'")
        await push_group(database, clouds, uuid)

    await cancelled_everywhere(job, whole, every=3)
    await clouds.close()


@pytest.mark.parametrize("method", ["GET", "POST", "POST with a key"])
async def test_a_request_whose_client_leaves_ends(database, whole, method):
    world = await make_world(database)
    app = create_app(Settings())
    app.state.database = database
    headers = {"Authorization": "Token staff-token"}
    if method == "POST with a key":
        headers["Idempotency-Key"] = "one"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost", headers=headers
    ) as client:
        if method == "GET":
            await cancelled_everywhere(lambda: client.get(GROUPS), whole)
        else:
            uuid = await world.group("web")
            path, body = group_at(uuid), {"name": "other"}
            await cancelled_everywhere(lambda: client.patch(path, json=body), whole, every=2)
