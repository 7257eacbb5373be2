"""How much script a key takes in the table of 1,000 rules.

usage: python -m tests.browser.figures
"""

import asyncio
import statistics

from playwright.async_api import Browser
from tests.browser.chromium import launched
from tests.browser.session import sign_in
from tests.browser.site import Site, served

RULES = 1000
KEYS = 40
# Keys of somebody who types fast; the rules are validated once, after the last.
PAUSE_SECONDS = 0.12
RENDERED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def figures(site: Site, browser: Browser) -> list[str]:
    """Return the time of script, and of style and layout, for each key in the table."""
    rules = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        for port in range(1, RULES + 1)
    ]
    group = site.create("thousand-figures", rules, tenant="table")
    context = await browser.new_context(
        base_url=site.address, viewport={"width": 1280, "height": 900}
    )
    await sign_in(context, site.address, "ann")
    page = await context.new_page()
    await page.goto(f"/console/groups/{group['uuid']}/edit/")
    session = await context.new_cdp_session(page)
    # Processor time, which other programs do not lengthen
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def measured() -> dict[str, float]:
        found = await session.send("Performance.getMetrics")
        return {each["name"]: each["value"] * 1000 for each in found["metrics"]}

    async def of_key(key: str) -> tuple[float, float]:
        before = await measured()
        await page.keyboard.press(key)
        await page.evaluate(RENDERED)
        after = await measured()
        spent = {name: after[name] - before[name] for name in after}
        return spent["ScriptDuration"], spent["RecalcStyleDuration"] + spent["LayoutDuration"]

    lines = []
    await page.get_by_label("Description, rule 1", exact=True).focus()
    await page.keyboard.press("Control+End")
    for _ in range(50):
        await page.keyboard.press("Control+ArrowUp")
    for what, keys in (
        ("typing", list("what a rule is for" * 3)[:KEYS]),
        ("moving", ["Control+ArrowDown", "Control+ArrowUp"] * (KEYS // 2)),
    ):
        spent = []
        for key in keys:
            spent.append(await of_key(key))
            await asyncio.sleep(PAUSE_SECONDS)
        script, layout = zip(*spent, strict=True)
        lines.append(
            f"{what:13} {RULES} rules: script {statistics.median(script):5.1f} ms a key, at most "
            f"{max(script):5.1f}; style and layout {statistics.median(layout):5.1f} ms"
        )
    await context.close()
    return lines


async def _main() -> None:
    with served() as site:
        async with launched() as browser:
            for line in await figures(site, browser):
                print(line)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    asyncio.run(_main())
