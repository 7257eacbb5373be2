"""The console's modules, run in the browser outside any page of theirs."""

from typing import Any

from playwright.async_api import Page

from ringfence.web.asset_files import current_release

Json = dict[str, Any]

READ = """async ([base, texts, row]) => {
    const { readRules } = await import(`${base}paste/read.js`);
    const { bodyOf } = await import(`${base}rows.js`);
    return texts.map(text => {
        const { rows, errors } = readRules(text, row ?? undefined);
        return { rules: rows.map(bodyOf), errors };
    });
}"""


def base() -> str:
    """Return the path below which this release's modules are."""
    return f"/console/assets/{current_release()}/"


async def read_texts(page: Page, texts: list[str], row: Json | None = None) -> list[Json]:
    """Return what each pasted text reads as: the rules that would be sent, and the mistakes."""
    return await page.evaluate(READ, [base(), texts, row])
