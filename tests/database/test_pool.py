import asyncio
import os
import signal
import time

import psycopg
import pytest
from tests.database.conftest import kill_server, wait_until
from tests.patience import PATIENCE_SECONDS

from ringfence.database.embedded.server import running, server_process_id
from ringfence.database.pool import Database, before_commit
from ringfence.errors import Unavailable
from ringfence.settings import Settings


async def fetch(database, statement="SELECT 1"):
    async with database.connection() as connection:
        cursor = await connection.execute(statement)
        return (await cursor.fetchone())[0]


async def recovers(database):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await fetch(database)
        except Unavailable:
            assert time.monotonic() < deadline, "it does not recover"
            await asyncio.sleep(0.1)


async def test_a_statement_commits_by_itself(database, conninfo):
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE seen ()")
        with psycopg.connect(conninfo) as other:
            assert other.execute("SELECT count(*) FROM seen").fetchone() == (0,)


async def test_a_transaction_commits_as_a_whole_or_not_at_all(database):
    async def fail_half_way():
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE half ()")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()
    assert await fetch(database, "SELECT to_regclass('half') IS NULL")
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE whole ()")
    assert await fetch(database, "SELECT to_regclass('whole') IS NOT NULL")


@pytest.mark.parametrize(
    ("setting", "value"), [("plan_cache_mode", "force_generic_plan"), ("TimeZone", "UTC")]
)
async def test_its_sessions_are_set_up(database, setting, value):
    assert await fetch(database, f"SELECT current_setting('{setting}')") == value


async def test_a_mistake_in_a_statement_is_not_taken_for_an_absence(database):
    with pytest.raises(psycopg.errors.UndefinedTable):
        await fetch(database, "SELECT * FROM no_such_table")


async def test_connections_that_were_cut_are_replaced(database, server_connection):
    assert await fetch(database) == 1
    server_connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
        [await fetch(database, "SELECT current_database()")],
    )
    assert await recovers(database) == 1


async def test_too_few_connections_are_an_absence_not_a_hang(conninfo, monkeypatch):
    monkeypatch.setattr("ringfence.database.pool.WAIT_SECONDS", 0.2)
    async with Database.open(conninfo, size=1) as database, database.connection():
        with pytest.raises(Unavailable):
            await fetch(database)


async def test_while_the_server_is_away_it_says_so_and_afterwards_it_works(folder):
    settings = Settings(home=folder / "home")
    with running(settings) as conninfo:
        async with Database.open(conninfo) as database:
            assert await fetch(database) == 1
            os.kill(server_process_id(settings.home), signal.SIGINT)
            wait_until(lambda: server_process_id(settings.home) is None)
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await fetch(database)
            with running(settings):
                assert await recovers(database) == 1
                values = await asyncio.gather(*(fetch(database) for _ in range(20)))
                assert values == [1] * 20


async def test_a_long_absence_is_recovered_from_as_well(folder, monkeypatch):
    monkeypatch.setattr("ringfence.database.pool.WAIT_SECONDS", 0.5)
    settings = Settings(home=folder / "home")
    with running(settings) as conninfo:
        async with Database.open(conninfo) as database:
            assert await fetch(database) == 1
            kill_server(settings.home)
            # Longer than the pool itself goes on trying to connect.
            away = time.monotonic() + 5
            while time.monotonic() < away:
                with pytest.raises(Unavailable):
                    await fetch(database)
            with running(settings):
                assert await recovers(database) == 1


async def test_it_opens_before_the_server_is_there(folder, monkeypatch):
    monkeypatch.setattr("ringfence.database.pool.WAIT_SECONDS", 0.5)
    settings = Settings(home=folder / "home")
    with running(settings) as conninfo:
        pass
    async with Database.open(conninfo) as database:
        with pytest.raises(Unavailable):
            await fetch(database)
        with running(settings):
            assert await recovers(database) == 1


async def until_one_waits(database):
    while not database.usage()["waiting"]:  # noqa: ASYNC110 - each step of the loop counts here
        await asyncio.sleep(0)


async def ends(task):
    """A task that goes on is cancelled once more: the pool closes only when it is gone."""
    await asyncio.wait({task}, timeout=5)
    has_ended = task.done()
    task.cancel()
    assert has_ended, "its cancellation was lost"


# Steps of the event loop between a connection becoming free and the cancellation of who waits.
@pytest.mark.parametrize("steps", range(8))
async def test_a_task_cancelled_while_a_connection_becomes_free_ends(conninfo, steps):
    async with Database.open(conninfo, size=1) as database:

        async def use():
            async with database.connection():
                await asyncio.Event().wait()

        async with database.connection():
            waiting = asyncio.create_task(use())
            await until_one_waits(database)
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await ends(waiting)
        # What it held, or was about to, is there for the next.
        assert await fetch(database) == 1


@pytest.mark.parametrize("steps", range(8))
async def test_a_deadline_that_passes_while_a_connection_becomes_free_holds(conninfo, steps):
    async with Database.open(conninfo, size=1) as database:

        async def use(deadline):
            async with deadline, database.connection():
                await asyncio.Event().wait()

        deadline = asyncio.timeout(None)
        async with database.connection():
            waiting = asyncio.create_task(use(deadline))
            await until_one_waits(database)
        for _ in range(steps):
            await asyncio.sleep(0)
        deadline.reschedule(asyncio.get_running_loop().time())
        await ends(waiting)
        with pytest.raises(TimeoutError):
            await waiting
        assert await fetch(database) == 1


async def test_work_before_a_commit_is_done_once_with_all_ids_and_not_after_a_failure(conninfo):
    done = []

    async def finish(_connection, ids):
        done.append(list(ids))

    async with Database.open(conninfo, size=1) as database:
        async with database.transaction() as connection:
            before_commit(connection, finish, [3, 1])
            before_commit(connection, finish, [2, 3])
            assert done == []
        assert done == [[1, 2, 3]]
        async with database.transaction() as connection:
            before_commit(connection, finish, [4])
            raise psycopg.Rollback
        async with database.enclosing() as connection:
            before_commit(connection, finish, [5])
            async with database.transaction() as within:
                before_commit(within, finish, [6])
            assert done[1:] == [[6]]
        assert done[1:] == [[6], [5]]
