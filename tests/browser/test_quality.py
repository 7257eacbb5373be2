"""Every page in both themes and at all widths: accessibility, overflow, layout shift, focus."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import Error, expect
from tests.browser.conftest import PATIENCE
from tests.browser.pages import every_page
from tests.browser.session import sign_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
RUN = """async (only = null) => {
    const rules = { "target-size": { enabled: true } };
    // What is below a dialog can neither be seen whole nor used.
    const seen = document.querySelector("dialog[open]") ?? document;
    const options = only ? { runOnly: only } : { rules };
    const found = await axe.run(seen, { resultTypes: ["violations"], ...options });
    return found.violations.map(each => [each.id, each.help, each.nodes.slice(0, 3).map(
        node => `${node.target.join(" ")}: ${node.failureSummary}`)]);
}"""
WIDTHS = {"narrow": 360, "tablet": 768, "wide": 1280, "huge": 2560}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Screenshots of every page in both themes and two widths are written there for review.
SCREENSHOTS = Path(__file__).parents[2] / "build" / "console"
# Axe sees both layouts of tables. A theme changes nothing but colours, a layout also sizes.
COLOURS = ["color-contrast", "link-in-text-block"]
SHOWN = (
    ("light", "wide", None),
    ("dark", "wide", COLOURS),
    ("dark", "narrow", []),
    ("light", "narrow", [*COLOURS, "target-size", "scrollable-region-focusable"]),
)


@dataclass
class Findings:
    """What is wrong with pages, by their names."""

    not_shown: dict[str, str] = field(default_factory=dict)
    too_wide: dict[str, list[str]] = field(default_factory=dict)
    violations: dict[str, list[object]] = field(default_factory=dict)


async def test_every_page_is_shown_accessible_and_within_windows_of_any_width(site, browser):
    found = Findings()
    axe = AXE.read_text(encoding="utf-8")
    people = {}
    for user in ("staff", None):
        context = await browser.new_context(base_url=site.address, color_scheme="light")
        if user:
            await sign_in(context, site.address, user)
        people[user] = await context.new_page()
        people[user].set_default_timeout(PATIENCE)
    for shown in every_page(site):
        page = people[shown.user]
        await page.set_viewport_size({"width": WIDTHS["wide"], "height": 900})
        try:
            await shown.open(page)
        except (AssertionError, Error) as error:
            found.not_shown[shown.name] = str(error)
            continue
        for name, width in WIDTHS.items():
            await page.set_viewport_size({"width": width, "height": 900})
            if await page.evaluate(OVERFLOW) > 0:
                found.too_wide.setdefault(shown.name, []).append(name)
        await page.evaluate(axe)
        for theme, name, only in SHOWN:
            await page.emulate_media(color_scheme=theme)
            await page.set_viewport_size({"width": WIDTHS[name], "height": 900})
            await page.screenshot(path=SCREENSHOTS / f"{shown.name}-{name}-{theme}.png")
            if only != [] and (violations := await page.evaluate(RUN, only)):
                found.violations.setdefault(shown.name, []).append([theme, name, violations])
        await page.emulate_media(color_scheme="light")
    for page in people.values():
        await page.context.close()
    assert found == Findings(), json.dumps(asdict(found), indent=1)


async def test_pages_do_not_shift_while_they_load(site, visit):
    group = site.create("steady")
    page = await visit(user="staff")
    await page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver(list => {
            for (const entry of list.getEntries())
                if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    at = f"/console/groups/{group['uuid']}/"
    for path, ready in (
        ("/console/groups/", "table.groups"),
        (at, ".activity li"),
        (f"{at}edit/", ".editing"),
        (f"{at}history/", ".changes, .history .quiet"),
        ("/console/clouds/", ".cloud"),
    ):
        await page.goto(path)
        await expect(page.locator(ready).first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        # web.dev rates less than 0.1 as good.
        assert await page.evaluate("window.shift") < 0.05, path


async def test_the_focus_moves_into_a_dialog_and_stays_visible(site, visit):
    group = site.create("focused")
    page = await visit(f"/console/groups/{group['uuid']}/")
    more = page.locator("summary", has_text="More")
    await more.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Delete").press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await page.evaluate("document.activeElement.closest('dialog') !== null")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(outline) != "none"
