"""Read from a streaming replica, or from the primary if the replica cannot be used.

Users read their own writes: the primary stores the position of each user's last write, in bytes of
the write-ahead log, and a replica that has not replayed it is skipped. So is one that lags, hangs
or is down.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import LiteralString, TypeVar

import structlog

from ringfence.background import in_background, pause
from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable

CHECK_SECONDS = 0.5
# The longest delay of other users' writes
LAG_SECONDS = 2.0
# The number of positions that are kept: with more, the replica is skipped for its lag anyway.
MARKS = 100
# The time limit of a read from the replica, before the primary serves it
USE_SECONDS = 1.0

Row = TypeVar("Row")

log = structlog.get_logger(__name__)

# Runs after the commit, so the position includes it.
_WROTE: LiteralString = """
INSERT INTO user_write_positions AS known (user_id, position)
VALUES (%s, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint)
ON CONFLICT (user_id) DO UPDATE SET position = greatest(known.position, excluded.position)
"""

_WRITTEN: LiteralString = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"

# NULL for a replica that was promoted, because it has diverged from the primary
_REPLAYED: LiteralString = """
SELECT CASE
    WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint
END
"""


class Replica:
    """A replica beside its primary."""

    def __init__(self, primary: Database, replica: Database) -> None:
        self._primary = primary
        self._replica = replica
        self._replayed = 0
        self._is_usable = False
        # Positions of the primary by time, and the last time of which all is replayed
        self._marks: deque[tuple[float, int]] = deque(maxlen=MARKS)
        self._shown = float("-inf")

    @classmethod
    @asynccontextmanager
    async def open(cls, primary: Database, conninfo: str | None) -> AsyncIterator["Replica | None"]:
        """Open a pool on the replica and monitor its lag; yield None without a URL."""
        if conninfo is None:
            yield None
            return
        async with Database.open(conninfo, use_seconds=USE_SECONDS) as database:
            replica = cls(primary, database)
            async with in_background(replica.watch, "replica"):
                yield replica

    async def read(self, run: Callable[[Connection], Awaitable[Row]], written: int | None) -> Row:
        """Return what `run` reads with one statement, not before position `written` is visible."""
        if self._is_usable:
            try:
                async with self._replica.connection() as connection:
                    if await self._shows(connection, written or 0):
                        return await run(connection)
            except Unavailable:
                # Until the next check succeeds
                self._is_usable = False
        return await self._primary.read(run)

    async def wrote(self, user_id: int) -> None:
        """Store the position of a user's write; call it before the response is sent."""
        async with self._primary.connection() as connection:
            await connection.execute(_WROTE, [user_id])

    async def watch(self, stop: asyncio.Event) -> None:
        """Check the replica periodically until `stop` is set."""
        while not stop.is_set():
            usable = await self.check()
            if usable != self._is_usable:
                log.warning("replica_is_used" if usable else "replica_is_skipped")
            self._is_usable = usable
            await pause(stop, CHECK_SECONDS)

    async def check(self) -> bool:
        """Return whether the replica lags by no more than `LAG_SECONDS`."""
        try:
            async with self._primary.connection() as connection:
                self._marks.append((time.monotonic(), await _position(connection, _WRITTEN) or 0))
            async with self._replica.connection() as connection:
                replayed = await _position(connection, _REPLAYED)
        except Unavailable:
            return False
        if replayed is None:
            return False
        self._replayed = replayed
        while self._marks and self._marks[0][1] <= replayed:
            self._shown, _ = self._marks.popleft()
        return time.monotonic() - self._shown <= LAG_SECONDS

    async def _shows(self, connection: Connection, written: int) -> bool:
        if written > self._replayed:
            self._replayed = await _position(connection, _REPLAYED) or self._replayed
        return written <= self._replayed


async def _position(connection: Connection, statement: LiteralString) -> int | None:
    row = await (await connection.execute(statement)).fetchone()
    return None if row is None else row[0]
