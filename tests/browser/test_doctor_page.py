"""The doctor: what staff reads about the service without a shell."""

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/console/doctor/"


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=name, exact=True))


async def test_staff_reads_what_failed_first_with_what_to_do(site, visit):
    group = site.create("ill", [OFFICE], tenant="operating")
    at = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        client.post(f"{at}set_erred/", json={"error_message": "Quota exceeded."})
    page = await visit("/console/groups/", user="staff")
    await page.locator("summary").filter(has_text="staff").click()
    await page.get_by_role("link", name="Doctor").click()
    await expect(row(page, "groups in ERRED")).to_contain_text("Failed")
    await expect(row(page, "groups in ERRED")).to_contain_text("fix the cause, then push")
    await expect(row(page, "migrations")).to_contain_text("Passed")
    await expect(row(page, "clouds")).to_contain_text("Run `ringfence doctor` beside the worker")
    rows = page.get_by_role("table", name="Checks").get_by_role("row")
    await expect(rows.nth(1)).to_contain_text("Failed")
    await expect(rows.last).to_contain_text("Passed")
    with site.client("staff") as client:
        client.post(f"{at}set_ok/")


async def test_checks_run_again_on_request(visit):
    page = await visit(PATH, user="staff")
    await expect(row(page, "database")).to_be_visible()
    async with page.expect_response("**/api/doctor/") as response:
        await page.get_by_role("button", name="Check again").click()
    assert (await response.value).status == 200
    await expect(page.locator(".page-name")).to_contain_text("passed")


async def test_others_have_no_link_and_no_access(visit):
    page = await visit(PATH, user="sue")
    await expect(page.get_by_role("heading", name="Access denied")).to_be_visible()
    await page.locator("summary").filter(has_text="sue").click()
    await expect(page.get_by_role("link", name="Users and roles")).to_be_visible()
    await expect(page.get_by_role("link", name="Doctor")).to_have_count(0)
