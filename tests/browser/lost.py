"""Responses that get lost after the service has handled the request."""


async def lose_first_response(page, url, method="POST"):
    """Drop the first response to a method and URL; return the idempotency keys that are sent."""
    keys = []

    async def handle(route):
        if route.request.method != method:
            await route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            await route.continue_()
            return
        response = await route.fetch()
        assert response.ok, await response.text()
        await route.abort("internetdisconnected")

    await page.route(url, handle)
    return keys
