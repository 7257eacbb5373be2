"""Screenshots of every page, and the images of the documentation.

usage: python -m tests.browser.screenshots screenshots|images
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page
from tests.browser.chromium import launched
from tests.browser.pages import every_page
from tests.browser.session import sign_in
from tests.browser.site import Site, served

ROOT = Path(__file__).parents[2]
WIDTHS = {"narrow": 360, "tablet": 768, "wide": 1280, "huge": 2560}
THEMES = ("light", "dark")
# The images of the documentation, by page.
IMAGES = {
    "groups": "console-groups.png",
    "map": "console-map.png",
    "review": "console-review.png",
}


async def screenshots(site: Site, browser: Browser, folder: Path) -> list[Path]:
    """Write screenshots of every page in both themes and at all widths; return the files."""
    files: list[Path] = []
    pages = every_page(site)
    for width_name, width in WIDTHS.items():
        for theme in THEMES:
            people = {
                user: await open_page(site, browser, user, width, theme) for user in ("staff", None)
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
    page = await open_page(site, browser, "staff", 1200, "light", height=720)
    files: list[Path] = []
    for shown in every_page(site):
        if shown.name in IMAGES:
            await shown.open(page)
            await page.wait_for_load_state("networkidle")
            files.append(folder / IMAGES[shown.name])
            await page.screenshot(path=files[-1])
    return files


async def open_page(
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
            if what == "images":
                lines = [str(path) for path in await images(site, browser, ROOT / "docs/images")]
            else:
                folder = ROOT / "build" / "console"
                lines = [str(path) for path in await screenshots(site, browser, folder)]
    for line in lines:
        print(line)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
