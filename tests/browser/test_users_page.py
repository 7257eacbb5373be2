"""Users with their flags and roles, for staff and support."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


def row(page, name):
    return page.get_by_role("row").filter(
        has=page.get_by_role("link", name=f"Events of {name}", exact=True)
    )


async def test_support_reads_users_with_their_flags_and_roles(visit):
    page = await visit("/console/groups/", user="sue")
    await page.locator("summary").filter(has_text="sue").click()
    await page.get_by_role("link", name="Users and roles").click()
    await expect(row(page, "ann")).to_contain_text("PROJECT.ADMIN in project Web shop")
    await expect(row(page, "staff")).to_contain_text("Staff: sees and changes everything")
    await expect(row(page, "sue")).to_contain_text("Support: sees everything")
    await expect(row(page, "nobody")).to_contain_text("Nothing: no role")
    roles = page.get_by_role("table", name="Roles")
    await expect(roles.get_by_role("row")).to_have_count(7)
    await expect(roles).to_contain_text("PROJECT.MEMBER")
    await row(page, "ann").get_by_role("link").click()
    await expect(page.get_by_role("button", name="Remove the filter ann")).to_be_visible()


async def test_users_are_searched_and_filtered(visit):
    page = await visit("/console/users/", user="staff")
    await page.get_by_label("Search users").fill("mi")
    await expect(page.get_by_text("1 user", exact=True)).to_be_visible()
    await expect(row(page, "mia")).to_be_visible()
    await page.get_by_label("Staff").select_option("true")
    await expect(page.get_by_text("No user matches.")).to_be_visible()


async def test_others_have_no_link_to_users(visit):
    page = await visit("/console/groups/", user="ann")
    await page.locator("summary").filter(has_text="ann").click()
    await expect(page.get_by_role("link", name="Tokens and sessions")).to_be_visible()
    await expect(page.get_by_role("link", name="Users and roles")).to_have_count(0)
