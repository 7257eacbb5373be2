"""Signing in without the sign-in page."""

from playwright.async_api import BrowserContext
from tests.browser.site import token


async def sign_in(context: BrowserContext, origin: str, user: str, below: str = "") -> None:
    """Begin a session of a user; `below` is the path of the service."""
    response = await context.request.post(
        f"{origin}{below}/console/session/",
        data={"token": token(user)},
        headers={"X-Ringfence-Console": "1", "Origin": origin},
    )
    assert response.ok, await response.text()
