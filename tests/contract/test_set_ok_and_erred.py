"""Staff set the state of a group manually; no job in flight reverts it."""

from uuid import UUID

import httpx
import pytest
from tests.contract.paths import GROUPS, a_rule, group_at
from waldur_api_client import AuthenticatedClient
from waldur_api_client.api.openstack_security_groups import openstack_security_groups_retrieve

from ringfence.security_groups.cloud_state import lifecycle
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.states import State
from ringfence.sync.drivers import Clouds
from ringfence.sync.push import delete_group, push_group

FAILED = {"error_message": "set manually", "error_traceback": "Traceback: set manually"}


@pytest.fixture
def staff(api) -> httpx.AsyncClient:
    return api("staff")


async def row(world, group: UUID):
    return await world.one(
        "SELECT state, error_message, error_traceback, version, applied_version"
        " FROM security_groups WHERE uuid = %s",
        group,
    )


async def stale(world) -> list[int]:
    async with world.database.connection() as connection:
        return await documents.stale(connection)


async def test_a_group_in_any_state_becomes_ok_and_its_error_is_cleared(staff, world):
    failed = {"error_message": "lost", "error_traceback": "Traceback", "version": 2}
    for state in State:
        await becomes_ok(staff, world, await world.group(state, state=state, **failed))


async def becomes_ok(staff, world, group):
    response = await staff.post(group_at(group, "set_ok/"))
    assert (response.status_code, response.json()) == (
        200,
        {"detail": "Resource has been marked as OK."},
    )
    # A change that never reached the cloud is still pending.
    assert await row(world, group) == ("OK", "", "", 2, 1)
    shown = (await staff.get(group_at(group))).json()
    assert (shown["state"], shown["error_message"], shown["error_traceback"]) == ("OK", "", "")
    assert await stale(world) == []


async def test_a_group_in_any_state_becomes_erred_with_the_words_given(staff, world):
    for state in State:
        await becomes_erred(staff, world, await world.group(state, state=state))


async def becomes_erred(staff, world, group):
    response = await staff.post(group_at(group, "set_erred/"), json=FAILED)
    assert (response.status_code, response.json()) == (
        200,
        {"detail": "Resource has been marked as ERRED."},
    )
    assert await row(world, group) == ("ERRED", "set manually", "Traceback: set manually", 1, 1)
    assert await stale(world) == []


async def test_only_staff_reads_the_traceback_that_staff_gave(api, staff, world):
    group = await world.group()
    await staff.post(group_at(group, "set_erred/"), json=FAILED)
    documents = {user: (await api(user).get(group_at(group))).json() for user in ("staff", "admin")}
    assert {user: shown["error_traceback"] for user, shown in documents.items()} == {
        "staff": "Traceback: set manually",
        "admin": "",
    }
    assert documents["admin"]["error_message"] == "set manually"
    assert "Traceback" not in str(await world.value("SELECT context FROM events"))


@pytest.mark.parametrize("body", [None, {}, {"error_message": ""}, {"unknown": 1}])
async def test_the_words_may_be_left_out(staff, world, body):
    group = await world.group(error_message="older", error_traceback="older", state="ERRED")
    response = await staff.post(group_at(group, "set_erred/"), json=body)
    assert response.status_code == 200
    assert (await row(world, group))[:3] == ("ERRED", "", "")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ({"error_message": None}, {"error_message": ["This field may not be null."]}),
        (
            {"error_message": True, "error_traceback": "\x00"},
            {
                "error_message": ["Not a valid string."],
                "error_traceback": ["Null characters are not allowed."],
            },
        ),
    ],
)
async def test_words_that_are_none_are_refused_and_nothing_changes(staff, world, body, detail):
    group = await world.group()
    response = await staff.post(group_at(group, "set_erred/"), json=body)
    assert (response.status_code, response.json()) == (400, detail)
    assert (await row(world, group))[0] == "OK"
    assert await world.value("SELECT count(*) FROM events") == 0


async def test_it_is_recorded_with_its_actor_and_schedules_no_job(staff, world):
    group = await world.group("web", state="UPDATING")
    await staff.post(group_at(group, "set_erred/"), json=FAILED)
    await staff.post(group_at(group, "set_ok/"))
    found = await world.one("SELECT array_agg(event_type ORDER BY id) FROM events")
    assert found[0] == ["openstack_security_group_set_erred", "openstack_security_group_set_ok"]
    event = await world.one(
        "SELECT message, username, security_group_uuid, context FROM events ORDER BY id LIMIT 1"
    )
    assert event == (
        "Security group web has been marked as ERRED.",
        "staff",
        group,
        {"from": "UPDATING", "error_message": "set manually"},
    )
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0


@pytest.mark.parametrize(("action", "state"), [("set_ok/", "OK"), ("set_erred/", "ERRED")])
async def test_a_push_in_flight_keeps_a_manually_set_state(staff, world, action, state):
    group = await world.group(state="UPDATE_SCHEDULED", version=2)
    async with world.database.transaction() as connection:
        taken = await lifecycle.claim(connection, group, lifecycle.PUSHED)
    await staff.post(group_at(group, action))
    async with world.database.transaction() as connection:
        assert not await lifecycle.record_applied(
            connection, taken, lifecycle.EventType.GROUP_UPDATED, {}
        )
        assert not await lifecycle.record_failure(connection, group, "too late", "")
    assert await row(world, group) == (state, "", "", 2, 1)


@pytest.mark.parametrize("state", ["CREATION_SCHEDULED", "UPDATE_SCHEDULED", "DELETION_SCHEDULED"])
async def test_a_job_that_waits_finds_nothing_to_do(staff, world, state):
    group = await world.group(state=state)
    await staff.post(group_at(group, "set_erred/"))
    clouds = Clouds(world.database)
    assert not await push_group(world.database, clouds, group)
    assert not await delete_group(world.database, clouds, group)
    assert (await row(world, group))[0] == "ERRED"


async def test_later_jobs_continue_from_a_manually_set_state(api, staff, world):
    group = await world.group(state="CREATING", backend_id="", applied_version=0)
    await staff.post(group_at(group, "set_ok/"))
    response = await api("admin").post(group_at(group, "set_rules/"), json=[a_rule()])
    assert response.status_code == 200
    assert await push_group(world.database, Clouds(world.database), group)
    assert await row(world, group) == ("OK", "", "", 2, 2)


async def test_instance_count_is_null_until_ports_are_known(api, world):
    group = await world.group()
    shown = (await api("admin").get(group_at(group))).json()
    assert shown["instance_count"] is None
    listed = (await api("admin").get(GROUPS, params={"field": "instance_count"})).json()
    assert listed == [{"instance_count": None}]


async def test_the_client_of_the_page_takes_the_newer_field(api, world):
    group = await world.group()
    content = (await api("admin").get(group_at(group))).content
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=content, headers={"Content-Type": "application/json"})
    )
    client = AuthenticatedClient("http://api.example.com", "x", prefix="Token")
    client.set_httpx_client(httpx.Client(base_url="http://api.example.com", transport=transport))
    parsed = openstack_security_groups_retrieve.sync(group, client=client)
    assert parsed.additional_properties["instance_count"] is None
