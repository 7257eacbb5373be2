"""What browsers load: from the package alone, kept for good, small, and under a strict policy."""

import gzip
import re

import pytest

from ringfence.web.asset_files import assets, current_release, page

MOST_BYTES = 150_000
PAGES = ("/console/", "/console/sign-in/", "/console/groups/", "/console/groups/new/")
PAGES += ("/console/groups/0123/", "/console/groups/0123/history/", "/console/clouds/")


@pytest.fixture
def anyone(api):
    return api(None)


@pytest.mark.parametrize("path", PAGES)
async def test_every_address_of_the_console_is_the_page(anyone, path):
    response = await anyone.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"


async def test_an_address_without_its_last_slash_leads_to_the_one_with_it(anyone):
    response = await anyone.get("/console")
    assert (response.status_code, response.headers["Location"]) == (301, "/console/")
    assert (await anyone.get("/console/nothing/")).status_code == 404


async def test_the_page_loads_only_what_the_package_has_for_good(anyone):
    page = await anyone.get("/console/")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) > 5
    for address in addresses:
        response = await anyone.get(address)
        assert response.status_code == 200, address
        assert "immutable" in response.headers["Cache-Control"]
        assert re.fullmatch(r'"[0-9a-f]{32}"', response.headers["ETag"])


async def test_what_the_browser_has_is_not_sent_again(anyone):
    page = await anyone.get("/console/")
    again = await anyone.get("/console/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_it_is_compressed_for_who_takes_that(anyone):
    address = f"/console/assets/{current_release()}/main.js"
    plain = await anyone.get(address, headers={"Accept-Encoding": "identity"})
    packed = await anyone.get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert "Accept-Encoding" in packed.headers["Vary"]


async def test_another_release_and_an_unknown_name_are_not_found(anyone):
    assert (await anyone.get("/console/assets/0000/main.js")).status_code == 404
    assert (await anyone.get(f"/console/assets/{current_release()}/none.js")).status_code == 404


async def test_the_policy_lets_nothing_in_from_elsewhere_and_nothing_inline(anyone):
    page = await anyone.get("/console/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son[a-z]+=", page.text)


def test_all_of_it_is_small():
    total = sum(len(asset.compressed) for asset in (page(""), *assets().values()))
    assert total < MOST_BYTES


def test_compressed_and_plain_are_the_same():
    for asset in (page(""), *assets().values()):
        assert gzip.decompress(asset.compressed) == asset.plain


def test_no_file_names_another_host_or_writes_markup():
    for name, asset in assets().items():
        text = asset.plain.decode()
        if not name.startswith("vendor/"):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", text), name
            assert not re.search(r"https?://(?!www\.w3\.org)", text), name
