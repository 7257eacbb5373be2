"""Who sees and may do what; what is not there; what happens when nothing answers."""

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_may_only_look_is_offered_nothing_to_change(site, visit):
    group = site.create("looked-at", [OFFICE], tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="mia")
    await expect(page.get_by_role("table", name="Who may come in")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit rules")).to_have_count(0)
    await expect(page.get_by_label("Where it differs")).to_be_disabled()
    await page.locator("summary", has_text="More").click()
    await expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    await expect(page.get_by_role("link", name="Clouds")).to_have_count(0)
    await page.goto("/console/groups/new/")
    await expect(page.get_by_text("no tenant in which you may create")).to_be_visible()
    await page.goto("/console/clouds/")
    await expect(page.get_by_role("heading", name="Not for you")).to_be_visible()


async def test_what_somebody_may_not_see_is_not_there(site, visit):
    group = site.create("unseen", tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="nobody")
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await page.goto("/console/groups/")
    await expect(page.get_by_role("heading", name="No security groups yet")).to_be_visible()


async def test_staff_unlinks_and_others_cannot(site, visit):
    group = site.create("unlinked", tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="staff")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Unlink").click()
    await page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    await expect(page.get_by_role("heading", name="Security groups")).to_be_visible()
    assert site.group(group["uuid"]) == {"detail": "No SecurityGroup matches the given query."}


async def test_without_a_connection_what_is_there_stays_and_is_called_old(site, visit):
    group = site.create("offline", [HTTPS], tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/")
    table = page.get_by_role("table", name="Who may come in")
    await expect(table).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_text("What you see may be old.").first).to_be_visible()
    await expect(table).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("What you see may be old.").first).to_have_count(0)


async def test_a_hidden_tab_asks_nothing(site, visit):
    group = site.create("hidden", tenant="access")
    page = await visit(f"/console/groups/?query={group['name']}")
    await expect(page.get_by_role("link", name="hidden")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await page.evaluate(
        """() => {
            window.asked = 0;
            const before = window.fetch;
            window.fetch = (...rest) => { window.asked += 1; return before(...rest); };
            window.wait = window.setTimeout;
            Object.defineProperty(document, "hidden", { value: true, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
            // Whatever was to come, comes at once.
            window.setTimeout = (work, _wait, ...rest) => window.wait(work, 0, ...rest);
        }"""
    )
    assert (
        await page.evaluate("new Promise(done => window.wait(() => done(window.asked), 500))") == 0
    )
    await page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: false, configurable: true });
            window.setTimeout = window.wait;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    await page.wait_for_function("window.asked > 0")


async def test_a_session_that_ended_leads_to_signing_in_and_back(site, visit):
    group = site.create("ended", tenant="access")
    path = f"/console/groups/{group['uuid']}/"
    page = await visit(f"{path}history/")
    await expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    await page.context.clear_cookies()
    # Not by a link of the page: what it asks by itself may tell it first that the session ended.
    await page.goto(path)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert group["uuid"] in page.url
