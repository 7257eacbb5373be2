"""Customers: the document and the filters."""

from uuid import uuid4

from tests.contract.ancestors import CUSTOMERS, PROJECTS, names

BASE = "http://api.example.com"


async def test_a_customer_is_shown_with_its_projects(client, world):
    customer = (await client.get(f"{CUSTOMERS}{world.customer_uuid}/")).json()
    assert customer.pop("created").endswith("+00:00")
    assert customer == {
        "url": f"{BASE}{CUSTOMERS}{world.customer_uuid.hex}/",
        "uuid": world.customer_uuid.hex,
        "organization_groups": [],
        "display_name": "Acme",
        "projects": [
            {
                "url": f"{BASE}{PROJECTS}{world.project_uuid.hex}/",
                "uuid": world.project_uuid.hex,
                "name": "Web",
                "image": None,
                "resource_count": 1,
                "end_date": None,
            }
        ],
        "backend_id": "",
        "image": None,
        "blocked": False,
        "archived": False,
        "projects_count": 1,
        # Three have a role in the customer, three in the project.
        "users_count": 6,
        "name": "Acme",
        "native_name": "Ακμή",
        "abbreviation": "ACME",
        "description": "",
        "contact_details": "",
        "agreement_number": "",
        "registration_code": "",
        "is_service_provider": False,
        "service_provider": None,
        "service_provider_uuid": None,
        "call_managing_organization_uuid": None,
    }


async def test_filters(api, world):
    both, own = ["Acme", "Other"], ["Acme"]
    users = {
        name: await world.value("SELECT uuid FROM users WHERE username = %s", name)
        for name in ("admin", "owner", "unrelated")
    }
    await world.execute("INSERT INTO customers (name) VALUES ('Empty')")
    cases = [
        ({"name": "ACM"}, own),
        ({"name_exact": "acme"}, []),
        ({"native_name": "κμ"}, own),
        ({"abbreviation": "cm"}, own),
        ({"query": "ΑΚΜΉ"}, own),
        ({"query": "oth"}, ["Other"]),
        ({"query": "%"}, []),
        ({"query": str(world.customer_uuid)}, own),
        ({"user_uuid": users["admin"].hex}, own),
        ({"user_uuid": users["owner"].hex}, own),
        ({"user_uuid": users["unrelated"].hex}, []),
        ({"has_resources": "true"}, both),
        ({"has_resources": "false"}, ["Empty"]),
        ({"archived": "true"}, []),
        ({"archived": "false"}, ["Acme", "Empty", "Other"]),
        ({"is_service_provider": "true"}, []),
        ({"organization_group_uuid": [uuid4().hex, uuid4().hex]}, []),
        ({"registration_code": "1"}, []),
        ({"owned_by_current_user": "true"}, []),
        ({"o": "-abbreviation"}, ["Acme", "Empty", "Other"]),
    ]
    for query, expected in cases:
        assert await names(api("staff"), CUSTOMERS, **query) == expected, query
    for user, owns in {"owner": own, "customer-support": [], "admin": []}.items():
        assert await names(api(user), CUSTOMERS, owned_by_current_user="true") == owns
    roles = {"current_user_has_role": ["CUSTOMER.OWNER", "CUSTOMER.MANAGER"]}
    assert await names(api("customer-manager"), CUSTOMERS, **roles) == own
    assert await names(api("customer-support"), CUSTOMERS, **roles) == []
    response = await api("staff").get(
        CUSTOMERS, params={"organization_group_uuid": "x", "user_uuid": "y"}
    )
    wrong = ["Enter a valid UUID."]
    assert response.json() == {"organization_group_uuid": wrong, "user_uuid": wrong}
