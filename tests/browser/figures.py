"""The console's size, and how long visits, questions and keys take.

usage: python -m tests.browser.figures
"""

import asyncio
import statistics
from typing import Any

from playwright.async_api import Browser, Page
from tests.browser.chromium import launched
from tests.browser.screenshots import open_page
from tests.browser.site import OFFICE, Site, served

from ringfence.web import asset_files

# The groups of a large site, of which a list shows one page, and their rules
GROUPS = 2000
RULES_OF_GROUP = 10
VISITS = 5
QUESTIONS = ("5003", "tcp 5003", "ssh from internet", "10.4.7.9", "10.3.0.0/16", "group-0042")

VISIT = """() => {
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
    if (!document.querySelector("main table tbody tr, main .empty")) return;
    window.content = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
RULES = 1000
KEYS = 40
# Keys of somebody who types fast; the rules are validated once, after the last.
PAUSE_SECONDS = 0.12
RENDERED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def sizes() -> list[str]:
    """Return the size of what a visit loads."""
    files = {asset_files.PAGE: asset_files.page(""), **asset_files.loaded_assets()}
    lines = []
    for coding in ("br", "gzip"):
        total = sum(len(asset.compressed[coding]) for asset in files.values())
        lines.append(f"{coding:13} {total / 1000:8.1f} kB in {len(files)} files")
    font = len(files[asset_files.FONT].plain)
    return [*lines, f"{'font':13} {font / 1000:8.1f} kB of these"]


async def visits(site: Site, browser: Browser) -> list[str]:
    """Return the time of visits of a list of many groups: the first, others, with questions."""
    rules = [
        OFFICE | {"from_port": port, "to_port": port, "cidr": f"10.{port % 7}.0.0/16"}
        for port in range(5000, 5000 + RULES_OF_GROUP)
    ]
    site.load_groups("searching", GROUPS, rules)
    page = await open_page(site, browser, "staff", 1280, "light")
    await page.add_init_script(WATCH)
    lines = _lines("first visit", [await _visit(page, "/console/groups/")])
    again = [await _visit(page, "/console/groups/") for _ in range(VISITS)]
    lines += _lines("again", again)
    other = await open_page(site, browser, "staff", 1280, "light")
    await other.add_init_script(WATCH)
    # The first visit of a process joins the modules.
    lines += _lines("new browser", [await _visit(other, "/console/groups/")])
    for question in QUESTIONS:
        path = f"/console/groups/?q={question.replace(' ', '+').replace('/', '%2F')}"
        taken = [(await _visit(page, path))["content"] for _ in range(VISITS)]
        lines.append(f"{question:17} {statistics.median(taken):5.0f} ms to the first result")
    await page.context.close()
    return lines


async def _visit(page: Page, path: str) -> dict[str, Any]:
    await page.goto(path)
    await page.locator("main table tbody tr, .empty").first.wait_for(state="attached")
    await page.wait_for_load_state("networkidle")
    found: dict[str, Any] = await page.evaluate(VISIT)
    return found


def _lines(visit: str, measured: list[dict[str, Any]]) -> list[str]:
    middle = {name: statistics.median(each[name] for each in measured) for name in measured[0]}
    return [
        f"{visit:13} {middle['bytes'] / 1000:8.1f} kB in {middle['requests']:.0f} requests",
        f"{'':13} {middle['painted']:8.0f} ms to the first paint",
        f"{'':13} {middle['content']:8.0f} ms to the first row of {GROUPS} groups",
        f"{'':13} {middle['shift']:8.3f} layout shift",
    ]


async def keys(site: Site, browser: Browser) -> list[str]:
    """Return the time of script, and of style and layout, for each key in the table."""
    rules = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        for port in range(1, RULES + 1)
    ]
    group = site.create("thousand-figures", rules, tenant="table")
    page = await open_page(site, browser, "ann", 1280, "light")
    await page.goto(f"/console/groups/{group['uuid']}/edit/")
    session = await page.context.new_cdp_session(page)
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
    for what, pressed in (
        ("typing", list("what a rule is for" * 3)[:KEYS]),
        ("moving", ["Control+ArrowDown", "Control+ArrowUp"] * (KEYS // 2)),
    ):
        spent = []
        for key in pressed:
            spent.append(await of_key(key))
            await asyncio.sleep(PAUSE_SECONDS)
        script, layout = zip(*spent, strict=True)
        lines.append(
            f"{what:13} {RULES} rules: script {statistics.median(script):5.1f} ms a key, at most "
            f"{max(script):5.1f}; style and layout {statistics.median(layout):5.1f} ms"
        )
    await page.context.close()
    return lines


async def _main() -> None:
    with served() as site:
        async with launched() as browser:
            for line in [
                *sizes(),
                *await visits(site, browser),
                *await keys(site, browser),
            ]:
                print(line)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    asyncio.run(_main())
