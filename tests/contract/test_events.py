"""Events: those within the scope of the user, the latest first."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from tests.contract.parsing import client_over
from tests.contract.paths import group_at
from tests.factories.world import USERS
from waldur_api_client.api.events import (
    events_count,
    events_count_retrieve,
    events_event_groups_retrieve,
    events_list,
    events_retrieve,
)
from waldur_api_client.models.events_list_field_item import EventsListFieldItem
from waldur_api_client.models.events_list_o_item import EventsListOItem

from ringfence.access.permissions import Actor
from ringfence.events.commands import record_all
from ringfence.events.event_groups import EVENT_GROUPS
from ringfence.events.types import Event, EventType

EVENTS = "/api/events/"
NOT_FOUND = {"detail": "No Event matches the given query."}


@pytest.fixture
async def happened(world) -> dict[str, UUID]:
    """Five events by name: in the own project, in another project, and without a project."""
    place = {"customer": world.customer_uuid, "project": world.project_uuid}
    there = await world.one(
        "SELECT customer.uuid, project.uuid FROM projects AS project INNER JOIN customers"
        " AS customer ON project.customer_id = customer.id WHERE project.name = 'Elsewhere'"
    )
    admin = Actor(
        world.users["admin"],
        await world.value("SELECT uuid FROM users WHERE username = 'admin'"),
        "admin",
        (),
    )
    group = uuid4()
    events = [
        Event(
            EventType.CREATION_SCHEDULED,
            "first",
            admin,
            **place,
            tenant=world.tenant_uuid,
            security_group=group,
            context={"rules": 2},
        ),
        Event(EventType.GROUP_CREATED, "second 100%", **place, security_group=group),
        Event(EventType.TENANT_PULLED, "foreign", customer=there[0], project=there[1]),
        Event(EventType.SIGNED_IN, "signed in", admin),
        Event(EventType.LOADED, "loaded"),
    ]
    # Only tests can set the times of events.
    await world.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
    for number, event in enumerate(events):
        async with world.database.transaction() as connection:
            await record_all(connection, [event])
        await world.execute(
            "UPDATE events SET created = %s WHERE message = %s",
            datetime(2026, 1, 1 + number, tzinfo=UTC),
            event.message,
        )
    return {"group": group, "admin": admin.user_uuid}


async def messages(http, **query) -> list[str]:
    response = await http.get(EVENTS, params=query)
    assert response.status_code == 200, response.text
    counted = await http.head(EVENTS, params=query)
    assert counted.headers["X-Result-Count"] == response.headers["X-Result-Count"]
    return [event["message"] for event in response.json()]


@pytest.mark.usefixtures("happened")
async def test_everybody_reads_what_happened_where_it_has_a_role(api):
    everything = ["loaded", "signed in", "foreign", "second 100%", "first"]
    expected = {
        "staff": everything,
        "support": everything,
        "unrelated": [],
        "admin": ["signed in", "second 100%", "first"],
    }
    for user in USERS:
        assert await messages(api(user)) == expected.get(user, ["second 100%", "first"]), user


async def test_an_event_in_several_scopes_is_listed_once_and_in_order(api, world, happened):
    await world.execute(
        "INSERT INTO role_grants (user_id, role, customer_id)"
        " SELECT %s, grant_of.role, customer.id FROM customers AS customer"
        " CROSS JOIN (SELECT DISTINCT role FROM role_grants WHERE customer_id IS NOT NULL"
        " AND role LIKE 'CUSTOMER.%%') AS grant_of ON CONFLICT DO NOTHING",
        world.users["admin"],
    )
    admin = api("admin")
    shown = ["signed in", "foreign", "second 100%", "first"]
    assert sorted(await messages(admin)) == sorted(shown)
    assert await messages(admin, o="created") == await messages(admin, o="created", page_size=300)
    for size in (1, 3):
        pages = range(1, -(-len(shown) // size) + 1)
        listed = [await messages(admin, page_size=size, page=page) for page in pages]
        assert [each for page in listed for each in page] == await messages(admin)
        assert listed[-1] == await messages(admin, page_size=size, page="last")
    scope = f"http://api.example.com/api/openstack-security-groups/{happened['group'].hex}/"
    for user in ("staff", "admin"):
        assert await messages(api(user), scope=scope) == ["second 100%", "first"]
        assert await messages(api(user), scope=scope, page_size=1, page=2) == ["first"]
        assert await messages(api(user), scope=scope, page_size=1, page="last") == ["first"]
    assert await messages(api("unrelated"), scope=scope) == []


async def test_an_event_says_what_where_and_by_whom(client, world, happened):
    (event,) = (await client.get(EVENTS, params={"message": "first"})).json()
    event_id = await world.value("SELECT id FROM events WHERE message = 'first'")
    assert (await client.get(f"{EVENTS}{event['uuid']}/")).json() == event
    assert (await client.get(f"{EVENTS}{event_id}/")).json() == event
    assert UUID(event.pop("uuid"))
    assert event == {
        "created": "2026-01-01T00:00:00+00:00",
        "event_type": "resource_creation_scheduled",
        "message": "first",
        "context": {
            "rules": 2,
            "user_uuid": happened["admin"].hex,
            "user_username": "admin",
            "customer_uuid": world.customer_uuid.hex,
            "project_uuid": world.project_uuid.hex,
            "tenant_uuid": world.tenant_uuid.hex,
            "security_group_uuid": happened["group"].hex,
        },
    }


@pytest.mark.usefixtures("happened")
async def test_an_event_elsewhere_is_not_found(api, world):
    event_id, uuid = await world.one("SELECT id, uuid FROM events WHERE message = 'foreign'")
    for name in (event_id, uuid.hex, uuid, uuid4(), 10**17, "x", "9" * 31):
        response = await api("admin").get(f"{EVENTS}{name}/")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert (await api("support").get(f"{EVENTS}{event_id}/")).json()["message"] == "foreign"


async def test_a_list_is_narrowed(api, world, happened):
    staff = api("staff")
    second = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    fourth = datetime(2026, 1, 4, tzinfo=UTC).timestamp()
    scope = f"https://any.host{group_at(happened['group'])}"
    tenant = f"/api/openstack-tenants/{world.tenant_uuid}/"
    queries = [
        ({"event_type": "ringfence_loaded"}, ["loaded"]),
        ({"event_type": ["ringfence_loaded", "openstack_tenant_pulled"]}, ["loaded", "foreign"]),
        ({"event_type": "bogus"}, []),
        ({"feature": "resources"}, ["first"]),
        ({"feature": ["auth", "openstack_resources"]}, ["signed in", "foreign"]),
        ({"feature": "bogus"}, []),
        ({"scope": scope}, ["second 100%", "first"]),
        ({"scope": tenant}, ["first"]),
        ({"scope": f"/api/projects/{world.project_uuid.hex}/"}, ["second 100%", "first"]),
        ({"scope": f"/api/users/{happened['admin'].hex}/"}, ["signed in", "first"]),
        ({"scope": "/api/rockets/1/"}, []),
        ({"scope": "http://[bad"}, []),
        ({"scope": ""}, ["loaded", "signed in", "foreign", "second 100%", "first"]),
        ({"message": "100%"}, ["second 100%"]),
        ({"message": "%"}, ["second 100%"]),
        ({"created_from": second, "created_to": fourth}, ["foreign", "second 100%"]),
        ({"customer_uuid": world.customer_uuid, "o": "created"}, ["first", "second 100%"]),
        ({"project_uuid": world.project_uuid.hex}, ["second 100%", "first"]),
        ({"user_uuid": happened["admin"]}, ["signed in", "first"]),
        ({"related_user_uuid": happened["admin"], "o": "created"}, ["first", "signed in"]),
        ({"page": 2, "page_size": 2}, ["foreign", "second 100%"]),
    ]
    for query, expected in queries:
        if "page" in query:
            shown = (await staff.get(EVENTS, params=query)).json()
            assert [event["message"] for event in shown] == expected
        else:
            assert await messages(staff, **query) == expected, query


@pytest.mark.usefixtures("happened")
async def test_a_filter_that_is_none_is_refused(api):
    cases = [
        ({"created_from": "x"}, {"created_from": ["Enter a number."]}),
        ({"created_to": "1e400"}, {"created_to": ["Enter a number."]}),
        ({"created_to": "nan"}, {"created_to": ["Enter a number."]}),
        ({"created_from": "-1e15"}, {"created_from": ["Enter a number."]}),
        ({"user_uuid": "x"}, {"user_uuid": ["Enter a valid UUID."]}),
        (
            {"o": "message"},
            {"o": ["Select a valid choice. message is not one of the available choices."]},
        ),
        ({"scope": "\x00"}, {"scope": ["Null characters are not allowed."]}),
        ({"feature": "\x00"}, {"feature": ["Null characters are not allowed."]}),
        ({"event_type": "\x00"}, {"event_type": ["Null characters are not allowed."]}),
    ]
    for query, errors in cases:
        for path in (EVENTS, f"{EVENTS}count/"):
            response = await api("staff").get(path, params=query)
            assert (response.status_code, response.json()) == (400, errors)


@pytest.mark.usefixtures("happened")
async def test_the_published_client_reads_events(api, world):
    client = client_over(api("admin"))
    listed = await events_list.asyncio(
        client=client, o=[EventsListOItem.CREATED], created_from=0.5, page_size=2
    )
    assert [event.message for event in listed] == ["first", "second 100%"]
    assert await events_count.asyncio(client=client) == 3
    event_id = await world.value("SELECT id FROM events WHERE message = 'first'")
    assert await events_retrieve.asyncio(event_id, client=client) == listed[0]
    (few,) = await events_list.asyncio(
        client=client, message="first", field=[EventsListFieldItem.MESSAGE]
    )
    assert few.to_dict() == {"message": "first"}
    counted = await events_count_retrieve.asyncio(client=client)
    assert counted.additional_properties == {"count": 3}
    groups = await events_event_groups_retrieve.asyncio(client=client)
    assert json.loads(json.dumps(EVENT_GROUPS)) == getattr(groups, "additional_properties", groups)
    # This client expects an event from the endpoint of scope types, which Waldur does not return.
    assert "project" in (await api("admin").get(f"{EVENTS}scope_types/")).json()


@pytest.mark.usefixtures("world")
async def test_every_kind_of_event_is_in_a_group_and_has_its_counts(client):
    assert {kind for kinds in EVENT_GROUPS.values() for kind in kinds} == set(EventType)
    for path, count in (("event_groups/", len(EVENT_GROUPS)), ("scope_types/", 5), ("count/", 0)):
        response = await client.head(EVENTS + path)
        assert response.headers["X-Result-Count"] == str(count)


async def test_what_a_change_records_is_there_to_read(client, world):
    group = await world.group("web")
    await client.patch(group_at(group), json={"description": "new"})
    (event,) = (await client.get(EVENTS, params={"scope": group_at(group)})).json()
    assert event["event_type"] == "resource_update_scheduled"
    assert event["context"]["to"] == {"name": "web", "description": "new"}
