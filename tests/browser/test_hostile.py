"""Names, descriptions and messages that want to be more than text: they are shown, and not run."""

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKUP = '<img src=x onerror="window.wasRun = true">'
SCRIPT = "</script><script>window.wasRun = true</script>"


async def test_markup_in_every_text_is_shown_and_not_run(site, visit):
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
    place = f"/console/groups/{group['uuid']}/"
    page = await visit("/console/groups/?query=wasRun", user="staff")
    for path in ("/console/groups/?query=wasRun", place, f"{place}edit/", f"{place}history/"):
        await page.goto(path)
        await expect(page.get_by_text(MARKUP).first).to_be_visible()
        assert await page.evaluate("window.wasRun") is None, path
        assert await page.locator('img[src="x"]').count() == 0
    await page.goto(place)
    await expect(page.get_by_text(SCRIPT).first).to_be_visible()


async def test_nothing_in_an_address_is_run(visit):
    page = await visit(f"/console/groups/?query={MARKUP}&state=x&o=y&page=z")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.evaluate("window.wasRun") is None


async def test_names_of_any_length_break_no_page(site, visit):
    group = site.create("W" * 150, [OFFICE | {"description": "m" * 255}], tenant="hostile")
    page = await visit(f"/console/groups/{group['uuid']}/", viewport={"width": 360, "height": 700})
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(width) <= 0
