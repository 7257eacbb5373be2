"""What the console announces to screen readers, also if something else is announced soon after."""

import asyncio

from playwright.async_api import Page
from tests.browser.conftest import PATIENCE

RECORD = """() => {
    const region = document.getElementById("announcer");
    window.announced = [];
    const record = () => window.announced.push(region.textContent);
    new MutationObserver(record).observe(region, { childList: true, characterData: true });
}"""


async def record(page: Page) -> None:
    """Record what is announced until the page is loaded again."""
    await page.evaluate(RECORD)


async def expect_announced(page: Page, text: str) -> None:
    """Wait until a text was announced."""
    said: list[str] = []
    for _ in range(PATIENCE // 100):
        said = await page.evaluate("window.announced")
        if any(text in each for each in said):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(said)
