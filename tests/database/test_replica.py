"""Reads from a replica: a caller sees what it wrote, and never notices where a replica fails."""

import asyncio
import time
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.cli.operating import operating
from tests.database.replicated import replicated
from tests.folders import unused
from tests.own_faults.served import PROVISIONING, ROLES, TENANTS
from tests.own_faults.traffic import GROUPS

from ringfence.app import create_app
from ringfence.database import replica as module
from ringfence.settings import Settings

CREATE = f"/api/openstack-tenants/{TENANTS[0]}/create_security_group/"
TENANT = f"/api/openstack-tenants/{TENANTS[1]}/"
RENAME = "UPDATE tenants SET name = '{name}' WHERE uuid = '{uuid}'"
# What is waited for comes in a moment; a busy machine has more of them.
SECONDS = 40.0


@pytest.fixture(scope="module")
def pair(database_server, short_folder):  # noqa: ARG001 - it copies the programs
    folder = unused("replicated")
    with replicated(folder, short_folder / "home") as pair, operating(migrated=False) as operator:
        file = operator.write("site.yaml", PROVISIONING + ROLES)
        done = operator.run("load", file, RINGFENCE_DATABASE_URL=pair.primary.url)
        assert done.returncode == 0, done.stderr
        pair.until_replayed()
        yield pair


@asynccontextmanager
async def machine(pair):
    """Yield a client of one machine that serves; each has pools and memory of its own."""
    urls = {"database_url": pair.primary.url, "database_replica_url": pair.replica.url}
    app = create_app(Settings(**urls))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://localhost",
            headers={"Authorization": "Token a-token"},
            timeout=SECONDS,
        ) as client,
    ):
        yield client


@pytest.fixture
async def client(pair, monkeypatch):
    """A client of a service that reads from the replica, however far that is behind."""
    monkeypatch.setattr(module, "LAG_SECONDS", 3600.0)
    async with machine(pair) as client:
        await until(lambda: reads_there(pair, client))
        yield client
    pair.replica.execute("SELECT pg_wal_replay_resume()")


async def until(reached) -> None:
    deadline = time.monotonic() + SECONDS
    while not await reached():
        assert time.monotonic() < deadline, "it does not come"
        await asyncio.sleep(0.05)


async def shown(client, path=TENANT) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["name"]


def rename(pair, name: str) -> None:
    """Let somebody else change something, so that it is seen from where a read comes."""
    pair.primary.execute(RENAME.format(name=name, uuid=TENANTS[1]))


def stand_still(pair) -> None:
    pair.until_replayed()
    pair.replica.execute("SELECT pg_wal_replay_pause()")


async def reads_there(pair, client) -> bool:
    """Return whether reads come from the replica."""
    rename(pair, "before")
    stand_still(pair)
    rename(pair, "after")
    try:
        return await shown(client) == "before"
    finally:
        pair.replica.execute("SELECT pg_wal_replay_resume()")


async def test_reads_come_from_the_replica(pair, client):
    rename(pair, "before")
    stand_still(pair)
    rename(pair, "after")
    assert await shown(client) == "before"
    answer = await client.get("/api/openstack-tenants/")
    assert {"before"} <= {tenant["name"] for tenant in answer.json()}
    pair.replica.execute("SELECT pg_wal_replay_resume()")
    await until(lambda: is_shown(client, "after"))


async def is_shown(client, name) -> bool:
    return await shown(client) == name


async def test_who_has_written_reads_it_at_once_on_every_machine(pair, client):
    async with machine(pair) as other:
        await until(lambda: reads_there(pair, other))
        stand_still(pair)
        for number, writer in enumerate((client, other)):
            body = {"name": f"own-{number}", "rules": []}
            created = await writer.post(CREATE, json=body)
            assert created.status_code == 201
            for reader in (client, other):
                path = f"{GROUPS}{created.json()['uuid']}/"
                assert (await reader.get(path)).status_code == 200
                groups = (await reader.get(GROUPS)).json()
                assert body["name"] in {group["name"] for group in groups}
        pair.replica.execute("SELECT pg_wal_replay_resume()")
        # Once the replica has it, reads go there again.
        await until(lambda: reads_there(pair, client))


async def test_a_token_that_is_revoked_opens_nothing_more_wherever_reads_go(pair, client):
    pair.primary.execute(
        "INSERT INTO tokens (user_id, digest) SELECT id, sha256('short') FROM users LIMIT 1"
    )
    stand_still(pair)
    headers = {"Authorization": "Token short"}
    assert (await client.get(TENANT, headers=headers)).status_code == 200
    pair.primary.execute("DELETE FROM tokens WHERE digest = sha256('short')")
    assert (await client.get(TENANT, headers=headers)).status_code == 401


async def test_a_replica_that_lags_is_passed_over_until_it_has_caught_up(pair, client, monkeypatch):
    monkeypatch.setattr(module, "LAG_SECONDS", 0.7)
    stand_still(pair)
    rename(pair, "elsewhere")
    await until(lambda: is_shown(client, "elsewhere"))
    monkeypatch.setattr(module, "LAG_SECONDS", 3600.0)
    pair.replica.execute("SELECT pg_wal_replay_resume()")
    await until(lambda: reads_there(pair, client))


@pytest.mark.parametrize("fault", ["gone", "hanging"])
async def test_a_replica_that_fails_is_noticed_by_nobody(pair, client, fault):
    rename(pair, "there")
    if fault == "gone":
        pair.replica.stop()
    else:
        pair.replica.freeze()
    rename(pair, "here")
    answers = [await client.get(TENANT) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 20
    assert answers[-1].json()["name"] == "here"
    # The first may wait for the replica; afterwards nobody asks it.
    longest = max(answer.elapsed.total_seconds() for answer in answers)
    assert longest < 10
    if fault == "gone":
        pair.replica.start()
    else:
        pair.replica.freeze(18)
    await until(lambda: reads_there(pair, client))


def test_a_replica_of_the_embedded_database_is_a_mistake():
    with operating() as operator:
        said = operator.mistake("migrate", RINGFENCE_DATABASE_REPLICA_URL="postgresql://a@b/c")
    assert "the embedded database has no replica; set RINGFENCE_DATABASE_URL" in said
