"""Configuration, roles, logos and version of the service."""

from importlib.metadata import version

import pytest
from tests.contract.parsing import client_over
from waldur_api_client.api.configuration import configuration_retrieve
from waldur_api_client.api.identity_providers import identity_providers_list
from waldur_api_client.api.roles import roles_count, roles_list, roles_retrieve
from waldur_api_client.api.version import version_retrieve

from ringfence.provisioning.schema import CUSTOMER_ROLES, PROJECT_ROLES


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Token bogus"}])
async def test_the_configuration_is_there_before_anybody_signs_in(api, headers):
    client = client_over(api(None, **headers))
    found = await configuration_retrieve.asyncio(client=client)
    core = found.additional_properties["WALDUR_CORE"]
    assert core["AUTHENTICATION_METHODS"] == ["LOCAL_SIGNIN"]
    # The sign-in page of Waldur's portal requires these two.
    assert core["LANGUAGE_CHOICES"].split(",") == ["en"]
    assert core["USER_MANDATORY_FIELDS"] == []


@pytest.mark.usefixtures("world")
async def test_there_are_no_identity_providers_before_anybody_signs_in(api):
    assert await identity_providers_list.asyncio(client=client_over(api(None))) == []


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ["site_logo", "login_logo", "favicon", "sidebar_logo_dark"])
async def test_any_page_may_show_a_logo_before_anybody_signs_in(api, name):
    response = await api(None).get(f"/api/icons/{name}/")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/svg+xml")
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.text.startswith("<svg")


@pytest.mark.usefixtures("world")
async def test_the_roles_are_those_that_grants_can_have(client, api):
    roles = await roles_list.asyncio(client=client_over(client))
    assert [role.name for role in roles] == [*CUSTOMER_ROLES, *PROJECT_ROLES]
    found = await roles_list.asyncio(client=client_over(client), name="project.m", page_size=1)
    assert [role.name for role in found] == ["PROJECT.MANAGER"]
    again = await roles_retrieve.asyncio(client=client_over(client), uuid=found[0].uuid)
    assert again == found[0]
    assert await roles_count.asyncio(client=client_over(client)) == len(roles)
    assert (await api(None).get("/api/roles/")).status_code == 401


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("scheme", ["Token", "Bearer", "Bearer Token"])
async def test_the_own_user_is_shown_with_the_token_of_the_request(api, scheme):
    response = await api(None, Authorization=f"{scheme} admin-token").get("/api/users/me/")
    assert response.json()["token"] == "admin-token"
    assert "token" not in (await api("admin").get("/api/users/")).json()[0]
    named = await api("admin").get("/api/users/me/?field=username")
    assert named.json() == {"username": "admin"}


@pytest.mark.usefixtures("world")
async def test_the_version_is_shown_to_authenticated_users(client):
    found = await version_retrieve.asyncio(client=client_over(client))
    assert found.to_dict() == {"version": version("ringfence")}


@pytest.mark.usefixtures("world")
async def test_the_root_of_the_api_lists_the_collections_to_authenticated_users(client, api):
    found = (await client.get("/api/")).json()
    for name in ("openstack-security-groups", "openstack-tenants", "customers", "users", "events"):
        assert found[name] == f"http://api.example.com/api/{name}/"
    for url in found.values():
        assert (await client.get(url)).status_code in {200, 403}, url
    head = await client.head("/api/")
    assert (head.status_code, head.content) == (200, b"")
    assert (await client.post("/api/")).headers["Allow"] == "GET, HEAD"
    for method in ("GET", "HEAD"):
        assert (await api(None).request(method, "/api/")).status_code == 401


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
async def test_the_root_of_the_service_leads_anybody_to_the_console(api, accept):
    for method in ("GET", "HEAD"):
        response = await api(None, Accept=accept).request(method, "/")
        assert (response.status_code, response.headers["Location"]) == (302, "/console/")
    assert (await api(None).post("/")).status_code == 405
