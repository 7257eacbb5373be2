"""The status of the synchronisation, and confirming a mass removal that a pull held back."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_staff_confirms_a_mass_removal(site, visit):
    groups = [site.create(f"vanished-{number}", tenant="vanishing") for number in range(7)]
    for group in groups:
        site.execute_in_cloud("DELETE FROM sandbox_groups WHERE id = %s::uuid", group["backend_id"])
    page = await visit("/console/clouds/", user="staff")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="vanishing"))
    await row.get_by_role("button", name="Pull now").click()
    await expect(row).to_contain_text("missing")
    await row.get_by_role("button", name="Confirm").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nothing is deleted.")
    await dialog.get_by_role("button", name="Mark as failed").click()
    await expect(row.get_by_role("link", name="7").first).to_be_visible()
    await row.locator('[data-label="Failed"] a').click()
    await expect(page.get_by_text("7 groups found")).to_be_visible()
    await expect(page.get_by_role("cell", name="Failed")).to_have_count(7)


async def test_support_sees_the_status_and_cannot_pull(visit):
    page = await visit("/console/clouds/", user="sue")
    await expect(page.get_by_role("heading", name="east")).to_be_visible()
    await expect(page.get_by_role("button", name="Pull now")).to_have_count(0)
