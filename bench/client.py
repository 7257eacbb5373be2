"""The load generator: keep-alive connections on loopback, one request at a time on each.

Of a response, only status and length are parsed, so that the client's own work stays small. It
runs in a process that is not measured.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Responses:
    """The responses: seconds of each, counts by status, and total seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    broken: int = 0

    @property
    def requests(self) -> int:
        """The number of responses."""
        return len(self.latencies)

    def quantile(self, share: float) -> float:
        """Return the latency in seconds of this quantile of the responses."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def failures(self) -> int:
        """Return the number of responses that are not 2xx, broken connections included."""
        return self.broken + sum(n for status, n in self.statuses.items() if status // 100 != 2)  # noqa: PLR2004


def request(method: str, path: str, token: str, body: bytes | None = None) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Token {token}"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


# Called for each response with the request, the status and the body.
Hear = Callable[[bytes, int, bytes], None]


class _Connection(asyncio.Protocol):
    """One connection: sends requests until none is left or the time is over."""

    def __init__(
        self, requests: Iterator[bytes], responses: Responses, deadline: float, hear: Hear | None
    ) -> None:
        self._requests = requests
        self._responses = responses
        self._deadline = deadline
        self._hear = hear
        self._request = b""
        self._head = 0
        self._received = bytearray()
        self._expected = 0
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP connection
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request_bytes = next(self._requests, None) if time.perf_counter() < self._deadline else None
        if request_bytes is None:
            self._finish()
            return
        self._request = request_bytes
        self._sent = time.perf_counter()
        self._transport.write(request_bytes)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._expected:
            end = received.find(_END)
            if end < 0:
                return
            self._head = end + len(_END)
            is_head = self._request.startswith(b"HEAD")
            self._expected = self._head + (0 if is_head else _length(received[:end]))
        if len(received) < self._expected:
            return
        self._responses.latencies.append(time.perf_counter() - self._sent)
        status = int(received[9:12])
        self._responses.statuses[status] += 1
        if self._hear is not None:
            self._hear(self._request, status, bytes(received[self._head :]))
        received.clear()
        self._expected = 0
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if not self.done.done():
            self._responses.broken += 1
            self.done.set_result(None)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


def _length(head: bytearray) -> int:
    lower = head.lower()
    start = lower.find(_LENGTH)
    if start < 0:
        return 0
    line, _, _ = lower[start + len(_LENGTH) :].partition(b"\r")
    return int(line)


async def drive(
    port: int,
    requests: Iterator[bytes],
    *,
    seconds: float,
    connections: int,
    hear: Hear | None = None,
) -> Responses:
    """Send requests on some connections for a time, or until none is left."""
    loop = asyncio.get_running_loop()
    responses = Responses()
    began = time.perf_counter()
    deadline = began + seconds
    made = [
        loop.create_connection(
            lambda: _Connection(requests, responses, deadline, hear), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    protocols = [protocol for _, protocol in await asyncio.gather(*made)]
    await asyncio.gather(*(protocol.done for protocol in protocols))
    responses.seconds = time.perf_counter() - began
    return responses
