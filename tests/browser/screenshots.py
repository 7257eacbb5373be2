"""Screenshots of every page, the images of the documentation, and the figures of the console.

usage: python -m tests.browser.screenshots screenshots|images|figures
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page
from tests.browser.chromium import launched
from tests.browser.pages import Shown, every_page
from tests.browser.session import sign_in
from tests.browser.site import Site, served

from ringfence.web import asset_files

ROOT = Path(__file__).parents[2]
WIDTHS = {"narrow": 360, "tablet": 768, "wide": 1280, "huge": 2560}
THEMES = ("light", "dark")
# The images of the documentation, by page.
IMAGES = {"groups": "console-groups.png", "review": "console-review.png"}
# The groups of a large site; the list shows one page of them.
MANY = 2000

FIGURES = """() => {
    const [visit] = performance.getEntriesByType("navigation");
    const loaded = performance.getEntriesByType("resource");
    const painted = performance.getEntriesByName("first-contentful-paint");
    return {
        requests: 1 + loaded.length,
        bytes: visit.transferSize + loaded.reduce((sum, each) => sum + each.transferSize, 0),
        painted: painted.length ? painted[0].startTime : 0,
        content: window.content || 0,
        shift: window.shift || 0,
    };
}"""
WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver((_, observer) => {
    if (!document.querySelector("table.groups tbody tr")) return;
    window.content = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


async def screenshots(site: Site, browser: Browser, folder: Path) -> list[Path]:
    """Write screenshots of every page in both themes and at all widths; return the files."""
    files: list[Path] = []
    pages = every_page(site)
    for width_name, width in WIDTHS.items():
        for theme in THEMES:
            people = {
                user: await _page(site, browser, user, width, theme) for user in ("staff", None)
            }
            for shown in pages:
                page = people[shown.user]
                await shown.open(page)
                await page.wait_for_load_state("networkidle")
                files.append(folder / f"{shown.name}-{width_name}-{theme}.png")
                await page.screenshot(path=files[-1], full_page=not shown.press)
            for page in people.values():
                await page.context.close()
    return files


async def images(site: Site, browser: Browser, folder: Path) -> list[Path]:
    """Write the images of the documentation; return the files."""
    page = await _page(site, browser, "staff", 1200, "light", height=720)
    files: list[Path] = []
    for shown in every_page(site):
        if shown.name in IMAGES:
            await shown.open(page)
            await page.wait_for_load_state("networkidle")
            files.append(folder / IMAGES[shown.name])
            await page.screenshot(path=files[-1])
    return files


async def figures(site: Site, browser: Browser) -> list[str]:
    """Return size, requests and timing of a list with many groups, at two visits."""
    site.load_groups("shop", MANY)
    page = await _page(site, browser, "staff", 1280, "light")
    await page.add_init_script(WATCH)
    shown = Shown("groups", "/console/groups/", "table.groups")
    await shown.open(page)
    first: dict[str, Any] = await page.evaluate(FIGURES)
    await shown.open(page)
    again: dict[str, Any] = await page.evaluate(FIGURES)
    files = {asset_files.PAGE: asset_files.page(""), **asset_files.loaded_assets()}
    sizes = {name: len(asset.compressed["br"]) for name, asset in files.items()}
    return [
        f"assets        {sum(sizes.values()) / 1000:8.1f} kB compressed, in {len(sizes)} files",
        f"{'':13} {sizes[asset_files.FONT] / 1000:8.1f} kB of these are the font",
        *_lines("first visit", first),
        *_lines("again", again),
    ]


def _lines(visit: str, measured: dict[str, Any]) -> list[str]:
    return [
        f"{visit:13} {measured['bytes'] / 1000:8.1f} kB in {measured['requests']} requests",
        f"{'':13} {measured['painted']:8.0f} ms to the first paint",
        f"{'':13} {measured['content']:8.0f} ms to the first row of {MANY} groups",
        f"{'':13} {measured['shift']:8.3f} layout shift",
    ]


async def _page(
    site: Site, browser: Browser, user: str | None, width: int, theme: Any, height: int = 900
) -> Page:
    context = await browser.new_context(
        base_url=site.address,
        viewport={"width": width, "height": height},
        color_scheme=theme,
    )
    if user is not None:
        await sign_in(context, site.address, user)
    return await context.new_page()


async def _main(what: str) -> None:
    with served() as site:
        async with launched() as browser:
            if what == "figures":
                lines = await figures(site, browser)
            elif what == "images":
                lines = [str(path) for path in await images(site, browser, ROOT / "docs/images")]
            else:
                folder = ROOT / "build" / "console"
                lines = [str(path) for path in await screenshots(site, browser, folder)]
    for line in lines:
        print(line)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
