"""The sessions of all entries of clouds.yaml, loaded with the SDK when one is first needed."""

import asyncio
import threading
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.neutron.sessions import EntrySessions


class LazySessions:
    """The sessions of all entries, loaded with the SDK when they are first needed."""

    def __init__(self, max_response_bytes: int) -> None:
        self._max_response_bytes = max_response_bytes
        self._sessions: EntrySessions | None = None
        self._lock = threading.Lock()

    async def sessions(self) -> "EntrySessions":
        """Load the SDK in a thread; it takes a second or two."""
        if self._sessions is not None:
            return self._sessions
        return await asyncio.to_thread(self._load)

    def _load(self) -> "EntrySessions":
        with self._lock:
            if self._sessions is None:
                from ringfence.neutron.sessions import EntrySessions  # noqa: PLC0415

                self._sessions = EntrySessions(self._max_response_bytes)
            return self._sessions

    def now(self, entry: str) -> datetime | None:
        """Return the time by the clock of an entry's cloud, if it was called before."""
        return self._sessions.now(entry) if self._sessions else None

    def close(self) -> None:
        if self._sessions is not None:
            self._sessions.close()
