"""The lists of tenants, customers, projects and clouds: scope, pages, URLs."""

import inspect
from collections import deque

import pytest
from tests.contract.ancestors import (
    CLOUDS,
    COLLECTIONS,
    CUSTOMERS,
    PROJECTS,
    TENANTS,
    names,
    urls_in,
)
from tests.contract.paths import GROUPS, group_at, tenant_at
from tests.factories.world import USERS
from waldur_api_client.api.customers import customers_list
from waldur_api_client.api.openstack_tenants import openstack_tenants_list
from waldur_api_client.api.projects import projects_list
from waldur_api_client.api.service_settings import service_settings_list
from waldur_api_client.models import Customer, OpenStackTenant, Project, ServiceSettings

from ringfence.clouds.filters import CLOUD_FILTERS, TENANT_FILTERS
from ringfence.organisations.filters import CUSTOMER_FILTERS, PROJECT_FILTERS

MODELS = {TENANTS: OpenStackTenant, CUSTOMERS: Customer, PROJECTS: Project, CLOUDS: ServiceSettings}
MISSING = {TENANTS: "Tenant", CUSTOMERS: "Customer", PROJECTS: "Project", CLOUDS: "ServiceSettings"}

OWN = {TENANTS: ["web-prod"], CUSTOMERS: ["Acme"], PROJECTS: ["Web"], CLOUDS: ["east"]}
ALL = {
    TENANTS: ["foreign", "web-prod"],
    CUSTOMERS: ["Acme", "Other"],
    PROJECTS: ["Elsewhere", "Web"],
    CLOUDS: ["east", "west"],
}


@pytest.fixture(autouse=True)
def _world(world):
    """Create a world for every test of this module."""


@pytest.fixture
async def west(world):
    """Return a cloud without tenants."""
    await world.execute("INSERT INTO clouds (name, backend) VALUES ('west', 'sandbox')")


@pytest.mark.usefixtures("west")
async def test_each_role_sees_what_it_sees_groups_of(api):
    for user, role in USERS.items():
        for path in COLLECTIONS:
            everything = ALL[path] if user in {"staff", "support"} else OWN[path]
            expected = everything if role else []
            assert await names(api(user), path) == expected, (user, path)


@pytest.mark.usefixtures("west")
async def test_objects_out_of_scope_are_a_404(api, client):
    for path in COLLECTIONS:
        visible = {found["url"] for found in (await client.get(path)).json()}
        everything = {found["url"] for found in (await api("staff").get(path)).json()}
        assert everything - visible
        for address in [*(everything - visible), f"{path}{'0' * 32}/", f"{path}garbage/"]:
            response = await client.get(address)
            assert response.status_code == 404
            detail = f"No {MISSING[path]} matches the given query."
            assert response.json() == {"detail": detail}
        for address in visible:
            assert (await client.get(address)).status_code == 200


async def test_a_customers_other_project_is_out_of_a_project_roles_sight(api, world):
    await world.execute(
        "WITH made AS (INSERT INTO projects (customer_id, name) VALUES (%s, 'Second') RETURNING id)"
        " INSERT INTO tenants (project_id, cloud_id, name) SELECT id, %s, 'second' FROM made",
        world.customer_id,
        world.cloud_id,
    )
    assert await names(api("admin"), PROJECTS) == ["Web"]
    assert await names(api("owner"), PROJECTS) == ["Second", "Web"]
    for user, projects in (("admin", ["Web"]), ("owner", ["Second", "Web"])):
        (customer,) = (await api(user).get(CUSTOMERS)).json()
        assert [project["name"] for project in customer["projects"]] == projects
        assert customer["projects_count"] == len(projects)


async def test_a_role_on_a_customer_without_projects_shows_it(api, world):
    await world.execute("INSERT INTO customers (name) VALUES ('Empty')")
    await world.execute(
        "INSERT INTO role_grants (user_id, role, customer_id)"
        " SELECT %s, 'CUSTOMER.SUPPORT', id FROM customers WHERE name = 'Empty'",
        world.users["unrelated"],
    )
    assert await names(api("unrelated"), CUSTOMERS) == ["Empty"]
    for path in (TENANTS, PROJECTS, CLOUDS):
        assert await names(api("unrelated"), path) == []


async def test_every_url_in_every_response_resolves_for_its_user(api, world):
    web = await world.group("web")
    rule = {"ethertype": "IPv4", "direction": "ingress"}
    remote = await world.value("SELECT id FROM security_groups WHERE uuid = %s", web)
    await world.group("db", rules=[rule | {"remote_group_id": remote}])
    await world.group("other", tenant_id=world.foreign_tenant_id)
    for user in USERS:
        client, known, waiting = api(user), set(), deque([GROUPS, *COLLECTIONS])
        while waiting:
            path = waiting.popleft()
            response = await client.get(path)
            assert response.status_code == 200, (user, path)
            new = set(urls_in(response.json())) - known
            known |= new
            waiting.extend(new)
        # At least both groups, the tenant, its project, customer and cloud.
        expected = {"staff": 10, "support": 10, "unrelated": 0}.get(user, 6)
        assert len(known) >= expected, (user, known)


async def test_the_client_of_the_documented_release_parses_every_response(api):
    for user in ("staff", "owner", "admin"):
        for path, model in MODELS.items():
            listed = (await api(user).get(path)).json()
            for found in listed:
                assert (await api(user).get(found["url"])).json() == found
                read = model.from_dict(found)
                assert (read.uuid.hex, read.name) == (found["uuid"], found["name"])
                newer = {"external_network_ref_name", "marketplace_offering_type"}
                assert set(read.additional_properties) <= newer


# Ringfence has no data for these; Waldur treats their absence as "all", the default.
IGNORED = {"conceal_finished_projects", "include_terminated", "modified"}


@pytest.mark.parametrize(
    ("operation", "filters"),
    [
        (openstack_tenants_list, TENANT_FILTERS),
        (customers_list, CUSTOMER_FILTERS),
        (projects_list, PROJECT_FILTERS),
        (service_settings_list, CLOUD_FILTERS),
    ],
)
def test_every_parameter_that_the_client_knows_is_a_filter(operation, filters):
    known = set(inspect.signature(operation._get_kwargs).parameters)  # noqa: SLF001 - its only list of them
    known = {name.removesuffix("_") for name in known} - {"page", "page_size", "field", "o"}
    assert known - filters.keys() <= IGNORED


async def test_lists_have_pages_fields_and_an_order(api):
    staff = api("staff")
    for path in COLLECTIONS[:3]:
        response = await staff.get(path, params={"page_size": 1, "field": ["name", "url"]})
        (first,) = response.json()
        assert (list(first), response.headers["X-Result-Count"]) == (["url", "name"], "2")
        assert 'rel="next"' in response.headers["Link"]
        response = await staff.get(path, params={"page_size": 1, "page": "last"})
        assert response.json()[0]["name"] == ALL[path][1]
        assert await names(staff, path, o="-name") == ALL[path][::-1]
        assert await names(staff, path, o="created,name") == ALL[path]
        response = await staff.get(path, params={"page": 3, "page_size": 1})
        assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})
        one = await staff.get(first["url"], params={"field": "name"})
        assert one.json() == {"name": first["name"]}


async def test_an_order_that_does_not_exist_is_refused_or_skipped_as_at_waldur(client):
    for path in (TENANTS, PROJECTS):
        for method in ("GET", "HEAD"):
            assert (await client.request(method, path, params={"o": "x"})).status_code == 400
    for path in (CUSTOMERS, CLOUDS):
        assert await names(client, path, o="x,-name") == OWN[path]


async def test_filters_hold_for_one_object_too_and_wrong_values_are_400(client):
    for path in COLLECTIONS:
        ((address, name),) = [
            (found["url"], found["name"]) for found in (await client.get(path)).json()
        ]
        assert (await client.get(address, params={"name": name})).status_code == 200
        assert (await client.get(address, params={"name": "no such"})).status_code == 404
        response = await client.get(path, params={"name": "a\x00"})
        assert response.json() == {"name": ["Null characters are not allowed."]}


async def test_they_take_no_other_method(client, world):
    for path in (*COLLECTIONS, tenant_at(world.tenant_uuid)):
        response = await client.delete(path)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


async def test_without_a_token_they_are_401(api, world):
    for path in (*COLLECTIONS, tenant_at(world.tenant_uuid), group_at(world.tenant_uuid)):
        assert (await api(None).get(path)).status_code == 401
