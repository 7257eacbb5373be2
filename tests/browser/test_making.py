"""Making a group from nothing and as a copy, and deleting it with a look at what breaks."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_group_is_made_from_a_preset_once_its_mistakes_are_gone(site, visit):
    site.create("taken", tenant="making")
    page = await visit("/console/groups/new/")
    await page.get_by_label("Tenant").select_option(tenant_uuid("making"))
    await page.get_by_label("Name").fill("taken")
    await expect(page.get_by_role("alert")).to_contain_text("should be unique")
    await page.get_by_label("Name").fill("made")
    await page.get_by_role("button", name="HTTPS").click()
    await page.get_by_label("Addresses, rule 1").fill("nonsense")
    await expect(page.get_by_label("Addresses, rule 1")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Kind of the other end, rule 1").select_option("all")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="made", level=1)).to_be_visible()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.locator(".notice-warn")).to_contain_text("HTTPS")


async def test_a_copy_has_the_rules_of_the_first(site, visit):
    first = site.create("original", [HTTPS, OFFICE], tenant="making")
    page = await visit(f"/console/groups/{first['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("link", name="Copy to a new group").click()
    await expect(page.get_by_label("Name")).to_have_value("original-copy")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="original-copy", level=1)).to_be_visible()
    await expect(page.get_by_role("table", name="Who may come in")).to_contain_text("TCP 22")


async def test_deleting_shows_who_refers_to_it_and_then_it_is_gone(site, visit):
    target = site.create("going", tenant="making")
    site.create(
        "referring",
        [OFFICE | {"cidr": None, "remote_group": target["url"]}],
        tenant="making",
    )
    page = await visit(f"/console/groups/{target['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete going?")
    await expect(dialog.get_by_role("link", name="referring")).to_be_visible()
    await expect(dialog).to_contain_text("name a remote group that is not there any more")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="going is gone")).to_be_visible()
    left = site.group_named("referring")
    await page.goto(f"/console/groups/{left['uuid']}/")
    # Who gets in by a rule whose group is gone is unknown: neither nobody nor everybody.
    incoming = page.get_by_role("table", name="Who may come in")
    await expect(incoming).to_contain_text("unknown members")
    await expect(incoming).not_to_contain_text("anywhere")


async def test_what_changed_under_the_question_is_not_deleted(site, visit):
    group = site.create("changed-meanwhile", tenant="making")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_enabled()
    site.set_rules(group["uuid"], [HTTPS])
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("not what was seen")
    assert site.group(group["uuid"])["rules"]


async def test_a_name_is_changed_in_place(site, visit):
    group = site.create("named", tenant="making")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Rename or describe").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("default")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("managed by OpenStack")
    await dialog.get_by_label("Name").fill("named-anew")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="named-anew", level=1)).to_be_visible()
    await expect(page).to_have_title(re.compile("named-anew"))


def fail(site, group):
    """Take the group for failed, as a refusal by the cloud does."""
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{group['uuid']}/set_erred/",
            json={"error_message": "The cloud refused."},
        )


async def test_a_failed_group_is_pushed_again(site, visit):
    group = site.create("failed-again", tenant="making")
    fail(site, group)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.get_by_role("button", name="Push again").click()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert site.group(group["uuid"])["state"] == "OK"


async def test_a_failed_group_is_renamed_in_place(site, visit):
    group = site.create("failed-name", tenant="making")
    fail(site, group)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Rename or describe").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("no-longer-failed")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="no-longer-failed", level=1)).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert site.group(group["uuid"])["state"] == "OK"
