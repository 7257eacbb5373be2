"""The page for a new group: drafts, review, copies to another tenant, who may create."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = f"/console/groups/new/?tenant={tenant_uuid('drafts')}"
REMOTE_DESKTOP = 3389


def is_missing(site, name):
    with site.client("staff") as client:
        found = client.get("/api/openstack-security-groups/", params={"name_exact": name})
    return found.json() == []


async def test_a_new_group_is_kept_as_a_draft_until_it_is_created(visit):
    page = await visit(NEW)
    await page.get_by_label("Name").fill("drafted")
    await page.get_by_label("Description", exact=True).fill("For later")
    await page.get_by_role("button", name="HTTPS").click()
    await page.get_by_role("link", name="Cancel").click()
    await expect(page).to_have_url(re.compile("/console/groups/$"))
    await page.go_back()
    await expect(page.get_by_label("Name")).to_have_value("drafted")
    await page.reload()
    await expect(page.get_by_text("You have unapplied changes from")).to_be_visible()
    await expect(page.get_by_label("Description", exact=True)).to_have_value("For later")
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("443")
    await page.get_by_label("CIDR, rule 1").fill("10.0.0.0/8")
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Create group").click()
    await expect(page.get_by_role("heading", name="drafted", level=1)).to_be_visible()
    await page.goto(NEW)
    await expect(page.get_by_label("Name")).to_have_value("")


@pytest.mark.parametrize("way", ["Enter in the name", "Ctrl+Enter in the name", "Ctrl+Enter"])
async def test_every_way_to_create_a_group_leads_through_the_review(site, visit, way):
    name = f"reviewed-{len(way)}"
    page = await visit(NEW)
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Add a rule").click()
    await page.get_by_label("Ports, rule 1").fill(str(REMOTE_DESKTOP))
    await page.get_by_label("Remote type, rule 1").select_option("all")
    # What it would open is said while it is typed.
    foot = page.get_by_role("status").filter(has_text="Rules in the tenant:")
    await expect(foot).to_contain_text("RDP becomes open to the internet")
    cell = "Ports, rule 1" if way == "Ctrl+Enter" else "Name"
    await page.get_by_label(cell).press("Enter" if way.startswith("Enter") else "Control+Enter")
    dialog = page.get_by_role("dialog", name=f"Review {name}")
    await expect(dialog).to_contain_text(re.compile("internet", re.IGNORECASE))
    assert is_missing(site, name)
    # Opening a door to the internet needs a tick of its own.
    await expect(dialog.get_by_role("button", name="Create group")).to_be_disabled()
    await dialog.get_by_role("checkbox").check()
    await dialog.get_by_role("button", name="Create group").click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    [rule] = site.stable(site.group_named(name)["uuid"])["rules"]
    assert rule["from_port"] == REMOTE_DESKTOP


async def copied(site, visit, name):
    """Open a copy of a group with two remote groups in another tenant, which has one of them."""
    ends = [site.create(f"{name}-{end}", tenant="drafts") for end in ("both", "only")]
    remote = [OFFICE | {"cidr": None, "remote_group": end["url"]} for end in ends]
    twin = site.create(f"{name}-both", tenant="creating")
    source = site.create(name, [HTTPS, *remote], tenant="drafts")
    page = await visit(f"/console/groups/new/?copy={source['uuid']}")
    await page.get_by_label("Tenant").select_option(tenant_uuid("creating"))
    return twin, page


async def test_a_copy_to_another_tenant_offers_what_its_remote_groups_can_become(site, visit):
    twin, page = await copied(site, visit, "moved")
    choices = page.get_by_role("region", name="2 rules refer to groups that are not in creating")
    await expect(page.get_by_label("Remote group, rule 3")).to_have_accessible_description(
        "moved-only is not a group of creating."
    )
    await expect(page.get_by_text("Invalid hyperlink")).to_have_count(0)
    second, third = (choices.get_by_role("group", name=f"Rule {number}") for number in (2, 3))
    await expect(third.get_by_role("button", name=re.compile("^Use "))).to_have_count(0)
    await second.get_by_role("button", name="Use moved-both of creating").click()
    await third.get_by_role("button", name="Enter a CIDR").click()
    await expect(page.get_by_label("CIDR, rule 3")).to_be_focused()
    await page.keyboard.type("10.0.0.0/8")
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("checkbox").check()
    await dialog.get_by_role("button", name="Create group").click()
    await expect(page.get_by_role("heading", name="moved-copy", level=1)).to_be_visible()
    rules = site.stable(site.group_named("moved-copy")["uuid"])["rules"]
    assert [(rule["remote_group"], rule["cidr"]) for rule in rules] == [
        (None, "0.0.0.0/0"),
        (twin["url"], None),
        (None, "10.0.0.0/8"),
    ]


async def test_the_rules_of_a_copy_that_do_not_fit_are_removed_at_once(site, visit):
    _, page = await copied(site, visit, "trimmed")
    await page.get_by_role("button", name="Remove all 2 rules").click()
    await expect(page.get_by_role("region", name=re.compile("refer"))).to_have_count(0)
    await expect(page.get_by_role("button", name=re.compile("^Remove rule"))).to_have_count(1)
    await page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    await expect(page.get_by_role("region", name=re.compile("2 rules refer"))).to_be_visible()


async def test_no_tenant_of_several_is_preselected(visit):
    page = await visit("/console/groups/new/")
    tenant = page.get_by_label("Tenant")
    await expect(tenant).to_have_value("")
    await expect(page.get_by_role("status").filter(has_text="Choose a tenant.")).to_be_visible()
    await tenant.select_option(tenant_uuid("creating"))
    await expect(page.get_by_text("The group has no name yet.")).to_be_visible()
    # The last choice is offered the next time.
    await page.get_by_role("link", name="Cancel").click()
    await page.get_by_role("link", name="New group").first.click()
    await expect(page.get_by_label("Tenant")).to_have_value(tenant_uuid("creating"))


async def test_a_tenant_is_searched(visit):
    page = await visit(NEW)
    options = page.get_by_label("Tenant").get_by_role("option")
    await expect(options.first).to_contain_text("access")
    await page.get_by_role("searchbox").fill("web crea")
    # What is chosen stays in the list.
    await expect(options).to_have_text([re.compile("^drafts"), re.compile("^creating")])
    await expect(page.get_by_text("1 found")).to_be_visible()
    await page.get_by_label("Tenant").select_option(tenant_uuid("creating"))
    await expect(options).to_have_text([re.compile("^creating")])


async def test_who_cannot_create_groups_is_told_who_can(visit):
    page = await visit("/console/groups/new/", user="mia")
    await expect(page.get_by_text("You cannot create groups in any tenant")).to_be_visible()
    await expect(page.locator(".empty")).to_contain_text(
        "In Web shop, ask an administrator or manager of the project, or an owner of Acme."
    )
    await expect(page.get_by_role("link", name="All groups")).to_be_visible()
