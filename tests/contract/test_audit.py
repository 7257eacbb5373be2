"""The audit trail: actor, client, token, change with old and new values, and reason."""

import json
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql
from tests.factories.ports import add_instance, add_instance_port

from ringfence.app import OPERATIONS
from ringfence.database.migrate import migrate
from ringfence.database.pool import Database
from ringfence.database.privileges import grant
from ringfence.errors import OperatorError, Ungranted
from ringfence.events.export import exported
from ringfence.http.middleware.refused_changes import (
    RECORDED_PER_SECOND,
    UNAUTHENTICATED_TOTAL_BURST,
    UNAUTHENTICATED_TOTAL_PER_SECOND,
)
from ringfence.sync.drivers import Clouds
from ringfence.sync.jobs import JobHandlers

GROUPS = "/api/openstack-security-groups/"
# A plan or a dry run changes nothing, whatever its method.
WITHOUT_EFFECT = {"plan", "plan_security_group", "plan_security_groups"}
HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}


async def lines(world):
    return [json.loads(line) async for line in exported(world.database)]


async def test_every_change_says_who_from_where_by_which_token_and_why(api, world):
    group = await world.group("web")
    user = await world.value("SELECT uuid FROM users WHERE username = 'admin'")
    token = await world.value("SELECT uuid FROM tokens WHERE user_id = %s", world.users["staff"])
    bodies = {
        "set_rules": [HTTPS],
        "rollback": {"version": 1},
        "set_drift_mode": {"mode": "report"},
        "set_default_egress": {"keep": True},
        "discoveries": {"cloud": "east"},
        "set_follow": {"follow": True},
        "create_security_group": {"name": "new", "rules": []},
        "personal-access-tokens": {
            "name": "x",
            "scopes": ["read"],
            "expires_at": "2999-12-31T00:00:00Z",
        },
        "push_security_groups": [{"name": "pushed", "rules": []}],
        "update_security_groups": {"security_groups": []},
    }
    recorded = set()
    # A user who revokes the own token cannot continue.
    for operation in sorted(
        OPERATIONS, key=lambda each: each.id == "openstack_security_groups_unlink"
    ):
        action = operation.path.rstrip("/").rpartition("/")[2]
        if not operation.changes or action in WITHOUT_EFFECT or action == "confirm_missing":
            continue
        await world.execute(
            "UPDATE security_groups SET state = 'OK', version = greatest(version, 1)"
        )
        await world.execute("UPDATE tenants SET state = 'OK'")
        spare = await world.value(
            "INSERT INTO tokens (user_id, digest)"
            " VALUES (%s, sha256(gen_random_uuid()::text::bytea)) RETURNING uuid",
            world.users["staff"],
        )
        session = await world.value(
            "INSERT INTO console_sessions (digest, token_id, owns_token, expires)"
            " SELECT sha256(uuid::text::bytea), id, false, now() + interval '1 hour'"
            " FROM tokens WHERE uuid = %s RETURNING uuid",
            spare,
        )
        discovery = await world.discovery()
        await world.execute("UPDATE security_groups SET backend_id = 'b-1' WHERE uuid = %s", group)
        instance, row = await add_instance(world)
        port = await add_instance_port(world, row, groups=["b-1"])
        path = (
            operation.path.replace("{user_id}", str(world.users["admin"]))
            .replace("discoveries/{uuid}", f"discoveries/{discovery.hex}")
            .replace("openstack-tenants/{uuid}", f"openstack-tenants/{world.tenant_uuid.hex}")
            .replace("openstack-ports/{uuid}", f"openstack-ports/{port.hex}")
            .replace("openstack-instances/{uuid}", f"openstack-instances/{instance.hex}")
            .replace("tokens/{uuid}", f"tokens/{spare.hex}")
            .replace("sessions/{uuid}", f"sessions/{session.hex}")
            .replace("users/{uuid}", f"users/{user.hex}")
            .replace("{uuid}", group.hex)
        )
        body = bodies.get(action, {"name": operation.id[-20:], "description": "x"})
        if operation.own and operation.body is None:
            # This operation rejects unknown names.
            body = None
        if action != "update_security_groups":
            # A group in use is not deleted.
            await world.execute("DELETE FROM cloud_ports")
        before = len(await lines(world))
        response = await api("staff").request(
            operation.method, path, json=body, headers={"X-Request-ID": operation.id}
        )
        assert response.status_code < 300, (operation.id, response.text)
        new = (await lines(world))[before:]
        assert new, operation.id
        for line in new:
            assert line["kind"] == "event"
            assert (line["username"], line["address"]) == ("staff", "127.0.0.1"), operation.id
            assert (line["token_uuid"], line["request_id"]) == (token.hex, operation.id)
        recorded.add(operation.id)
    assert len(recorded) > 12


async def test_a_change_is_recorded_with_old_and_new_values(client, world):
    ssh = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
    made = await client.post(
        f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/",
        json={"name": "web", "rules": [HTTPS, ssh]},
    )
    path = f"{GROUPS}{made.json()['uuid']}/"
    for method, address, body in (
        ("POST", path + "set_rules/", [HTTPS]),
        ("PATCH", path, {"name": "shop"}),
        ("DELETE", path, None),
    ):
        await world.execute("UPDATE security_groups SET state = 'OK'")
        response = await client.request(method, address, json=body)
        assert response.is_success, response.text
    created, ruled, renamed, going = await lines(world)

    def ports(rules):
        return sorted(rule["from_port"] for rule in rules)

    assert ports(created["change"]["rules_added"]) == [22, 443]
    assert created["change"]["rules_removed"] == []
    assert ruled["change"]["rules_added"] == []
    assert [rule["cidr"] for rule in ruled["change"]["rules_removed"]] == ["10.0.0.0/8"]
    assert ruled["change"]["version"] == 2
    assert (renamed["context"]["from"]["name"], renamed["context"]["to"]["name"]) == ("web", "shop")
    assert renamed["change"]["rules_added"] == renamed["change"]["rules_removed"] == []
    assert ports(going["change"]["rules_removed"]) == [443]
    # The events of the API do not show the fields of the audit trail.
    shown = (await client.get("/api/events/")).json()
    assert "change" not in str(shown[0])
    assert "address" not in shown[0]["context"]


async def test_every_refused_change_is_audited_and_not_an_event(api, world):
    group = await world.group()
    path = f"{GROUPS}{group.hex}/"
    requests = [
        ("member", "PATCH", path, {"name": "x"}, 403),
        ("unrelated", "DELETE", path, None, 404),
        ("admin", "PATCH", path, {"name": ""}, 400),
        ("nobody", "POST", path + "pull/", None, 401),
    ]
    for user, method, address, body, status in requests:
        response = await api(user).request(
            method, address, json=body, headers={"X-Request-ID": f"by-{user}"}
        )
        assert response.status_code == status
        # Reads are not recorded.
        await api(user).get(f"{GROUPS}{'0' * 32}/")
    found = await lines(world)
    assert [(line["kind"], line.get("username"), line["status"]) for line in found] == [
        ("refusal", None if user == "nobody" else user, status)
        for user, _, _, _, status in requests
    ]
    assert [line["request_id"] for line in found] == [f"by-{user}" for user, *_ in requests]
    assert {line["address"] for line in found} == {"127.0.0.1"}
    assert found[0]["detail"] == "You do not have permission to perform this action."
    assert found[2]["detail"] == {"name": ["This field may not be blank."]}
    assert found[0]["path"] == path
    assert "nobody-token" not in json.dumps(found)
    assert (await api("staff").get("/api/events/")).json() == []


async def test_unauthenticated_requests_of_a_network_are_recorded_once_a_minute(api, world):
    tries = 300
    for number in range(tries):
        client = api("nobody", **{"X-Forwarded-For": f"2001:db8:0:7::{number:x}"})
        path = f"{GROUPS}{'0' * 32}/pull/" if number % 2 else "/api-auth/password/"
        assert (await client.post(path)).status_code in {400, 401}
    assert await world.value("SELECT count(*) FROM refusals") == 1
    other = api("nobody", **{"X-Forwarded-For": "2001:db8:0:8::1"})
    await other.post(f"{GROUPS}{'0' * 32}/pull/")
    assert await world.value("SELECT sum(left_out) + count(*) FROM refusals") == tries + 1


async def test_records_of_unauthenticated_requests_are_bounded(api, world):
    for number in range(100):
        client = api("nobody", **{"X-Forwarded-For": f"2001:db8:0:{number:x}::1"})
        await client.post(f"{GROUPS}{'0' * 32}/pull/")
    kept = await world.value("SELECT count(*) FROM refusals")
    assert kept <= UNAUTHENTICATED_TOTAL_PER_SECOND * UNAUTHENTICATED_TOTAL_BURST + 5


async def test_refusals_are_removed_once_they_are_old_and_not_before(api, world):
    await world.execute(
        "INSERT INTO refusals (created, method, path, status, detail)"
        " SELECT now() - make_interval(days => age), 'POST', age::text, 400, ''"
        " FROM unnest(ARRAY[1, 29, 32, 179, 181, 1000]) AS age"
    )
    await api("member").post(f"{GROUPS}{'0' * 32}/pull/")
    kept = await world.value("SELECT string_agg(path, ' ' ORDER BY created) FROM refusals")
    assert kept.split()[:4] == ["179", "32", "29", "1"]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="neither changed nor"):
        await world.execute("DELETE FROM refusals WHERE path IN ('1', '29')")
    # None is removed within a month, whatever age is requested.
    await world.execute("SELECT forget_refusals(0)")
    assert await world.value("SELECT count(*) FROM refusals WHERE path IN ('1', '29')") == 2


async def test_a_flood_of_refusals_is_counted_and_not_kept(api, world):
    client = api("unrelated")
    tries = int(RECORDED_PER_SECOND * 2) * 4
    for _ in range(tries):
        assert (await client.post(f"{GROUPS}{'0' * 32}/pull/")).status_code == 404
    kept = await world.value("SELECT count(*) FROM refusals")
    assert kept > 0
    # The next one is recorded, with the number of those that were not.
    await api("member").post(f"{GROUPS}{'0' * 32}/pull/")
    recorded = await world.value("SELECT sum(left_out) + count(*) FROM refusals")
    assert recorded == tries + 1


async def test_a_refusal_of_any_shape_and_length_is_kept_as_json(client, world):
    path = f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/"
    wrong = {"protocol": 'it\'s "quoted" \u0000', "from_port": 1, "to_port": 2}
    bodies = [
        {"name": "a", "rules": [HTTPS, wrong]},
        {"name": "b", "rules": [wrong] * 500},
        [],
    ]
    for body in bodies:
        assert (await client.post(path, json=body)).status_code == 400
    one, many, none = [line["detail"] for line in await lines(world)]
    assert one["rules"][0] == {}
    assert "quoted" in one["rules"][1]["protocol"][0]
    assert set(many) == {"shortened"}
    assert list(none) == ["non_field_errors"]


@pytest.mark.parametrize("table", ["events", "refusals"])
async def test_the_audit_trail_only_grows(api, world, table):
    group = await world.group()
    await api("admin").post(f"{GROUPS}{group.hex}/pull/")
    await api("member").post(f"{GROUPS}{group.hex}/pull/")
    count = await world.value(f"SELECT count(*) FROM {table}")  # noqa: S608 - a word of this test
    assert count == 1
    for statement in (
        f"UPDATE {table} SET username = 'somebody'",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"TRUNCATE {table}",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="neither changed nor"):
            await world.execute(statement)
    assert await world.value(f"SELECT count(*) FROM {table}") == count  # noqa: S608


@pytest.fixture
async def serving(world, conninfo):
    """Return a database connected with the role for serving."""
    name = await world.value("SELECT current_database()")
    role = f"{name}_service"
    await world.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    await grant(world.database, role)
    become = sql.SQL("ALTER DATABASE {} SET role = {}").format(sql.Identifier(name), role)
    await world.execute(become)
    async with Database.open(conninfo, size=2) as database:
        yield database
    await world.execute("RESET ROLE")
    await world.execute(sql.SQL("ALTER DATABASE {} RESET role").format(sql.Identifier(name)))
    await world.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
    await world.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


async def test_a_role_that_only_serves_cannot_touch_it_nor_its_guard(
    app, api, world, serving, conninfo
):
    group = await world.group()
    app.state.database = serving
    assert (await api("admin").post(f"{GROUPS}{group.hex}/pull/")).status_code == 202
    assert (await api("member").post(f"{GROUPS}{group.hex}/pull/")).status_code == 403
    key = {"Idempotency-Key": "one"}
    tenant = f"/api/openstack-tenants/{world.tenant_uuid.hex}/"
    body = {"name": "new", "rules": [HTTPS]}
    made = await api("admin").post(tenant + "create_security_group/", json=body, headers=key)
    assert made.status_code == 201, made.text
    # It starts with a database that is fully migrated.
    assert await migrate(conninfo) == []
    for statement in (
        "UPDATE events SET message = ''",
        "DELETE FROM refusals",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER events_append_only",
        "DROP TABLE refusals",
        "DROP FUNCTION refuse_change() CASCADE",
        "DELETE FROM schema_migrations",
        "CREATE TABLE mine ()",
    ):
        with pytest.raises(Ungranted):
            async with serving.connection() as connection:
                await connection.execute(statement)
    assert [line["kind"] for line in await lines(world)] == ["event", "refusal", "event"]


async def test_a_privilege_that_is_lost_while_serving_is_named_in_the_log(
    app, api, world, serving, caplog
):
    group = await world.group()
    app.state.database = serving
    role = await world.value("SELECT current_database() || '_service'")
    for table, request in (
        ("security_group_documents", ("GET", GROUPS)),
        ("users", ("GET", GROUPS)),
        ("procrastinate_jobs", ("POST", f"{GROUPS}{group.hex}/pull/")),
    ):
        names = {"table": sql.Identifier(table), "role": sql.Identifier(role)}
        await world.execute(sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names))
        caplog.clear()
        response = await api("admin").request(*request)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert "database_privilege_missing" in caplog.text
        assert f"permission denied for table {table}; run `ringfence migrate" in caplog.text
        await grant(world.database, role)
        assert (await api("admin").request(*request)).status_code in {200, 202}


async def test_an_unknown_role_is_named(world):
    with pytest.raises(OperatorError, match="CREATE ROLE"):
        await grant(world.database, "nobody's")


async def test_a_job_is_recorded_with_its_requester_whatever_the_permissions_are_by_then(
    api, world
):
    """The change was authorised when it was accepted; its job requires no role and no user."""
    path = f"/api/openstack-tenants/{world.tenant_uuid.hex}/create_security_group/"
    made = await api("admin").post(path, json={"name": "web", "rules": [HTTPS]})
    assert made.status_code == 201
    asker = await world.one(
        "SELECT account.uuid, token.uuid FROM tokens AS token"
        " INNER JOIN users AS account ON token.user_id = account.id WHERE account.id = %s",
        world.users["admin"],
    )
    await world.execute("DELETE FROM role_grants")
    await world.execute("DELETE FROM tokens")
    await world.execute("UPDATE users SET is_active = false")
    [(name, arguments)] = await _waiting(world)
    assert name == "push_group"
    desk = JobHandlers(world.database, Clouds(world.database))
    await desk.push_group(_job(name), **arguments)

    assert await world.value("SELECT state FROM security_groups") == "OK"
    events = [line for line in await lines(world) if line["kind"] == "event"]
    assert [event["type"] for event in events] == [
        "resource_creation_scheduled",
        "openstack_security_group_created",
    ]
    user, token = asker
    for event in events:
        assert (event["username"], event["user_uuid"]) == ("admin", user.hex)
        assert (event["token_uuid"], event["address"]) == (token.hex, "127.0.0.1")
        assert event["request_id"] == made.headers["X-Request-ID"]


async def test_a_job_without_a_requester_is_recorded_without_a_name(world):
    group = await world.group("web", state="CREATION_SCHEDULED", backend_id="", applied_version=0)
    desk = JobHandlers(world.database, Clouds(world.database))
    await desk.push_group(_job("push_group"), security_group=group.hex)
    [event] = await lines(world)
    assert event["type"] == "openstack_security_group_created"
    assert not event.keys() & {"username", "user_uuid", "token_uuid", "address"}


async def _waiting(world):
    async with world.database.connection() as connection:
        cursor = await connection.execute("SELECT task_name, args FROM procrastinate_jobs")
        return await cursor.fetchall()


def _job(name):
    return SimpleNamespace(job=SimpleNamespace(id=1, attempts=99, task_name=name))
