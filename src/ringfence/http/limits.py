"""Rate limits by address and token, and the limit of concurrent requests.

Each process counts alone, so a limit holds per process. A check reads a dictionary:
refusing a request costs next to nothing.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from operator import itemgetter

from starlette.types import Scope

from ringfence.access.permissions import SAFE_METHODS, Actor
from ringfence.errors import Invalid, Overloaded, TooManyRequests
from ringfence.settings import Settings

# Clients are known to name up to a thousand fields.
MOST_PARAMETERS = 1024
# A client that was idle may send this many seconds' worth of requests at once.
BURST_SECONDS = 2.0
# This many concurrent requests are always served.
FEW = 8
# The weight of the newest value in the moving average of the time between two completed requests
WEIGHT = 0.05
# Keys that are kept; those with the fewest requests are evicted first.
MOST_KEYS = 20_000
# One client can use all addresses of such a network.
_IPV6_NETWORK = 64


def check_query(scope: Scope) -> None:
    """Raise `Invalid` for a query with too many parameters.

    The client is not authenticated yet, and parsing takes time.
    """
    if scope.get("query_string", b"").count(b"&") >= MOST_PARAMETERS:
        message = f"A query has {MOST_PARAMETERS} parameters at most; send fewer."
        raise Invalid({"non_field_errors": [message]})


class Rate:
    """A rate per second for each key, by the time at which its next request is due (GCRA)."""

    def __init__(self, a_second: float, burst_seconds: float = BURST_SECONDS) -> None:
        self._interval = 1 / a_second if a_second else 0.0
        self._burst = burst_seconds
        self._due: dict[object, float] = {}

    def take(self, key: object, now: float) -> float:
        """Count a request; return 0, or the seconds to wait if it is over the rate."""
        if not self._interval:
            return 0.0
        due = self._due.get(key, now)
        if due < now:
            due = now
        elif due - now > self._burst:
            return due - now - self._burst
        if len(self._due) >= MOST_KEYS and key not in self._due:
            self._evict(now)
        self._due[key] = due + self._interval
        return 0.0

    def _evict(self, now: float) -> None:
        self._due = {key: due for key, due in self._due.items() if due > now}
        if len(self._due) > MOST_KEYS // 2:
            # The busiest keys are kept, so that a flood of others cannot evict them. Evicting half
            # makes it rare.
            kept = sorted(self._due.items(), key=itemgetter(1), reverse=True)
            self._due = dict(kept[: MOST_KEYS // 2])


class Slots:
    """A limit of concurrent uses in this process, in total and per network."""

    def __init__(self, at_once: int, from_a_network: int) -> None:
        self.at_once = at_once
        self.from_a_network = from_a_network
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, address: str) -> Iterator[None]:
        """Take a slot while inside; raises `TooManyRequests` if there is none."""
        network = network_of(address)
        is_full = self._taken.total() >= self.at_once
        if is_full or self._taken[network] >= self.from_a_network:
            raise TooManyRequests(1)
        self._taken[network] += 1
        try:
            yield
        finally:
            self._taken[network] -= 1
            # Remove counts of 0.
            self._taken += Counter()


class Limits:
    """The limits of one process."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = Rate(settings.address_rate)
        self._tokens = Rate(settings.token_rate)
        self._changes = Rate(settings.token_change_rate)
        self._room = settings.concurrent_requests
        # In addition to the room, so that unknown clients take no slot of known ones.
        self._unknown_clients = Slots(max(1, self._room // 2), max(1, self._room * 3 // 8))
        self._patience = settings.queue_seconds
        self.running = 0
        # The average time between two completed requests, while there are more than a few
        self._pause = 0.0
        self._ended = 0.0

    def admit(self, address: str) -> None:
        """Count a request of an address; raises `TooManyRequests`."""
        _require(self._addresses.take(network_of(address), time.monotonic()))

    def charge(self, actor: Actor, method: str) -> None:
        """Count a request of a token, and a change a second time.

        Raises `TooManyRequests`.
        """
        key = actor.token.id if actor.token else -actor.user_id
        now = time.monotonic()
        _require(self._tokens.take(key, now))
        if method not in SAFE_METHODS:
            _require(self._changes.take(key, now))

    def enter(self) -> None:
        """Count a request as running, until `leave`.

        Raises `Overloaded` if as many requests run as are allowed, or if those that run will take
        longer than clients are willing to wait.
        """
        if self.running >= self._room or (
            self.running > FEW and self.running * self._pause > self._patience
        ):
            raise Overloaded
        if self.running == FEW:
            # Start to measure.
            self._ended = time.monotonic()
        self.running += 1

    def leave(self) -> None:
        """Count a request as completed."""
        now = time.monotonic()
        if self.running > FEW:
            self._pause += WEIGHT * (now - self._ended - self._pause)
        else:
            self._pause = 0.0
        self._ended = now
        self.running -= 1

    @contextmanager
    def unknown_client(self, address: str) -> Iterator[None]:
        """Count the request as one of an unknown client, and not as running.

        Raises `TooManyRequests` if there are too many of them.
        """
        with self._unknown_clients.taken(address), self.away():
            yield

    @contextmanager
    def away(self) -> Iterator[None]:
        """Do not count the request as running, for example while its body is received."""
        self.running -= 1
        try:
            yield
        finally:
            self.running += 1


def _require(seconds: float) -> None:
    if seconds > 0:
        raise TooManyRequests(max(1, math.ceil(seconds)))


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the key of an address for limits: an IPv4 address, or an IPv6 /64."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(ip_network((known, _IPV6_NETWORK), strict=False))
    return address
