"""Markup and scripts in names, descriptions and messages are shown as text and not executed."""

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKUP = '<img src=x onerror="window.wasRun = true">'
SCRIPT = "</script><script>window.wasRun = true</script>"


async def test_markup_in_every_text_is_not_executed(site, visit):
    group = site.create(
        MARKUP, [OFFICE | {"description": SCRIPT}], tenant="hostile", description=SCRIPT
    )
    site.create(
        "javascript:window.wasRun=true",
        [OFFICE | {"cidr": None, "remote_group": group["url"]}],
        tenant="hostile",
    )
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{group['uuid']}/set_erred/",
            json={"error_message": MARKUP},
        )
    path = f"/console/groups/{group['uuid']}/"
    page = await visit("/console/groups/?query=wasRun", user="staff")
    for shown in ("/console/groups/?query=wasRun", path, f"{path}edit/", f"{path}history/"):
        await page.goto(shown)
        await expect(page.get_by_text(MARKUP).first).to_be_visible()
        assert await page.evaluate("window.wasRun") is None, shown
        assert await page.locator('img[src="x"]').count() == 0
    await page.goto(path)
    await expect(page.get_by_text(SCRIPT).first).to_be_visible()


async def test_markup_in_a_url_is_not_executed(visit):
    page = await visit(f"/console/groups/?query={MARKUP}&state=x&o=y&page=z")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.evaluate("window.wasRun") is None


async def test_long_names_do_not_overflow_the_page(site, visit):
    group = site.create("W" * 150, [OFFICE | {"description": "m" * 255}], tenant="hostile")
    page = await visit(f"/console/groups/{group['uuid']}/", viewport={"width": 360, "height": 700})
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(width) <= 0


async def test_hostile_names_do_not_overflow_the_list_nor_turn_the_title(site, visit):
    name = "\N{RIGHT-TO-LEFT OVERRIDE}<b>turned</b>" + "x" * 120
    group = site.create(name, tenant="hostile")
    page = await visit(
        "/console/groups/?query=turned", user="staff", viewport={"width": 360, "height": 700}
    )
    await expect(page.get_by_role("link", name="turned")).to_be_visible()
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(width) <= 0
    await page.goto(f"/console/groups/{group['uuid']}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("turned")
    title = await page.title()
    assert title.startswith("<b>turned</b>")
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in title
