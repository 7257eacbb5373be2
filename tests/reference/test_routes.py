"""The schema and its page: public, and served from the package alone."""

import re
from urllib.parse import urljoin

import httpx
import pytest

from ringfence.app import create_app
from ringfence.settings import Settings


@pytest.fixture
async def anyone():
    app = create_app(Settings(allowed_hosts="api.example.com"))
    # Nothing here sends a query.
    app.state.database = None
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example.com") as client:
        yield client


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/vnd.oai.openapi"])
async def test_the_schema_is_for_anyone_who_takes_anything(anyone, accept):
    response = await anyone.get(
        "/api/schema/", params={"format": "json"}, headers={"Accept": accept}
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["openapi"] == "3.1.0"


async def test_the_page_takes_nothing_from_elsewhere(anyone):
    page = await anyone.get("/api/docs/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in (urljoin("/api/docs/", found) for found in addresses):
        assert address.startswith("/api/")
        response = await anyone.get(address)
        assert response.status_code == 200
        assert (
            "://" not in response.text.replace("https://spec.openapis.org", "")
            or "schema" in address
        )


async def test_the_page_s_policy_allows_its_own_files_and_no_inline_code(anyone):
    page = await anyone.get("/api/docs/")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page.text) == []


async def test_the_page_s_script_sets_text_and_never_markup(anyone):
    script = (await anyone.get("/api/docs/docs.js")).text
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script) == []
    )


async def test_no_other_file_of_the_package_is_given_out(anyone):
    for name in ("nothing.js", "..%2froutes.py", "__init__.py"):
        assert (await anyone.get(f"/api/docs/{name}")).status_code == 404


async def test_all_else_below_api_still_needs_a_token(anyone):
    for path in ("/api/schemas/", "/api/", "/api/openstack-security-groups/"):
        assert (await anyone.get(path)).status_code == 401
