"""Several at once, in two processes on one database: never both, never half.

Each race is run some times over, since no one time shows what another would.
"""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.contract import described
from tests.factories.world import make_world

from ringfence.app import create_app
from ringfence.database.pool import Database
from ringfence.settings import Settings

GROUPS = "/api/openstack-security-groups/"
ME = "/api/users/me/"
HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}
ROUNDS = 5


@pytest.fixture
async def world(database):
    return await make_world(database)


@pytest.fixture
async def processes(conninfo):
    """Yield two applications, each with a pool of its own: all they share is the database."""
    async with AsyncExitStack() as stack:
        apps = []
        for _ in range(2):
            app = create_app(Settings())
            app.state.database = await stack.enter_async_context(Database.open(conninfo, size=4))
            apps.append(app)
        yield apps


@pytest.fixture
async def clients(processes):
    """Yield a function that makes a client of either process, with somebody's token."""
    async with AsyncExitStack() as stack:

        async def both(secret="admin-token"):  # noqa: S107 - a test credential
            return [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        transport=httpx.ASGITransport(app=app),
                        base_url="http://localhost",
                        headers={"Authorization": f"Token {secret}"},
                        event_hooks={"response": [described.check]},
                    )
                )
                for app in processes
            ]

        yield both


async def at_once(*requests):
    return [answer.status_code for answer in await asyncio.gather(*requests)]


async def test_of_many_writers_on_one_group_each_version_is_one_of_theirs(world, clients):
    group = await world.group()
    first, second = await clients()
    path = f"{GROUPS}{group.hex}/"
    done = 0
    for number in range(ROUNDS):
        await world.execute("UPDATE security_groups SET state = 'OK'")
        statuses = await at_once(
            *(
                client.patch(path, json={"description": f"{number} {place}"})
                for place, client in enumerate((first, second) * 3)
            )
        )
        # The first takes it away from rest; the others find it so.
        assert sorted(statuses) == [200] + [409] * 5
        done += 1
    versions = await world.one(
        "SELECT array_agg(number ORDER BY number), count(DISTINCT description)"
        " FROM security_group_versions"
    )
    assert versions == (list(range(1, done + 2)), done + 1)
    counts = await world.one(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM procrastinate_jobs)"
    )
    assert counts == (done, done)


async def test_a_name_that_is_given_twice_at_once_makes_one_group(world, clients):
    first, second = await clients()
    path = f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/"
    for number in range(ROUNDS):
        body = {"name": f"web {number}", "rules": [HTTPS]}
        statuses = await at_once(*(client.post(path, json=body) for client in (first, second) * 2))
        assert sorted(statuses) == [201, 400, 400, 400]
    assert await world.value("SELECT count(*) FROM security_groups") == ROUNDS
    assert await world.value("SELECT count(*) FROM security_group_rules") == ROUNDS


async def test_of_a_deletion_and_new_rules_at_once_one_is_accepted(world, clients):
    first, second = await clients()
    for number in range(ROUNDS):
        group = await world.group(f"web {number}")
        path = f"{GROUPS}{group.hex}/"
        deleted, ruled = await at_once(
            first.delete(path), second.post(path + "set_rules/", json=[HTTPS])
        )
        assert sorted([deleted, ruled]) in ([200, 409], [204, 409])
        state, rules, jobs = await world.one(
            "SELECT g.state, (SELECT count(*) FROM security_group_rules AS r"
            " WHERE r.security_group_id = g.id), (SELECT array_agg(task_name)"
            " FROM procrastinate_jobs WHERE args ->> 'uuid' = g.uuid::text"
            " OR args ->> 'group' = g.uuid::text OR args::text LIKE '%%' || g.uuid::text || '%%'"
            " OR args::text LIKE '%%' || replace(g.uuid::text, '-', '') || '%%')"
            " FROM security_groups AS g WHERE g.uuid = %s",
            group,
        )
        wanted = ("DELETION_SCHEDULED", 0) if deleted == 204 else ("UPDATE_SCHEDULED", 1)
        assert (state, rules) == wanted
        assert len(jobs) == 1


async def test_a_token_that_is_revoked_in_the_midst_is_refused_by_every_process(world, clients):
    group = await world.group()
    first, second = await clients("manager-token")
    [staff, _] = await clients("staff-token")
    busy = [
        asyncio.create_task(client.get(path))
        for path in (ME, GROUPS, f"{GROUPS}{group.hex}/")
        for client in (first, second) * 4
    ]
    revoked = await staff.delete(f"/api/auth-tokens/{world.users['manager']}/")
    assert revoked.status_code == 204
    # From here on, no process lets it in, whatever it has seen before.
    for client in (first, second):
        for path in (ME, GROUPS, f"{GROUPS}{group.hex}/"):
            assert (await client.get(path)).status_code == 401
        assert (await client.post(f"{GROUPS}{group.hex}/pull/")).status_code == 401
    assert {answer.status_code for answer in await asyncio.gather(*busy)} <= {200, 401}


async def test_a_role_that_is_taken_away_in_the_midst_shows_nothing_more(world, clients):
    group = await world.group()
    first, second = await clients("manager-token")
    for client in (first, second):
        assert len((await client.get(GROUPS)).json()) == 1
    await world.execute("DELETE FROM role_grants WHERE user_id = %s", world.users["manager"])
    for client in (first, second):
        assert (await client.get(GROUPS)).json() == []
        assert (await client.get(f"{GROUPS}{group.hex}/")).status_code == 404
        assert (await client.post(f"{GROUPS}{group.hex}/pull/")).status_code == 404


async def test_a_key_that_two_processes_get_at_once_is_one_effect(world, clients):
    first, second = await clients()
    path = f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/"
    for number in range(ROUNDS):
        key = {"Idempotency-Key": f"key {number}"}
        body = {"name": f"web {number}", "rules": []}
        answers = await asyncio.gather(
            *(client.post(path, json=body, headers=key) for client in (first, second) * 2)
        )
        assert {answer.status_code for answer in answers} <= {201, 409}
        late = await second.post(path, json=body, headers=key)
        made = {a.json()["uuid"] for a in [*answers, late] if a.status_code == 201}
        assert len(made) == 1
        assert late.headers["Idempotency-Replayed"] == "true"
    assert await world.value("SELECT count(*) FROM security_groups") == ROUNDS
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == ROUNDS
