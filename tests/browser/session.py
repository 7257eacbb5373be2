"""Signing in without the page for it."""

from playwright.async_api import BrowserContext
from tests.browser.site import Site, token


async def sign_in(context: BrowserContext, site: Site, user: str) -> None:
    """Begin a session as somebody, without the page for it."""
    done = await context.request.post(
        "/console/session/",
        data={"token": token(user)},
        headers={"X-Ringfence-Console": "1", "Origin": site.address},
    )
    assert done.ok, await done.text()
