"""Every filter of a list."""

from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, group_at, tenant_at
from tests.factories.world import World


@pytest.fixture
async def groups(world: World):
    """Return the names of groups by UUID: three in the world's tenant, one in another."""
    made = {
        await world.group("web-1", description="The Façade", backend_id="abc-DEF"): "web-1",
        await world.group("WEB_2", description="100% of it", state="ERRED"): "WEB_2",
        await world.group("db\\x", description="behind", state="UPDATING"): "db\\x",
        await world.group("foreign", tenant_id=world.foreign_tenant_id): "foreign",
    }
    return {uuid.hex: name for uuid, name in made.items()}


async def names(client, groups, query):
    response = await client.get(GROUPS, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["X-Result-Count"] == str(len(response.json()))
    counted = await client.head(GROUPS, params=query)
    assert counted.headers["X-Result-Count"] == response.headers["X-Result-Count"]
    return sorted(groups[group["uuid"]] for group in response.json())


OURS = sorted(["web-1", "WEB_2", "db\\x"])
ALL = sorted([*OURS, "foreign"])

TEXTS = [
    ({"name": "web"}, ["WEB_2", "web-1"]),
    ({"name": "  WeB  "}, ["WEB_2", "web-1"]),
    ({"name": "eb-"}, ["web-1"]),
    ({"name": "%"}, []),
    ({"name": "_"}, ["WEB_2"]),
    ({"name": "\\"}, ["db\\x"]),
    ({"name": ""}, ALL),
    ({"name": "   "}, ALL),
    ({"name_exact": "web-1"}, ["web-1"]),
    ({"name_exact": "WEB-1"}, []),
    ({"name_exact": "web"}, []),
    ({"name_exact": ""}, ALL),
    ({"description": "FAÇADE"}, ["web-1"]),
    ({"description": "%"}, ["WEB_2"]),
    ({"backend_id": "abc-DEF"}, ["web-1"]),
    ({"backend_id": "abc-def"}, []),
    ({"backend_id": "abc"}, []),
    ({"query": "façade"}, ["web-1"]),
    ({"query": "web"}, ["WEB_2", "web-1"]),
    ({"query": "B"}, ["WEB_2", "db\\x", "web-1"]),
    ({"query": "no such"}, []),
    ({"customer_name": "acm"}, OURS),
    ({"customer_native_name": "ΑΚΜΉ"}, OURS),
    ({"customer_native_name": "κμ"}, OURS),
    ({"customer_abbreviation": "cm"}, OURS),
    ({"project_name": "ELSE"}, ["foreign"]),
    ({"service_settings_name": "EAS"}, ALL),
    ({"service_settings_name": "west"}, []),
    ({"unknown": "x", "uuid__in": "y"}, ALL),
    ({"name": ["nothing", "web-1"]}, ["web-1"]),
    ({"name": "web", "state": "OK"}, ["web-1"]),
    ({"name": "web", "description": "behind"}, []),
]

STATES = [
    ({"state": "OK"}, ["foreign", "web-1"]),
    ({"state": ["OK", "ERRED"]}, ["WEB_2", "foreign", "web-1"]),
    ({"state": ["UPDATING", "UPDATING"]}, ["db\\x"]),
    ({"state": "DELETING"}, []),
]


async def test_text_filters_contain_or_equal_and_all_of_them_hold(api, world, groups):
    staff = api("staff")
    for query, expected in TEXTS:
        assert await names(staff, groups, query) == expected, query
    assert world


async def test_states_that_are_repeated_are_alternatives(api, groups):
    staff = api("staff")
    for query, expected in STATES:
        assert await names(staff, groups, query) == expected, query


@pytest.mark.usefixtures("world")
async def test_a_wrong_or_empty_state_is_a_400(client):
    for state in ("bogus", "", "ok", "Creation Scheduled", "OK,ERRED"):
        response = await client.get(GROUPS, params={"state": ["OK", state]})
        assert response.status_code == 400
        choice = f"Select a valid choice. {state} is not one of the available choices."
        assert response.json() == {"state": [choice]}


async def test_uuid_filters_take_every_form_of_a_uuid(api, world, groups):
    staff = api("staff")
    cloud = await world.value("SELECT uuid FROM clouds")
    found = {
        "uuid": (next(iter(groups)), ["web-1"]),
        "tenant_uuid": (world.tenant_uuid.hex, OURS),
        "project": (world.project_uuid.hex, OURS),
        "project_uuid": (world.project_uuid.hex, OURS),
        "customer": (world.customer_uuid.hex, OURS),
        "customer_uuid": (world.customer_uuid.hex, OURS),
        "service_settings_uuid": (cloud.hex, ALL),
    }
    for name, (value, expected) in found.items():
        dashed = f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
        for text in (value, dashed, value.upper(), f"{{{dashed}}}", f"urn:uuid:{dashed}"):
            assert await names(staff, groups, {name: text}) == expected, (name, text)
        assert await names(staff, groups, {name: uuid4().hex}) == []
        assert await names(staff, groups, {name: ""}) == ALL


@pytest.mark.usefixtures("world")
async def test_wrong_uuids_are_named_all_at_once(client):
    wrong = {"customer": "x", "uuid": "1", "tenant_uuid": "g" * 32, "project_uuid": "a,b"}
    response = await client.get(GROUPS, params=wrong)
    assert response.status_code == 400
    assert response.json() == {name: ["Enter a valid UUID."] for name in wrong}


async def test_a_tenant_is_an_address_on_any_host_or_a_path_or_a_uuid(api, world, groups):
    # Waldur returns nothing for a bare UUID, and lists all its routes for a URL without a match.
    staff, path = api("staff"), tenant_at(world.tenant_uuid)
    cases = {
        f"https://any.host{path}": OURS,
        f"http://any.host:81{path}?x=1": OURS,
        path: OURS,
        tenant_at(world.tenant_uuid).replace(world.tenant_uuid.hex, str(world.tenant_uuid)): OURS,
        world.tenant_uuid.hex: OURS,
        str(world.tenant_uuid).upper(): OURS,
        "": ALL,
        uuid4().hex: [],
        tenant_at(uuid4()): [],
        group_at(world.tenant_uuid): [],
        "http://any.host/nothing/": [],
        "http://[broken": [],
        "garbage": [],
    }
    assert {text: await names(staff, groups, {"tenant": text}) for text in cases} == cases


async def test_can_manage_divides_the_scope_by_permission(api, world, groups):
    # Waldur ignores this filter.
    await world.execute(
        "INSERT INTO role_grants (user_id, role, project_id) "
        "SELECT %s, 'PROJECT.MEMBER', project_id FROM tenants WHERE id = %s",
        world.users["admin"],
        world.foreign_tenant_id,
    )
    expected = {
        "admin": (OURS, ["foreign"]),
        "staff": (ALL, []),
        "support": ([], ALL),
        "member": ([], OURS),
        "owner": (OURS, []),
        "unrelated": ([], []),
    }
    for user, (may, may_not) in expected.items():
        client = api(user)
        for text in ("true", "1"):
            assert await names(client, groups, {"can_manage": text}) == may
        for text in ("false", "0"):
            assert await names(client, groups, {"can_manage": text}) == may_not
        for text in ("", "maybe"):
            assert await names(client, groups, {"can_manage": text}) == sorted(may + may_not)


async def test_external_ip_finds_nothing_while_no_port_is_known(api, groups):
    staff = api("staff")
    assert await names(staff, groups, {"external_ip": "192.0.2.1"}) == []
    assert await names(staff, groups, {"external_ip": ""}) == ALL


@pytest.mark.usefixtures("world")
async def test_a_null_character_in_a_filter_is_a_400(client):
    for name in (
        *("name", "name_exact", "description", "query", "backend_id", "customer_name"),
        *("customer_native_name", "customer_abbreviation", "project_name", "external_ip"),
        *("service_settings_name", "tenant", "uuid", "customer", "state"),
    ):
        response = await client.get(GROUPS, params={name: "a\x00b"})
        assert response.status_code == 400, name
        assert list(response.json()) == [name]


async def test_a_filter_never_shows_groups_out_of_scope(api, world, groups):
    for user in ("admin", "owner", "member"):
        client = api(user)
        for query in ({"tenant_uuid": world.foreign_tenant_uuid.hex}, {"name": "foreign"}):
            assert await names(client, groups, query) == []


async def test_filters_hold_for_one_group_too(client, world):
    group = await world.group("web")
    for query, status in {
        "name=web": 200,
        "name=db": 404,
        "state=OK": 200,
        "state=ERRED": 404,
        "state=bogus": 400,
        "customer=x": 400,
        f"tenant_uuid={world.tenant_uuid}": 200,
        f"tenant_uuid={uuid4()}": 404,
        "unknown=1": 200,
    }.items():
        assert (await client.get(f"{group_at(group)}?{query}")).status_code == status, query
