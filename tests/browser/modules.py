"""Calls functions of the console's modules in the browser."""

from typing import Any

from playwright.async_api import Page

from ringfence.web.asset_files import current_release

Json = dict[str, Any]

READ = """async ([base, texts, row]) => {
    const { readRules } = await import(`${base}paste/read.js`);
    const { bodyOf } = await import(`${base}rules/rows.js`);
    return texts.map(text => {
        const { rows, errors } = readRules(text, row ?? undefined);
        return { rules: rows.map(bodyOf), errors };
    });
}"""


def base() -> str:
    """Return the path of the current release's modules."""
    return f"/console/assets/{current_release()}/"


async def read_texts(page: Page, texts: list[str], row: Json | None = None) -> list[Json]:
    """Parse each text as pasted; return the rules that would be sent, and the errors."""
    return await page.evaluate(READ, [base(), texts, row])
