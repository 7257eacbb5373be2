"""What is shown to who sees nothing, or may not see a page, and for a page that is no number."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_sees_no_tenant_is_not_told_that_nothing_is_open(visit):
    page = await visit("/console/exposures/", user="nobody")
    await expect(page.locator("main").get_by_text("You see no groups").first).to_be_visible()
    await expect(page.get_by_text("No well-known service is open")).to_have_count(0)
    await page.goto("/console/instances/")
    await expect(page.locator("main").get_by_text("You see no groups")).to_be_visible()


async def test_a_page_of_operators_offers_nothing_to_others(visit):
    page = await visit("/console/clouds/", user="mia")
    await expect(page.get_by_role("heading", name="Access denied")).to_be_visible()
    await expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    await expect(page.locator("main").get_by_role("link", name="Discover")).to_have_count(0)
    await page.goto("/console/clouds/discover/")
    await expect(page.get_by_role("heading", name="Access denied")).to_be_visible()
    await expect(page.get_by_text("become tenants")).to_have_count(0)


async def test_a_page_of_events_that_is_no_number_is_named(visit):
    page = await visit("/console/events/?page=abc")
    await expect(page.get_by_role("heading", name="The list has no page abc")).to_be_visible()
    await page.get_by_role("button", name="First page").click()
    await expect(page.get_by_role("table", name="Events")).to_be_visible()


async def test_a_hint_is_said_once(visit):
    page = await visit("/console/exposures/?port=abc")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Allowed:")
    assert (await alert.inner_text()).count("Allowed:") == 1
