"""Projects: the document and the filters."""

from uuid import uuid4

from tests.contract.ancestors import CUSTOMERS, PROJECTS, names

BASE = "http://api.example.com"


async def test_a_project_is_shown_with_its_customer(client, world):
    project = (await client.get(f"{PROJECTS}{world.project_uuid}/")).json()
    assert project.pop("created").endswith("+00:00")
    assert project == {
        "url": f"{BASE}{PROJECTS}{world.project_uuid.hex}/",
        "uuid": world.project_uuid.hex,
        "name": "Web",
        "customer": f"{BASE}{CUSTOMERS}{world.customer_uuid.hex}/",
        "customer_uuid": world.customer_uuid.hex,
        "customer_name": "Acme",
        "customer_native_name": "Ακμή",
        "customer_abbreviation": "ACME",
        "description": "",
        "type": None,
        "type_name": None,
        "type_uuid": None,
        "backend_id": "",
        "start_date": None,
        "end_date": None,
        "end_date_requested_by": None,
        "image": None,
        "resources_count": 1,
        "kind": "default",
        "is_removed": False,
    }


async def test_filters(api, world):
    both, own = ["Elsewhere", "Web"], ["Web"]
    admin = await world.value("SELECT uuid FROM users WHERE username = 'admin'")
    owner = await world.value("SELECT uuid FROM users WHERE username = 'owner'")
    other = await world.value("SELECT uuid FROM customers WHERE name = 'Other'")
    cases = [
        ({"name": "wE"}, own),
        ({"name_exact": "Web"}, own),
        ({"query": "ELSE"}, ["Elsewhere"]),
        ({"query": world.project_uuid.hex}, own),
        ({"customer": world.customer_uuid.hex}, own),
        ({"customer": f"{world.customer_uuid}, {other.hex}"}, both),
        ({"customer_name": "acme"}, own),
        ({"customer_native_name": "κ"}, own),
        ({"customer_abbreviation": "cm"}, own),
        ({"created": "2020-01-01T00:00:00Z"}, both),
        ({"created": "2120-01-01"}, []),
        ({"created_before": "2020-01-01T00:00:00+02:00"}, []),
        ({"user_uuid": admin.hex}, own),
        ({"user_uuid": owner.hex}, own),
        ({"user_uuid_with_active_role": admin.hex}, own),
        ({"user_uuid_with_active_role": owner.hex}, []),
        ({"is_removed": "true"}, []),
        ({"is_removed": "false"}, both),
        ({"slug": "web"}, []),
        ({"affiliation_uuid": uuid4().hex}, []),
        ({"can_manage": "true"}, both),
        ({"can_admin": "true"}, []),
        ({"conceal_finished_projects": "true", "include_terminated": "false"}, both),
        ({"o": "-customer_name"}, both),
        ({"o": "start_date,-name"}, ["Web", "Elsewhere"]),
    ]
    for query, expected in cases:
        assert await names(api("staff"), PROJECTS, **query) == expected, query
    managed = {"admin": (own, own), "manager": (own, []), "member": ([], [])}
    for user, (manages, administers) in managed.items():
        assert await names(api(user), PROJECTS, can_manage="true") == manages
        assert await names(api(user), PROJECTS, can_admin="true") == administers
        role = f"PROJECT.{user.upper()}"
        assert await names(api(user), PROJECTS, current_user_has_role=role) == own
    response = await api("staff").get(PROJECTS, params={"created": "soon", "customer": "a,b"})
    assert response.json() == {
        "created": ["Enter a valid date/time."],
        "customer": ["Enter a valid UUID."],
    }
