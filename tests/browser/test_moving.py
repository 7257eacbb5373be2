"""Moving between pages: Back and Forward, scroll positions, unknown URLs, focus, narrow headers."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = f"/console/groups/?tenant_uuid={tenant_uuid('moving')}"
# More groups than a window shows.
MANY = 30


@pytest.fixture(scope="module")
def groups(site):
    return [site.create(f"moving-{number:02}", [HTTPS], tenant="moving") for number in range(MANY)]


async def until(page, condition):
    """Wait until an expression is true; the page allows no evaluation of its own."""
    for _ in range(400):
        if await page.evaluate(condition):
            return
        await page.wait_for_timeout(50)
    raise AssertionError(condition)


def row(page, name):
    return page.get_by_role("link", name=name, exact=True)


@pytest.mark.usefixtures("groups")
async def test_back_after_a_filter_stays_in_the_list_and_restores_it(visit):
    page = await visit(LIST)
    await expect(row(page, "moving-03")).to_be_visible()
    await page.get_by_label("State").first.select_option("ERRED")
    await expect(page.get_by_text("0 groups found")).to_be_visible()
    await page.go_back()
    await expect(page).to_have_url(re.compile(re.escape(LIST) + "$"))
    await expect(row(page, "moving-03")).to_be_visible()
    await page.go_forward()
    await expect(page.get_by_text("0 groups found")).to_be_visible()


@pytest.mark.usefixtures("groups")
async def test_what_is_typed_in_one_go_is_one_step_back(visit):
    page = await visit(LIST)
    box = page.get_by_role("searchbox")
    for text in ("moving-1", "moving-12"):
        await box.fill(text)
        await expect(page).to_have_url(re.compile(f"{text}(&|$)"))
    await page.go_back()
    await expect(page).to_have_url(re.compile(re.escape(LIST) + "$"))


@pytest.mark.usefixtures("groups")
async def test_back_and_forward_restore_the_scroll_position(visit):
    page = await visit(LIST, viewport={"width": 1280, "height": 400})
    last = page.locator("table.groups tbody tr").last.get_by_role("link").first
    await last.scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    assert before > 0
    await last.click()
    await expect(page.get_by_role("link", name="History")).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    await page.go_back()
    await until(page, f"Math.abs(scrollY - {before}) <= 2")
    await page.reload()
    await until(page, f"Math.abs(scrollY - {before}) <= 2")


async def modules_apart(route):
    """Load the modules one by one, so that a test can call those of the page."""
    response = await route.fetch()
    body = (await response.text()).replace("console.js", "main.js")
    await route.fulfill(response=response, body=body)


async def test_back_asks_before_changes_are_lost_and_stays_when_the_answer_is_no(visit):
    page = await visit(LIST)
    await page.route("**/console/groups/*", modules_apart)
    await page.reload()
    await page.evaluate(
        "import(document.querySelector('script[src]').src.replace('main.js', 'router.js')).then("
        "({ guardUnsavedChanges, navigate }) => { navigate('../instances/');"
        " window.stop = guardUnsavedChanges(() => true); })"
    )
    asked = []

    async def answer(dialog):
        asked.append(dialog.message)
        await (dialog.accept() if len(asked) > 1 else dialog.dismiss())

    page.on("dialog", answer)
    await page.evaluate("history.back()")
    while not asked:
        await page.wait_for_timeout(50)
    await expect(page).to_have_url(re.compile("/console/instances/$"))
    await page.evaluate("history.back()")
    await expect(page).to_have_url(re.compile("/console/groups/"))
    assert [text.partition("?")[0] for text in asked] == ["Leave this page"] * 2
    await page.evaluate("stop()")


async def test_an_unknown_url_says_so_within_the_frame_and_offers_ways_out(visit):
    for path in ("/console/nosuch/", "/console/nosuch/a/", "/console/groups/a/b/c/"):
        page = await visit(path)
        await expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
        await page.get_by_role("main").get_by_role("link", name="Groups").click()
        await expect(page.get_by_role("heading", name="Security groups")).to_be_visible()


async def test_the_focus_is_never_lost(groups, visit):
    page = await visit(f"/console/groups/{groups[0]['uuid']}/")
    await page.get_by_role("link", name="History").press("Enter")
    await expect(page).to_have_url(re.compile("/history/$"))
    await until(page, "document.activeElement !== document.body")
    more = page.locator("summary", has_text="More")
    await more.press("Enter")
    await page.get_by_role("button", name="Delete").press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
    # The element that has the focus is removed, and a page takes the place of another.
    await page.evaluate("document.querySelector('.page-head .actions').remove()")
    await until(page, "document.activeElement.tagName === 'H1'")
    await page.go_back()
    await until(page, "document.activeElement !== document.body")


async def test_the_pages_are_in_a_menu_where_the_header_is_narrow(visit):
    page = await visit(LIST, viewport={"width": 360, "height": 700})
    menu = page.get_by_label("Pages").first
    await menu.press("Enter")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Groups")
    await expect(link).to_have_attribute("aria-current", "page")
    await page.keyboard.press("Escape")
    await expect(link).to_be_hidden()
    await expect(menu).to_be_focused()


async def test_pages_recover_from_an_outage_by_themselves(visit):
    page = await visit("/console/clouds/", user="staff")
    await expect(page.locator(".cloud")).to_be_visible()
    await page.route("**/api/**", lambda route: route.fulfill(status=502, body=""))
    await page.get_by_role("link", name="Groups").first.click()
    await expect(page.get_by_role("button", name="Retry")).to_be_visible()
    await page.unroute("**/api/**")
    await expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    await expect(page.get_by_role("main")).to_contain_text("groups")


async def test_a_console_that_is_opened_during_an_outage_recovers_by_itself(visit):
    page = await visit("/console/clouds/", user=None)
    await page.route("**/api/**", lambda route: route.fulfill(status=503, body=""))
    await page.reload()
    await expect(page.get_by_role("heading", name="Service unavailable")).to_be_visible()
    await page.unroute("**/api/**")
    await expect(page.get_by_role("heading", name="Sign in to Ringfence")).to_be_visible()
