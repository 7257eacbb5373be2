"""The rule editor: validation, review, apply, concurrent changes, keyboard."""

import re

import pytest
from playwright.async_api import expect
from psycopg.types.json import Jsonb
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def edit(site, visit, name, rules, user="ann"):
    group = site.create(name, rules, tenant="editing")
    page = await visit(f"/console/groups/{group['uuid']}/edit/", user=user)
    await expect(page.get_by_role("table", name="Edit rules")).to_be_visible()
    return group, page


async def review_and_apply(page):
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_change_is_reviewed_and_applied_to_the_cloud(site, visit):
    group, page = await edit(site, visit, "applying", [HTTPS, OFFICE])
    await page.get_by_role("button", name="PostgreSQL").click()
    await page.get_by_label("CIDR, rule 3").fill("10.0.0.0/8")
    await page.get_by_role("button", name="Remove rule 1").click()
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    for text in ("1 rule added, 1 removed", "Unchanged: 1 rule", "TCP 5432", "of 2000"):
        await expect(dialog).to_contain_text(text)
    await dialog.get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(re.compile(rf"/{group['uuid']}/$"))
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("TCP 5432")
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    rules = site.stable(group["uuid"])["rules"]
    assert [(rule["from_port"], rule["cidr"]) for rule in rules] == [
        (22, "198.51.100.0/24"),
        (5432, "10.0.0.0/8"),
    ]
    # The rule that was kept keeps its id.
    assert rules[0]["id"] == group["rules"][1]["id"]


async def test_the_rules_of_a_failed_group_are_changed(site, visit):
    group, page = await edit(site, visit, "failed-rules", [OFFICE])
    with site.client("staff") as client:
        client.post(f"/api/openstack-security-groups/{group['uuid']}/set_erred/", json={})
    await page.get_by_role("button", name="PostgreSQL").click()
    await page.get_by_label("CIDR, rule 2").fill("10.0.0.0/8")
    await expect(page.locator("h1 + .mark")).to_have_text("Failed")
    await review_and_apply(page)
    await expect(page.locator("h1 + .mark")).to_have_text("OK")
    assert len(site.stable(group["uuid"])["rules"]) == 2


async def test_errors_of_the_api_are_shown_at_their_cells(site, visit):
    _, page = await edit(site, visit, "mistaken", [OFFICE])
    ports, end = page.get_by_label("Ports, rule 1"), page.get_by_label("CIDR, rule 1")
    await ports.fill("99999")
    await expect(ports).to_have_attribute("aria-invalid", "true")
    await expect(ports).to_have_accessible_description(re.compile("Ports are 1 to 65535"))
    await expect(page.get_by_text("1 rule to correct.")).to_be_visible()
    await expect(page.get_by_role("button", name="Review")).to_be_disabled()
    await ports.fill("22")
    await end.fill("10/8")
    await expect(end).to_have_accessible_description(re.compile("is not an IPv4 CIDR"))
    await end.fill("")
    # An empty remote is an error, never "anywhere".
    await expect(end).to_have_attribute("aria-invalid", "true")
    await end.fill("10.0.0.0/8")
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()


async def test_the_review_names_unreadable_rules_in_the_cloud(site, visit):
    group, page = await edit(site, visit, "unreadable", [OFFICE])
    site.stable(group["uuid"])
    site.execute_in_cloud(
        "UPDATE security_group_observations SET unreadable = %s WHERE security_group_id ="
        " (SELECT id FROM security_groups WHERE uuid = %s)",
        Jsonb([{"id": "r9", "reason": "ethertype is unknown"}]),
        group["uuid"],
    )
    await page.get_by_label("CIDR, rule 1").fill("10.0.0.0/8")
    await page.get_by_role("button", name="Review").click()
    notice = page.get_by_role("dialog").locator(".notice-warn")
    await expect(notice).to_contain_text("r9: ethertype is unknown")


async def test_opening_to_the_internet_warns_in_the_editor_and_in_the_review(site, visit):
    _, page = await edit(site, visit, "warned", [OFFICE])
    await page.get_by_label("Remote type, rule 1").select_option("all")
    await expect(page.get_by_text("Anybody can reach SSH (22).")).to_be_visible()
    await page.get_by_role("button", name="Review").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Warnings")


async def test_several_rules_are_pasted(site, visit):
    group, page = await edit(site, visit, "pasting", [])
    await page.get_by_role("button", name="Paste rules").click()
    await page.get_by_label(re.compile("One rule per line")).fill(
        "tcp 443 10.0.0.0/8 inner\n"
        "udp 53 from 192.0.2.0/24 # resolver\n"
        "out tcp 8000-8010 2001:db8::/32\n"
        "\n"
        "ssh 198.51.100.7/32"
    )
    await page.get_by_role("button", name="Add 4 rules").click()
    await expect(page.get_by_role("row")).to_have_count(5)
    await review_and_apply(page)
    await expect(page.get_by_role("table", name="Egress rules")).to_contain_text(
        re.compile("8000.8010")
    )
    rules = site.stable(group["uuid"])["rules"]
    shown = [
        (r["direction"], r["ethertype"], r["protocol"], r["from_port"], r["cidr"], r["description"])
        for r in rules
    ]
    assert shown == [
        ("ingress", "IPv4", "tcp", 443, "10.0.0.0/8", "inner"),
        ("ingress", "IPv4", "udp", 53, "192.0.2.0/24", "resolver"),
        ("egress", "IPv6", "tcp", 8000, "2001:db8::/32", ""),
        ("ingress", "IPv4", "tcp", 22, "198.51.100.7/32", ""),
    ]


async def test_cidrs_pasted_into_a_cell_become_rules_like_that_one(site, visit):
    _, page = await edit(site, visit, "pasted-into", [OFFICE])
    await page.get_by_label("CIDR, rule 1").evaluate(
        """element => {
            const data = new DataTransfer();
            data.setData("text", "10.0.0.0/8\\n2001:db8::/32");
            const how = { clipboardData: data, bubbles: true, cancelable: true };
            element.dispatchEvent(new ClipboardEvent("paste", how));
        }"""
    )
    await expect(page.get_by_label("CIDR, rule 3")).to_have_value("2001:db8::/32")
    await expect(page.get_by_label("Ether type, rule 3")).to_have_value("IPv6")
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("22")


async def test_a_remote_group_is_selected_by_name(site, visit):
    site.create("remote-target", tenant="editing")
    group, page = await edit(site, visit, "naming", [OFFICE])
    await page.get_by_label("Remote type, rule 1").select_option("group")
    await page.get_by_label("Remote group, rule 1").fill("remote-tar")
    await page.get_by_label("Remote group, rule 1").press("Tab")
    await expect(page.get_by_label("Remote group, rule 1")).to_have_attribute(
        "aria-invalid", "true"
    )
    await page.get_by_label("Remote group, rule 1").fill("remote-target")
    await review_and_apply(page)
    incoming = page.get_by_role("table", name="Ingress rules")
    await expect(incoming.get_by_role("link", name="remote-target")).to_be_visible()
    assert site.stable(group["uuid"])["rules"][0]["remote_group_name"] == "remote-target"


async def test_the_editor_works_with_the_keyboard(site, visit):
    group, page = await edit(site, visit, "typed", [OFFICE])
    await page.get_by_label("CIDR, rule 1").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Ports, rule 2")).to_be_focused()
    await page.keyboard.type("8443")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("10.1.0.0/16")
    await page.keyboard.press("Control+ArrowUp")
    await expect(page.get_by_label("CIDR, rule 1")).to_be_focused()
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    await page.keyboard.press("Control+Enter")
    apply = page.get_by_role("button", name="Apply")
    await expect(apply).to_be_enabled()
    await apply.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("8443")
    assert len(site.stable(group["uuid"])["rules"]) == 2


async def test_a_concurrent_change_is_merged_without_losing_edits(site, visit):
    group, page = await edit(site, visit, "together", [OFFICE])
    await page.get_by_label("Ports, rule 1").fill("2222")
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("1 rule changed")
    site.set_rules(group["uuid"], [OFFICE | {"id": group["rules"][0]["id"]}, HTTPS])
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("bob changed this group")
    await expect(dialog.get_by_role("alert")).to_contain_text("1 added, 0 removed")
    assert len(site.group(group["uuid"])["rules"]) == 2
    await dialog.get_by_role("button", name="Merge their changes").click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("443")
    await review_and_apply(page)
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("2222")
    ports = [rule["from_port"] for rule in site.stable(group["uuid"])["rules"]]
    assert ports == [2222, 443]


async def test_in_a_table_of_hundreds_only_the_edited_row_is_updated(site, visit):
    rules = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        for port in range(1000, 1300)
    ]
    _, page = await edit(site, visit, "hundreds", rules)
    await expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "301")
    await page.get_by_label("Ports, rule 1", exact=True).focus()
    await page.keyboard.press("Control+End")
    for _ in range(15):
        await page.keyboard.press("Control+ArrowUp")
    await expect(page.get_by_label("Ports, rule 285")).to_be_focused()
    await page.evaluate(
        """() => {
            window.updated = new Set();
            new MutationObserver(changes => {
                for (const { target } of changes) {
                    const row = (target.closest ? target : target.parentElement).closest("tr");
                    window.updated.add(row ? row.dataset.row : "table");
                }
            }).observe(document.querySelector(".editing"), {
                subtree: true, childList: true, attributes: true, characterData: true,
            });
        }"""
    )
    cell = page.get_by_label("Ports, rule 285")
    row = await cell.evaluate("cell => cell.closest('tr').dataset.row")
    await cell.fill("99999")
    await expect(cell).to_have_attribute("aria-invalid", "true")
    await cell.fill("443")
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    assert await page.evaluate("[...window.updated]") == [row]
