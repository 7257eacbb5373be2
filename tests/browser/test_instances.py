"""Instances: their effective rules, who can reach them, and verdicts between two ends."""

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import EGRESS, tenant_uuid

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("groups")]

TENANT = "instances"
OFFICE = "198.51.100.0/24"


@pytest.fixture(scope="module")
def groups(site):
    """Web servers that the world reaches at 443 and the office at 22; a database for them."""
    rule = {"protocol": "tcp", "ethertype": "IPv4"}
    world = rule | {"from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0", "description": "HTTPS"}
    office = rule | {"from_port": 22, "to_port": 22, "cidr": OFFICE}
    front = site.create("front", [world, office, EGRESS], TENANT)
    inner = rule | {"from_port": 5432, "to_port": 5432, "remote_group": front["url"]}
    back = site.create("back", [inner], TENANT)
    site.attach(front, "front-1", "10.7.0.5", "203.0.113.70")
    site.attach(back, "back-1", "10.7.0.9")
    site.pull(TENANT)


async def test_the_list_finds_instances_and_shows_their_addresses_and_groups(visit):
    page = await visit("/console/instances/")
    await page.get_by_label("Search instances by name or address").fill("10.7.0.5")
    row = page.get_by_role("row").filter(has_text="front-1")
    await expect(page.locator("table.instances tbody tr")).to_have_count(1)
    await expect(row).to_contain_text("10.7.0.5")
    await expect(row).to_contain_text("203.0.113.70")
    await row.get_by_role("link", name="front", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("front")


async def test_a_page_that_the_list_does_not_have_leads_to_the_first(visit):
    page = await visit("/console/instances/?page=9999")
    await expect(page.locator(".empty")).to_contain_text("no page 9999")
    await page.get_by_role("button", name="First page").click()
    await expect(page.locator("table.instances")).to_be_visible()


async def test_an_instance_shows_what_is_admitted_and_by_which_rule(site, visit):
    page = await visit(f"/console/instances/{site.instance_uuid('front-1')}/")
    ingress = page.locator(".effective").first
    internet = ingress.get_by_role("row").filter(has_text="TCP 443")
    await expect(internet).to_contain_text("anywhere")
    await expect(internet.locator(".open-mark")).to_have_count(1)
    await expect(internet).to_contain_text("front: TCP 443 (HTTPS) from anywhere")
    await expect(ingress.get_by_role("row").filter(has_text="TCP 22")).to_contain_text(OFFICE)


async def test_an_instance_shows_who_can_reach_a_port(site, visit):
    page = await visit(f"/console/instances/{site.instance_uuid('back-1')}/")
    await page.get_by_label("Port").fill("5432")
    await page.get_by_role("button", name="Show").click()
    sources = page.locator(".sources")
    await expect(sources).to_contain_text("1 port")
    await expect(sources).to_contain_text("10.7.0.5")
    await expect(sources.locator(".open-mark")).to_have_count(0)
    await page.get_by_label("Port").fill("5433")
    await page.get_by_role("button", name="Show").click()
    await expect(sources).to_contain_text("Nobody")


async def test_a_refused_packet_names_the_nearest_rule(visit):
    page = await visit(f"/console/reach/?tenant={tenant_uuid(TENANT)}")
    await page.get_by_label("From", exact=True).fill("203.0.113.9")
    await page.get_by_label("To", exact=True).fill("front-1")
    await page.get_by_label("Port").fill("22")
    await page.get_by_role("button", name="Ask").click()
    verdict = page.locator(".verdict")
    await expect(verdict.locator("h2")).to_have_text("Refused")
    await expect(verdict.locator("h2")).to_be_focused()
    await expect(verdict).to_contain_text("Rules that nearly admit it")
    await expect(verdict).to_contain_text(f"source is not in {OFFICE}")


async def test_a_verdict_has_a_url_that_can_be_shared(visit):
    page = await visit(
        f"/console/reach/?tenant={tenant_uuid(TENANT)}"
        "&source=front-1&destination=back-1&protocol=tcp&port=5432"
    )
    verdict = page.locator(".verdict")
    await expect(verdict.locator("h2")).to_have_text("Admitted")
    await expect(verdict).to_contain_text("Ingress of back-1: admitted")
    await expect(verdict.get_by_role("link", name="back", exact=True)).to_be_visible()


async def test_an_end_that_does_not_exist_says_what_an_end_can_be(visit):
    page = await visit(
        f"/console/reach/?tenant={tenant_uuid(TENANT)}"
        "&source=nosuch&destination=back-1&protocol=tcp&port=1"
    )
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("No instance of this tenant is called nosuch.")
    await expect(alert).to_contain_text("198.51.100.7")


async def test_a_part_that_is_admitted_is_named(visit):
    page = await visit(
        f"/console/reach/?tenant={tenant_uuid(TENANT)}"
        "&source=internet&destination=front-1&protocol=tcp"
    )
    verdict = page.locator(".verdict")
    await expect(verdict.locator("h2")).to_have_text("Partly admitted")
    part = verdict.locator(".notice", has_text="The part that is admitted:")
    await expect(part).to_contain_text("TCP 443 from internet (IPv4)")
    await expect(part).to_contain_text(f"TCP 22 from {OFFICE} (IPv4)")
    await expect(verdict).not_to_contain_text("floating IP")
    await page.get_by_label("Port").fill("22")
    await page.get_by_role("button", name="Ask").click()
    await expect(part).to_have_text(
        f"The part that is admitted: TCP 22 from {OFFICE} (IPv4). The rest is refused."
    )


@pytest.mark.parametrize(
    ("source", "times"), [("internet", 1), ("8.8.8.8", 1), (OFFICE, 0), ("front-1", 0)]
)
async def test_an_instance_without_a_floating_ip_is_not_reached_from_public_addresses(
    visit, source, times
):
    page = await visit(
        f"/console/reach/?tenant={tenant_uuid(TENANT)}"
        f"&source={source}&destination=back-1&protocol=tcp&port=5432"
    )
    await expect(page.locator(".verdict h2")).to_be_visible()
    words = "back-1 has no floating IP: public addresses do not reach it"
    await expect(page.get_by_text(words)).to_have_count(times)


async def test_the_tenant_is_that_of_the_page_before_or_one_with_instances(visit):
    page = await visit("/console/reach/")
    await expect(page.locator("datalist option[value=internet]")).to_be_attached()
    await expect(page.locator("datalist option")).not_to_have_count(1)
    page = await visit(f"/console/instances/?tenant_uuid={tenant_uuid('hostile')}")
    await page.get_by_role("link", name="Can it reach?").click()
    await expect(page.get_by_label("Tenant")).to_have_value(tenant_uuid("hostile"))
    page = await visit("/console/instances/")
    await page.get_by_role("link", name="Can it reach?").click()
    await expect(page.locator("datalist option")).not_to_have_count(1)


async def test_an_instance_of_another_tenant_is_named_with_it(visit):
    page = await visit(
        f"/console/reach/?tenant={tenant_uuid('access')}"
        "&source=internet&destination=back-1&protocol=tcp&port=1"
    )
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("No instance of this tenant is called back-1.")
    await expect(alert).to_contain_text(f"The tenant {TENANT} has one")


ENDS = {
    "10.0.0.5": {"address": "10.0.0.5"},
    "2001:db8::1": {"address": "2001:db8::1"},
    "::": {"address": "::"},
    "10.0.0.0/8": {"cidr": "10.0.0.0/8"},
    "fd00::/8": {"cidr": "fd00::/8"},
    "internet": {"cidr": "0.0.0.0/0"},
    "c0ffee00c0ffee00c0ffee00c0ffee00": {"instance_uuid": "c0ffee00c0ffee00c0ffee00c0ffee00"},
    # The API refuses what only looks like an address; a name is looked up.
    "300.1.1.1": {"address": "300.1.1.1"},
    "web-1": None,
    "10.0.0": None,
    "db/1": None,
    "": None,
}


async def test_each_spelling_of_an_end_is_read_as_what_it_says(visit):
    page = await visit("/console/reach/")
    read = """async ([base, texts]) => {
        const { literalEnd } = await import(`${base}access/ends.js`);
        return texts.map(literalEnd);
    }"""
    assert await page.evaluate(read, [base(), list(ENDS)]) == list(ENDS.values())
