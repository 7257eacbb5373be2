"""Creating, copying, renaming and deleting groups; pushing a failed group again."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.lost import lose_first_response
from tests.browser.site import EGRESS, HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def create(page):
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("checkbox").check()
    await dialog.get_by_role("button", name="Create group").click()


async def test_a_group_is_created_from_a_preset_after_its_errors_are_corrected(site, visit):
    site.create("taken", tenant="creating")
    page = await visit("/console/groups/new/")
    await page.get_by_label("Tenant").select_option(tenant_uuid("creating"))
    await page.get_by_label("Name").fill("taken")
    await expect(page.get_by_role("alert")).to_contain_text("should be unique. The tenant has a")
    await page.get_by_label("Name").fill("made")
    await page.get_by_role("button", name="HTTPS").click()
    await page.get_by_label("CIDR, rule 1").fill("nonsense")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("CIDR, rule 1")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Remote type, rule 1").select_option("all")
    await page.get_by_role("button", name="Review").click()
    await create(page)
    await expect(page.get_by_role("heading", name="made", level=1)).to_be_visible()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.locator(".notice-warn")).to_contain_text("HTTPS")


async def test_a_copy_has_the_rules_of_the_original(site, visit):
    first = site.create("original", [HTTPS, OFFICE], tenant="creating")
    page = await visit(f"/console/groups/{first['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("link", name="Copy to a new group").click()
    await expect(page.get_by_label("Name")).to_have_value("original-copy")
    await expect(page.get_by_text("Rules in the tenant:")).to_be_visible()
    await page.get_by_role("button", name="Review").click()
    await create(page)
    await expect(page.get_by_role("heading", name="original-copy", level=1)).to_be_visible()
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("TCP 22")


async def test_the_delete_dialog_lists_the_referring_groups_and_deletes(site, visit):
    target = site.create("going", tenant="creating")
    site.create(
        "referring",
        [OFFICE | {"cidr": None, "remote_group": target["url"]}],
        tenant="creating",
    )
    page = await visit(f"/console/groups/{target['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete going?")
    await expect(dialog.get_by_role("link", name="referring")).to_be_visible()
    await expect(dialog).to_contain_text("refer to a remote group that no longer exists")
    await expect(dialog).to_contain_text("TCP 22 SSH from going")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="going no longer exists")).to_be_visible()
    left = site.group_named("referring")
    await page.goto(f"/console/groups/{left['uuid']}/")
    # The members of a deleted remote group are unknown: neither nobody nor everybody.
    incoming = page.get_by_role("table", name="Ingress rules")
    await expect(incoming).to_contain_text("unknown members")
    await expect(incoming).not_to_contain_text("anywhere")


async def test_a_group_that_changed_while_the_dialog_was_open_is_not_deleted(site, visit):
    group = site.create("changed-meanwhile", tenant="creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_enabled()
    site.set_rules(group["uuid"], [HTTPS])
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(
        "Somebody changed the group meanwhile. Go back"
    )
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    assert site.group(group["uuid"])["rules"]


async def test_the_delete_dialog_says_what_closes_and_which_ports_are_left_without_a_group(
    site, visit
):
    target = site.create("closing", [HTTPS, EGRESS], tenant="reviewing")
    other = site.create("other", [HTTPS], tenant="reviewing")
    site.attach(target, "alone", "10.0.9.1", "203.0.113.91")
    site.attach(target, "twice", "10.0.9.2")
    site.execute_in_cloud(
        """
        INSERT INTO sandbox_port_groups (port_id, group_id)
        SELECT port.id, %s::uuid FROM sandbox_ports AS port WHERE port.name = 'twice'
        """,
        other["backend_id"],
    )
    site.pull("reviewing")
    page = await visit(f"/console/groups/{target['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete closing?")
    await expect(dialog.locator(".review-headline")).to_have_text(
        "Closes HTTPS and outgoing traffic on 2 instances, but other still admits part of what"
        " closes."
    )
    await expect(dialog).to_contain_text("1 port is left without any group")
    await expect(dialog).to_contain_text("10.0.9.1")
    delete = dialog.get_by_role("button", name="Delete")
    await expect(delete).to_be_disabled()
    await expect(dialog).to_contain_text("A group that ports use cannot be deleted.")
    await dialog.get_by_label("Remove the group from 2 ports first").check()
    await delete.click()
    await expect(page.get_by_role("heading", name="closing no longer exists")).to_be_visible()


async def test_unlinking_and_renaming_say_that_no_traffic_changes(site, visit):
    group = site.create("untouched", [HTTPS], tenant="reviewing")
    page = await visit(f"/console/groups/{group['uuid']}/", user="staff")
    dialog = page.get_by_role("dialog")
    for action in ("Unlink", "Edit name and description"):
        await page.locator("summary", has_text="More").click()
        await page.get_by_role("button", name=action).click()
        if action == "Edit name and description":
            await expect(dialog).to_contain_text("Nothing changes.")
            await dialog.get_by_label("Name").fill("touched")
        await expect(dialog.locator(".review-headline")).to_contain_text(
            "No traffic is opened or closed; "
        )
        await page.keyboard.press("Escape")


async def test_a_group_is_renamed(site, visit):
    group = site.create("named", tenant="creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Edit name and description").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("default")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("managed by OpenStack")
    await dialog.get_by_label("Name").fill("renamed")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="renamed", level=1)).to_be_visible()
    await expect(page).to_have_title(re.compile("renamed"))


def is_put(response):
    return response.request.method == "PUT"


def fail(site, group):
    """Mark the group as failed, as an error of the cloud does."""
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{group['uuid']}/set_erred/",
            json={"error_message": "The cloud refused."},
        )


async def test_a_drift_mode_is_changed_once_it_was_said_what_it_does(site, visit):
    group = site.create("moded", [OFFICE], tenant="creating")
    page = await visit(f"/console/groups/{group['uuid']}/", user="staff")
    mode = page.get_by_label("Drift mode")
    dialog = page.get_by_role("dialog")
    await mode.select_option("enforce")
    await expect(dialog).to_contain_text("is overwritten with the desired rules")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(mode).to_have_value("adopt")
    await mode.select_option("enforce")
    await dialog.get_by_role("button", name="Change").click()
    await expect(dialog).to_have_count(0)
    await expect(mode).to_have_value("enforce")
    await page.reload()
    await expect(mode).to_have_value("enforce")


async def test_a_failed_group_is_pushed_again(site, visit):
    group = site.create("failed-again", tenant="creating")
    fail(site, group)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.get_by_role("button", name="Push again").click()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert site.stable(group["uuid"])["state"] == "OK"


async def test_a_failed_group_is_renamed(site, visit):
    group = site.create("failed-name", tenant="creating")
    fail(site, group)
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Edit name and description").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("no-longer-failed")
    async with page.expect_response(is_put) as saving:
        await dialog.get_by_role("button", name="Save").click()
    response = await saving.value
    assert response.ok, await response.text()
    await expect(page.get_by_role("heading", name="no-longer-failed", level=1)).to_be_visible()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.get_by_role("alert")).to_have_count(0)
    # The page showed the new name before the job that applies it had ended.
    renamed = site.stable(group["uuid"])
    assert (renamed["name"], renamed["state"]) == ("no-longer-failed", "OK"), renamed


async def rename(page, name):
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Edit name and description").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Save").click()
    return dialog


async def test_a_name_is_saved_on_top_of_what_somebody_changed_meanwhile(site, visit):
    group = site.create("name-meanwhile", [HTTPS], tenant="creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Edit name and description").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("name-of-mine")
    with site.client("bob") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        body = {"name": "name-of-theirs", "description": "theirs"}
        client.put(path, json=body).raise_for_status()
    site.stable(group["uuid"])
    await dialog.get_by_role("button", name="Save").click()
    notice = dialog.get_by_role("alert")
    await expect(notice).to_contain_text("Somebody changed the group meanwhile. In version 2, ")
    await expect(notice).to_contain_text("the name is “name-of-theirs”")
    await expect(dialog.get_by_label("Name")).to_have_value("name-of-mine")
    await expect(dialog.get_by_label("Description")).to_have_value("theirs")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="name-of-mine", level=1)).to_be_visible()
    renamed = site.stable(group["uuid"])
    assert (renamed["name"], renamed["description"]) == ("name-of-mine", "theirs")


async def test_a_name_is_saved_once_although_the_response_was_lost(site, visit):
    group = site.create("name-lost", tenant="creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    keys = await lose_first_response(page, re.compile(rf"/{group['uuid']}/$"), "PUT")
    dialog = await rename(page, "name-arrived")
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    assert len(set(keys)) == 1
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/versions/"
        assert [each["number"] for each in client.get(path).json()] == [2, 1]


async def test_a_group_is_pushed_once_although_the_response_was_lost(site, visit):
    group = site.opened_in_cloud("revert-lost", [HTTPS, OFFICE], "creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    keys = await lose_first_response(page, re.compile(r"/rollback/\?plan_token="))
    await page.get_by_role("button", name="Revert").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Revert").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    await dialog.get_by_role("button", name="Revert").click()
    await expect(dialog).to_have_count(0)
    assert len(set(keys)) == 1
    assert len(keys) == 2
    assert site.stable(group["uuid"])["state"] == "OK"


async def test_a_revert_of_an_older_version_says_who_came_first(site, visit):
    group = site.opened_in_cloud("revert-meanwhile", [HTTPS, OFFICE], "creating")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.get_by_role("button", name="Revert").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Revert")).to_be_enabled()
    # Really changed, the group would have no drift, and the page no dialog.
    detail = "The security group is at version 2, not the version in If-Match. Fetch it again."
    refused = {"status": 412, "json": {"detail": detail}}
    await page.route(re.compile(r"/rollback/\?plan_token="), lambda route: route.fulfill(**refused))
    await dialog.get_by_role("button", name="Revert").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(
        "Somebody changed the group meanwhile"
    )
    await expect(dialog).not_to_contain_text("If-Match")
