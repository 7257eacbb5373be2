"""Success is said only of what is in the cloud, and arrival is said on any line."""

import json
import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TENANT = "watching"


def toast(page):
    return page.locator("#announcer")


def reported(site, name):
    """Return a group with drift mode `report` that lacks its rule in the cloud."""
    group = site.create(name, [OFFICE], tenant=TENANT)
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid", group["backend_id"]
    )
    path = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        client.post(f"{path}set_drift_mode/", json={"mode": "report"})
    return group


async def changed(page, pattern, **values):
    """Have responses say something else."""

    async def handle(route):
        response = await route.fetch()
        document = json.loads(await response.text()) | values
        await route.fulfill(response=response, json=document)

    await page.route(pattern, handle)


async def test_a_pull_that_finds_a_difference_never_says_success(site, visit):
    group = reported(site, "differs")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Compare with the cloud").click()
    await expect(toast(page)).to_have_text("The cloud differs from what is desired of differs.")
    await expect(page.get_by_text("The cloud admits less than is desired.")).to_be_visible()
    await expect(page.get_by_text("1 desired rule is not in the cloud.")).to_be_visible()
    await expect(page.get_by_text("as desired", exact=False)).to_have_count(0)


async def test_a_pull_that_finds_no_difference_says_so(site, visit):
    group = site.create("same", [OFFICE], tenant=TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Compare with the cloud").click()
    await expect(toast(page)).to_have_text("The cloud has same as desired.")


async def test_a_version_that_arrives_between_two_requests_is_announced(site, visit):
    group = site.create("slow", [OFFICE], tenant=TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await expect(page.get_by_text("Version 1 is in the cloud, as desired.")).to_be_visible()
    site.set_rules(group["uuid"], [HTTPS])
    await expect(toast(page)).to_have_text("Version 2 of slow is in the cloud.")
    await expect(page.get_by_text("Version 2 is in the cloud, as desired.")).to_be_visible()


async def test_a_rule_on_its_way_is_no_difference(site, visit):
    group = reported(site, "on-its-way")
    with site.client("staff") as client:
        client.post(f"/api/openstack-security-groups/{group['uuid']}/pull/")
    site.stable(group["uuid"])
    page = await visit(user=None)
    await page.close()
    page = await visit("/console/groups/")
    at = re.compile(rf"/api/(security-group-overviews|openstack-security-groups)/{group['uuid']}/$")
    await changed(page, at, state="UPDATING", applied_version=0)
    await page.goto(f"/console/groups/{group['uuid']}/")
    await expect(page.get_by_text("1 desired rule is on the way to the cloud.")).to_be_visible()
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("On its way")
    await expect(page.locator(".notice-bad")).to_have_count(0)
    await expect(page.get_by_role("button", name="Revert")).to_have_count(0)


async def test_a_group_that_was_never_compared_is_not_green(site, visit):
    group = site.create("uncompared", [OFFICE], tenant=TENANT)
    page = await visit("/console/groups/")
    await changed(
        page, f"**/api/security-group-overviews/{group['uuid']}/", drift="unknown", observed_at=None
    )
    await page.goto(f"/console/groups/{group['uuid']}/")
    await expect(page.get_by_text("Not compared with the cloud yet.")).to_be_visible()
    await expect(page.locator("h1 + .mark-idle")).to_have_text("OK")


async def test_the_palette_offers_what_can_be_done_with_the_group(site, visit):
    group = site.create("offered", [OFFICE], tenant=TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await expect(page.get_by_role("table", name="Ingress rules")).to_be_visible()
    await page.keyboard.press("Control+k")
    entries = page.locator(".palette-entry")
    for name in ("Edit rules", "History", "Compare offered", "Delete"):
        await expect(entries.filter(has_text=name).filter(has_text="offered")).to_have_count(1)
