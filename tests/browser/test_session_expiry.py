"""A session that ends while a page is used: the page stays, and goes on after signing in."""

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE, token

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def group(site, request):
    return site.create(request.node.name, [OFFICE], tenant="moving")


async def sign_in_again(page, user):
    dialog = page.get_by_role("dialog", name="Your session ended")
    await dialog.get_by_role("button", name="Use a token").click()
    await dialog.get_by_label("Token").fill(token(user))
    await dialog.get_by_role("button", name="Sign in", exact=True).click()
    return dialog


async def loaded(visit, group, user="staff"):
    """Return a page whose user has typed something."""
    page = await visit(f"/console/groups/{group['uuid']}/", user=user)
    await expect(page.locator(".activity li").first).to_be_visible()
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Edit name and description").click()
    await page.get_by_role("textbox", name="Description").fill("typed before the end")
    return page


async def test_the_page_stays_and_what_was_typed_is_sent_after_signing_in_again(site, visit, group):
    page = await loaded(visit, group)
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Your session ended")
    await expect(dialog.get_by_label("Username")).to_have_value("staff")
    await sign_in_again(page, "staff")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("typed before the end").first).to_be_visible()
    assert site.stable(group["uuid"])["description"] == "typed before the end"


async def test_a_wrong_password_is_said_in_the_dialog(visit, group):
    page = await loaded(visit, group)
    await page.context.clear_cookies()
    dialog = page.get_by_role("dialog", name="Your session ended")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Password").fill("wrong")
    await dialog.get_by_role("button", name="Sign in", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_have_text("Invalid username/password.")
    await sign_in_again(page, "staff")
    await expect(page.get_by_role("textbox", name="Description")).to_have_value(
        "typed before the end"
    )


async def test_the_dialog_can_be_closed_to_read_what_the_page_shows(visit, group):
    page = await loaded(visit, group)
    await page.context.clear_cookies()
    await expect(page.get_by_role("dialog", name="Your session ended")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Description")).to_have_value(
        "typed before the end"
    )
    await page.keyboard.press("Escape")
    await page.get_by_role("alert").get_by_role("button", name="Sign in").click()
    await sign_in_again(page, "staff")
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_another_user_gets_a_page_of_their_own(visit, group):
    page = await loaded(visit, group)
    await page.evaluate("window.before = true")
    await page.context.clear_cookies()
    await expect(page.get_by_role("dialog", name="Your session ended")).to_be_visible()
    await sign_in_again(page, "ann")
    await expect(page.locator("summary", has_text="ann")).to_be_visible()
    assert not await page.evaluate("window.before")
    await expect(page.get_by_text("typed before the end")).to_have_count(0)


async def test_a_page_opened_after_the_session_leads_to_the_sign_in_page(visit, group):
    page = await loaded(visit, group)
    await page.context.clear_cookies()
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in to Ringfence")).to_be_visible()
