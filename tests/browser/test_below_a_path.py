"""The API and the console of a service below a path, behind a proxy that strips the path."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect
from tests.browser import proxy
from tests.browser.session import sign_in
from tests.browser.site import HTTPS, TENANTS, Site, served, tenant_uuid, token
from tests.ports import free_port

in_the_browser = pytest.mark.asyncio(loop_scope="session")
PREFIX = "/firewall"
GROUPS = f"{PREFIX}/api/openstack-security-groups/"
PATHS = (
    "/api/openstack-security-groups/?page_size=1",
    "/api/openstack-tenants/?page_size=1",
    "/api/projects/",
    "/api/customers/",
    "/api/users/me/",
    "/api/service-settings/",
    "/api/security-group-overviews/?page_size=1",
)


@pytest.fixture(scope="module")
def below() -> Iterator[Site]:
    if proxy.program() is None:
        pytest.skip("LEFT OUT, a service behind a proxy: there is no nginx; tools/nginx fetches it")
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    with (
        served(RINGFENCE_PUBLIC_URL=f"{public}{PREFIX}/") as site,
        proxy.in_front_of(site.address, port),
    ):
        site.public = public
        yield site


@pytest.fixture
def client(below) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {token('ann')}"}
    with httpx.Client(base_url=below.public, headers=headers, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def page(below, browser):
    context = await browser.new_context(base_url=below.public)
    await sign_in(context, below.public, "ann", PREFIX)
    page = await context.new_page()
    failed = []
    page.on(
        "response", lambda response: failed.append(response.url) if response.status >= 400 else None
    )
    yield page
    await context.close()
    assert failed == []


def _urls(value) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _urls(item)
        case list():
            for item in value:
                yield from _urls(item)
        case str() if re.match(r"https?://", value):
            yield value


def test_every_url_in_a_response_resolves(below, client):
    below.create("resolved", [HTTPS])
    found = []
    for path in PATHS:
        response = client.get(PREFIX + path)
        assert response.status_code == 200, response.text
        found += [*_urls(response.json()), *(link["url"] for link in response.links.values())]
    for url in dict.fromkeys(found):
        assert url.startswith(f"{below.public}{PREFIX}/api/"), url
        assert client.get(url).status_code == 200, url


def test_every_url_in_a_response_is_accepted_in_a_request(below, client):
    group = below.create("sent-back", [HTTPS])
    shown = client.get(f"{GROUPS}{group['uuid']}/").json()
    found = client.get(GROUPS, params={"tenant": shown["tenant"], "name_exact": "sent-back"})
    assert [each["uuid"] for each in found.json()] == [group["uuid"]]
    for remote in (shown["url"], urlsplit(shown["url"]).path, shown["url"].replace(PREFIX, "")):
        rules = [{"protocol": "tcp", "from_port": 1, "to_port": 2, "remote_group": remote}]
        changed = client.post(f"{shown['url']}set_rules/", json=rules)
        assert changed.status_code == 200, changed.text
        below.stable(group["uuid"])
    [rule] = client.get(shown["url"]).json()["rules"]
    assert rule["remote_group"] == shown["url"]
    events = client.get(f"{PREFIX}/api/events/", params={"scope": shown["url"]}).json()
    assert events
    assert {event["context"]["security_group_uuid"] for event in events} == {group["uuid"]}


def test_a_url_below_another_path_is_rejected(below, client):
    group = below.create("elsewhere", [HTTPS])
    remote = client.get(f"{GROUPS}{group['uuid']}/").json()["url"].replace(PREFIX, "/other")
    rules = [{"protocol": "tcp", "from_port": 1, "to_port": 2, "remote_group": remote}]
    refused = client.post(f"{GROUPS}{group['uuid']}/set_rules/", json=rules)
    assert refused.status_code == 400
    assert "No URL match" in refused.text


def test_a_missing_slash_redirects_to_the_url_with_it(client):
    response = client.get(f"{GROUPS.removesuffix('/')}?page_size=1")
    assert response.status_code == 301
    assert urljoin(str(response.url), response.headers["Location"]).endswith(
        f"{GROUPS}?page_size=1"
    )
    assert client.get(response.headers["Location"]).status_code == 200


@in_the_browser
async def test_the_console_works(below, page):
    group = below.create("in-the-console", [HTTPS])
    await page.goto(f"{PREFIX}/console/")
    await page.get_by_role("link", name="in-the-console").click()
    await expect(page.get_by_role("table", name="Ingress rules")).to_be_visible()
    assert urlsplit(page.url).path == f"{PREFIX}/console/groups/{group['uuid']}/"
    await page.reload()
    await page.get_by_role("link", name="History").click()
    await expect(page).to_have_url(re.compile(f"{PREFIX}/console/groups/.+/history/"))
    await page.get_by_role("link", name="Groups").first.click()
    await page.get_by_role("link", name="New group").click()
    await expect(page).to_have_url(f"{below.public}{PREFIX}/console/groups/new/")


@in_the_browser
async def test_the_api_documentation_sends_requests(page):
    await page.goto(f"{PREFIX}/api/docs/")
    await page.get_by_label("Token").fill(token("ann"))
    await page.get_by_text("/api/openstack-tenants/", exact=True).first.click()
    await page.get_by_role("button", name="Send").locator("visible=true").click()
    await expect(page.get_by_text("200 OK")).to_be_visible()
    schema = await page.request.get(f"{PREFIX}/api/schema/")
    assert (await schema.json())["servers"] == [{"url": f"{PREFIX}/"}]
    shown = await page.locator("pre:visible").first.text_content()
    # The first page of them
    assert any(tenant_uuid(name) in shown for name in TENANTS)
