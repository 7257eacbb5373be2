"""The status of the synchronisation, and confirming a mass removal that a pull held back."""

import pytest
from playwright.async_api import expect
from tests.browser.site import OFFICE

OPENS = """
    INSERT INTO sandbox_rules
        (group_id, direction, ethertype, protocol, port_range_min, port_range_max, remote_ip_prefix)
    VALUES (%s::uuid, 'ingress', 'IPv4', 'tcp', 5900, 5900, '0.0.0.0/0')
"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_staff_confirms_a_mass_removal(site, visit):
    groups = [site.create(f"vanished-{number}", tenant="vanishing") for number in range(7)]
    for group in groups:
        site.execute_in_cloud("DELETE FROM sandbox_groups WHERE id = %s::uuid", group["backend_id"])
    page = await visit("/console/clouds/", user="staff")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="vanishing"))
    await row.get_by_role("button", name="Pull now").click()
    await expect(row).to_contain_text("missing")
    await row.get_by_role("button", name="Confirm").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nothing is deleted.")
    await dialog.get_by_role("button", name="Mark as failed").click()
    await row.get_by_role("link", name="Failed 7").click()
    await expect(page.get_by_text("7 groups found")).to_be_visible()
    await expect(page.get_by_role("cell", name="Failed")).to_have_count(7)


async def test_support_sees_the_status_and_cannot_pull(visit):
    page = await visit("/console/clouds/", user="sue")
    await expect(page.get_by_role("heading", name="east")).to_be_visible()
    await expect(page.get_by_role("button", name="Pull now")).to_have_count(0)


async def test_drift_is_shown_by_its_grade_and_leads_to_its_groups(site, visit):
    opening = site.create("graded-opens", [OFFICE], tenant="operating")
    closing = site.create("graded-closes", [OFFICE], tenant="operating")
    with site.client("staff") as client:
        for group in (opening, closing):
            path = f"/api/openstack-security-groups/{group['uuid']}/set_drift_mode/"
            client.post(path, json={"mode": "report"})
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid", closing["backend_id"]
    )
    site.execute_in_cloud(OPENS, opening["backend_id"])
    site.pull("operating")
    page = await visit("/console/clouds/", user="sue")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="operating"))
    await expect(row.get_by_role("link", name="Drift opens")).to_be_visible()
    await row.get_by_role("link", name="Drift closes").click()
    await expect(page.get_by_role("link", name="graded-closes")).to_be_visible()
    await expect(page.get_by_role("link", name="graded-opens")).to_have_count(0)


async def test_a_tenant_in_sync_is_quiet(site, visit):
    site.create("quiet", [OFFICE], tenant="export")
    site.pull("export")
    page = await visit("/console/clouds/", user="sue")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="export"))
    await expect(row.get_by_role("cell", name="None", exact=True)).to_be_visible()
    await expect(row.locator(".mark")).to_have_count(0)


async def test_a_tenant_that_was_never_pulled_is_not_in_sync(site, visit):
    with site.client("staff") as client:
        tenants = client.get("/api/sync-status/").json()
    assert any(not tenant["pulled_at"] for tenant in tenants)
    page = await visit("/console/clouds/", user="sue")
    head = page.locator(".cloud-head").first
    await expect(head).to_contain_text("never pulled")
    await expect(head).not_to_contain_text("all in sync")


async def test_groups_with_another_drift_mode_than_their_tenant_are_counted(site, visit):
    group = site.create("other-mode", [OFFICE], tenant="operating")
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/set_drift_mode/"
        assert client.post(path, json={"mode": "enforce"}).is_success
        [tenant] = [
            each for each in client.get("/api/sync-status/").json() if each["tenant"] == "operating"
        ]
        assert tenant["other_modes"] >= 1
    page = await visit("/console/clouds/", user="sue")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="operating"))
    await expect(row).to_contain_text("another")
