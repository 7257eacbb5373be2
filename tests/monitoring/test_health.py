"""Health checks: public, cheap, and with the reasons of a failure."""

import asyncio
from types import SimpleNamespace

import pytest

from ringfence.database.pool import Database
from ringfence.monitoring.health import Readiness

LIVE, READY = "/health/live", "/health/ready"


@pytest.fixture
async def worker(database):
    """Insert a worker with a recent heartbeat."""
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
        "reasons": {"worker": "no heartbeat for 30 s; start a worker"},
    }
    assert (await at().get(READY, params={"exclude": "worker"})).status_code == 200


async def test_a_worker_without_a_recent_heartbeat_counts_as_none(at, database, worker):  # noqa: ARG001
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'"
        )
    assert "worker" in (await at().get(READY)).json()["reasons"]


@pytest.mark.usefixtures("worker")
async def test_a_missing_migration_is_named_and_a_later_one_is_no_error(at, database):
    async with database.connection() as connection:
        await connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_later')")
        assert (await at().get(READY)).status_code == 200
        await connection.execute("DELETE FROM schema_migrations WHERE name = '0002_functions'")
    response = await at().get(READY, params={"exclude": "worker"})
    assert response.status_code == 503
    assert response.json()["reasons"] == {
        "migrations": "not applied: 0002_functions; run ringfence migrate"
    }


async def test_a_database_without_tables_is_reported(empty_conninfo):
    async with Database.open(empty_conninfo, size=1) as database:
        assert await Readiness().failures(database) == {
            "migrations": "none applied; run ringfence migrate"
        }


async def test_an_unavailable_database_is_reported_without_its_host():
    conninfo = "postgresql://ringfence:secret@127.0.0.1:1/nowhere"
    async with Database.open(conninfo, size=1) as database:
        failures = await Readiness().failures(database)
    assert failures == {"database": "not available"}


async def test_concurrent_requests_share_one_query(database, monkeypatch):
    readiness, checks = Readiness(), []
    check = readiness._check  # noqa: SLF001

    async def counted(database):
        checks.append(database)
        return await check(database)

    monkeypatch.setattr(readiness, "_check", counted)
    results = await asyncio.gather(*(readiness.failures(database) for _ in range(50)))
    assert len(checks) == 1
    assert all(result == results[0] for result in results)


@pytest.mark.usefixtures("worker")
async def test_an_old_result_is_refreshed(database, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=100.0)
    monkeypatch.setattr("ringfence.monitoring.health.time", clock)
    readiness = Readiness()
    assert await readiness.failures(database) == {}
    async with database.connection() as connection:
        await connection.execute("DELETE FROM procrastinate_workers")
    assert await readiness.failures(database) == {}
    clock.now += 1.1
    assert "worker" in await readiness.failures(database)
