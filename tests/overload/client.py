"""A client that keeps its pace however slow the answers are, as a crowd of them does."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# More connections than any process has room for requests; beyond them nothing more is sent.
CONNECTIONS = 700
TICK_SECONDS = 0.005


@dataclass
class Outcome:
    """What came of requests; latencies in seconds, of those that were carried out."""

    statuses: Counter = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    broken: int = 0
    # Due, with every connection waiting for an answer
    unsent: int = 0

    def take(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        (self.latencies if status < 400 else self.refusals).append(seconds)


@dataclass(frozen=True)
class Sending:
    """A request, and what to do with the status of its answer."""

    data: bytes
    answered: Callable[[int], None] = lambda _status: None


class Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._buffer = b""
        self._sending: Sending | None = None
        self._began = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def send(self, sending: Sending) -> None:
        self._sending, self._began = sending, time.perf_counter()
        self.transport.write(sending.data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or self._sending is None:
            return
        lengths = [
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        if lengths and len(body) < lengths[0]:
            return
        status = int(head.split(b" ", 2)[1])
        sending, self._sending, self._buffer = self._sending, None, b""
        self._pool.outcome.take(status, time.perf_counter() - self._began)
        sending.answered(status)
        self._pool.release(self)

    def connection_lost(self, _error) -> None:
        self._pool.lost(self, was_asking=self._sending is not None)


class Pool:
    """The connections to one address."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._place = (parts.hostname, parts.port)
        self._free: deque[Connection] = deque()
        self._open: set[Connection] = set()
        self._opening = 0
        self.outcome = Outcome()

    def begin(self) -> Outcome:
        """Count anew from here on; give what is counted into."""
        self.outcome = Outcome()
        return self.outcome

    def release(self, connection: Connection) -> None:
        self._free.append(connection)

    def lost(self, connection: Connection, *, was_asking: bool) -> None:
        self._open.discard(connection)
        self.outcome.broken += was_asking
        if connection in self._free:
            self._free.remove(connection)

    def send(self, sending: Sending) -> None:
        """Send without waiting, unless there is no connection left."""
        if self._free:
            self._free.popleft().send(sending)
        elif len(self._open) + self._opening < CONNECTIONS:
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._connect(sending))
            task.add_done_callback(lambda done: done.exception())
        else:
            self.outcome.unsent += 1

    async def _connect(self, sending: Sending) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), *self._place
            )
        except OSError:
            self.outcome.broken += 1
            return
        finally:
            self._opening -= 1
        self._open.add(connection)
        connection.send(sending)

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._open) - len(self._free) + self._opening


async def keep_pace(pool: Pool, rate: float, seconds: float, following: Callable[[], Sending]):
    """Send so many a second, whatever comes back."""
    began, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        due = int(now * rate)
        for _ in range(due - sent):
            pool.send(following())
        sent = due
        await asyncio.sleep(TICK_SECONDS)


async def keep_busy(pool: Pool, at_once: int, seconds: float, following: Callable[[], Sending]):
    """Send the next request when one is answered, so many at a time."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(at_once - pool.waiting):
            pool.send(following())
        await asyncio.sleep(0.001)


async def settle(pool: Pool, seconds: float = 60) -> None:
    """Wait until all is answered."""
    async with asyncio.timeout(seconds):
        while pool.waiting:  # noqa: ASYNC110 - it is asked again
            await asyncio.sleep(0.01)
