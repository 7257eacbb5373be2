"""What is open to the internet, desired or in the cloud, and how to revert or adopt it."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TENANT = "exposed"


def opened(site, name):
    return site.opened_in_cloud(name, [HTTPS], tenant=TENANT)


def overview(site, group):
    with site.client() as client:
        return client.get(f"/api/security-group-overviews/{group['uuid']}/").json()


def undesired(page):
    return page.get_by_role("alert").filter(has_text="Not desired, open to the internet")


async def test_what_only_the_cloud_opens_is_loudest_and_can_be_reverted(site, visit):
    group = opened(site, "opened-in-horizon")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await expect(undesired(page)).to_contain_text("RDP")
    await expect(page.get_by_text("Open to the internet: HTTPS")).to_be_visible()
    first = page.get_by_role("table", name="Ingress rules").locator("tbody tr").first
    await expect(first).to_contain_text("TCP 3389")
    await expect(first).to_contain_text("Only in the cloud")
    await undesired(page).get_by_role("button", name="Revert").click()
    dialog = page.get_by_role("dialog", name="Revert the cloud")
    await expect(dialog).to_contain_text("RDP")
    await dialog.get_by_role("button", name="Revert").click()
    await expect(page.locator("#announcer")).to_contain_text(
        "The cloud has opened-in-horizon as desired."
    )
    await expect(undesired(page)).to_have_count(0)
    assert [each["from_port"] for each in overview(site, group)["open_to_all"]] == [443]


async def test_the_list_marks_what_only_the_cloud_opens_first(site, visit):
    opened(site, "listed")
    page = await visit("/console/groups/?query=listed&is_open_to_all=true")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="listed", exact=True))
    marks = row.locator(".open-mark")
    await expect(marks.first).to_have_text("▲ RDP, in the cloud, not desired")
    await expect(marks.first).to_have_class(re.compile("open-undesired"))
    await expect(marks.nth(1)).to_have_text("HTTPS")


async def test_what_only_the_cloud_opens_can_be_adopted_after_a_review(site, visit):
    group = opened(site, "adopted")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.get_by_label("Drift", exact=True).get_by_role("button", name="Adopt").click()
    dialog = page.get_by_role("dialog", name="Adopt what the cloud has")
    await expect(dialog).to_contain_text("RDP")
    await expect(dialog.get_by_role("button", name="Adopt")).to_be_disabled()
    await dialog.get_by_role("checkbox").check()
    await dialog.get_by_role("button", name="Adopt").click()
    await expect(page.locator("#announcer")).to_contain_text("Version 2 of adopted is in the cloud")
    await expect(undesired(page)).to_have_count(0)
    rules = site.group(group["uuid"])["rules"]
    assert {rule["from_port"] for rule in rules if rule["direction"] == "ingress"} == {443, 3389}
    assert all(
        each["desired"] and each["observed"] for each in overview(site, group)["open_to_all"]
    )


async def test_a_reader_sees_the_opening_and_no_way_to_change_it(site, visit):
    group = opened(site, "watched")
    page = await visit(f"/console/groups/{group['uuid']}/", user="mia")
    await expect(undesired(page)).to_contain_text("RDP")
    await expect(page.get_by_role("button", name="Revert")).to_have_count(0)
    await expect(page.get_by_role("button", name="Adopt")).to_have_count(0)


async def test_halves_other_ports_udp_and_icmp_are_open(site, visit):
    halves = [OFFICE | {"cidr": cidr} for cidr in ("0.0.0.0/1", "128.0.0.0/1")]
    others = [
        {"protocol": "tcp", "from_port": 8443, "to_port": 8443, "cidr": "0.0.0.0/0"},
        {"protocol": "udp", "from_port": 53, "to_port": 53, "cidr": "0.0.0.0/0"},
        {"protocol": "icmp", "from_port": 8, "to_port": -1, "cidr": "0.0.0.0/0"},
    ]
    group = site.create("various", [*halves, *others], tenant=TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    notice = page.locator(".notice-warn", has_text="Open to the internet:")
    for words in ("SSH", "web over TLS", "DNS", "ping"):
        await expect(notice).to_contain_text(words)
    with site.client() as client:
        query = {"is_open_to_all": "true", "name_exact": "various"}
        assert client.get("/api/security-group-overviews/", params=query).json()


async def test_a_lost_opening_is_not_in_the_cloud_yet(site, visit):
    group = site.create("lost", [HTTPS], tenant=TENANT)
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid", group["backend_id"]
    )
    path = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        client.post(f"{path}set_drift_mode/", json={"mode": "report"})
        client.post(f"{path}pull/")
    site.stable(group["uuid"])
    page = await visit(f"/console/groups/{group['uuid']}/")
    await expect(page.locator(".notice", has_text="Desired to be open")).to_contain_text("HTTPS")
    await expect(page.locator(".notice-bad")).to_have_count(0)


async def test_hundreds_of_rules_are_folded_and_filtered(site, visit):
    rules = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        for port in range(1000, 1100)
    ]
    group = site.create("hundred", [*rules, HTTPS], tenant=TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    rows = page.get_by_role("table", name="Ingress rules").locator("tbody tr")
    await expect(rows).to_have_count(25)
    # What is open to the internet comes first, wherever it is in the list.
    await expect(rows.first).to_contain_text("HTTPS")
    await page.get_by_label("Filter rules").fill("tcp 1077")
    await expect(rows).to_have_count(1)
    await page.get_by_label("Filter rules").fill("")
    await page.get_by_role("button", name="Show all 101 rules").click()
    await expect(rows).to_have_count(101)


async def test_the_page_says_who_uses_the_group_and_links_to_them(site, visit):
    group = site.create("used", [HTTPS], tenant=TENANT)
    site.attach(group, "web-1-port", "10.9.0.7", "198.51.100.7")
    site.pull(TENANT)
    page = await visit(f"/console/groups/{group['uuid']}/")
    users = page.get_by_label("Users of the group")
    await expect(users).to_contain_text("10.9.0.7")
    await expect(users).to_contain_text("198.51.100.7")
    await expect(users.locator("li a")).to_have_attribute(
        "href", r"/console/instances/" + _instance(site, group) + "/"
    )
    for link in ("Show on the map", "Can it reach?"):
        await expect(users.get_by_role("link", name=link)).to_be_visible()


def _instance(site, group):
    with site.client() as client:
        query = {"security_group_uuid": group["uuid"]}
        [instance] = client.get("/api/openstack-instances/", params=query).json()
    return instance["uuid"]


async def test_nothing_is_adopted_that_the_cloud_has_lost_since_the_review(site, visit):
    group = opened(site, "adopting-late")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await page.get_by_label("Drift", exact=True).get_by_role("button", name="Adopt").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("checkbox").check()
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid AND port_range_min = 3389",
        group["backend_id"],
    )
    site.pull(TENANT)
    await dialog.get_by_role("button", name="Adopt").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("has changed in the cloud")
    await expect(dialog.get_by_role("checkbox")).to_have_count(0)
    assert [rule["from_port"] for rule in site.group(group["uuid"])["rules"]] == [443]


async def test_a_revert_is_reviewed_again_if_the_cloud_has_lost_more_since(site, visit):
    group = opened(site, "reverting-late")
    page = await visit(f"/console/groups/{group['uuid']}/")
    await undesired(page).get_by_role("button", name="Revert").click()
    dialog = page.get_by_role("dialog")
    revert = dialog.get_by_role("button", name="Revert")
    await expect(revert).to_be_enabled()
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid AND port_range_min = 443",
        group["backend_id"],
    )
    site.pull(TENANT)
    await revert.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("has changed in the cloud")
    await expect(revert).to_be_disabled()
    await dialog.get_by_role("checkbox").check()
    await revert.click()
    await expect(dialog).to_have_count(0)
