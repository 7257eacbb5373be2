"""Setting the groups of a port or of an instance: what is accepted, refused and stored."""

import pytest
from tests.contract.paths import group_at
from tests.factories.ports import (
    add_instance,
    add_instance_port,
    add_port,
    instance_at,
    port_at,
)

BASE = "http://api.example.com"
NEWER = {"Accept": "application/json; version=2026-10"}
UPDATE, PLAN = "update_security_groups/", "plan_security_groups/"
STATUS = "security groups update was scheduled"


@pytest.fixture(autouse=True)
async def web(world):
    return await world.group("web", backend_id="b-web")


@pytest.fixture
async def db(world):
    return await world.group("db", backend_id="b-db")


def naming(*groups):
    return {"security_groups": [BASE + group_at(group) for group in groups]}


async def pending(world, port):
    """Return the state of a port, with the base and the desired groups of its change."""
    return await world.one(
        "SELECT state, base_security_group_ids, desired_security_group_ids FROM cloud_ports"
        " WHERE uuid = %s",
        port,
    )


async def jobs(world):
    return await world.value("SELECT count(*) FROM procrastinate_jobs")


async def events(world):
    async with world.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT event_type, message, context, change FROM events ORDER BY id"
        )
        return await cursor.fetchall()


async def test_a_change_is_stored_with_its_events_and_its_job(client, world, db):
    port = await add_port(world, groups=["b-web"])
    response = await client.post(port_at(port, UPDATE), json=naming(db))
    assert response.status_code == 200
    assert response.json() == {
        "status": STATUS,
        "kept_security_group_ids": [],
        "skipped_port_ids": [],
    }
    assert await pending(world, port) == ("UPDATE_SCHEDULED", ["b-web"], ["b-db"])
    job = await world.one("SELECT task_name, lock, args->>'port' FROM procrastinate_jobs")
    assert job == ("push_port", f"port:{port}", port.hex)
    changed, scheduled = await events(world)
    assert changed[0] == "openstack_port_security_groups_changed"
    assert changed[2]["added"] == [{"backend_id": "b-db", "uuid": db.hex, "name": "db"}]
    assert [group["name"] for group in changed[2]["removed"]] == ["web"]
    (change,) = changed[3]["security_groups"].values()
    assert change == {"from": ["b-web"], "to": ["b-db"]}
    assert scheduled[0] == "resource_update_security_groups_scheduled"
    assert scheduled[2]["port"] == port.hex


async def test_the_newer_contract_responds_with_202(api, world, web):
    port = await add_port(world)
    response = await api("admin", **NEWER).post(port_at(port, UPDATE), json=naming(web))
    assert (response.status_code, response.json()["status"]) == (202, STATUS)


@pytest.mark.parametrize("form", ["url", "object", "whole", "path"])
async def test_a_group_is_named_by_its_url_in_several_forms(client, world, web, form):
    port = await add_port(world)
    url = BASE + group_at(web)
    entry = {
        "url": url,
        "object": {"url": url},
        "whole": {"url": url, "uuid": web.hex, "name": "web"},
        "path": group_at(web),
    }[form]
    response = await client.post(port_at(port, UPDATE), json={"security_groups": [entry]})
    assert response.status_code == 200
    assert (await pending(world, port))[2] == ["b-web"]


async def test_an_empty_list_removes_all_groups(client, world):
    port = await add_port(world, groups=["b-web"])
    assert (await client.post(port_at(port, UPDATE), json=naming())).status_code == 200
    assert (await pending(world, port))[2] == []


async def test_the_groups_that_a_port_has_already_cause_no_job(client, world, web):
    port = await add_port(world, groups=["b-web"])
    assert (await client.post(port_at(port, UPDATE), json=naming(web))).status_code == 200
    assert (await pending(world, port))[0] == "OK"
    assert (await jobs(world), await events(world)) == (0, [])


async def test_after_a_failure_the_same_groups_are_pushed_again(client, world, web):
    port = await add_port(world, groups=["b-web"], state="ERRED", error_message="No.")
    assert (await client.post(port_at(port, UPDATE), json=naming(web))).status_code == 200
    assert await jobs(world) == 1
    assert (await client.get(port_at(port))).json()["error_message"] == ""


async def test_groups_that_the_sender_does_not_see_stay_and_the_response_says_so(api, world, db):
    await world.group("x", backend_id="b-secret", tenant_id=world.foreign_tenant_id)
    port = await add_port(world, groups=["b-web", "b-secret", "b-nobody"])
    response = await api("admin").post(port_at(port, UPDATE), json=naming(db))
    assert response.json()["kept_security_group_ids"] == ["b-nobody", "b-secret"]
    assert sorted((await pending(world, port))[2]) == ["b-db", "b-nobody", "b-secret"]
    assert "x" not in [group.get("name") for group in (await events(world))[0][2]["added"]]


async def test_who_sees_a_group_of_another_tenant_can_remove_it_but_not_add_it(api, world, web):
    secret = await world.group("x", backend_id="b-secret", tenant_id=world.foreign_tenant_id)
    carrying = await add_port(world, groups=["b-web", "b-secret"])
    other = await add_port(world, "eth1", groups=["b-web"])
    staff = api("staff")
    both = await staff.post(port_at(carrying, UPDATE), json=naming(web, secret))
    assert (both.status_code, await jobs(world)) == (200, 0)
    assert (await staff.post(port_at(other, UPDATE), json=naming(secret))).status_code == 400
    assert (await staff.post(port_at(carrying, UPDATE), json=naming(web))).status_code == 200
    assert (await pending(world, carrying))[2] == ["b-web"]
    removed = (await events(world))[0][2]["removed"]
    assert removed == [{"backend_id": "b-secret"}]


async def test_bodies_that_are_not_understood_are_refused(client, world, web):
    port = await add_port(world, groups=["b-web"])
    url = BASE + group_at(web)
    missing = "/api/openstack-security-groups/" + "0" * 32 + "/"
    tenant = f"{BASE}/api/openstack-tenants/{world.tenant_uuid.hex}/"
    cases = {
        "no field": ({}, "required"),
        "null": ({"security_groups": None}, "null"),
        "text": ({"security_groups": url}, 'Expected a list of items but got type "str".'),
        "empty text": ({"security_groups": [""]}, "Entry 1: This field may not be null."),
        "null entry": ({"security_groups": [None]}, "Entry 1: This field may not be null."),
        "number": ({"security_groups": [7]}, "Incorrect type. Expected URL string"),
        "name": ({"security_groups": ["web"]}, "Entry 1: Invalid hyperlink - No URL match."),
        "other kind": ({"security_groups": [tenant]}, "Incorrect URL match."),
        "unknown": ({"security_groups": [url, missing]}, "Entry 2: Invalid hyperlink - Object"),
        "twice": ({"security_groups": [url, url]}, "Entry 2: This is the group of entry 1."),
        "key": ({"security_groups": [{"url": url, "ur": 1}]}, "There is no such key: ur."),
        "no url": ({"security_groups": [{"name": "web"}]}, "required: url"),
        "deep": ({"security_groups": [[url]]}, "Expected URL string, received list."),
    }
    for name, (body, message) in cases.items():
        for action in (UPDATE, PLAN):
            response = await client.post(port_at(port, action), json=body)
            assert response.status_code == 400, name
            (text, *_) = response.json()["security_groups"]
            assert message in text, name
    for body in ([url], "x", None):
        response = await client.post(port_at(port, UPDATE), json=body)
        assert response.status_code == 400
    assert (await jobs(world), (await pending(world, port))[0]) == (0, "OK")


async def test_groups_that_cannot_be_on_a_port_are_refused(client, world, web):
    port = await add_port(world, groups=["b-web"])
    foreign = await world.group("x", backend_id="b-x", tenant_id=world.foreign_tenant_id)
    new = await world.group("new", backend_id="", state="CREATION_SCHEDULED", applied_version=0)
    failed = await world.group("failed", backend_id="", state="ERRED", applied_version=0)
    going = await world.group("going", backend_id="b-going", state="DELETION_SCHEDULED")
    for group, message in (
        (foreign, "Object does not exist."),
        (new, "Security group new is not in the cloud yet."),
        (failed, "Security group failed is not in the cloud yet."),
        (going, "Security group going is being deleted."),
    ):
        response = await client.post(port_at(port, UPDATE), json=naming(web, group))
        assert response.status_code == 400
        assert response.json() == {"security_groups": [f"Entry 2: {message}"]} or (
            message in response.json()["security_groups"][0]
        )
    assert await jobs(world) == 0


async def test_ports_that_take_no_groups_are_refused(client, world, web):
    off = await add_port(world, port_security_enabled=False)
    router = await add_port(world, device_owner="network:router_interface")
    for port in (off, router):
        response = await client.post(port_at(port, UPDATE), json=naming(web))
        assert response.status_code == 400
        assert set(response.json()) == {"security_groups"}
        assert (await client.post(port_at(port, UPDATE), json=naming())).status_code == 200


async def test_stateful_and_stateless_groups_are_refused_on_one_port(client, world, web):
    await world.execute("UPDATE security_groups SET stateful = true")
    loose = await world.group("loose", backend_id="b-loose", stateful=False)
    port = await add_port(world)
    response = await client.post(port_at(port, UPDATE), json=naming(web, loose))
    assert response.status_code == 400
    assert "stateless" in response.json()["security_groups"][0]


async def test_a_port_whose_groups_are_not_known_cannot_be_changed(client, world, web):
    port = await add_port(world, groups=None)
    response = await client.post(port_at(port, UPDATE), json=naming(web))
    assert response.status_code == 409
    assert "Pull the tenant" in response.json()["hint"]


async def test_a_port_with_a_pending_change_cannot_be_changed(client, world, web):
    port = await add_port(world, state="UPDATING", desired=["b-web"], base=[])
    response = await client.post(port_at(port, UPDATE), json=naming(web))
    assert response.status_code == 409
    assert response.json()["detail"] == "Valid states for operation: OK, ERRED."


async def test_an_instance_gets_the_groups_on_all_ports_that_take_groups(client, world, db):
    instance, row = await add_instance(world)
    first = await add_instance_port(world, row, "eth0", ["b-web", "b-nobody"])
    second = await add_instance_port(world, row, "eth1", ["b-db"])
    off = await add_instance_port(
        world, row, "eth2", port_security_enabled=False, backend_id="b-off"
    )
    response = await client.post(instance_at(instance, UPDATE), json=naming(db))
    assert response.json() == {
        "status": STATUS,
        "kept_security_group_ids": ["b-nobody"],
        "skipped_port_ids": ["b-off"],
    }
    assert (await pending(world, first))[2] == ["b-db", "b-nobody"]
    # The second has them already.
    assert [(await pending(world, port))[0] for port in (second, off)] == ["OK", "OK"]
    kinds = [event[0] for event in await events(world)]
    assert kinds == [
        "openstack_instance_security_groups_changed",
        "resource_update_security_groups_scheduled",
    ]


async def test_an_instance_without_ports_that_take_groups_is_refused(client, world, web):
    instance, row = await add_instance(world)
    await add_instance_port(world, row, port_security_enabled=False)
    response = await client.post(instance_at(instance, UPDATE), json=naming(web))
    assert response.status_code == 400
    assert "Port security is disabled" in response.json()["security_groups"][0]


@pytest.mark.parametrize("at", [port_at, instance_at])
async def test_a_plan_shows_the_change_and_stores_nothing(client, world, db, at):
    instance, row = await add_instance(world)
    port = await add_instance_port(world, row, "eth0", ["b-web", "b-nobody"])
    path = at(port if at is port_at else instance, PLAN)
    dry_run = path.replace(PLAN, UPDATE)
    planned = await client.post(path, json=naming(db))
    assert planned.status_code == 200
    (change,) = planned.json()["ports"]
    assert [group["name"] for group in change["added"]] == ["db"]
    assert [group["name"] for group in change["removed"]] == ["web"]
    assert change["kept_security_group_ids"] == ["b-nobody"]
    assert planned.json()["calls"] == 1
    dry = await client.post(dry_run, params={"dry_run": "true"}, json=naming(db))
    assert dry.json() == planned.json()
    assert (await jobs(world), (await pending(world, port))[0]) == (0, "OK")


def rule(port, **values):
    columns = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "cidr": "0.0.0.0/0"}
    return columns | {"from_port": port, "to_port": port} | values


async def test_a_plan_says_what_opens_and_closes_on_the_port(client, world):
    ssh = await world.group("ssh", backend_id="b-ssh", rules=[rule(22), rule(443)])
    https = await world.group("https", backend_id="b-https", rules=[rule(443), rule(8443)])
    port = await add_port(world, groups=["b-ssh"], floating_addresses=["203.0.113.7"])
    (change,) = (await client.post(port_at(port, PLAN), json=naming(https))).json()["ports"]
    traffic = change["traffic"]
    assert [(each["from_port"], each["internet"]) for each in traffic["opens"]] == [(8443, True)]
    assert [each["from_port"] for each in traffic["closes"]] == [22]
    assert (traffic["exact"], traffic["floating_ips"], traffic["instances"]) == (True, 1, 0)
    # What another group admits already does not open, and what one still admits does not close.
    (both,) = (await client.post(port_at(port, PLAN), json=naming(ssh, https))).json()["ports"]
    assert [each["from_port"] for each in both["traffic"]["opens"]] == [8443]
    assert both["traffic"]["closes"] == []


async def test_a_plan_is_not_exact_if_the_port_keeps_a_group_that_the_sender_does_not_see(
    client, world, db
):
    port = await add_port(world, groups=["b-web", "b-nobody"])
    (change,) = (await client.post(port_at(port, PLAN), json=naming(db))).json()["ports"]
    assert change["traffic"]["exact"] is False
    assert [note["code"] for note in change["traffic"]["notes"]] == ["groups_unknown"]


async def test_a_plan_names_the_remote_group_of_what_opens(client, world, web):
    remote = await world.value("SELECT id FROM security_groups WHERE uuid = %s", web)
    inner = rule(22, cidr=None, remote_group_id=remote)
    group = await world.group("inner", backend_id="b-inner", rules=[inner])
    port = await add_port(world)
    (change,) = (await client.post(port_at(port, PLAN), json=naming(group))).json()["ports"]
    (piece,) = change["traffic"]["opens"]
    assert (piece["remote_group_name"], piece["remote_group_uuid"]) == ("web", web.hex)


async def test_if_match_applies_to_the_groups_that_were_fetched(client, world, db):
    instance, row = await add_instance(world)
    port = await add_instance_port(world, row, "eth0", ["b-web"])
    for path in (port_at(port), instance_at(instance)):
        tag = (await client.get(path)).headers["ETag"]
        await world.execute("UPDATE cloud_ports SET security_group_ids = '{b-other,b-web}'")
        stale = await client.post(path + UPDATE, json=naming(db), headers={"If-Match": tag})
        assert stale.status_code == 412
        await world.execute("UPDATE cloud_ports SET security_group_ids = '{b-web}'")
        fresh = await client.post(path + PLAN, json=naming(db), headers={"If-Match": tag})
        assert fresh.status_code == 200
    everything = await client.post(
        port_at(port, UPDATE), json=naming(db), headers={"If-Match": "*"}
    )
    assert everything.status_code == 200


async def test_the_same_idempotency_key_changes_once(client, world, db):
    port = await add_port(world, groups=["b-web"])
    headers = {"Idempotency-Key": "once-and-for-all"}
    responses = [
        await client.post(port_at(port, UPDATE), json=naming(db), headers=headers) for _ in "ab"
    ]
    assert [each.status_code for each in responses] == [200, 200]
    assert await jobs(world) == 1


async def test_misspelt_parameters_do_not_become_changes(client, world, db):
    port = await add_port(world, groups=["b-web"])
    path = port_at(port, UPDATE)
    for query in ({"dryrun": "true"}, {"dry_run": "yes"}, {"plan_token": "1.x"}):
        assert (await client.post(path, params=query, json=naming(db))).status_code == 400
    ignored = await client.post(path, params={"tags": "x"}, json={**naming(db), "unheard_of": 1})
    assert (ignored.status_code, "Warning" in ignored.headers) == (200, True)
    strict = await client.post(port_at(port, PLAN), params={"tags": "x"}, json=naming(db))
    assert strict.status_code == 400


@pytest.mark.parametrize(
    ("user", "status"),
    [
        ("staff", 200),
        ("owner", 200),
        ("admin", 200),
        ("manager", 200),
        ("support", 403),
        ("customer-manager", 403),
        ("customer-support", 403),
        ("member", 403),
        ("unrelated", 404),
        (None, 401),
    ],
)
async def test_who_may_set_groups(api, world, web, user, status):
    instance, row = await add_instance(world)
    port = await add_instance_port(world, row)
    for path in (port_at(port, PLAN), instance_at(instance, PLAN), port_at(port, UPDATE)):
        response = await api(user).post(path, json=naming(web))
        assert response.status_code == status, path
    assert await jobs(world) == (status == 200)
