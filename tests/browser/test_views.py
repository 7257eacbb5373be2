"""The list's saved views, chips, orderings and pages."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = f"/console/groups/?tenant_uuid={tenant_uuid('searching')}"


async def test_a_view_is_saved_under_a_name_and_deleted(visit):
    page = await visit(LIST)
    await page.get_by_role("button", name="Save this view").click()
    await page.get_by_label("Name", exact=True).fill("My tenant")
    await page.get_by_role("button", name="Save", exact=True).click()
    views = page.get_by_role("navigation", name="Views")
    await expect(views.get_by_role("link", name="My tenant")).to_have_attribute(
        "aria-current", "page"
    )
    await views.get_by_role("link", name="Failed").click()
    await expect(page).to_have_url(re.compile("state=ERRED$"))
    await page.reload()
    await views.get_by_role("link", name="My tenant").click()
    await expect(page).to_have_url(re.compile(re.escape(LIST) + "$"))
    await views.get_by_role("button", name="Delete the view My tenant").click()
    await expect(views.get_by_role("link", name="My tenant")).to_have_count(0)


async def test_every_filter_of_the_url_has_a_chip_with_its_name(site, visit):
    group = site.create("with-chips", tenant="searching")
    filters = {
        "project_uuid": group["project_uuid"],
        "service_settings_uuid": group["service_settings_uuid"],
        "drift_grade": "opens",
        "external_ip": "203.0.113.9",
        "query": "chips",
    }
    page = await visit(f"{LIST}&" + "&".join(f"{name}={value}" for name, value in filters.items()))
    chips = page.get_by_role("list", name="Filters in use")
    for text in (
        "Project: Web shop",
        "Cloud: east",
        "Drift in the cloud: admits more",
        "On floating IP: 203.0.113.9",
        "Name or description: chips",
        "Tenant: searching",
    ):
        await expect(chips).to_contain_text(text)
    for name in ("On floating IP", "Drift in the cloud"):
        await chips.get_by_role("button", name=f"Remove the filter {name}").click()
    await expect(page.get_by_role("link", name="with-chips")).to_be_visible()
    await expect(page).to_have_url(re.compile("project_uuid=.*service_settings_uuid="))
    await chips.get_by_role("button", name="Clear filters").click()
    await expect(page).to_have_url(re.compile("/console/groups/$"))


async def test_a_page_beyond_the_end_leads_to_the_last_one(site, visit):
    site.create("at-the-end", tenant="searching")
    page = await visit(f"{LIST}&page=9999")
    await expect(page.get_by_text("There is no page 9999: the list has 1 page.")).to_be_visible()
    await expect(page).to_have_url(re.compile(re.escape(LIST) + "$"))
    await expect(page.get_by_role("link", name="at-the-end")).to_be_visible()
    await expect(page.get_by_text("roles")).to_have_count(0)


@pytest.mark.parametrize("column", ["Rules", "Instances", "Internet", "Drift", "Changed"])
async def test_the_list_is_sorted_by_each_column(site, visit, column):
    site.create(f"sorted-by-{column}", [HTTPS, OFFICE], tenant="searching")
    page = await visit(LIST)
    heading = page.get_by_role("columnheader", name=column)
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "descending")
    if column == "Internet":
        await expect(
            page.locator("table.groups tbody tr").first.locator(".open-mark")
        ).to_have_count(1)
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "ascending")


async def test_a_narrow_window_sorts_and_filters_behind_one_button(site, visit):
    site.create("narrow-none", tenant="searching")
    site.create("narrow-many", [HTTPS, OFFICE, HTTPS | {"from_port": 80}], tenant="searching")
    page = await visit(f"{LIST}&q=narrow", viewport={"width": 360, "height": 760})
    await expect(page.get_by_label("State", exact=True)).to_be_hidden()
    first = page.locator("table.groups tbody tr").first
    box = await first.bounding_box()
    assert box["y"] + box["height"] < 760
    await page.get_by_role("button", name="Filters (1)").click()
    await page.get_by_label("Sort by").select_option("-rules_count")
    await expect(first).to_contain_text("narrow-many")


async def test_no_select_is_cut_and_a_row_is_one_line(site, visit):
    site.create("one-line", [HTTPS], tenant="searching", description="A long description " * 8)
    page = await visit(LIST, viewport={"width": 1440, "height": 900})
    await expect(page.get_by_role("link", name="one-line")).to_be_visible()
    heights = await page.locator("table.groups tbody tr").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert max(heights) <= 36
    widths = await page.locator(".filters select:visible").evaluate_all(
        "selects => selects.map(each => each.scrollWidth - each.clientWidth)"
    )
    assert max(widths) <= 0


async def test_the_head_of_the_list_stays_in_view(site, visit):
    site.create("under-the-head", tenant="searching")
    page = await visit(LIST, viewport={"width": 1280, "height": 300})
    await expect(page.get_by_role("link", name="under-the-head")).to_be_visible()
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    head = await page.get_by_role("columnheader", name="Name").bounding_box()
    assert 0 <= head["y"] < 300


async def test_a_group_at_rest_is_quiet_and_one_never_observed_is_not_green(site, visit):
    site.create("at-rest", tenant="searching")
    page = await visit(f"{LIST}&name=at-rest")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="at-rest"))
    await expect(row).to_contain_text("OK")
    await expect(row.locator(".mark-good")).to_have_count(0)


async def test_a_group_with_a_draft_is_marked(site, visit):
    group = site.create("with-a-draft", [OFFICE], tenant="searching")
    page = await visit(f"/console/groups/{group['uuid']}/edit/")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await page.evaluate(
        """async () => {
            const isDraft = name => name.startsWith("ringfence:draft:");
            while (!Object.keys(localStorage).some(isDraft))
                await new Promise(done => setTimeout(done, 50));
        }"""
    )
    await page.goto(f"{LIST}&name=with-a-draft")
    await page.get_by_role("link", name="Draft", exact=True).click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
