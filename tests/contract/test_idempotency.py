"""`Idempotency-Key`: one effect and one response, however often a request is sent."""

import asyncio
import re

import httpx
import pytest
from tests.contract.test_limited_tokens import issue  # noqa: F401 - a fixture
from tests.factories.ports import add_instance, add_instance_port

from ringfence.app import OPERATIONS
from ringfence.database.migrate import SESSION_LOCK
from ringfence.errors import Unavailable
from ringfence.http.middleware import idempotency
from ringfence.provisioning import load
from ringfence.security_groups.read_model import documents

GROUPS = "/api/openstack-security-groups/"
KEY = {"Idempotency-Key": "3f1c-one"}
UNDER_WAY = "A request with this Idempotency-Key is under way; try again later."


@pytest.fixture
def creation(world):
    return f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/"


async def counts(world):
    return await world.one(
        "SELECT (SELECT count(*) FROM security_groups), (SELECT count(*) FROM events),"
        " (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM idempotency_keys)"
    )


async def poll(world, statement):
    """Poll until the statement returns a value."""
    async with asyncio.timeout(60):
        while not (found := await world.value(statement)):  # noqa: ASYNC110 - polls the database
            await asyncio.sleep(0.01)
    return found


def same(first: httpx.Response, second: httpx.Response) -> bool:
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers.get("content-type") == second.headers.get("content-type")
    return (first.status_code, first.content) == (second.status_code, second.content)


async def test_a_creation_that_is_sent_again_makes_one_group(client, world, creation):
    body = {"name": "web", "rules": [{"protocol": "tcp", "from_port": 1, "to_port": 2}]}
    first = await client.post(creation, json=body, headers=KEY)
    made = await counts(world)
    assert made[0] == 1
    # Later changes have no effect: the first response is returned again.
    await world.execute("UPDATE security_groups SET state = 'OK'")
    again = await client.post(creation, json=body, headers=KEY)
    assert first.status_code == 201
    assert same(first, again)
    assert await counts(world) == made


async def test_every_method_that_changes_takes_a_key(client, world):
    group = await world.group()
    path = f"{GROUPS}{group.hex}/"
    requests = [
        ("PUT", path, {"name": "one", "description": ""}),
        ("PATCH", path, {"name": "two"}),
        ("POST", path + "set_rules/", []),
        ("POST", path + "pull/", None),
        ("DELETE", path, None),
    ]
    for number, (method, address, body) in enumerate(requests):
        await world.execute("UPDATE security_groups SET state = 'OK'")
        headers = {"Idempotency-Key": f"key {number}"}
        first = await client.request(method, address, json=body, headers=headers)
        before = await counts(world)
        again = await client.request(method, address, json=body, headers=headers)
        assert first.status_code < 300, (method, first.text)
        assert same(first, again)
        assert await counts(world) == before


async def test_a_key_for_another_request_is_a_422(client, creation, world):
    await client.post(creation, json={"name": "web", "rules": []}, headers=KEY)
    before = await counts(world)
    other = await world.group("other")
    for path, body, more in (
        (creation, {"name": "web2", "rules": []}, {}),
        (creation + "?x=1", {"name": "web", "rules": []}, {}),
        (f"{GROUPS}{other.hex}/pull/", {"name": "web", "rules": []}, {}),
        (creation, {"name": "web", "rules": []}, {"If-Match": "*"}),
    ):
        response = await client.post(path, json=body, headers=KEY | more)
        assert (response.status_code, response.json()) == (
            422,
            {"detail": "This Idempotency-Key was used for another request; take a new one."},
        )
    assert (await counts(world))[1:] == before[1:]


async def test_of_many_at_once_one_is_carried_out(api, world, creation):
    body = {"name": "web", "rules": []}
    responses = await asyncio.gather(
        *(api("admin").post(creation, json=body, headers=KEY) for _ in range(8))
    )
    statuses = sorted(response.status_code for response in responses)
    assert set(statuses) <= {201, 409}
    assert {a.json()["detail"] for a in responses if a.status_code == 409} <= {UNDER_WAY}
    assert len({a.content for a in responses if a.status_code == 201}) == 1
    assert (await counts(world))[0] == 1


async def test_while_the_first_is_under_way_the_second_is_a_409(client, world, creation):
    async with world.database.transaction() as connection:
        # It waits for the lock of the tenant.
        await connection.execute("SELECT 1 FROM tenants FOR UPDATE")
        first = asyncio.create_task(
            client.post(creation, json={"name": "web", "rules": []}, headers=KEY)
        )
        await poll(
            world,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        second = await client.post(creation, json={"name": "web", "rules": []}, headers=KEY)
        assert (second.status_code, second.json()) == (409, {"detail": UNDER_WAY})
        # The same key of another user is another key.
        other = await client.post(
            f"/api/openstack-tenants/{world.foreign_tenant_uuid.hex}/pull/",
            headers={"Idempotency-Key": "3f1c-two"},
        )
        assert other.status_code == 404
    assert (await first).status_code == 201


async def test_a_key_is_its_users_own(api, world, creation):
    body = {"name": "web", "rules": []}
    assert (await api("admin").post(creation, json=body, headers=KEY)).status_code == 201
    other = await api("manager").post(creation, json=body, headers=KEY)
    assert (other.status_code, "Idempotency-Replayed" in other.headers) == (400, False)
    assert (await counts(world))[3] == 2


async def test_a_token_for_a_project_is_not_replayed_a_response_of_an_unrestricted_one(
    api,
    world,
    creation,
    issue,  # noqa: F811 - a fixture
):
    body = {"name": "web", "rules": []}
    assert (await api("owner").post(creation, json=body, headers=KEY)).status_code == 201
    limited = await issue("owner", project_id=world.project_id)
    assert (await limited.post(creation, json=body, headers=KEY)).status_code == 422


ROLE_ENDS = {
    "no role is left": ("DELETE FROM role_grants", 404),
    "a role that may only see is left": (
        "UPDATE role_grants SET role = 'PROJECT.MEMBER' WHERE role = 'PROJECT.ADMIN'",
        403,
    ),
}


@pytest.mark.parametrize("ends", ROLE_ENDS.values(), ids=ROLE_ENDS)
async def test_a_response_is_not_replayed_to_a_user_who_lost_access(client, world, creation, ends):
    statement, status = ends
    group = await world.group()
    requests = [
        ("POST", creation, {"name": "new", "rules": []}),
        ("PATCH", f"{GROUPS}{group.hex}/", {"description": "secret"}),
        # An error can disclose existing objects as well.
        ("POST", creation, {"name": "web", "rules": []}),
    ]
    statuses = []
    for number, (method, path, body) in enumerate(requests):
        key = {"Idempotency-Key": f"key {number}"}
        statuses.append((await client.request(method, path, json=body, headers=key)).status_code)
    assert statuses == [201, 200, 400]
    await world.execute(statement)
    for number, (method, path, body) in enumerate(requests):
        key = {"Idempotency-Key": f"key {number}"}
        again = await client.request(method, path, json=body, headers=key)
        assert again.status_code == status, again.text
        assert set(again.json()) == {"detail"}


async def test_a_key_takes_no_lock_of_a_migration_or_a_load(world):
    """Other advisory locks use positive numbers, and must not collide with those of keys."""
    for key in map(str, range(64)):
        async with world.database.transaction() as connection:
            await connection.execute(idempotency._CLAIM, {"key": key, "user_id": 1})  # noqa: SLF001
            held = await connection.execute(
                "SELECT classid::bigint >> 31, objsubid FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            assert await held.fetchall() == [(1, 1)]
    assert min(SESSION_LOCK, int(re.search(r"\d+", load._LOCK)[0])) > 0  # noqa: SLF001


async def test_a_refusal_for_good_comes_again_and_one_for_now_does_not(client, world, creation):
    group = await world.group()
    bad = {"name": "", "rules": []}
    first = await client.post(creation, json=bad, headers=KEY)
    assert first.status_code == 400
    assert same(first, await client.post(creation, json=bad, headers=KEY))

    await world.execute("UPDATE security_groups SET state = 'UPDATING'")
    key = {"Idempotency-Key": "later"}
    path = f"{GROUPS}{group.hex}/pull/"
    assert (await client.post(path, headers=key)).status_code == 409
    await world.execute("UPDATE security_groups SET state = 'OK'")
    assert (await client.post(path, headers=key)).status_code == 202


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "\u00e9".encode(), "a\tb"])
async def test_a_key_that_is_none_is_refused(client, creation, key, world):
    response = await client.post(
        creation, json={"name": "web", "rules": []}, headers={"Idempotency-Key": key}
    )
    assert response.status_code == 400
    assert (await counts(world))[0] == 0


async def test_a_key_means_nothing_where_nothing_changes(client, world):
    group = await world.group()
    for _ in range(2):
        response = await client.get(f"{GROUPS}{group.hex}/", headers=KEY)
        assert (response.status_code, "Idempotency-Replayed" in response.headers) == (200, False)
    assert (await counts(world))[3] == 0


async def test_what_fails_leaves_neither_change_nor_key(client, world, creation, monkeypatch):
    refresh = documents.refresh

    errors = [Unavailable("away"), ZeroDivisionError()]

    async def broken(*arguments):
        await refresh(*arguments)
        raise errors.pop(0)

    monkeypatch.setattr(documents, "refresh", broken)
    body = {"name": "web", "rules": []}
    for status in (503, 500):
        response = await client.post(creation, json=body, headers=KEY)
        assert response.status_code == status
        assert await counts(world) == (0, 0, 0, 0)
    monkeypatch.undo()
    assert (await client.post(creation, json=body, headers=KEY)).status_code == 201


async def test_a_process_that_dies_before_it_responds_has_done_all_or_nothing(
    client, world, creation
):
    """The connection breaks after the change and before the commit: nothing remains."""
    body = {"name": "web", "rules": []}
    async with world.database.transaction() as connection:
        await connection.execute("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
        sent = asyncio.create_task(client.post(creation, json=body, headers=KEY))
        pid = await poll(
            world,
            "SELECT pid FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database() LIMIT 1",
        )
        await world.execute("SELECT pg_terminate_backend(%s)", pid)
        assert (await sent).status_code == 503
    assert await counts(world) == (0, 0, 0, 0)
    first = await client.post(creation, json=body, headers=KEY)
    assert first.status_code == 201
    assert same(first, await client.post(creation, json=body, headers=KEY))


async def test_a_response_with_a_secret_is_not_stored(client, api, world):
    uuid = (await client.get("/api/users/me/")).json()["uuid"]
    path = f"/api/users/{uuid}/refresh_token/"
    made = (await client.post(path, headers=KEY)).json()["token"]
    assert made not in str(await world.one("SELECT status, headers, body FROM idempotency_keys"))
    new = api(None, Authorization=f"Token {made}")
    again = await new.post(path, headers=KEY)
    assert (again.status_code, again.json()) == (
        409,
        {"detail": "This request was carried out; its response held a secret, which is not kept."},
    )
    assert await world.value("SELECT count(*) FROM tokens") == len(world.users)


async def test_a_key_is_good_again_after_a_day_and_old_ones_go(client, world, creation):
    await client.post(creation, json={"name": "web", "rules": []}, headers=KEY)
    await client.post(
        creation, json={"name": "db", "rules": []}, headers={"Idempotency-Key": "old"}
    )
    await world.execute("UPDATE idempotency_keys SET created = now() - interval '25 hours'")
    other = await client.post(creation, json={"name": "app", "rules": []}, headers=KEY)
    assert other.status_code == 201
    assert await world.value("SELECT array_agg(key) FROM idempotency_keys") == ["3f1c-one"]


async def test_if_match_holds_for_every_change(api, world):
    group = await world.group()
    instance, row = await add_instance(world)
    port = await add_instance_port(world, row)
    user = await world.value("SELECT uuid FROM users WHERE username = 'staff'")
    state = "SELECT to_jsonb(g)::text FROM security_groups AS g"
    before = await world.value(state)
    bodies = {
        "rollback": {"version": 1},
        "set_drift_mode": {"mode": "report"},
        "set_rules": [],
        "update_security_groups": {"security_groups": []},
        "plan_security_groups": {"security_groups": []},
    }
    tried = []
    for operation in OPERATIONS:
        if not operation.changes or operation.path.endswith("/plan/"):
            continue
        path = (
            operation.path.replace("{user_id}", str(world.users["staff"]))
            .replace("openstack-tenants/{uuid}", f"openstack-tenants/{world.tenant_uuid.hex}")
            .replace("openstack-ports/{uuid}", f"openstack-ports/{port.hex}")
            .replace("openstack-instances/{uuid}", f"openstack-instances/{instance.hex}")
            .replace("users/{uuid}", f"users/{user.hex}")
            .replace("{uuid}", group.hex)
        )
        body = bodies.get(path.split("/")[-2], {"name": "other", "description": ""})
        if operation.own and "name" in body:
            # These operations reject unknown names.
            body = operation.body.example if operation.body else None
        for tag in ('"v2"', '"v11.x"', 'W/"v1"', '"1"', "v1", '"'):
            response = await api("staff").request(
                operation.method, path, json=body, headers={"If-Match": tag}
            )
            assert response.status_code == 412, (operation.id, tag, response.text)
        tried.append(operation.id)
    assert len(tried) > 10
    assert await world.value(state) == before
    assert await world.value("SELECT count(*) FROM events") == 0


@pytest.mark.parametrize("tag", ['"v1"', '"v1.5f2c"', "*", '"v9", "v1.x"'])
async def test_a_change_with_the_current_version_is_applied(api, world, tag):
    group = await world.group()
    path = f"{GROUPS}{group.hex}/"
    for method, address, body in (
        ("POST", path + "set_drift_mode/", {"mode": "report"}),
        ("POST", path + "set_ok/", {}),
        ("PATCH", path, {"description": "new"}),
        ("POST", path + "pull/", None),
        ("DELETE", path, None),
    ):
        await world.execute("UPDATE security_groups SET state = 'OK', version = 1")
        response = await api("staff").request(method, address, json=body, headers={"If-Match": tag})
        assert response.status_code < 300, (address, response.text)


async def test_of_two_who_saw_the_same_one_changes_it(api, world):
    group = await world.group()
    path = f"{GROUPS}{group.hex}/"
    responses = await asyncio.gather(
        *(
            api("admin").patch(path, json={"description": str(n)}, headers={"If-Match": '"v1"'})
            for n in range(5)
        )
    )
    assert [response.status_code for response in responses].count(200) == 1
