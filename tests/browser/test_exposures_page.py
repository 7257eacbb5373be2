"""What is open to the internet: by service, day by day, and port by port."""

import csv
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import expect
from tests.browser.site import HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = f"/console/exposures/?tenant_uuid={tenant_uuid('operating')}"
TELNET = {"from_port": 23, "to_port": 23}
RDP = """
    INSERT INTO sandbox_rules
        (group_id, direction, ethertype, protocol, port_range_min, port_range_max, remote_ip_prefix)
    VALUES (%s::uuid, 'ingress', 'IPv4', 'tcp', 3389, 3389, '0.0.0.0/0')
"""
TREND = """
    INSERT INTO exposure_snapshots (tenant_id, day, ports, reachable_ports, security_groups)
    SELECT tenant.id, current_date - ago, 10 + ago, ago, 1
    FROM tenants AS tenant, generate_series(1, 30) AS ago
    WHERE tenant.name = 'operating'
    ON CONFLICT DO NOTHING
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def groups(site):
    """Groups on ports: one is reachable, and one admits what is not desired."""
    web = site.create("open-web", [HTTPS, OFFICE], tenant="operating")
    desk = site.create("open-desk", [OFFICE], tenant="operating")
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{desk['uuid']}/set_drift_mode/",
            json={"mode": "report"},
        )
    site.attach(web, "open-web-1", "10.0.0.21", "203.0.113.21")
    site.attach(desk, "open-desk-1", "10.0.0.22")
    site.execute_in_cloud(RDP, desk["backend_id"])
    site.execute_in_cloud(TREND)
    site.pull("operating")
    return {"web": web, "desk": desk}


def rows_of(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


async def test_each_exposure_has_its_instance_address_service_and_group(groups, visit):
    page = await visit(PATH, user="mia")
    shown = row(page, "open-web-1")
    await expect(shown).to_contain_text("TCP 443")
    await expect(shown).to_contain_text("HTTPS")
    await expect(shown).to_contain_text("203.0.113.21")
    await expect(shown).to_contain_text("0.0.0.0/0")
    await expect(shown.get_by_role("link", name="open-web", exact=True)).to_have_attribute(
        "href", f"/console/groups/{groups['web']['uuid']}/"
    )
    await expect(shown.get_by_role("link", name="open-web-1")).to_have_attribute(
        "href", re.compile("/console/instances/[0-9a-f-]+/")
    )
    # The office is an example's address, not the internet.
    await expect(page.get_by_text("198.51.100.0/24")).to_have_count(0)


@pytest.mark.usefixtures("groups")
async def test_a_search_of_desired_rules_says_what_only_the_cloud_admits(visit):
    page = await visit("/console/groups/?q=tcp+3389+from+internet+in+tenant+operating", user="mia")
    await expect(page.get_by_role("heading", name="No rules match")).to_be_visible()
    await expect(page.get_by_text("1 exposure in the cloud only.")).to_be_visible()
    await page.locator("main").get_by_role("link", name="Exposures").click()
    await expect(row(page, "open-desk-1")).to_contain_text("Not desired")
    await page.goto("/console/groups/?q=tcp+3390+from+internet+in+tenant+operating")
    await expect(page.get_by_role("heading", name="No rules match")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page.get_by_text("in the cloud only.")).to_have_count(0)


@pytest.mark.usefixtures("groups")
async def test_what_is_not_desired_is_loudest(visit):
    page = await visit(PATH)
    notice = page.locator(".notice-bad")
    await expect(notice).to_contain_text("1 exposure not desired.")
    await notice.get_by_role("button", name="Show").click()
    await expect(page).to_have_url(re.compile("desired=none&desired=part"))
    await expect(page.get_by_text("1 exposure found")).to_be_visible()
    shown = row(page, "open-desk-1")
    await expect(shown).to_contain_text("Not desired")
    await expect(shown).to_contain_text("in the cloud only")
    await expect(shown).to_contain_text("not reachable")
    await page.get_by_role("button", name="Remove the filter Not desired").click()
    await page.get_by_role("button", name="Remove the filter Partly desired").click()
    await expect(page.get_by_text("2 exposures found")).to_be_visible()


@pytest.mark.usefixtures("groups")
async def test_services_and_filters_are_in_the_url_and_each_has_a_chip(visit):
    page = await visit(PATH)
    tile = page.get_by_role("button", name=re.compile("^HTTPS 1 reachable interface"))
    await tile.click()
    await expect(page).to_have_url(re.compile("service=https"))
    await expect(page.get_by_text("1 exposure found")).to_be_visible()
    await expect(tile).to_have_attribute("aria-pressed", "true")
    await page.get_by_label("Reachable", exact=True).select_option("false")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page).to_have_url(re.compile("/console/exposures/$"))
    path = f"{PATH}&customer_uuid={'0' * 32}&port=3389&wider_than=8"
    page = await visit(path)
    for text in ("Customer", "Port 3389", "Wider than /8"):
        await expect(page.get_by_role("button", name=f"Remove the filter {text}")).to_be_visible()
    await page.get_by_role("button", name=re.compile("filter Customer")).click()
    await expect(row(page, "open-desk-1")).to_be_visible()
    await page.get_by_label("Port", exact=True).fill("443")
    await expect(row(page, "open-web-1")).to_be_visible()


@pytest.mark.usefixtures("groups")
async def test_the_trend_says_its_numbers(visit):
    page = await visit(PATH)
    chart = page.get_by_role("img", name=re.compile("40 ports, 30 reachable"))
    await expect(chart).to_be_visible()


@pytest.mark.usefixtures("groups")
async def test_the_csv_has_all_rows_that_are_found(visit):
    page = await visit(PATH)
    await expect(row(page, "open-web-1")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export CSV").click()
    file = await download.value
    assert re.fullmatch(r"exposures-\d{4}-\d\d-\d\d\.csv", file.suggested_filename)
    rows = rows_of(await file.path())
    assert [each["instance_name"] for each in rows] == ["open-web-1", "open-desk-1"]
    assert rows[1]["desired"] == "none"
    # People read the first columns; programs find theirs by name.
    names = list(rows[0])
    assert names[0] == "instance_name"
    assert len(names) == 25
    assert not any(name.endswith("_uuid") for name in names[:-6])


@pytest.mark.usefixtures("groups")
async def test_a_service_that_is_not_desired_is_told_from_one_that_is(visit):
    page = await visit(PATH)
    tiles = page.get_by_role("list", name="By service")
    await expect(tiles.get_by_role("button", name="RDP")).to_contain_text("Not desired")
    await expect(tiles.get_by_role("button", name="RDP")).to_contain_text("interface")
    await expect(tiles.get_by_role("button", name="HTTPS")).not_to_contain_text("Not desired")


async def test_ports_that_are_not_known_are_not_counted_as_none(site, visit):
    uuid = tenant_uuid("unpulled")
    group = site.create("telnet-somewhere", [HTTPS | TELNET], tenant="unpulled")
    page = await visit(f"/console/exposures/?tenant_uuid={uuid}")
    tile = page.get_by_role("button", name=re.compile("^Telnet"))
    await expect(tile).to_contain_text("ports of 1 tenant not known")
    await expect(tile).not_to_contain_text("0 interfaces")
    await tile.click()
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    await expect(page.get_by_text("The ports of 1 tenant are not known")).to_be_visible()
    await page.get_by_role("link", name="Telnet from the internet").click()
    await expect(page).to_have_url(re.compile("q=telnet.from.internet"))
    await expect(page.get_by_role("link", name=group["name"])).to_be_visible()


@pytest.mark.parametrize(
    ("search", "name", "words"),
    [
        ("port=23", "PORT 23 from the internet", "port 23 from internet"),
        ("protocol=tcp&port=23", "TCP 23 from the internet", "tcp 23 from internet"),
        ("reachable=true", "open to the internet", ""),
    ],
)
async def test_each_search_of_exposures_leads_to_the_groups_that_let_it_in(
    site, visit, search, name, words
):
    uuid = tenant_uuid("unpulled")
    site.create(f"telnet-{len(search)}", [HTTPS | TELNET], tenant="unpulled")
    page = await visit(f"/console/exposures/?tenant_uuid={uuid}&{search}")
    await expect(page.get_by_text("The ports of 1 tenant are not known")).to_be_visible()
    link = page.locator("main").get_by_role("link", name=name)
    href = str(await link.get_attribute("href"))
    query = dict(parse_qsl(urlsplit(href).query))
    assert query == {"tenant_uuid": uuid} | ({"q": words} if words else {"is_open_to_all": "true"})


async def test_a_user_without_a_role_sees_that_nothing_is_open(visit):
    page = await visit("/console/exposures/", user="nobody")
    await expect(page.get_by_role("heading", name="No exposures")).to_be_visible()
