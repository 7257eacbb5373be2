"""The ports cell of the rule editor: what it accepts, and its errors."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import OFFICE
from tests.browser.test_rules import edit, review_and_apply

pytestmark = pytest.mark.asyncio(loop_scope="session")

CELL = """async ([base, cells]) => {
    const { bodyOf, newRow, portsError } = await import(`${base}rules/rows.js`);
    return cells.map(([protocol, ports]) => {
        const row = newRow({ protocol, ports, end: "10.0.0.0/8" });
        const { from_port, to_port } = bodyOf(row);
        return [from_port, to_port, portsError(row)];
    });
}"""
READ = [
    ("tcp", "22", (22, 22)),
    ("tcp", " 8000-8100 ", (8000, 8100)),
    ("udp", "8000:8100", (8000, 8100)),
    ("tcp", "8000 \u2013 8100", (8000, 8100)),
    ("tcp", "any", (-1, -1)),
    ("132", "All", (-1, -1)),
    # The API checks the bounds.
    ("tcp", "99999", (99999, 99999)),
    ("icmp", "8", (8, -1)),
    ("icmp", "8/0", (8, 0)),
    ("58", "128/0", (128, 0)),
    ("icmp", "", (-1, -1)),
    ("icmp", "any", (-1, -1)),
    ("47", "", (-1, -1)),
    ("", "", (-1, -1)),
]
REFUSED = [(protocol, "") for protocol in ("tcp", "udp", "6", "17", "06", "33", "132", "136")]
REFUSED += [("tcp", " "), ("udp", "80/443"), ("tcp", "22/tcp"), ("tcp", "80,443"), ("tcp", "-1")]
REFUSED += [
    ("tcp", "443-80"),
    ("udp", "8100:8000"),
    ("tcp", "080"),
    ("tcp", "22.0"),
    ("tcp", "\uff12\uff12"),
    ("tcp", "+22"),
    ("tcp", "1e3"),
]
REFUSED += [("tcp", "22-"), ("tcp", "any 22"), ("tcp", "constructor"), ("tcp", "null")]
REFUSED += [("icmp", "8-0"), ("icmp", "8:0"), ("icmp", "3,11"), ("icmp", "-1"), ("icmp", "8/0/0")]
REFUSED += [("1", "8-0"), ("58", "128:0"), ("", "80/443"), ("47", "22/23")]


async def test_a_cell_is_parsed_like_a_pasted_line(visit):
    page = await visit("/console/", user=None)
    cells = [[protocol, ports] for protocol, ports, _ in READ]
    found = await page.evaluate(CELL, [base(), cells])
    assert found == [[*numbers, ""] for _, _, numbers in READ]


async def test_an_invalid_cell_is_never_sent_as_ports(visit):
    page = await visit("/console/", user=None)
    found = await page.evaluate(CELL, [base(), [list(cell) for cell in REFUSED]])
    for cell, (first, last, said) in zip(REFUSED, found, strict=True):
        assert (first, last) == ("none", "none"), cell
        assert said, cell


async def test_any_must_be_explicit_and_errors_are_shown_at_the_cell(site, visit):
    every = OFFICE | {"from_port": -1, "to_port": -1, "cidr": "192.0.2.0/24"}
    group, page = await edit(site, visit, "said-ports", [OFFICE, every])
    first, every, added = (page.get_by_label(f"Ports, rule {place}") for place in (1, 2, 3))
    review = page.get_by_role("button", name="Review")
    await expect(every).to_have_value("any")
    await page.get_by_role("button", name="Add a rule").click()
    await page.get_by_label("CIDR, rule 3").fill("10.0.0.0/8")
    await expect(added).to_have_accessible_description(re.compile("enter 22, 8000-8100, or any"))
    await expect(review).to_be_disabled()
    await added.fill("80/443")
    await expect(added).to_have_accessible_description(re.compile("Not a valid port"))
    await added.fill("8000:8010")
    await expect(review).to_be_enabled()
    # A cleared cell does not mean any port.
    await first.fill("")
    await expect(first).to_have_attribute("aria-invalid", "true")
    await expect(review).to_be_disabled()
    await first.fill("2222")
    await review_and_apply(page)
    rules = site.stable(group["uuid"])["rules"]
    assert [(rule["from_port"], rule["to_port"], rule["cidr"]) for rule in rules] == [
        (2222, 2222, "198.51.100.0/24"),
        (-1, -1, "192.0.2.0/24"),
        (8000, 8010, "10.0.0.0/8"),
    ]


async def test_port_zero_and_a_reversed_range_are_errors(site, visit):
    _, page = await edit(site, visit, "bounded-ports", [OFFICE])
    ports = page.get_by_label("Ports, rule 1")
    for typed in ("0", "443-80", "0-22"):
        await ports.fill("22")
        await expect(ports).not_to_have_attribute("aria-invalid", "true")
        await ports.fill(typed)
        await expect(ports).to_have_attribute("aria-invalid", "true")
