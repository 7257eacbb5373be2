"""Versions: the difference between two, and rollback with a review."""

import asyncio
import re
import time

import pytest
from playwright.async_api import expect
from tests.browser.site import EGRESS, HTTPS, OFFICE, WAIT_SECONDS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_versions_are_compared_and_the_first_is_restored(site, visit):
    group = site.create("rolled-back", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    page = await visit(f"/console/groups/{group['uuid']}/history/")
    await expect(page.get_by_role("heading", name="Version 2 compared with")).to_be_visible()
    await expect(page.locator(".review-headline")).to_have_text(
        "HTTPS becomes open to the internet; also closes SSH."
    )
    await expect(page.locator(".change-plus")).to_contain_text("TCP 443")
    await expect(page.locator(".change-minus")).to_contain_text("TCP 22")
    await page.get_by_role("button", name="Version 1").click()
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(
        "Opens SSH and closes HTTPS; on how many instances is not known."
    )
    await expect(dialog).to_contain_text("1 rule added, 1 removed")
    # SSH is for the office only: no door to the internet.
    await expect(dialog.get_by_role("checkbox")).to_have_count(0)
    await dialog.get_by_role("button", name="Roll back", exact=True).click()
    await expect(page.get_by_role("button", name="Version 3")).to_contain_text("rolled back")
    await expect(page.get_by_role("button", name="Version 3")).to_contain_text("in the cloud")
    assert site.stable(group["uuid"])["rules"][0]["from_port"] == 22


async def test_a_rollback_that_opens_a_door_to_the_internet_is_confirmed(site, visit):
    group = site.create("rolled-back-open", [OFFICE | {"cidr": "0.0.0.0/0"}], tenant="history")
    site.set_rules(group["uuid"], [OFFICE])
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(
        "SSH becomes open to the internet; on how many instances is not known."
    )
    # The rule is shown from what to what.
    change = dialog.get_by_role("listitem").filter(has_text="TCP 22")
    await expect(change.locator("ins")).to_have_text("anywhere")
    back = dialog.get_by_role("button", name="Roll back", exact=True)
    await expect(back).to_be_disabled()
    # It is one door, although the office that stays divides it into many prefixes.
    await expect(dialog.get_by_role("checkbox")).to_have_count(1)
    await dialog.get_by_label("Open SSH (TCP 22) from anywhere").check()
    await back.click()
    await expect(page.get_by_role("button", name="Version 3")).to_contain_text("rolled back")


async def test_a_rollback_is_not_applied_over_a_change_that_was_not_seen(site, visit):
    group = site.create("rolled-back-late", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Opens SSH")
    site.set_rules(group["uuid"], [HTTPS, EGRESS])
    back = dialog.get_by_role("button", name="Roll back", exact=True)
    await back.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Somebody changed the group")
    await expect(back).to_be_disabled()
    assert len(site.stable(group["uuid"])["rules"]) == 2


async def test_a_rollback_whose_response_is_lost_is_carried_out_once(site, visit):
    group = site.create("rolled-back-lost", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")

    async def lose(route):
        await route.fetch()
        await route.abort("internetdisconnected")

    await page.get_by_role("button", name="Roll back to version 1").click()
    back = page.get_by_role("dialog").get_by_role("button", name="Roll back", exact=True)
    await expect(back).to_be_enabled()
    await page.route(re.compile(r"/rollback/\?plan_token="), lose)
    await back.click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("be reached")
    await page.unroute(re.compile(r"/rollback/\?plan_token="))
    await back.click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert site.stable(group["uuid"])["rules"][0]["from_port"] == 22
    with site.client("staff") as client:
        versions = client.get(f"/api/openstack-security-groups/{group['uuid']}/versions/").json()
    assert [each["cause"] for each in versions] == ["rollback", "user", "user"]


async def test_a_failed_group_is_rolled_back_with_a_review(site, visit):
    group = site.create("rolled-back-failed", [OFFICE], tenant="history")
    site.set_rules(group["uuid"], [HTTPS])
    with site.client("staff") as client:
        client.post(f"/api/openstack-security-groups/{group['uuid']}/set_erred/", json={})
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Opens SSH and closes HTTPS")
    await expect(dialog).to_contain_text("The last change failed")
    await expect(dialog.locator(".change-plus")).to_contain_text("TCP 22")
    await dialog.get_by_role("button", name="Roll back", exact=True).click()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")


async def deleted(site, group):
    """Wait until a group is deleted."""
    deadline = time.monotonic() + WAIT_SECONDS
    while "uuid" in site.group(group["uuid"]):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_rollback_says_which_remote_groups_no_longer_exist(site, visit):
    remote = site.create("gone-remote", tenant="history")
    group = site.create(
        "rolled-back-remote",
        [OFFICE | {"cidr": None, "remote_group": remote["url"]}],
        tenant="history",
    )
    site.set_rules(group["uuid"], [HTTPS])
    with site.client("staff") as client:
        client.delete(f"/api/openstack-security-groups/{remote['uuid']}/")
    await deleted(site, remote)
    page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
    await page.get_by_role("button", name="Roll back to version 1").click()
    await expect(page.get_by_role("dialog")).to_contain_text(
        "1 rule refers to a group that is not in Ringfence (gone-remote)."
    )


async def test_the_arrow_keys_move_through_hundreds_of_versions(site, visit):
    group = site.create("often-changed", [OFFICE], tenant="history")
    # Each change of the description makes a version, without a call to the cloud.
    path = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        for number in range(2, 62):
            name = {"name": "often-changed", "description": f"change {number}"}
            assert client.put(path, json=name).is_success
            site.stable(group["uuid"])
    page = await visit(f"/console/groups/{group['uuid']}/history/")
    await page.get_by_role("button", name=re.compile("^Version 61 ")).click()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("button", name=re.compile("^Version 60 "))).to_be_focused()
    await expect(page.get_by_role("heading", name="Version 60 compared with")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("change 60")
    await expect(page.get_by_role("button", name=re.compile("^Version 11 "))).to_have_count(0)
    await page.get_by_role("button", name="Show older versions").click()
    await page.get_by_role("button", name=re.compile("^Version 2 ")).click()
    await page.get_by_label("Compare with version").select_option("59")
    await expect(page.locator("main")).to_contain_text("change 59")
    await expect(page.locator("main")).to_contain_text("change 2")
