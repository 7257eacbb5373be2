"""Health: anyone may ask, asking is cheap, and what is wrong is said."""

import asyncio
from types import SimpleNamespace

import pytest

from ringfence.database.pool import Database
from ringfence.monitoring.health import Readiness

LIVE, READY = "/health/live", "/health/ready"


@pytest.fixture
async def worker(database):
    """Somebody who runs jobs was heard of."""
    async with database.connection() as connection:
        await connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


async def test_a_process_lives_whatever_its_database_does(at):
    client = at("203.0.113.9")
    response = await client.get(LIVE, headers={"Host": "whatever the balancer says"})
    assert (response.status_code, response.json()) == (200, {"status": "live"})


@pytest.mark.usefixtures("worker")
async def test_it_is_ready_with_a_migrated_database_and_a_worker(at):
    response = await at("203.0.113.9").get(READY)
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert (await at().head(READY)).status_code == 200


async def test_without_a_worker_it_is_not_ready_unless_that_is_excluded(at):
    response = await at().get(READY)
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "reasons": {"worker": "none was heard of for 30 s; start one"},
    }
    assert (await at().get(READY, params={"exclude": "worker"})).status_code == 200


async def test_a_worker_that_was_not_heard_of_lately_counts_as_none(at, database, worker):  # noqa: ARG001
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'"
        )
    assert "worker" in (await at().get(READY)).json()["reasons"]


@pytest.mark.usefixtures("worker")
async def test_a_migration_that_is_missing_is_named_and_a_later_one_is_no_fault(at, database):
    async with database.connection() as connection:
        await connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_later')")
        assert (await at().get(READY)).status_code == 200
        await connection.execute("DELETE FROM schema_migrations WHERE name = '0002_functions'")
    response = await at().get(READY, params={"exclude": "worker"})
    assert response.status_code == 503
    assert response.json()["reasons"] == {
        "migrations": "not applied: 0002_functions; run ringfence migrate"
    }


async def test_a_database_without_tables_is_told_as_such(empty_conninfo):
    async with Database.open(empty_conninfo, size=1) as database:
        assert await Readiness().faults(database) == {
            "migrations": "none is applied; run ringfence migrate"
        }


async def test_a_database_that_is_away_is_told_without_its_address():
    conninfo = "postgresql://ringfence:secret@127.0.0.1:1/nowhere"
    async with Database.open(conninfo, size=1) as database:
        faults = await Readiness().faults(database)
    assert faults == {"database": "it does not answer"}


async def test_many_who_ask_at_once_cost_the_database_one_look(database, monkeypatch):
    readiness, looks = Readiness(), []
    look = readiness._look  # noqa: SLF001

    async def counted(asked):
        looks.append(asked)
        return await look(asked)

    monkeypatch.setattr(readiness, "_look", counted)
    answers = await asyncio.gather(*(readiness.faults(database) for _ in range(50)))
    assert len(looks) == 1
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.usefixtures("worker")
async def test_a_look_that_is_old_is_taken_anew(database, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=100.0)
    monkeypatch.setattr("ringfence.monitoring.health.time", clock)
    readiness = Readiness()
    assert await readiness.faults(database) == {}
    async with database.connection() as connection:
        await connection.execute("DELETE FROM procrastinate_workers")
    assert await readiness.faults(database) == {}
    clock.now += 1.1
    assert "worker" in await readiness.faults(database)
