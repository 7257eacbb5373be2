"""One served instance and one browser for all tests of a process."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from tests.browser import chromium
from tests.browser.session import sign_in
from tests.browser.site import Site, served

LOOP = "session"
# In milliseconds. Loaded machines are slow.
PATIENCE = 20_000
Visitor = Callable[..., Awaitable[Page]]

expect.set_options(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def _chromium(record_property):
    if chromium.program() is None:
        reason = "there is no Chromium; tools/browser brings Debian's"
        record_property("left out", f"the console in a browser: {reason}")
        pytest.skip(f"LEFT OUT, the console in a browser: {reason}")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with served() as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope=LOOP)
async def browser() -> AsyncIterator[Browser]:
    async with chromium.launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope=LOOP)
async def visit(site: Site, browser: Browser) -> AsyncIterator[Visitor]:
    """Return a function that opens a path of the console as a user who is signed in.

    An error or a warning in the browser's console fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def visit(path: str = "/console/", user: str | None = "ann", **options) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}} | options
        context = await browser.new_context(base_url=site.address, **options)
        contexts.append(context)
        if user is not None:
            await sign_in(context, site.address, user)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
        await page.goto(path)
        return page

    yield visit
    for context in contexts:
        await context.close()
    assert complaints == []


def _complaint(message: ConsoleMessage) -> list[str]:
    # Browsers log every error response; tests check how the page handles it.
    is_error_response = re.search(
        r"status of (4\d|50)\d|net::ERR_INTERNET_DISCONNECTED", message.text
    )
    return [] if message.type not in {"error", "warning"} or is_error_response else [message.text]
