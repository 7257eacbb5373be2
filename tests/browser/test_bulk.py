"""Changes of several groups: selection, one review, and what failed."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.lost import lose_first_response
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = f"/console/groups/?tenant_uuid={tenant_uuid('bulk')}"
INSIDE = OFFICE | {"cidr": "10.7.0.0/16"}


async def select(page, *names):
    for name in names:
        await page.get_by_label(f"Select {name}", exact=True).check()


async def choose(page, action):
    await page.get_by_text(re.compile(r"^Change \d+ groups?$")).click()
    await page.get_by_role("button", name=action).click()


async def test_one_prefix_is_replaced_in_several_groups_by_one_review(site, visit):
    groups = [
        site.create(f"replacing-{number}", [INSIDE, HTTPS], tenant="bulk") for number in range(3)
    ]
    page = await visit(f"{LIST}&name=replacing-")
    await page.get_by_label("Select all on this page").check()
    await expect(page.get_by_text("3 selected")).to_be_visible()
    await choose(page, "Replace a CIDR")
    await page.get_by_label("Replace the CIDR").fill("10.7.0.0/16")
    await page.get_by_label("With", exact=True).fill("10.8.0.0/16")
    await expect(page.get_by_text("3 rules in 3 groups have exactly 10.7.0.0/16.")).to_be_visible()
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".review-headline")).to_have_text(
        "3 groups: SSH from 10.8.0.0/16 instead of 10.7.0.0/16."
    )
    await expect(dialog.locator("details.bulk-group")).to_have_count(3)
    await dialog.locator("details.bulk-group").first.locator("summary").first.click()
    await expect(dialog.locator("details.bulk-group").first).to_contain_text(
        "replacing-0 \N{MIDDLE DOT} bulk \N{MIDDLE DOT} SSH from 10.8.0.0/16 instead of 10.7.0.0/16"
    )
    await dialog.get_by_role("button", name="Apply to 3 groups").click()
    await expect(dialog.get_by_text("3 groups changed; in the cloud.")).to_be_visible()
    # The result names the groups and their versions, and the list behind is the new one.
    result = dialog.locator(".bulk-done li").filter(has_text="replacing-0")
    await expect(result).to_contain_text("version 2 is in the cloud")
    await expect(result.get_by_role("link", name="replacing-0")).to_have_attribute(
        "href", re.compile(groups[0]["uuid"])
    )
    await expect(page.get_by_text("3 selected")).to_have_count(0)
    for group in groups:
        cidrs = {rule["cidr"] for rule in site.group(group["uuid"])["rules"]}
        assert cidrs == {"10.8.0.0/16", "0.0.0.0/0"}


async def test_what_a_search_found_is_selected_and_removed(site, visit):
    groups = [
        site.create(f"closing-{number}", [OFFICE | {"cidr": "0.0.0.0/0"}, HTTPS], tenant="bulk")
        for number in range(2)
    ]
    page = await visit("/console/groups/?q=ssh+from+internet+in+tenant+bulk")
    await select(page, "closing-0", "closing-1")
    await choose(page, "Remove rules")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("1 rule of 2 chosen")).to_be_visible()
    await dialog.get_by_role("button", name="Review").click()
    await expect(dialog.locator(".review-headline")).to_contain_text("loses SSH to the internet")
    await dialog.get_by_role("button", name="Apply to 2 groups").click()
    await expect(dialog.get_by_text("2 groups changed; in the cloud.")).to_be_visible()
    await dialog.get_by_role("button", name="Close", exact=True).last.click()
    await expect(page.get_by_role("heading", name="No rules match")).to_be_visible()
    for group in groups:
        assert [rule["from_port"] for rule in site.group(group["uuid"])["rules"]] == [443]


async def test_a_door_to_the_internet_is_ticked_before_it_is_opened(site, visit):
    for number in range(2):
        site.create(f"opening-{number}", [INSIDE], tenant="bulk")
    page = await visit(f"{LIST}&name=opening-")
    await select(page, "opening-0", "opening-1")
    await choose(page, "Add rules")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("tcp 8443 0.0.0.0/0 # partners")
    await dialog.get_by_role("button", name="Review").click()
    apply = dialog.get_by_role("button", name="Apply to 2 groups")
    await expect(apply).to_be_disabled()
    await dialog.get_by_role("checkbox").check()
    await apply.click()
    await expect(dialog.get_by_text("2 groups changed; in the cloud.")).to_be_visible()


async def test_a_group_that_changed_meanwhile_fails_alone_and_is_reviewed_again(site, visit):
    first, second = (
        site.create(f"racing-{number}", [INSIDE], tenant="bulk") for number in range(2)
    )
    page = await visit(f"{LIST}&name=racing-")
    await select(page, "racing-0", "racing-1")
    await choose(page, "Add rules")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("tcp 9100 10.9.0.0/16")
    await dialog.get_by_role("button", name="Review").click()
    await expect(dialog.get_by_role("button", name="Apply to 2 groups")).to_be_enabled()
    site.set_rules(second["uuid"], [INSIDE, HTTPS | {"cidr": "10.1.0.0/16"}])
    await dialog.get_by_role("button", name="Apply to 2 groups").click()
    await expect(dialog.get_by_text("1 group changed; in the cloud, 1 failed.")).to_be_visible()
    failed = dialog.locator(".bulk-failed")
    await expect(failed).to_contain_text("racing-1")
    await expect(failed).to_contain_text("Somebody changed the group meanwhile. Retry reads")
    assert len(site.group(second["uuid"])["rules"]) == 2
    await dialog.get_by_role("button", name="Retry the failed").click()
    await dialog.get_by_role("button", name="Apply to 1 group").click()
    await expect(dialog.get_by_text("1 group changed; in the cloud.")).to_be_visible()
    assert len(site.group(first["uuid"])["rules"]) == 2
    assert len(site.group(second["uuid"])["rules"]) == 3


async def test_a_range_is_selected_with_shift_and_all_results_with_one_button(site, visit):
    for number in range(4):
        site.create(f"ranging-{number}", tenant="bulk")
    page = await visit(f"{LIST}&name=ranging-&o=name")
    await page.get_by_label("Select ranging-0").click()
    await page.get_by_label("Select ranging-2").click(modifiers=["Shift"])
    await expect(page.get_by_text("3 selected")).to_be_visible()
    await page.get_by_role("button", name="Select all results").click()
    await expect(page.get_by_text("4 selected")).to_be_visible()
    await choose(page, "Pull")
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Change 4 groups")).to_be_focused()
    await page.get_by_role("button", name="Clear selection").click()
    await expect(page.get_by_role("region", name="Selected groups")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Security groups")).to_be_focused()


async def test_groups_are_deleted_together_except_those_in_use(site, visit):
    used = site.create("deleting-used", tenant="bulk")
    site.create("deleting-free", tenant="bulk")
    site.attach(used, "bulk-1", "10.0.7.7")
    site.pull("bulk")
    page = await visit(f"{LIST}&name=deleting-")
    await select(page, "deleting-used", "deleting-free")
    await choose(page, "Delete")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("in use: kept")).to_be_visible()
    await dialog.get_by_role("button", name="Delete 1 group").click()
    await expect(dialog.get_by_text("1 group deleted.")).to_be_visible()
    await dialog.get_by_role("button", name="Close", exact=True).last.click()
    await expect(page.get_by_role("link", name="deleting-free")).to_have_count(0)
    await expect(page.get_by_role("link", name="deleting-used")).to_be_visible()


async def test_the_drift_mode_of_several_groups_is_set(site, visit):
    group = site.create("mode-setting", tenant="bulk")
    page = await visit(f"{LIST}&name=mode-setting")
    await select(page, "mode-setting")
    await choose(page, "Set the drift mode")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Drift mode").select_option("report")
    await dialog.get_by_role("button", name="Set in 1 group").click()
    await expect(dialog.get_by_text("1 group now with this drift mode.")).to_be_visible()
    with site.client() as client:
        drift = client.get(f"/api/openstack-security-groups/{group['uuid']}/drift/").json()
    assert drift["mode"] == "report"


async def test_groups_that_one_may_only_read_are_not_changed(site, visit):
    site.create("reading-only", [INSIDE], tenant="bulk")
    page = await visit(f"{LIST}&name=reading-only", user="mia")
    await expect(page.get_by_role("link", name="New group")).to_have_count(0)
    await select(page, "reading-only")
    await page.get_by_text("Change 1 group").click()
    await expect(page.get_by_role("button", name="Add rules")).to_be_disabled()


async def test_a_narrow_window_has_select_all_and_contains_its_menus(site, visit):
    site.create("narrow", [HTTPS], tenant="bulk")
    page = await visit(f"{LIST}&name=narrow", viewport={"width": 360, "height": 740})
    await page.get_by_text("Select all", exact=True).click()
    await expect(page.get_by_text("1 selected")).to_be_visible()
    for head in (".page-head", ".bulk-bar"):
        for summary in await page.locator(f"{head} .menu > summary").all():
            await summary.click()
            box = await page.locator(f"{head} .menu[open] .menu-items").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
            await page.keyboard.press("Escape")


async def test_a_change_whose_response_was_lost_is_sent_again_and_not_planned_anew(site, visit):
    group = site.create("losing", [INSIDE], tenant="bulk")
    page = await visit(f"{LIST}&name=losing")
    await select(page, "losing")
    await choose(page, "Add rules")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("tcp 9100 10.9.0.0/16")
    await dialog.get_by_role("button", name="Review").click()
    keys = await lose_first_response(page, re.compile(r"/set_rules/"))
    await dialog.get_by_role("button", name="Apply to 1 group").click()
    await expect(dialog.get_by_text("1 failed")).to_be_visible()
    await dialog.get_by_role("button", name="Retry the failed").click()
    await expect(dialog.get_by_text("1 group changed; in the cloud")).to_be_visible()
    assert len(set(keys)) == 1
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/versions/"
        assert [each["number"] for each in client.get(path).json()] == [2, 1]


async def test_what_is_there_already_leaves_nothing_to_do_but_to_close(site, visit):
    site.create("nothing-left", [HTTPS], tenant="bulk")
    page = await visit(f"{LIST}&name=nothing-left")
    await select(page, "nothing-left")
    await choose(page, "Add rules")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("tcp 443 0.0.0.0/0")
    await dialog.get_by_role("button", name="Review").click()
    await expect(dialog.get_by_text("Nothing is left to do.")).to_be_visible()
    await dialog.get_by_role("button", name="Close", exact=True).last.click()
    await expect(dialog).to_have_count(0)


async def test_a_pull_that_finds_a_difference_in_a_group_is_not_called_done(site, visit):
    site.opened_in_cloud("differing", [INSIDE], "bulk")
    page = await visit(f"{LIST}&name=differing")
    await select(page, "differing")
    await choose(page, "Pull")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Pull 1 group").click()
    await expect(dialog.get_by_text("1 differs from the cloud")).to_be_visible()
    await expect(dialog.get_by_role("link", name="differing")).to_be_visible()
