"""How much of the service one caller, and all together, can have: counted in each process alone.

A look-up in a dictionary decides, so what is refused costs next to nothing, and nothing waits for
another process. What a service of several processes gives is a limit for each of them.
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

# A client that names a thousand fields is answered; none is known to send more.
MOST_PARAMETERS = 1024
# After a pause so many seconds' worth may come at once.
BURST_SECONDS = 2.0
# So few at the same time are never too many.
FEW = 8
# How much the newest of the times between two ends counts
WEIGHT = 0.05
# Callers that are remembered; those who have asked least are forgotten first.
REMEMBERED = 20_000
# One holder has as many addresses as such a network holds.
_IPV6_NETWORK = 64


def check_query(scope: Scope) -> None:
    """Raise `Invalid` for a query of more parameters than anybody sends in good faith.

    Who asks is not known yet, and to read each of them takes time.
    """
    if scope.get("query_string", b"").count(b"&") >= MOST_PARAMETERS:
        said = f"A query has {MOST_PARAMETERS} parameters at most; send fewer."
        raise Invalid({"non_field_errors": [said]})


class Rate:
    """So many a second for each key, by the time at which its next one would be due (GCRA)."""

    def __init__(self, a_second: float, burst_seconds: float = BURST_SECONDS) -> None:
        self._interval = 1 / a_second if a_second else 0.0
        self._burst = burst_seconds
        self._due: dict[object, float] = {}

    def take(self, key: object, now: float) -> float:
        """Take one; give 0, or in how many seconds there will be one."""
        if not self._interval:
            return 0.0
        due = self._due.get(key, now)
        if due < now:
            due = now
        elif due - now > self._burst:
            return due - now - self._burst
        if len(self._due) >= REMEMBERED and key not in self._due:
            self._forget(now)
        self._due[key] = due + self._interval
        return 0.0

    def _forget(self, now: float) -> None:
        self._due = {key: due for key, due in self._due.items() if due > now}
        if len(self._due) > REMEMBERED // 2:
            # Those who asked most are remembered, however many come to have them forgotten. With
            # half of the room free, it is a while until this is done again.
            kept = sorted(self._due.items(), key=itemgetter(1), reverse=True)
            self._due = dict(kept[: REMEMBERED // 2])


class Places:
    """How many do something at the same time in this process, and from each network."""

    def __init__(self, at_once: int, from_a_network: int) -> None:
        self.at_once = at_once
        self.from_a_network = from_a_network
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, address: str) -> Iterator[None]:
        """Hold a place; raises `TooManyRequests` where there is none, before anything is done."""
        network = network_of(address)
        is_full = self._taken.total() >= self.at_once
        if is_full or self._taken[network] >= self.from_a_network:
            raise TooManyRequests(1)
        self._taken[network] += 1
        try:
            yield
        finally:
            self._taken[network] -= 1
            # Networks without one are not remembered.
            self._taken += Counter()


class Limits:
    """The limits of one process."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = Rate(settings.address_rate)
        self._tokens = Rate(settings.token_rate)
        self._changes = Rate(settings.token_change_rate)
        self._room = settings.concurrent_requests
        # Beside the room: whoever is not known yet takes nothing of those who are.
        self._unknown_clients = Places(max(1, self._room // 2), max(1, self._room * 3 // 8))
        self._patience = settings.queue_seconds
        self.running = 0
        # Between two ends of requests, while there are more than a few
        self._pause = 0.0
        self._ended = 0.0

    def admit(self, address: str) -> None:
        """Count a request from an address; raises `TooManyRequests`."""
        _require(self._addresses.take(network_of(address), time.monotonic()))

    def charge(self, actor: Actor, method: str) -> None:
        """Count a request with a token, and one that changes something again.

        Raises `TooManyRequests`.
        """
        key = actor.token.id if actor.token else -actor.user_id
        now = time.monotonic()
        _require(self._tokens.take(key, now))
        if method not in SAFE_METHODS:
            _require(self._changes.take(key, now))

    def enter(self) -> None:
        """Take one of the places of requests that are served at the same time; then `leave` it.

        Raises `Overloaded` where all are taken, or where those who are there already will take
        longer than is worth waiting for: who waits in a queue without end is answered when nobody
        listens any more.
        """
        if self.running >= self._room or (
            self.running > FEW and self.running * self._pause > self._patience
        ):
            raise Overloaded
        if self.running == FEW:
            # From here on it counts how fast they end.
            self._ended = time.monotonic()
        self.running += 1

    def leave(self) -> None:
        """Give the place back."""
        now = time.monotonic()
        if self.running > FEW:
            self._pause += WEIGHT * (now - self._ended - self._pause)
        else:
            self._pause = 0.0
        self._ended = now
        self.running -= 1

    @contextmanager
    def unknown_client(self, address: str) -> Iterator[None]:
        """Hold a place of those whose identity is looked up, in place of one among all requests.

        Raises `TooManyRequests` where there is none.
        """
        with self._unknown_clients.taken(address), self.away():
            yield

    @contextmanager
    def away(self) -> Iterator[None]:
        """Lend the place to others while the client sends: whoever is slow holds up nobody."""
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
    """Return what stands for whoever has the address: an IPv4 address, or an IPv6 /64."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(ip_network((known, _IPV6_NETWORK), strict=False))
    return address
