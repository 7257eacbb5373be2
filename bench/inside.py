"""Run the service or the floor in this process, without a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]
Message = MutableMapping[str, Any]


@asynccontextmanager
async def living(application: Application) -> AsyncIterator[None]:
    """Start an application, and stop it after the block."""
    events: asyncio.Queue[Message] = asyncio.Queue()
    started = asyncio.Event()

    async def hear(_message: Message) -> None:
        started.set()

    running = asyncio.ensure_future(
        application({"type": "lifespan", "state": {}}, events.get, hear)
    )
    await events.put({"type": "lifespan.startup"})
    await started.wait()
    try:
        yield
    finally:
        await events.put({"type": "lifespan.shutdown"})
        await running


async def ask(application: Application, request: bytes) -> dict[bytes, bytes]:
    """Send a request and return the headers of the response; raise `RuntimeError` if not 200."""
    headers: dict[bytes, bytes] = {}

    async def receive() -> Message:
        body = request.partition(b"\r\n\r\n")[2]
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] != 200:  # noqa: PLR2004 - HTTP's own number
                raise RuntimeError(f"response with status {message['status']}")
            headers.update(message["headers"])

    await application(_scope(request), receive, send)
    return headers


def _scope(request: bytes) -> Message:
    """Return the ASGI scope of a request."""
    line, *lines = request.split(b"\r\n\r\n")[0].split(b"\r\n")
    method, target, _ = line.decode().split(" ")
    path, _, query = target.partition("?")
    pairs = (header.partition(b": ") for header in lines)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5000),
        "state": {},
        "query_string": query.encode(),
        "headers": [(name.lower(), value) for name, _, value in pairs],
    }
