"""Every page in both themes and at all widths: accessibility, overflow, layout shift, focus."""

import json
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import Error, expect
from tests.browser.pages import every_page

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
RUN = """async () => {
    const rules = { "target-size": { enabled: true } };
    // What is below a dialog can neither be seen whole nor used.
    const seen = document.querySelector("dialog[open]") ?? document;
    const found = await axe.run(seen, { resultTypes: ["violations"], rules });
    return found.violations.map(each => [each.id, each.help, each.nodes.slice(0, 3).map(
        node => `${node.target.join(" ")}: ${node.failureSummary}`)]);
}"""
WIDTHS = {"narrow": 360, "tablet": 768, "wide": 1280, "huge": 2560}
# Screenshots of every page are written there for review.
SCREENSHOTS = Path(__file__).parents[2] / "build" / "console"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def pages(site):
    return every_page(site)


async def problem_in(shown, page):
    """Open a page; return what is wrong with it, so that a test can go on with the others."""
    try:
        await shown.open(page)
    except (AssertionError, Error) as error:
        return f"is not shown: {error}"
    return None


@pytest.mark.parametrize(
    ("theme", "width"), [("light", "wide"), ("dark", "wide"), ("light", "narrow")]
)
async def test_no_page_has_accessibility_violations(pages, visit, theme, width):
    axe = AXE.read_text(encoding="utf-8")
    violations = {}
    size = {"width": WIDTHS[width], "height": 900}
    people = {
        user: await visit(user=user, color_scheme=theme, viewport=size) for user in ("staff", None)
    }
    for shown in pages:
        page = people[shown.user]
        if problem := await problem_in(shown, page):
            violations[shown.name] = problem
            continue
        await page.screenshot(path=SCREENSHOTS / f"{shown.name}-{width}-{theme}.png")
        await page.evaluate(axe)
        if found := await page.evaluate(RUN):
            violations[shown.name] = found
    assert violations == {}, json.dumps(violations, indent=1)


async def test_no_page_overflows_a_window_of_any_width(pages, visit):
    people = {user: await visit(user=user) for user in ("staff", None)}
    too_wide = {}
    for shown in pages:
        page = people[shown.user]
        await page.set_viewport_size({"width": 1280, "height": 800})
        if problem := await problem_in(shown, page):
            too_wide[shown.name] = problem
            continue
        for name, width in WIDTHS.items():
            await page.set_viewport_size({"width": width, "height": 900})
            if (overflow := await page.evaluate(OVERFLOW)) > 0:
                too_wide[shown.name, name] = overflow
    assert too_wide == {}, too_wide


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
