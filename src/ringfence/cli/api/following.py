"""Follows events: requests the newest ones again and again, and yields each once.

An event has the time at which its transaction began, and is visible when that commits: an event
may appear after later ones. Each request therefore begins OVERLAP before the newest event, and
what was already yielded is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ringfence.cli import output
from ringfence.cli.api.client import Client, Query, Unreachable

OVERLAP = timedelta(seconds=30)


def row_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with the fields of its context beside its own."""
    context = event.get("context")
    return {**(context if isinstance(context, dict) else {}), **event}


class Follower:
    """The position in the sequence of events."""

    def __init__(self, client: Client, path: str, filters: Query, start: datetime) -> None:
        self._client = client
        self._path = path
        self._filters = filters
        self._start = start
        self._newest = start
        # Times by UUID, of the events that the next request may return again
        self._known: dict[str, datetime] = {}
        self._is_away = False

    def rows(self, pause: Callable[[], None]) -> Iterator[dict[str, Any]]:
        """Yield events for ever, and call `pause` between two requests."""
        while True:
            try:
                yield from self._new()
            except Unreachable as error:
                self._say_once(error)
            else:
                self._is_away = False
            pause()

    def _new(self) -> Iterator[dict[str, Any]]:
        since = max(self._start, self._newest - OVERLAP)
        query = [*self._filters, ("o", "created"), ("created_from", f"{since.timestamp():.6f}")]
        for event in self._client.items(self._path, query):
            uuid, created = str(event["uuid"]), datetime.fromisoformat(event["created"])
            if uuid not in self._known:
                self._known[uuid] = created
                self._newest = max(self._newest, created)
                yield row_of(event)
        oldest = self._newest - OVERLAP
        self._known = {uuid: time for uuid, time in self._known.items() if time >= oldest}

    def _say_once(self, error: Unreachable) -> None:
        if not self._is_away:
            output.warn(f"ringfence: {error}; trying again")
        self._is_away = True
