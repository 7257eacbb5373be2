"""The command palette and the list of shortcuts, by keyboard."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def groups(site):
    names = ("palette-front", "palette-front-2", "palette-back")
    return {name: site.create(name, [HTTPS], tenant="moving") for name in names}


def option(page, name):
    return page.get_by_role("dialog").get_by_role("option", name=re.compile(f"^{name}"))


@pytest.mark.parametrize("key", ["Control+k", "/"])
async def test_a_key_the_name_and_enter_open_a_group(visit, groups, key):
    page = await visit("/console/clouds/", user="staff")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press(key)
    # Not a moment between the last letter and Enter.
    await page.keyboard.type("palette-front")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(groups["palette-front"]["uuid"]))
    await expect(page.get_by_role("heading", name="palette-front", level=1)).to_be_focused()


@pytest.mark.usefixtures("groups")
async def test_arrows_choose_and_the_chosen_one_is_announced(visit):
    page = await visit()
    # The first page leads on to the groups.
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await page.get_by_role("button", name="Go to").click()
    box = page.get_by_role("combobox", name=re.compile("^Page, group"))
    await expect(box).to_be_focused()
    await box.fill("palette-")
    await expect(option(page, "palette-back")).to_be_visible()
    for key, place in (("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", -1)):
        await page.keyboard.press(key)
        chosen = page.get_by_role("dialog").get_by_role("option").nth(place)
        await expect(chosen).to_have_attribute("aria-selected", "true")
        await expect(box).to_have_attribute(
            "aria-activedescendant", await chosen.get_attribute("id")
        )


async def test_pages_and_tenants_are_found_by_name(visit):
    page = await visit(user="staff")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("moving")
    await option(page, "moving Web shop").click()
    await expect(page).to_have_url(re.compile("tenant_uuid="))
    await page.keyboard.press("Control+k")
    await page.keyboard.type("clou")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/console/clouds/$"))


async def test_who_cannot_create_groups_is_not_offered_it(visit):
    for user, number in (("ann", 1), ("nobody", 0)):
        page = await visit(user=user)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await page.keyboard.press("Control+k")
        await expect(option(page, "Groups")).to_be_visible()
        await expect(option(page, "New group")).to_have_count(number)


async def test_escape_closes_the_palette_and_gives_the_focus_back(visit):
    page = await visit()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Groups")
    await link.focus()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(link).to_be_focused()


async def test_a_key_typed_into_a_field_opens_nothing(visit):
    page = await visit()
    box = page.get_by_role("searchbox")
    await box.press_sequentially("a/b?")
    await expect(box).to_have_value("a/b?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_shortcuts_are_listed(visit):
    page = await visit()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Ctrl K")
