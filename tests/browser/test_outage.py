"""Outages while rules are edited, and changes whose response gets lost."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.announcements import expect_announced, record
from tests.browser.lost import lose_first_response
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLAN = re.compile(r"/plan/$")
SET_RULES = re.compile(r"/set_rules/")
CREATE = re.compile(r"/create_security_group/")


async def edit(site, visit, name):
    group = site.create(name, [OFFICE], tenant="drafts")
    page = await visit(f"/console/groups/{group['uuid']}/edit/")
    await page.get_by_label("Ports, rule 1").fill("2222")
    return group, page


async def hide_changes(site, page, group):
    """Answer each request for the group's overview with its present version."""
    url = re.compile(rf"/security-group-overviews/{group['uuid']}/$")
    with site.client() as client:
        response = client.get(f"/api/security-group-overviews/{group['uuid']}/")
    text = response.raise_for_status().text
    await page.route(url, lambda route: route.fulfill(body=text, content_type="application/json"))
    return url


def versions(site, group):
    with site.client("staff") as client:
        response = client.get(f"/api/openstack-security-groups/{group['uuid']}/versions/")
    return [each["number"] for each in response.json()]


async def test_the_editor_works_again_when_the_service_is_back(site, visit):
    _, page = await edit(site, visit, "back-again")
    review = page.get_by_role("button", name="Review")
    await expect(review).to_be_enabled()
    await page.route(PLAN, lambda route: route.abort("internetdisconnected"))
    await page.get_by_label("Ports, rule 1").fill("3333")
    await expect(page.get_by_role("alert")).to_contain_text("Your edits are kept")
    await expect(review).to_be_disabled()
    await page.unroute(PLAN)
    # Nothing is typed, and the browser has no event for it.
    await expect(review).to_be_enabled()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("3333")


async def test_applying_again_after_a_lost_response_succeeds(site, visit):
    group, page = await edit(site, visit, "lost-once")
    hidden = await hide_changes(site, page, group)
    keys = await lose_first_response(page, SET_RULES)
    await record(page)
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(re.compile(rf"/{group['uuid']}/$"))
    await expect_announced(page, "Saved as version 2.")
    await page.unroute(hidden)
    assert len(set(keys)) == 1
    assert len(keys) == 2
    assert versions(site, group) == [2, 1]


async def test_a_user_is_not_said_to_be_overtaken_by_their_own_change(site, visit):
    group, page = await edit(site, visit, "lost-found")
    await lose_first_response(page, SET_RULES)
    await record(page)
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    # The page learns of the new version by itself.
    await expect(page).to_have_url(re.compile(rf"/{group['uuid']}/$"))
    await expect_announced(page, "Saved as version 2.")
    assert versions(site, group) == [2, 1]


async def test_a_change_that_was_replaced_meanwhile_is_not_said_to_be_applied(site, visit):
    group, page = await edit(site, visit, "lost-replaced")
    hidden = await hide_changes(site, page, group)
    await lose_first_response(page, SET_RULES)
    await record(page)
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    site.set_rules(group["uuid"], [HTTPS])
    await page.unroute(hidden)
    await expect_announced(page, "Saved as version 2. Version 3 has replaced it.")


async def test_edits_after_a_lost_response_are_kept_on_top_of_what_was_saved(site, visit):
    group, page = await edit(site, visit, "lost-edited")
    hidden = await hide_changes(site, page, group)
    await lose_first_response(page, SET_RULES)
    await record(page)
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await dialog.get_by_role("button", name="Back").click()
    await page.reload()
    await record(page)
    await page.get_by_label("Description, rule 1").fill("later")
    await page.unroute(hidden)
    await expect_announced(page, "was saved as version 2.")
    await expect(page.get_by_text("changed this group")).to_have_count(0)
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    await expect_announced(page, "Saved as version 3.")
    [rule] = site.stable(group["uuid"])["rules"]
    assert (rule["from_port"], rule["description"]) == (2222, "later")


async def test_a_group_is_created_once_although_the_response_was_lost(site, visit):
    page = await visit(f"/console/groups/new/?tenant={tenant_uuid('drafts')}")
    await page.get_by_label("Name").fill("created-once")
    await lose_first_response(page, CREATE)
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Create group").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    await dialog.get_by_role("button", name="Create group").click()
    await expect(page.get_by_role("heading", name="created-once", level=1)).to_be_visible()
    assert site.stable(site.group_named("created-once")["uuid"])["state"] == "OK"
