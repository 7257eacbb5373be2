"""Signing in without the page for it."""

from playwright.async_api import BrowserContext
from tests.browser.site import token


async def sign_in(context: BrowserContext, origin: str, user: str, below: str = "") -> None:
    """Begin a session as somebody, at a service below a path, without the page for it."""
    done = await context.request.post(
        f"{origin}{below}/console/session/",
        data={"token": token(user)},
        headers={"X-Ringfence-Console": "1", "Origin": origin},
    )
    assert done.ok, await done.text()
