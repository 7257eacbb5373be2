"""The audit trail: filters, live updates, older pages, context and export."""

import csv
import re
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")


def rows_of(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


async def test_events_arrive_without_a_reload_and_show_their_context(site, visit):
    page = await visit("/console/events/?message=audited")
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    group = site.create("audited", [OFFICE], tenant="operating")
    shown = page.get_by_text("Security group audited has been created.")
    await expect(shown).to_be_visible()
    row = page.get_by_role("row").filter(has=shown)
    await expect(row).to_contain_text("staff")
    await expect(row).to_contain_text("Security group created")
    await shown.click()
    await expect(row.get_by_text("Neutron ID")).to_be_visible()
    await expect(row.get_by_text(group["backend_id"])).to_be_visible()
    # The context stays open when the list is loaded again.
    site.create("audited-2", tenant="operating")
    await expect(page.get_by_text("Security group audited-2 has been created.")).to_be_visible()
    await expect(row.get_by_text(group["backend_id"])).to_be_visible()
    await row.get_by_role("link", name="audited", exact=True).click()
    await expect(page.get_by_role("heading", name="audited", level=1)).to_be_visible()


async def test_an_event_says_which_rules_changed_and_leads_to_the_comparison(site, visit):
    group = site.create("explained", [OFFICE], tenant="operating")
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/set_rules/"
        rule = {"protocol": "tcp", "from_port": 8443, "to_port": 8443, "cidr": "10.9.0.0/16"}
        assert client.post(path, json=[rule]).is_success
    page = await visit("/console/events/?message=explained rules")
    shown = page.get_by_text("Security group explained rules update")
    await shown.click()
    row = page.get_by_role("row").filter(has=shown)
    details = row.locator(".event-context > dl")
    await expect(details.locator("dt")).to_have_text(
        ["By", "Security group", "Tenant", "Project", "Customer", "When", "Rules", "Version"]
    )
    await expect(details).to_contain_text("operating")
    await expect(row.get_by_text("Opens TCP 8443 and closes SSH.")).to_be_visible()
    await expect(row.locator(".event-rules")).to_contain_text("10.9.0.0/16")
    # Identifiers come last, and closed.
    await expect(row.get_by_text(group["uuid"])).not_to_be_visible()
    await row.get_by_text("Identifiers").click()
    await expect(row.get_by_text(group["uuid"])).to_be_visible()
    await row.get_by_role("link", name="Version 2 compared with version 1").click()
    await expect(page.get_by_label("Compare with version")).to_have_value("1")
    await expect(page).to_have_url(re.compile("/history/"))


async def test_an_event_of_drift_says_what_was_open_after_it_was_reverted(site, visit):
    group = site.opened_in_cloud("was-open", [OFFICE], tenant="operating")
    at = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        assert client.post(f"{at}rollback/", json={"version": 1}).is_success
    site.stable(group["uuid"])
    page = await visit("/console/events/?message=was-open")
    found = page.get_by_text("Security group was-open was found changed in the cloud")
    row = page.get_by_role("row").filter(has=found)
    await found.click()
    await expect(row.get_by_role("heading", name="In the cloud only")).to_be_visible()
    await expect(row.locator(".change")).to_contain_text("3389 RDP from anywhere")
    again = page.get_by_text("Security group was-open push of the same rules has been scheduled.")
    row = page.get_by_role("row").filter(has=again)
    await again.click()
    await expect(row.get_by_text("Version", exact=True)).to_be_visible()
    await expect(row.locator(".event-rules")).to_have_count(0)


async def test_an_event_of_a_token_names_it(site, visit):
    with site.client("staff") as client:
        body = {"name": "nightly report", "scopes": ["read"], "expires_at": "2999-12-31T00:00:00Z"}
        made = client.post("/api/personal-access-tokens/", json=body)
        assert made.status_code == 201, made.text
    page = await visit("/console/events/?event_type=token_created", user="staff")
    row = page.get_by_role("row").filter(has=page.get_by_text("A token of user staff")).first
    await row.locator("summary").first.click()
    await expect(row.get_by_text("nightly report")).to_be_visible()


async def test_the_last_hour_is_one_click_away(site, visit):
    site.create("recent", tenant="operating")
    page = await visit("/console/events/?message=recent&created_to=1577836800")
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    await page.get_by_role("button", name="Last hour").click()
    await expect(page.get_by_text("Security group recent has been created.")).to_be_visible()
    await expect(
        page.get_by_role("button", name=re.compile("Remove the filter From"))
    ).to_be_visible()
    kinds = await page.get_by_label("Kind").locator("option").all_inner_texts()
    assert len(kinds) == len(set(kinds))
    await expect(page.get_by_label("Event", exact=True).locator("optgroup").first).to_be_attached()


async def test_filters_are_in_the_url_and_each_has_a_chip(site, visit):
    site.create("filtered-event", tenant="operating")
    page = await visit("/console/events/", user="staff")
    await page.get_by_label("Search messages").fill("filtered-event")
    await expect(page.get_by_text("2 events found")).to_be_visible()
    await page.get_by_label("Kind").select_option("openstack_security_group")
    await expect(page.get_by_text("1 event found")).to_be_visible()
    await expect(page.get_by_label("Event", exact=True).locator("option")).not_to_contain_text(
        ["Token created"]
    )
    await page.get_by_label("User").select_option(label="bob")
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    await page.get_by_role("button", name="Remove the filter bob").click()
    await page.get_by_label("Until").fill("2020-01-01T00:00")
    await expect(page).to_have_url(re.compile(r"created_to=15778\d+"))
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    await page.get_by_role("button", name=re.compile("Remove the filter Until")).click()
    await page.get_by_label("Tenant").select_option(label="operating · Web shop")
    await expect(page.get_by_text("1 event found")).to_be_visible()
    shared = await visit(page.url.removeprefix(site.address), user="sue")
    await expect(shared.get_by_text("1 event found")).to_be_visible()


async def test_older_events_have_a_url_of_their_own_and_back_leads_to_the_newest(site, visit):
    for number in range(30):
        site.create(f"old-{number}", tenant="operating")
    page = await visit("/console/events/?message=old-")
    first = page.get_by_text("Security group old-29 has been created.")
    await expect(first).to_be_visible()
    await page.get_by_role("button", name="Older").click()
    await expect(page.get_by_text("Security group old-0 creation has been")).to_be_visible()
    await expect(first).to_have_count(0)
    site.create("old-newer", tenant="operating")
    await page.reload()
    await expect(page.get_by_text("Security group old-0 creation has been")).to_be_visible()
    await page.go_back()
    await expect(first).to_be_visible()


async def test_the_events_that_are_found_are_exported(site, visit):
    site.create("=1+1 taken along", tenant="operating")
    page = await visit("/console/events/?message=taken along")
    await expect(page.get_by_text("2 events found")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export CSV").click()
    rows = rows_of(await (await download.value).path())
    assert [each["event_type"] for each in rows] == [
        "openstack_security_group_created",
        "resource_creation_scheduled",
    ]
    assert "=1+1 taken along" in rows[0]["message"]
    assert rows[0]["user_username"] == "staff"


async def test_a_user_without_a_role_sees_only_own_events(visit):
    page = await visit("/console/events/", user="nobody")
    await expect(page.get_by_text("A session of user nobody").first).to_be_visible()
    await expect(page.get_by_role("table").get_by_text("Security group")).to_have_count(0)
