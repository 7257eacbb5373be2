"""A CIDR whose address has bits behind the prefix: one address, or the network? It is asked."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.test_table import edit

from ringfence.cli.api.paste.host_bits import host_bits_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEANT = """async ([base, cidrs]) => {
    const { hostBitsOf } = await import(`${base}rules/prefixes.js`);
    return cidrs.map(cidr => hostBitsOf(cidr));
}"""
FAMILIES = """async ([base, texts]) => {
    const { familyOf } = await import(`${base}rules/prefixes.js`);
    return texts.map(text => familyOf(text));
}"""
ASKED = {
    "10.20.30.40/8": (
        "10.20.30.40/32",
        "10.0.0.0/8",
        "10.0.0.0\u201310.255.255.255, 16,777,216 addresses",
    ),
    "192.0.2.7/24": ("192.0.2.7/32", "192.0.2.0/24", "192.0.2.0\u2013192.0.2.255, 256 addresses"),
    "10.0.0.1/31": ("10.0.0.1/32", "10.0.0.0/31", "10.0.0.0\u201310.0.0.1, 2 addresses"),
    "1.2.3.4/0": (
        "1.2.3.4/32",
        "0.0.0.0/0",
        "0.0.0.0\u2013255.255.255.255, 4,294,967,296 addresses",
    ),
    "2001:db8::1/32": (
        "2001:db8::1/128",
        "2001:db8::/32",
        "2001:db8::\u20132001:db8:ffff:ffff:ffff:ffff:ffff:ffff, 2^96 addresses",
    ),
    "2001:DB8:0:0:1::1/80": (
        "2001:DB8:0:0:1::1/128",
        "2001:db8:0:0:1::/80",
        "2001:db8:0:0:1::\u20132001:db8::1:ffff:ffff:ffff, 2^48 addresses",
    ),
    "1:0:0:2:0:0:0:1/126": (
        "1:0:0:2:0:0:0:1/128",
        "1:0:0:2::/126",
        "1:0:0:2::\u20131:0:0:2::3, 4 addresses",
    ),
    "::ffff:10.0.0.1/104": (
        "::ffff:10.0.0.1/128",
        "::ffff:a00:0/104",
        "::ffff:a00:0\u2013::ffff:aff:ffff, 16,777,216 addresses",
    ),
    "1:2:3:4:5:6:7:8/124": (
        "1:2:3:4:5:6:7:8/128",
        "1:2:3:4:5:6:7:0/124",
        "1:2:3:4:5:6:7:0\u20131:2:3:4:5:6:7:f, 16 addresses",
    ),
}
CLEAR = ["10.0.0.0/8", "10.20.30.40/32", "10.20.30.40", "0.0.0.0/0", "::/0", "2001:db8::/32"]
CLEAR += ["2001:db8::1/128", "2001:db8::1"]
UNREADABLE = ["", "10", "10/8", "10.0.0.1/33", "10.0.0.1/8/9", "2001:db8::1/129", "x::1/8", "web"]


async def test_what_a_prefix_with_host_bits_can_mean_is_known(visit):
    page = await visit("/console/", user=None)
    found = await page.evaluate(MEANT, [base(), [*ASKED, *CLEAR, *UNREADABLE]])
    meant = [each and (each["address"], each["network"], each["covers"]) for each in found]
    assert meant == [*ASKED.values(), *[None] * len(CLEAR + UNREADABLE)]


async def test_the_command_line_knows_the_same():
    assert [host_bits_of(cidr) for cidr in (*ASKED, *CLEAR)] == [*ASKED.values(), *[None] * 8]


async def test_an_address_names_its_ip_version_while_it_is_typed(visit):
    page = await visit("/console/", user=None)
    families = {"2001:": "IPv6", "::": "IPv6", "fe80:": "IPv6", "10.": "IPv4", " 192.0": "IPv4"}
    families |= {"": "", "1": "", "fe80": "", "web": "", "web:x": ""}
    assert await page.evaluate(FAMILIES, [base(), [*families]]) == [*families.values()]


async def test_a_pasted_prefix_with_host_bits_is_asked_about_and_never_taken(site, visit):
    _, page = await edit(site, visit, "pasted-prefixes", [])
    await page.get_by_role("button", name="Paste rules").click()
    box = page.get_by_label(re.compile("One rule per line"))
    await box.fill("tcp 22 10.20.30.40/8 office\ntcp 443 2001:db8::7/32\nudp 53 10.1.0.0/16")
    lines = page.get_by_role("list", name="Lines with errors").get_by_role("listitem")
    await expect(lines).to_have_count(2)
    await expect(lines.first).to_contain_text("covers 10.0.0.0\u201310.255.255.255, 16,777,216")
    await expect(page.get_by_role("button", name="Add rules")).to_be_disabled()
    await page.get_by_role("button", name="Use 10.20.30.40/32 in line 1").click()
    await expect(box).to_have_value(re.compile(r"^tcp 22 10\.20\.30\.40/32 office\n"))
    await page.get_by_role("button", name="Use 2001:db8::/32 in line 2").click()
    await page.get_by_role("button", name="Add 3 rules").click()
    await expect(page.get_by_label("CIDR, rule 2")).to_have_value("2001:db8::/32")


async def test_many_pasted_prefixes_are_answered_at_once(site, visit):
    _, page = await edit(site, visit, "many-prefixes", [])
    await page.get_by_role("button", name="Paste rules").click()
    box = page.get_by_label(re.compile("One rule per line"))
    await box.fill("tcp 22 10.1.2.3/16\ntcp 22 10.1.2.3/16,110.1.2.3/16")
    await page.get_by_role("button", name="Use the network in all 2 lines").click()
    # The second line has another one.
    await expect(box).to_have_value("tcp 22 10.1.0.0/16\ntcp 22 10.1.0.0/16,110.1.2.3/16")
