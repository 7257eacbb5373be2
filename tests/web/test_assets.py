"""The files of the console: cached forever, compressed, small, and under a strict policy."""

import gzip
import re
import time

import brotli
import pytest
from tests.patience import PATIENCE_SECONDS

from ringfence.web.asset_files import Asset, assets, current_release, loaded_assets, page

MAX_BYTES = 150_000
MAX_FONT_BYTES = 16_000
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
PAGES = ("/console/", "/console/sign-in/", "/console/groups/", "/console/groups/new/")
PAGES += ("/console/groups/0123/", "/console/groups/0123/history/", "/console/clouds/")
PAGES += ("/console/clouds/discover/",)


@pytest.fixture
def anyone(api):
    return api(None)


@pytest.mark.parametrize("path", PAGES)
async def test_every_url_of_the_console_serves_the_page(anyone, path):
    response = await anyone.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"


async def test_a_url_without_the_trailing_slash_redirects(anyone):
    response = await anyone.get("/console")
    assert (response.status_code, response.headers["Location"]) == (301, "/console/")


async def test_an_unknown_url_of_the_console_serves_the_page_with_404(anyone):
    response = await anyone.get("/console/nosuch/")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_the_page_loads_only_immutable_files_of_the_package(anyone):
    page = await anyone.get("/console/")
    urls = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(urls) > 5
    for url in urls:
        response = await anyone.get(url)
        assert response.status_code == 200, url
        assert "immutable" in response.headers["Cache-Control"]
        assert re.fullmatch(r'"[0-9a-f]{32}"', response.headers["ETag"])


async def test_a_current_page_is_not_sent_again(anyone):
    page = await anyone.get("/console/")
    again = await anyone.get("/console/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


# What browsers send over TLS and without it, a client of neither, and refusals
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_files_are_compressed_as_the_client_accepts_it(anyone, accepted, coding):
    url = f"/console/assets/{current_release()}/console.js"
    request = anyone.build_request("GET", url, headers={"Accept-Encoding": accepted})
    response = await anyone.send(request, stream=True)
    raw = b"".join([part async for part in response.aiter_raw()])
    assert response.headers.get("Content-Encoding") == coding
    assert DECODERS[coding](raw) == assets()["console.js"].plain
    assert "Accept-Encoding" in response.headers["Vary"]


async def test_another_release_and_an_unknown_name_are_not_found(anyone):
    assert (await anyone.get("/console/assets/0000/main.js")).status_code == 404
    assert (await anyone.get(f"/console/assets/{current_release()}/none.js")).status_code == 404


async def test_the_policy_allows_no_other_origin_and_no_inline_code(anyone):
    page = await anyone.get("/console/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son[a-z]+=", page.text)


def test_the_total_size_is_bounded():
    files = (page(""), *loaded_assets().values())
    assert sum(len(asset.compressed["br"]) for asset in files) < MAX_BYTES


async def test_the_font_is_preloaded_and_served_with_its_type_and_its_licence(anyone):
    text = (await anyone.get("/console/")).text
    [url] = re.findall(r'<link rel="preload" as="font"[^>]*href="([^"]+)"', text)
    response = await anyone.get(url)
    assert response.headers["Content-Type"] == "font/woff2"
    assert len(response.content) < MAX_FONT_BYTES
    assert "font-src 'self'" in response.headers["Content-Security-Policy"]
    licence = await anyone.get(url.replace("woff2", "txt"))
    assert "SIL Open Font License" in licence.text


def test_no_file_names_another_host_or_writes_markup():
    for name, asset in loaded_assets().items():
        if not name.startswith(("vendor/", "fonts/")):
            text = asset.plain.decode()
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", text), name
            assert not re.search(r"https?://(?!www\.w3\.org)", text), name


def test_a_first_visit_does_not_wait_for_the_best_compression():
    asset = Asset.of("some.js", b"".join(b"let a%d = %d;\n" % (n * n, n) for n in range(20_000)))
    quick = asset.compressed_by_now()
    assert brotli.decompress(quick["br"]) == asset.plain
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "compressed" not in vars(asset):
        assert time.monotonic() < deadline, "it is never compressed well"
        time.sleep(0.01)
    assert len(asset.compressed_by_now()["br"]) < len(quick["br"])
    assert asset.compressed_by_now() is asset.compressed
