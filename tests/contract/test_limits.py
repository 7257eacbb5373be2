"""Rate limits and overload: 400, 429 and 503, with what to do next."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.contract import described
from tests.contract.test_idempotency import poll

from ringfence.access import identity
from ringfence.access.authentication import of_token
from ringfence.app import create_app
from ringfence.settings import Settings

GROUPS = "/api/openstack-security-groups/"
ME = "/api/users/me/"


@pytest.fixture
async def limited(database):
    """Return a function that creates a client of an application with these settings."""
    async with AsyncExitStack() as stack:

        async def client_of(user="admin", address="192.0.2.1", app=None, **settings):
            if app is None:
                app = create_app(Settings(**settings))
                app.state.database = database
            transport = httpx.ASGITransport(app=app, client=(address, 1))
            client = httpx.AsyncClient(
                transport=transport,
                base_url="http://localhost",
                headers={"Authorization": f"Token {user}-token"},
                event_hooks={"response": [described.check]},
            )
            return await stack.enter_async_context(client), app

        yield client_of


async def statuses(client, count, method="GET", path=ME):
    return [(await client.request(method, path)).status_code for _ in range(count)]


@pytest.mark.usefixtures("world")
async def test_redirects_and_preflights_count_as_requests_of_their_address(limited):
    client, _ = await limited(address_rate=0.5)
    found = await statuses(client, 3, path="/api/users")
    assert found == [301, 301, 429]
    assert await statuses(client, 3, path="/health/live") == [200, 200, 200]


@pytest.mark.usefixtures("world")
async def test_a_token_over_its_rate_receives_retry_after(limited):
    client, app = await limited(token_rate=0.5)
    found = await statuses(client, 3)
    assert found == [200, 200, 429]
    refused = await client.get(ME)
    assert int(refused.headers["Retry-After"]) >= 1
    assert "Request was throttled" in refused.json()["detail"]
    # Other users are not limited, from the same IP address or another.
    other, _ = await limited("manager", app=app)
    assert (await other.get(ME)).status_code == 200


async def test_changes_have_a_rate_of_their_own(limited, world):
    group = await world.group()
    client, _ = await limited(token_change_rate=0.5)
    found = await statuses(client, 4, "POST", f"{GROUPS}{group.hex}/pull/")
    assert found[-1] == 429
    assert found[0] == 202
    assert set(await statuses(client, 10)) == {200}


@pytest.mark.usefixtures("world")
async def test_an_ip_address_over_its_rate_is_refused_before_authentication(limited):
    client, app = await limited("nobody", address_rate=0.5)
    assert await statuses(client, 3) == [401, 401, 429]
    # An IPv6 network of one holder counts as one address.
    first, _ = await limited("nobody", "2001:db8::1", app)
    second, _ = await limited("admin", "2001:db8::ffff:1", app)
    elsewhere, _ = await limited("admin", "2001:db8:0:1::1", app)
    assert await statuses(first, 2) == [401, 401]
    assert (await second.get(ME)).status_code == 429
    assert (await elsewhere.get(ME)).status_code == 200
    # Health checks are not limited.
    assert (await client.get("/health/live")).status_code == 200


async def test_more_at_the_same_time_than_there_is_room_for_is_a_503(limited, world):
    group = await world.group()
    path = f"{GROUPS}{group.hex}/pull/"
    client, app = await limited(concurrent_requests=1)
    async with world.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM tenants FOR UPDATE")
        first = asyncio.create_task(client.post(path))
        await poll(
            world,
            "SELECT pid FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database() LIMIT 1",
        )
        refused = await client.get(ME)
        assert refused.status_code == 503
        assert refused.json() == {"detail": "The service is busy, try again later."}
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await client.get("/health/live")).status_code == 200
    assert (await first).status_code == 202
    assert (await client.get(ME)).status_code == 200
    del app


@pytest.mark.usefixtures("world")
async def test_unauthenticated_requests_do_not_block_others(limited, monkeypatch):
    client, app = await limited(concurrent_requests=8)
    assert (await client.get(ME)).status_code == 200
    go_on, look_up = asyncio.Event(), identity.look_up

    async def slowly(database, credential):
        if credential != known:
            await go_on.wait()
        return await look_up(database, credential)

    known = of_token("Token admin-token")
    monkeypatch.setattr(identity, "look_up", slowly)
    strangers = [
        (await limited(f"stranger{number}", f"198.51.100.{number}", app))[0] for number in range(40)
    ]
    tries = [
        asyncio.create_task(each.request(("GET", "DELETE")[number % 2], f"{GROUPS}{'0' * 32}/"))
        for number, each in enumerate(strangers)
    ]
    refused = [await each for each in tries[4:]]
    assert {response.status_code for response in refused} == {429}
    assert {response.headers["Retry-After"] for response in refused} == {"1"}
    served = await asyncio.gather(*(client.get(ME) for _ in range(6)))
    assert {response.status_code for response in served} == {200}
    go_on.set()
    assert [(await each).status_code for each in tries[:4]] == [401] * 4


async def test_slow_requests_do_not_take_the_slots_of_others(limited, world):
    group = await world.group()
    client, _ = await limited(concurrent_requests=1)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        yield b'{"name": '
        reading.set()
        await go_on.wait()
        yield b'"slow", "description": ""}'

    json = {"Content-Type": "application/json"}
    sent = asyncio.create_task(client.put(f"{GROUPS}{group.hex}/", content=slow(), headers=json))
    await reading.wait()
    assert (await client.get(ME)).status_code == 200
    go_on.set()
    assert (await sent).status_code == 200


async def test_a_request_has_a_thousand_rules_at_most(client, world):
    group = await world.group()
    rule = {"protocol": "tcp", "from_port": 1, "to_port": 1}
    rules = [rule | {"from_port": port, "to_port": port} for port in range(1, 1002)]
    tenant = f"/api/openstack-tenants/{world.tenant_uuid.hex}/"
    for path, body in (
        (f"{GROUPS}{group.hex}/set_rules/", rules),
        (f"{GROUPS}{group.hex}/plan/", rules),
        (f"{tenant}create_security_group/", {"name": "new", "rules": rules}),
        (f"{tenant}push_security_groups/", [{"name": f"g{n}", "rules": []} for n in range(1001)]),
        (f"{tenant}push_security_groups/", [{"name": "g", "rules": rules[:1000]}]),
    ):
        refused = await client.post(path, json=body)
        assert refused.status_code == 400, path
        assert refused.json() == {
            "non_field_errors": ["A request has at most 1000 rules; this one has 1001."]
        }
    assert (await client.post(f"{GROUPS}{group.hex}/set_rules/", json=rules[:1000])).is_success


async def test_a_body_has_the_size_that_is_set_at_most(limited, world):
    group = await world.group()
    client, _ = await limited(body_bytes=1024)
    refused = await client.patch(f"{GROUPS}{group.hex}/", json={"description": "x" * 1024})
    assert (refused.status_code, refused.json()) == (
        413,
        {"detail": "The request body may not exceed 1024 bytes."},
    )
