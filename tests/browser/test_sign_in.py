"""Signing in and out, in one window and everywhere."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import PASSWORD, token

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def fill_in(page, **fields):
    for label, text in fields.items():
        await page.get_by_label(label.capitalize(), exact=True).fill(text)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_signing_in_with_a_password_leads_to_the_requested_page(visit):
    page = await visit("/console/groups/?state=OK", user=None)
    await fill_in(page, username="ann", password=PASSWORD)
    await expect(page.get_by_role("heading", name="Security groups", exact=True)).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/console/groups/\?state=OK$"))
    assert await page.evaluate("document.cookie") == ""


async def test_a_wrong_password_is_an_error_and_a_token_signs_in(visit):
    page = await visit(user=None)
    await fill_in(page, username="ann", password="wrong")
    await expect(page.get_by_role("alert")).to_have_text("Invalid username/password.")
    await page.get_by_role("button", name="Use a token").click()
    await fill_in(page, token=token("mia"))
    await expect(page.get_by_text("mia")).to_be_visible()
    await expect(page).to_have_url(re.compile("/console/groups/$"))


async def test_signing_out_everywhere_ends_the_session_of_another_window(visit):
    first, second = await visit(user="bob"), await visit(user="bob")
    await first.locator("summary", has_text="bob").click()
    await first.get_by_role("button", name="Sign out everywhere").click()
    await expect(first.get_by_role("heading", name="Sign in")).to_be_visible()
    await second.reload()
    await expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
