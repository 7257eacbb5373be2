"""Versions: the difference between two, and rollback with a review."""

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_versions_are_compared_and_the_first_is_restored(site, visit):
    group = site.create("rolled-back", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    page = await visit(f"/console/groups/{group['uuid']}/history/")
    await expect(page.get_by_role("heading", name="Version 2 compared with")).to_be_visible()
    await expect(page.locator(".change-plus")).to_contain_text("TCP 443")
    await expect(page.locator(".change-minus")).to_contain_text("TCP 22")
    await page.get_by_role("button", name="Version 1").click()
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("1 added")
    await expect(dialog).to_contain_text("1 removed")
    await dialog.get_by_role("button", name="Roll back", exact=True).click()
    await expect(page.get_by_role("button", name="Version 3")).to_contain_text("rolled back")
    await expect(page.get_by_role("button", name="Version 3")).to_contain_text("in the cloud")
    assert site.stable(group["uuid"])["rules"][0]["from_port"] == 22


async def test_a_failed_group_is_rolled_back_without_a_plan(site, visit):
    group = site.create("rolled-back-failed", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    with site.client("staff") as client:
        client.post(f"/api/openstack-security-groups/{group['uuid']}/set_erred/", json={})
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".change-plus")).to_contain_text("TCP 22")
    await dialog.get_by_role("button", name="Roll back", exact=True).click()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
