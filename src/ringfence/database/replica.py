"""Reads from a streaming replica, and from the primary where the replica would not do.

Nobody is shown less than they have written: the primary keeps the position of each caller's last
write, in bytes of the write-ahead log, and a replica that has not got there is passed over. So is
one that lags, hangs or is gone.
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

LOOK_SECONDS = 0.5
# What others have written is shown this much later at most.
LAG_SECONDS = 2.0
# More of them are not looked at: the replica is passed over long before.
MARKS = 100
# Of a read there, before the primary is asked instead.
USE_SECONDS = 1.0

Row = TypeVar("Row")

log = structlog.get_logger(__name__)

# It is asked for after the commit, so the commit lies before it.
_WROTE: LiteralString = """
INSERT INTO user_write_positions AS known (user_id, position)
VALUES (%s, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint)
ON CONFLICT (user_id) DO UPDATE SET position = greatest(known.position, excluded.position)
"""

_WRITTEN: LiteralString = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"

# A replica that was promoted goes its own way, and says NULL here.
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
        # Up to where the primary had written when, and the last moment of which all is replayed.
        self._marks: deque[tuple[float, int]] = deque(maxlen=MARKS)
        self._shown = float("-inf")

    @classmethod
    @asynccontextmanager
    async def open(cls, primary: Database, conninfo: str | None) -> AsyncIterator["Replica | None"]:
        """Open a pool on the replica, and watch how far it is; without a URL there is none."""
        if conninfo is None:
            yield None
            return
        async with Database.open(conninfo, use_seconds=USE_SECONDS) as database:
            replica = cls(primary, database)
            async with in_background(replica.watch, "replica"):
                yield replica

    async def read(self, run: Callable[[Connection], Awaitable[Row]], written: int | None) -> Row:
        """Give what `run` reads, by one statement, on a connection that shows what is `written`."""
        if self._is_usable:
            try:
                async with self._replica.connection() as connection:
                    if await self._shows(connection, written or 0):
                        return await run(connection)
            except Unavailable:
                # Until the next look finds it well again
                self._is_usable = False
        return await self._primary.read(run)

    async def wrote(self, user_id: int) -> None:
        """Note that a user has written until now; call it before the user learns of it."""
        async with self._primary.connection() as connection:
            await connection.execute(_WROTE, [user_id])

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again and again whether the replica will do, until `stop` is set."""
        while not stop.is_set():
            usable = await self.look()
            if usable != self._is_usable:
                log.warning("replica_is_used" if usable else "replica_is_passed_over")
            self._is_usable = usable
            await pause(stop, LOOK_SECONDS)

    async def look(self) -> bool:
        """Tell whether the replica shows what the primary had a moment ago."""
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
