"""Users who may change a group can get it out of ERRED, whatever the cause.

Each cause happens in a real Neutron, each way out is a request, and the result is checked in
Neutron.
"""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from tests.sync.conftest import tcp

from ringfence.app import create_app
from ringfence.neutron.port import GroupNotFound
from ringfence.security_groups.rules import Rule, canonical
from ringfence.security_groups.versions import Cause, record_versions
from ringfence.settings import Settings
from ringfence.sync.jobs import JobHandlers

NEWER = {"Accept": "application/json; version=2026-10"}
GOOD = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"}
KEYS = {canonical(Rule("IPv4", "ingress", "tcp", 443, 443, "10.0.0.0/8"))}
# Neutron refuses such a rule; an older release accepted it.
IMPOSSIBLE = tcp(1) | {"protocol": "58", "from_port": None, "to_port": None}


@pytest.fixture
async def client(neutron):
    """The API over the tenant's database, for an administrator of its project."""
    app = create_app(Settings(allowed_hosts="api.example.com"))
    app.state.database = neutron.database
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://api.example.com",
        headers={"Authorization": "Token admin-token"},
    ) as client:
        yield client


@pytest.fixture
def work(neutron):
    """Run the queued jobs, each as its last attempt."""
    desk = JobHandlers(neutron.database, neutron.clouds)

    async def run():
        async with neutron.database.connection() as connection:
            cursor = await connection.execute(
                "DELETE FROM procrastinate_jobs RETURNING task_name, args"
            )
            waiting = await cursor.fetchall()
        for name, arguments in waiting:
            job = SimpleNamespace(id=1, attempts=99, task_name=name)
            await getattr(desk, name)(SimpleNamespace(job=job), **arguments)

    return run


async def refused_name(place, _lab):
    """A group that an older release renamed to a name that Neutron reserves."""
    uuid = await in_the_cloud(place)
    await place.world.execute(
        "UPDATE security_groups SET name = 'dEFAULT', version = version + 1,"
        " state = 'UPDATE_SCHEDULED' WHERE uuid = %s",
        uuid,
    )
    return uuid


async def refused_rule(place, _lab):
    """A group with a rule that Neutron refuses, from an older release."""
    uuid = await in_the_cloud(place)
    await place.change_rules(uuid, [IMPOSSIBLE])
    return uuid


async def over_quota(place, lab):
    """A group with more rules than the quota of the project."""
    uuid = await in_the_cloud(place)
    await asyncio.to_thread(lab.set_quota, place.project, rules=6)
    await place.change_rules(uuid, [tcp(port) for port in range(1, 9)])
    return uuid


async def never_created(place, lab):
    """A group above the quota of the project."""
    await asyncio.to_thread(lab.set_quota, place.project, groups=0)
    return await place.ask("web", rules=[tcp(22)])


async def missing(place, _lab):
    """A group that somebody deleted in the cloud."""
    uuid = await in_the_cloud(place)
    await place.cloud.delete_group((await place.row(uuid))[1])
    await place.change_rules(uuid, [tcp(80)])
    return uuid


async def in_the_cloud(place):
    made = await place.cloud.create_group(place.project, "web", "")
    for rule in made.rules:
        await place.cloud.delete_rule(rule.id)
    return await place.world.group("web", backend_id=made.id, rules=[])


async def failed(cause, place, lab, work):
    """Return the URL of a group that is ERRED for this cause, and its UUID."""
    uuid = await cause(place, lab)
    group = await place.world.one("SELECT id, version FROM security_groups WHERE uuid = %s", uuid)
    if group[1] > 1:
        # Like the request that queued it
        async with place.database.transaction() as connection:
            await record_versions(connection, [group[0]], Cause.USER)
    await place.world.execute(
        "INSERT INTO procrastinate_jobs (task_name, queue_name, args) VALUES"
        " ('push_group', 'default', jsonb_build_object('security_group', %s::text))",
        uuid.hex,
    )
    await work()
    state, _, _, _, message, _ = await place.row(uuid)
    assert state == "ERRED"
    assert "present version" in message
    address = f"/api/openstack-security-groups/{uuid.hex}/"
    # The cause has passed.
    await asyncio.to_thread(lab.set_quota, place.project)
    return address, uuid


CAUSES = (refused_name, refused_rule, over_quota, never_created, missing)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
async def test_in_the_newer_contract_it_is_changed_as_it_is(neutron, lab, client, work, cause):
    address, uuid = await failed(cause, neutron, lab, work)
    renamed = await client.patch(address, json={"name": "renamed"}, headers=NEWER)
    assert renamed.status_code == 200, renamed.text
    await work()
    if (await neutron.row(uuid))[0] == "OK":
        await neutron.world.execute(
            "UPDATE security_groups SET state = 'ERRED' WHERE uuid = %s", uuid
        )
    changed = await client.post(f"{address}set_rules/", json=[GOOD], headers=NEWER)
    assert changed.status_code == 202, changed.text
    await work()
    found = (await client.get(address)).json()
    assert (found["state"], found["error_message"]) == ("OK", "")
    assert await neutron.keys(uuid) == KEYS
    assert (await neutron.found(uuid)).name == "renamed"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
@pytest.mark.parametrize("headers", [{}, NEWER], ids=["2025-11", "2026-10"])
async def test_it_can_be_deleted_in_both_contracts(neutron, lab, client, work, cause, headers):
    address, uuid = await failed(cause, neutron, lab, work)
    backend_id = (await neutron.row(uuid))[1]
    deleted = await client.delete(address, headers=headers)
    assert deleted.status_code == 204, deleted.text
    await work()
    assert (await client.get(address)).status_code == 404
    if backend_id:
        with pytest.raises(GroupNotFound):
            await neutron.cloud.get_group(backend_id)


@pytest.mark.parametrize(
    "cause", [over_quota, never_created, missing], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("headers", [{}, NEWER], ids=["2025-11", "2026-10"])
async def test_a_rollback_to_the_current_version_pushes_it_again(
    neutron, lab, client, work, cause, headers
):
    address, uuid = await failed(cause, neutron, lab, work)
    # The newest in the list
    version = (await client.get(f"{address}versions/")).json()[0]["number"]
    again = await client.post(f"{address}rollback/", json={"version": version}, headers=headers)
    assert again.status_code == 202, again.text
    await work()
    assert (await neutron.row(uuid))[0] == "OK"
    assert len(await neutron.keys(uuid)) == len(await neutron.rows(uuid))


async def test_a_pull_pushes_what_did_not_fit_before(neutron, lab, client, work):
    address, uuid = await failed(over_quota, neutron, lab, work)
    assert (await client.post(f"{address}pull/")).status_code == 202
    await work()
    assert (await neutron.row(uuid))[0] == "OK"
    assert len(await neutron.keys(uuid)) == 8


async def test_a_group_that_was_never_created_says_what_helps_instead_of_a_pull(
    neutron, lab, client, work
):
    address, _ = await failed(never_created, neutron, lab, work)
    for headers in ({}, NEWER):
        refused = await client.post(f"{address}pull/", headers=headers)
        assert refused.status_code == 409
        assert "nothing to pull" in refused.json()["detail"]
        assert "rollback/" in refused.json()["hint"]
        assert "DELETE" in refused.json()["hint"]


@pytest.mark.parametrize("change", ["patch", "put", "set_rules"])
async def test_an_unchanged_request_pushes_a_failed_group_again(neutron, lab, client, work, change):
    address, uuid = await failed(never_created, neutron, lab, work)
    shown = (await client.get(address)).json()
    match change:
        case "patch":
            sent = await client.patch(address, json={}, headers=NEWER)
        case "put":
            sent = await client.put(address, json={"name": "web"}, headers=NEWER)
        case _:
            sent = await client.post(f"{address}set_rules/", json=shown["rules"], headers=NEWER)
    assert sent.is_success, sent.text
    await work()
    assert (await neutron.row(uuid))[0] == "OK"
    assert (await neutron.found(uuid)).name == "web"


async def test_in_waldurs_contract_a_change_is_refused_in_its_words_with_a_hint(
    neutron, lab, client, work
):
    address, _ = await failed(never_created, neutron, lab, work)
    for sent in (
        await client.patch(address, json={"name": "other"}),
        await client.post(f"{address}set_rules/", json=[]),
        await client.post(f"{address}plan/", json=[]),
    ):
        assert sent.status_code == 409
        assert sent.json()["detail"] == "Valid states for operation: OK."
        assert sent.json()["hint"].startswith("The security group is ERRED.")
    planned = await client.post(f"{address}plan/", json=[GOOD], headers=NEWER)
    assert planned.status_code == 200
