"""Access to pages and actions by role; lost connections; sessions that ended."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reader_is_offered_no_changes(site, visit):
    group = site.create("read-only", [OFFICE], tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="mia")
    await expect(page.get_by_role("table", name="Ingress rules")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit rules")).to_have_count(0)
    await expect(page.get_by_text("Adopt: accept changes in the cloud")).to_be_visible()
    await expect(page.get_by_role("combobox")).to_have_count(0)
    await expect(page.locator(".tabs").get_by_role("link", name="Edit")).to_have_count(0)
    await page.locator("summary", has_text="More").click()
    await expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    await expect(page.get_by_role("link", name="Clouds")).to_have_count(0)
    await page.goto("/console/groups/new/")
    await expect(page.get_by_text("You cannot create groups in any tenant")).to_be_visible()
    await page.goto("/console/clouds/")
    await expect(page.get_by_role("heading", name="Access denied")).to_be_visible()


async def test_a_reader_who_opens_the_editor_reads_the_rules(site, visit):
    group = site.create("not-edited", [OFFICE], tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/edit/", user="mia")
    await expect(page.get_by_role("table", name="Ingress rules")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)


async def test_a_group_out_of_scope_is_not_found(site, visit):
    group = site.create("unseen", tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="nobody")
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await page.goto("/console/groups/")
    await expect(page.get_by_role("heading", name="No security groups yet")).to_be_visible()


async def test_staff_unlinks_and_others_cannot(site, visit):
    group = site.create("unlinked", tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/", user="ann")
    await page.locator("summary", has_text="More").click()
    await expect(page.get_by_role("button", name="Delete")).to_be_visible()
    await expect(page.get_by_role("button", name="Unlink")).to_have_count(0)
    page = await visit(f"/console/groups/{group['uuid']}/", user="staff")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Unlink").click()
    async with page.expect_response(re.compile(r"/unlink/$")) as unlinking:
        await page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    response = await unlinking.value
    assert response.ok, await response.text()
    await expect(page).to_have_url(re.compile(r"/console/groups/$"))
    # Exact: an empty list has the heading "No security groups yet" as well.
    heading = page.get_by_role("heading", name="Security groups", exact=True)
    await expect(heading).to_be_visible()
    assert site.group(group["uuid"]) == {"detail": "No SecurityGroup matches the given query."}


async def test_without_a_connection_the_data_stays_and_is_marked_as_out_of_date(site, visit):
    group = site.create("offline", [HTTPS], tenant="access")
    page = await visit(f"/console/groups/{group['uuid']}/")
    table = page.get_by_role("table", name="Ingress rules")
    await expect(table).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_text("may be out of date").first).to_be_visible()
    await expect(table).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("may be out of date").first).to_have_count(0)


async def test_a_hidden_tab_sends_no_requests(site, visit):
    group = site.create("hidden", tenant="access")
    page = await visit(f"/console/groups/?query={group['name']}")
    await expect(page.get_by_role("link", name="hidden")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await page.evaluate(
        """() => {
            window.requests = 0;
            const before = window.fetch;
            window.fetch = (...rest) => { window.requests += 1; return before(...rest); };
            window.wait = window.setTimeout;
            Object.defineProperty(document, "hidden", { value: true, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
            // Timers that are started from now on fire at once.
            window.setTimeout = (work, _wait, ...rest) => window.wait(work, 0, ...rest);
        }"""
    )
    assert (
        await page.evaluate("new Promise(done => window.wait(() => done(window.requests), 500))")
        == 0
    )
    await page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: false, configurable: true });
            window.setTimeout = window.wait;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    await page.wait_for_function("window.requests > 0")


async def test_a_session_that_ended_leads_to_signing_in_and_back(site, visit):
    group = site.create("ended", tenant="access")
    path = f"/console/groups/{group['uuid']}/"
    page = await visit(f"{path}history/")
    await expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    await page.context.clear_cookies()
    # Not by a link on the page: its polling may find out first that the session ended.
    await page.goto(path)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert group["uuid"] in page.url
