"""The list of groups with its URL, and the page of a group."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import EGRESS, HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


async def test_groups_are_searched_while_typing_and_the_url_carries_the_view(site, visit):
    site.create("finding-web", [HTTPS, OFFICE], description="What the world reaches")
    site.create("finding-db")
    page = await visit("/console/groups/")
    await page.get_by_label("Search groups and rules").fill("finding")
    await expect(page.get_by_text("2 groups found")).to_be_visible()
    await expect(row(page, "finding-web")).to_contain_text("HTTPS")
    await expect(row(page, "finding-db").get_by_text("No", exact=True)).to_be_visible()
    await page.get_by_label("Open to the internet").select_option("true")
    await expect(page.get_by_text("1 group found")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"q=finding&is_open_to_all=true"))
    shared = await visit(page.url.removeprefix(site.address), user="mia")
    await expect(shared.get_by_text("1 group found")).to_be_visible()
    await expect(shared.get_by_label("Search groups and rules")).to_have_value("finding")


async def test_the_order_of_the_list_is_in_the_url(site, visit):
    page = await visit(f"/console/groups/?tenant_uuid={tenant_uuid('shop')}")
    site.create("aaa-first")
    # Other tests may not have created any yet.
    site.create("bbb-second")
    await page.get_by_role("button", name="Name").click()
    await expect(page).to_have_url(re.compile("o=name"))
    await expect(page.get_by_role("row").nth(1)).to_contain_text("aaa-first")
    await page.get_by_role("button", name="Name").click()
    await expect(page).to_have_url(re.compile("o=-name"))
    await expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "descending"
    )
    await expect(page.get_by_role("row").nth(1)).not_to_contain_text("aaa-first")


async def test_an_empty_result_is_explained_and_cleared(visit):
    page = await visit("/console/groups/?query=no-such-thing")
    await expect(page.get_by_role("heading", name="No groups match")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page).to_have_url(re.compile("/console/groups/$"))


async def test_the_rules_of_a_group_are_readable(site, visit):
    front = site.create("reading-front", [HTTPS])
    group = site.create(
        "reading-web",
        [
            {"protocol": "tcp", "from_port": 8080, "to_port": 8090, "remote_group": front["url"]},
            OFFICE | {"description": "The office"},
            EGRESS,
        ],
    )
    page = await visit("/console/groups/?query=reading")
    await page.get_by_role("link", name="reading-web").click()
    await expect(page.get_by_role("heading", name="reading-web", level=1)).to_be_visible()
    incoming = page.get_by_role("table", name="Ingress rules")
    await expect(incoming).to_contain_text(re.compile("TCP 8080.8090"))
    await expect(incoming.get_by_role("link", name="reading-front")).to_be_visible()
    await expect(incoming).to_contain_text("documentation range, 256 addresses")
    await expect(incoming).to_contain_text("The office")
    await expect(page.get_by_role("table", name="Egress rules")).to_contain_text("anywhere")
    await expect(page.get_by_role("heading", name="Activity")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("creation has been scheduled")
    await incoming.get_by_role("link", name="reading-front").click()
    await expect(page.get_by_text("Open to the internet:")).to_be_visible()
    await expect(
        page.get_by_role("complementary").get_by_role("link", name=group["name"])
    ).to_be_visible()


async def test_the_state_is_updated_without_a_reload(site, visit):
    group = site.create("changing")
    page = await visit(f"/console/groups/?query={group['name']}")
    await expect(row(page, "changing")).to_contain_text("OK")
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{group['uuid']}/set_erred/",
            json={"error_message": "The cloud refused."},
        )
    await expect(row(page, "changing")).to_contain_text("Failed")
    await page.get_by_role("link", name="changing").click()
    await expect(page.get_by_role("alert")).to_contain_text("The cloud refused.")


async def test_drift_is_shown_with_its_rules(site, visit):
    site.drifting("drifting")
    page = await visit("/console/groups/?query=drifting")
    await expect(row(page, "drifting")).to_contain_text("Drifting")
    await page.get_by_role("link", name="drifting", exact=True).click()
    await expect(page.get_by_text("1 desired rule is not in the cloud.")).to_be_visible()
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text(
        "Not in the cloud"
    )
    await expect(page.get_by_label("Drift mode")).to_have_value("report")
    panel = page.get_by_role("region", name="Drift")
    await expect(panel).to_contain_text(re.compile("First observed .* by a pull"))
    await expect(panel).to_contain_text("Ringfence does not know who")


async def test_a_group_that_was_loaded_is_not_shown_as_ok_until_it_is_pushed(site, visit):
    site.load_groups("creating", 1)
    page = await visit("/console/groups/?drift=never_pushed")
    await expect(row(page, "group-0000")).to_contain_text("Never pushed")
    await expect(row(page, "group-0000")).to_contain_text("Not in the cloud")
    await page.get_by_role("link", name="group-0000").click()
    await expect(page.locator("h1 + .mark")).to_have_text("Never pushed")
    await page.get_by_role("button", name="Push to the cloud").click()
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    await expect(page.get_by_text("This group is not in the cloud.")).to_have_count(0)
