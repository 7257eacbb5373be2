"""The table of rules: hundreds of rows, finding, selecting, marks, widths, messages."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.site import EGRESS, HTTPS, OFFICE
from tests.browser.test_quality import AXE, RUN
from tests.browser.test_rules import review_and_apply

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTHS = (360, 640, 767, 768, 800, 900, 990, 1024, 1280, 1440, 2560)
OFF_SCREEN = """() => {
    const controls = ".rule-frame :is(input, select, button), .rule-toolbar *";
    const all = document.querySelectorAll(controls);
    const isShown = each => each.checkVisibility({ visibilityProperty: true })
        && !each.closest("details:not([open])");
    return [...all].filter(isShown).map(each => {
        const { left, right, width } = each.getBoundingClientRect();
        return [each.getAttribute("aria-label") ?? each.textContent, left, right, width];
    }).filter(([, left, right, width]) => left < 0 || right > innerWidth || width < 12);
}"""
RUN_IN_TABLE = RUN.replace("?? document", "?? document.querySelector('.rule-frame')")


def many(number, **values):
    """Return rules that differ by port."""
    port = {"protocol": "tcp", "cidr": "10.0.0.0/8", "description": "office"} | values
    return [port | {"from_port": 1000 + each, "to_port": 1000 + each} for each in range(number)]


async def edit(site, visit, name, rules, **options):
    group = site.create(name, rules, tenant="table")
    page = await visit(f"/console/groups/{group['uuid']}/edit/", **options)
    await expect(page.get_by_role("table", name="Edit rules")).to_be_visible()
    return group, page


async def shown_ports(page):
    return await page.get_by_label(re.compile(r"^Ports, rule \d+$")).evaluate_all(
        "cells => cells.map(cell => cell.value)"
    )


async def test_of_a_thousand_rules_those_in_the_window_are_in_the_document(site, visit):
    _, page = await edit(site, visit, "thousand", many(1000))
    table = page.get_by_role("table", name="Edit rules")
    await expect(table).to_have_attribute("aria-rowcount", "1001")
    assert await page.locator(".editing tr").count() < 120
    last = page.get_by_label("Ports, rule 1000", exact=True)
    await expect(last).to_have_count(0)
    first = page.get_by_label("Ports, rule 1", exact=True)
    await first.focus()
    await page.keyboard.press("Control+End")
    await expect(last).to_be_focused()
    await expect(last).to_be_in_viewport()
    await expect(page.locator("tr", has=last)).to_have_attribute("aria-rowindex", "1001")
    for _ in range(60):
        await page.keyboard.press("Control+ArrowUp")
    cell = page.get_by_label("Ports, rule 940", exact=True)
    await expect(cell).to_be_focused()
    await expect(cell).to_be_in_viewport()
    # The row with the focus stays when the window moves away from it.
    await page.evaluate("scrollTo(0, 0)")
    await expect(first).to_be_in_viewport()
    await expect(cell).to_be_focused()
    await page.keyboard.press("Control+Home")
    await expect(first).to_be_focused()


async def test_the_head_and_the_tools_stay_in_the_window(site, visit):
    _, page = await edit(site, visit, "sticky", many(150))
    await page.get_by_label("Ports, rule 1", exact=True).focus()
    await page.keyboard.press("Control+End")
    await expect(page.get_by_label("Ports, rule 150", exact=True)).to_be_focused()
    await expect(page.get_by_role("columnheader", name="Protocol")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_label("Find rules")).to_be_in_viewport(ratio=1)
    # Nothing covers the cell with the focus.
    await page.keyboard.press("Control+Home")
    assert await page.evaluate(
        """() => {
            const cell = document.activeElement;
            const { x, y, width, height } = cell.getBoundingClientRect();
            return document.elementFromPoint(x + width / 2, y + height / 2) === cell;
        }"""
    )


async def test_rules_are_found_by_port_address_group_and_description(site, visit):
    target = site.create("found-target", tenant="table")
    rules = [
        OFFICE | {"description": "from home"},
        HTTPS | {"from_port": 400, "to_port": 500},
        OFFICE | {"cidr": "10.4.0.0/16", "from_port": 5432, "to_port": 5432},
        {"protocol": "tcp", "from_port": 80, "to_port": 80, "remote_group": target["url"]},
    ]
    _, page = await edit(site, visit, "finding", rules)
    find = page.get_by_label("Find rules")
    status = page.get_by_role("status").filter(has_text="of 4 rules")
    for text, ports in {
        "22": ["22"],
        "443": ["400\u2013500"],
        "10.4.7.9": ["400\u2013500", "5432"],
        "found-target": ["80"],
        "HOME": ["22"],
        "postgresql": ["5432"],
        "anywhere": ["400\u2013500"],
        "tcp 80": ["80"],
        "nothing": [],
    }.items():
        await find.fill(text)
        await expect(status).to_have_text(f"{len(ports)} of 4 rules")
        assert await shown_ports(page) == ports, text
    await expect(page.get_by_text("No rule matches.")).to_be_visible()
    # A row keeps its number, and stays while it is edited.
    await find.fill("5432")
    await page.get_by_label("Ports, rule 3").fill("5433")
    await expect(page.get_by_label("Ports, rule 3")).to_be_focused()
    await find.fill("")
    await page.get_by_role("button", name="Open to the internet 1").click()
    assert await shown_ports(page) == ["400\u2013500"]


async def test_rules_with_all_words_together_are_found_first(site, visit):
    rules = [
        OFFICE | {"from_port": port, "to_port": port, "description": name}
        for port, name in [(1100, "partner 7"), (2100, "partner 1001"), (22, "partner 100")]
    ]
    _, page = await edit(site, visit, "found-first", rules)
    await page.get_by_label("Find rules").fill("partner 100")
    await expect(page.get_by_text("3 of 3 rules")).to_be_visible()
    assert await shown_ports(page) == ["22", "2100", "1100"]
    await page.get_by_role("button", name="Remove rule 3").click()
    await expect(page.get_by_text("2 of 2 rules, and 1 removed")).to_be_visible()


async def test_a_changed_cell_shows_what_was_in_it(site, visit):
    _, page = await edit(site, visit, "old-values", [OFFICE | {"description": "office"}])
    await page.get_by_label("Ports, rule 1").fill("2200")
    await page.get_by_label("CIDR, rule 1").fill("192.0.2.0/24")
    await page.get_by_label("Description, rule 1").fill("")
    await expect(page.locator(".editing .was")).to_have_text(
        ["was 22", "was 198.51.100.0/24", "was office"]
    )
    await page.get_by_label("Description, rule 1").fill("office")
    await expect(page.locator(".editing .was")).to_have_count(2)


async def test_a_remote_group_is_wrong_only_after_its_field_was_left(site, visit):
    site.create("naming-target", tenant="table")
    _, page = await edit(site, visit, "naming-late", [OFFICE])
    await page.get_by_label("Remote type, rule 1").select_option("group")
    group = page.get_by_label("Remote group, rule 1")
    await expect(page.get_by_text("1 rule to correct.")).to_be_visible()
    await expect(page.locator(".editing .field-error")).to_have_count(0)
    await group.fill("naming-tar")
    await expect(page.get_by_text("1 rule to correct.")).to_be_visible()
    await expect(page.locator(".editing .field-error")).to_have_count(0)
    # Enter takes a suggestion, and adds no row.
    await group.press("Enter")
    await expect(page.get_by_label(re.compile("^Ports, rule"))).to_have_count(1)
    await group.press("Tab")
    await expect(group).to_have_accessible_description(
        "No group named “naming-tar” in this tenant."
    )
    # The message is below its field.
    field, message = [
        await each.bounding_box() for each in (group, page.locator(".editing .field-error"))
    ]
    assert abs(message["x"] - field["x"]) < 12
    assert message["y"] >= field["y"] + field["height"]


async def test_an_empty_row_is_no_rule(site, visit):
    group, page = await edit(site, visit, "blank-row", [OFFICE])
    await page.get_by_role("button", name="Add a rule").click()
    await expect(page.locator(".editor-foot")).to_contain_text("No changes.")
    await page.get_by_label("Ports, rule 1").fill("2200")
    await review_and_apply(page)
    assert [rule["from_port"] for rule in site.stable(group["uuid"])["rules"]] == [2200]


async def test_rows_with_errors_and_changed_rows_are_listed_alone(site, visit):
    _, page = await edit(site, visit, "listed", many(80))
    await page.get_by_label("Ports, rule 3", exact=True).fill("99999")
    await page.get_by_label("Description, rule 5", exact=True).fill("changed")
    await page.get_by_role("button", name="With errors 1").click()
    assert await shown_ports(page) == ["99999"]
    await page.get_by_role("button", name="With errors 1").click()
    await page.get_by_role("button", name="Changed 2").click()
    assert await shown_ports(page) == ["99999", "1004"]


async def test_rows_are_folded_by_their_remote(site, visit):
    rules = [*many(3), *many(2, cidr="192.0.2.0/24"), EGRESS]
    _, page = await edit(site, visit, "folding", rules)
    await page.get_by_label("Group rules by").select_option("remote")
    head = page.get_by_role("button", name="192.0.2.0/24 2 rules")
    await expect(head).to_have_attribute("aria-expanded", "true")
    await head.press("Enter")
    await expect(head).to_have_attribute("aria-expanded", "false")
    await expect(page.get_by_label("CIDR, rule 4")).to_have_count(0)
    # A row stays in its group while it is edited.
    await page.get_by_label("CIDR, rule 1").fill("10.0.0.0/9")
    await expect(page.get_by_role("button", name="10.0.0.0/8 3 rules")).to_be_visible()
    await page.get_by_label("Select all rules of 192.0.2.0/24").check()
    await page.get_by_role("button", name="Remove selected").click()
    await page.get_by_role("button", name="192.0.2.0/24 0 rules, 2 removed").click()
    await expect(page.get_by_role("button", name=re.compile("^Restore TCP 100"))).to_have_count(2)
    await page.get_by_label("Group rules by").select_option("")
    await expect(page.get_by_label(re.compile("^Ports, rule"))).to_have_count(4)


async def test_selected_rows_are_changed_together(site, visit):
    group, page = await edit(site, visit, "selecting", many(6))
    await page.get_by_label("Select rule 2").check()
    await page.get_by_label("Select rule 4").click(modifiers=["Shift"])
    await expect(page.get_by_text("3 rules selected")).to_be_visible()
    await page.get_by_role("button", name="Set description").click()
    await expect(page.get_by_label("Description of the selected rules")).to_be_focused()
    await page.keyboard.type("database")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Set description")).to_be_focused()
    await page.get_by_role("button", name="Set remote").click()
    await page.get_by_label("Remote of the selected rules").fill("2001:db8::/32")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Clear selection").click()
    await page.get_by_label("Select rule 6").check()
    await page.get_by_role("button", name="Copy selected").click()
    await page.get_by_label("Ports, rule 7").fill("7000")
    await page.get_by_label("Select rule 6").uncheck()
    await page.get_by_label("Select rule 1").check()
    await page.get_by_role("button", name="Remove selected").click()
    await review_and_apply(page)
    rules = site.stable(group["uuid"])["rules"]
    assert [(rule["from_port"], rule["cidr"], rule["description"]) for rule in rules] == [
        *((1000 + port, "2001:db8::/32", "database") for port in (1, 2, 3)),
        (1004, "10.0.0.0/8", "office"),
        (1005, "10.0.0.0/8", "office"),
        (7000, "10.0.0.0/8", "office"),
    ]


async def test_new_changed_and_removed_rows_are_marked_and_put_back(site, visit):
    _, page = await edit(site, visit, "marking", [HTTPS, OFFICE, EGRESS])
    await page.get_by_label("Description, rule 1").fill("changed")
    await page.get_by_role("button", name="Remove rule 2").click()
    await page.get_by_role("button", name="Add a rule").click()
    marks = page.locator(".editing .row-mark")
    await expect(marks).to_have_text(["≠ changed", "\u2212 removed", "+ new"])
    await expect(page.locator(".is-removed del").last).to_be_attached()
    await page.get_by_role("button", name="Restore TCP 22 (SSH), 198.51.100.0/24").click()
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("22")
    await expect(page.get_by_label("Ports, rule 2")).to_be_focused()
    await expect(marks).to_have_text(["≠ changed", "+ new"])
    await page.get_by_label("Description, rule 1").fill("")
    await expect(marks).to_have_text(["+ new"])


async def test_every_column_and_button_is_on_screen_at_every_width(site, visit):
    rules = [HTTPS, OFFICE | {"cidr": "198.51.100.128/25"}, EGRESS]
    _, page = await edit(site, visit, "widths", [*rules, OFFICE | {"protocol": "132"}])
    await page.get_by_role("button", name="Remove rule 3").click()
    found = {}
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.reload()
        await expect(page.get_by_role("table", name="Edit rules")).to_be_visible()
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        hidden = await page.evaluate(OFF_SCREEN)
        if hidden or await page.evaluate(overflow) > 0:
            found[width] = hidden
    assert found == {}


async def test_dense_rows_are_remembered(site, visit):
    _, page = await edit(site, visit, "dense", many(20))
    row = page.locator(".editing tbody tr").first
    low = "row => row.offsetHeight <= 34"
    assert await row.evaluate(low)
    await page.get_by_role("button", name="Dense rows").click()
    assert not await row.evaluate(low)
    await page.reload()
    await expect(page.get_by_role("button", name="Dense rows")).to_have_attribute(
        "aria-pressed", "false"
    )


async def test_messages_use_the_words_of_the_field(site, visit):
    _, page = await edit(site, visit, "wording", [OFFICE, HTTPS])
    await page.get_by_label("Remote type, rule 1").select_option("group")
    group = page.get_by_label("Remote group, rule 1")
    await group.fill("no-such-group")
    await group.press("Tab")
    await expect(group).to_have_accessible_description(
        "No group named “no-such-group” in this tenant."
    )
    await page.get_by_label("Remote type, rule 1").select_option("cidr")
    cidr = page.get_by_label("CIDR, rule 1")
    for typed, said in {
        "10/8": "“10/8” is not an IPv4 CIDR: enter one such as 10.0.0.0/8.",
        "10.0.0.0/33": "“10.0.0.0/33” is not an IPv4 CIDR: enter one such as 10.0.0.0/8.",
        "any": "For any address, choose Anywhere.",
        "": "Enter a CIDR, such as 10.0.0.0/8, or choose Anywhere.",
    }.items():
        await cidr.fill(typed)
        await expect(cidr).to_have_accessible_description(said)
    await cidr.fill("192.0.2.0/24")
    ports = page.get_by_label("Ports, rule 1")
    await ports.fill("0")
    await expect(ports).to_have_accessible_description(re.compile("^Ports are 1 to 65535"))
    await page.get_by_label("Protocol, rule 1").select_option("other")
    number = page.get_by_label("Protocol number, rule 1")
    await number.fill("999")
    await expect(page.get_by_text("“999” is not a protocol: enter a number")).to_be_visible()
    await number.fill("47")
    await ports.fill("22")
    await expect(ports).to_have_accessible_description(re.compile("This protocol has no ports"))


async def test_a_rule_that_repeats_another_is_named_with_its_number(site, visit):
    _, page = await edit(site, visit, "repeating", [OFFICE, HTTPS])
    await page.get_by_role("button", name="Copy rule 1").click()
    await expect(page.get_by_text("The same as rule 1: remove one of them.")).to_be_visible()
    await page.get_by_label("Ports, rule 2").fill("23")
    await expect(page.get_by_text("The same as rule 1")).to_have_count(0)


async def test_a_typed_address_sets_the_ether_type_of_its_row(site, visit):
    _, page = await edit(site, visit, "switching", [OFFICE])
    cidr, family = page.get_by_label("CIDR, rule 1"), page.get_by_label("Ether type, rule 1")
    await cidr.fill("2001:db8::/32")
    await expect(family).to_have_value("IPv6")
    await expect(page.get_by_text("Ether type is now IPv6.")).to_be_visible()
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    await cidr.fill("10.0.0.0/8")
    await expect(family).to_have_value("IPv4")
    await expect(page.get_by_text("Ether type is now")).to_have_count(0)
    await cidr.fill("fd00::/8")
    await cidr.fill("")
    await expect(family).to_have_value("IPv4")


async def test_a_new_row_is_not_marked_as_wrong_before_it_was_left(site, visit):
    _, page = await edit(site, visit, "untouched", [OFFICE])
    await page.get_by_role("button", name="Add a rule").click()
    wrong = page.locator(".editing [aria-invalid=true]")
    await expect(wrong).to_have_count(0)
    await page.get_by_label("Ports, rule 2").fill("8443")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("CIDR, rule 2")).to_be_focused()
    await expect(wrong).to_have_count(0)
    await page.get_by_label("Description, rule 1").focus()
    await expect(page.get_by_label("CIDR, rule 2")).to_have_attribute("aria-invalid", "true")


async def test_a_typed_prefix_with_host_bits_is_asked_about(site, visit):
    group, page = await edit(site, visit, "asking", [OFFICE, HTTPS])
    cidr = page.get_by_label("CIDR, rule 1")
    await cidr.fill("10.20.30.40/8")
    await expect(cidr).to_have_accessible_description(
        "Covers 10.0.0.0\u201310.255.255.255, 16,777,216 addresses. Which is meant?"
    )
    await expect(page.get_by_role("button", name="Review")).to_be_disabled()
    await page.get_by_role("button", name="Use 10.0.0.0/8 in rule 1").click()
    await expect(cidr).to_have_value("10.0.0.0/8")
    await expect(cidr).to_be_focused()
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    await cidr.fill("2001:db8::1/32")
    await page.get_by_role("button", name="Use 2001:db8::1/128 in rule 1").click()
    await review_and_apply(page)
    assert site.stable(group["uuid"])["rules"][0]["cidr"] == "2001:db8::1/128"


async def test_host_bits_of_an_existing_rule_do_not_block_other_changes(site, visit):
    _, page = await edit(site, visit, "keeping", [OFFICE | {"cidr": "10.20.30.40/8"}])
    await page.get_by_label("Description, rule 1").fill("kept")
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    await expect(page.get_by_text("Covers 10.0.0.0\u201310.255.255.255")).to_be_visible()


async def test_a_service_is_typed_by_its_name(site, visit):
    _, page = await edit(site, visit, "services", [OFFICE])
    ports, protocol = page.get_by_label("Ports, rule 1"), page.get_by_label("Protocol, rule 1")
    for typed, number, name in (("ssh", "22", "tcp"), ("DNS", "53", "udp"), ("ntp", "123", "udp")):
        await ports.fill(typed)
        await expect(ports).not_to_have_attribute("aria-invalid", "true")
        await page.keyboard.press("Tab")
        await expect(ports).to_have_value(number)
        await expect(protocol).to_have_value(name)
    await ports.fill("sshh")
    await expect(ports).to_have_attribute("aria-invalid", "true")


async def test_ctrl_enter_reviews_from_everywhere_in_the_editor(site, visit):
    _, page = await edit(site, visit, "shortcut", [OFFICE])
    await page.get_by_label("Description, rule 1").fill("changed")
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
    for place in (
        page.get_by_role("button", name="Add a rule"),
        page.get_by_label("Find rules"),
        page.get_by_role("link", name="History"),
        page.get_by_label("Description, rule 1"),
    ):
        await place.focus()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        # It opens no second one.
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("dialog")).to_have_count(1)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_selected_folded_removed_and_wrong_rows_are_accessible(site, visit, theme, width):
    rules = [*many(3), *many(3, cidr="192.0.2.0/24"), EGRESS]
    size = {"width": width, "height": 800}
    name = f"accessible-{theme}-{width}"
    _, page = await edit(site, visit, name, rules, color_scheme=theme, viewport=size)
    await page.get_by_role("button", name="Remove rule 2").click()
    await page.get_by_label("CIDR, rule 1").fill("10.1.2.3/8")
    await page.get_by_label("CIDR, rule 2").fill("2001:db8::/32")
    await page.get_by_label("Group rules by").select_option("remote")
    await page.get_by_role("button", name="192.0.2.0/24 3 rules").click()
    await page.get_by_label("Select all rules of 192.0.2.0/24").check()
    await expect(page.get_by_role("button", name="Use 10.0.0.0/8 in rule 1")).to_be_visible()
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await page.evaluate(RUN_IN_TABLE) == []
    await page.get_by_role("button", name="Set remote").click()
    assert await page.evaluate(RUN_IN_TABLE) == []
