"""The pool of a process's connections: single statements, transactions and lost connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import psycopg
import structlog
from psycopg import errors
from psycopg.pq.abc import PGresult
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringfence.database import connect
from ringfence.database.connect import Connection, Session
from ringfence.errors import Deadlocked, Interrupted, Unavailable, Ungranted
from ringfence.telemetry import tracing

__all__ = ["Connection", "Database"]

WAIT_SECONDS = 4.0
# The time limit of one use of a connection by a request, including the wait for it
USE_SECONDS = 8.0
AWAY = "The database is not available, try again later."

log = structlog.get_logger(__name__)

# Runs first in a transaction; raises if the transaction is not allowed.
Check = Callable[[Session], Awaitable[None]]
Row = TypeVar("Row")

_enclosing: ContextVar[Session | None] = ContextVar("enclosing", default=None)
_check: ContextVar[Check | None] = ContextVar("check", default=None)


# Runs before a transaction commits, with all ids that were collected for it.
Finish = Callable[[Connection, Sequence[int]], Awaitable[None]]

_unfinished: WeakKeyDictionary[Connection, dict[Finish, set[int]]] = WeakKeyDictionary()


def before_commit(connection: Connection, finish: Finish, ids: Iterable[int]) -> None:
    """Have `finish` run with these ids, and others of the transaction, right before it commits.

    The transaction is the innermost one that `Database.transaction` has begun on the connection.
    """
    _unfinished.setdefault(connection, {}).setdefault(finish, set()).update(ids)


@contextmanager
def checked_first(check: Check) -> Iterator[None]:
    """Run this check first in every transaction of the block."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


@dataclass(slots=True)
class Commits:
    """Whether a transaction was committed since `watch_commits`."""

    any: bool = False


_commits: ContextVar[Commits | None] = ContextVar("commits", default=None)


def watch_commits() -> Commits:
    """Record from now on whether this task, or one that it starts, commits anything."""
    commits = Commits()
    _commits.set(commits)
    return commits


class Database:
    """A pool for single statements and transactions."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Session],
        use_seconds: float | None = None,
    ) -> None:
        self._pool = pool
        self._use_seconds = use_seconds
        self._drained = 0.0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, conninfo: str, *, size: int = 8, use_seconds: float | None = None
    ) -> AsyncIterator["Database"]:
        """Open the pool; `conninfo` is a connection string of libpq.

        An unavailable database is no failure here: each use raises `Unavailable` until it is back.
        A use that takes longer than `use_seconds` is cut off, and says so as well.
        """
        pool = connect.pool(
            conninfo,
            min_size=1,
            max_size=size,
            timeout=WAIT_SECONDS,
            reconnect_timeout=2.0,
            kwargs={
                "autocommit": True,
                "cursor_factory": tracing.cursor_factory(),
                # Prepare at the first use: statements are few and all are hot.
                "prepare_threshold": 0,
            },
            open=False,
        )
        await pool.open(wait=False)
        try:
            yield cls(pool, use_seconds)
        finally:
            await pool.close(timeout=5)

    def usage(self) -> dict[str, int]:
        """Return how many connections are idle, used and allowed, and how many uses wait."""
        known = self._pool.get_stats()
        size, idle = known.get("pool_size", 0), known.get("pool_available", 0)
        return {
            "idle": idle,
            "used": size - idle,
            "limit": known.get("pool_max", 0),
            "waiting": known.get("requests_waiting", 0),
        }

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Session]:
        """Lend a connection in autocommit mode.

        Within `enclosing` it is the connection of that transaction.
        """
        if held := _enclosing.get():
            yield held
            return
        lent: Session | None = None
        begun = time.monotonic()
        deadline = asyncio.timeout(self._use_seconds)
        try:
            async with deadline:
                lent = await self._lend()
                try:
                    yield lent
                finally:
                    await self._pool.putconn(lent)
        except (psycopg.Error, TimeoutError) as error:
            raise await self._failure(error, lent, begun, deadline) from error

    async def _lend(self) -> Session:
        """Take a connection from the pool that was not closed while it was idle."""
        for _ in range(self._pool.max_size + 1):
            lent = await self._take()
            if not lent.is_spoiled():
                return lent
            # The pool replaces it.
            lent.pgconn.finish()
            await self._pool.putconn(lent)
        raise psycopg.OperationalError("the server ends each session as soon as it is made")

    async def _take(self) -> Session:
        """Take a connection from the pool without losing a cancellation that arrives with it.

        `pool.connection()` would commit; transactions end in `transaction`. The pool waits with
        `asyncio.wait_for`, which before Python 3.12 can lose a cancellation.
        """
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        lent = await self._pool.getconn()
        if task and task.cancelling() > before:
            await self._pool.putconn(lent)
            raise asyncio.CancelledError
        return lent

    async def read(self, run: Callable[[Session], Awaitable[Row]]) -> Row:
        """Return what `run` reads; retry once if the connection is lost."""
        try:
            async with self.connection() as connection:
                return await run(connection)
        except Interrupted:
            async with self.connection() as connection:
                return await run(connection)

    async def rows(self, statement: bytes, values: Sequence[object]) -> PGresult:
        """Return the rows of one statement that reads, in binary format, as `read` does.

        Straight-line code: the context manager of `connection` costs more than its work.
        """
        try:
            return await self._rows(statement, values)
        except Interrupted:
            return await self._rows(statement, values)

    async def _rows(self, statement: bytes, values: Sequence[object]) -> PGresult:
        if held := _enclosing.get():
            return await held.prepared_statements.rows(statement, values)
        lent: Session | None = None
        begun = time.monotonic()
        deadline = asyncio.timeout(self._use_seconds)
        try:
            async with deadline:
                lent = await self._lend()
                try:
                    return await lent.prepared_statements.rows(statement, values)
                finally:
                    await self._pool.putconn(lent)
        except (psycopg.Error, TimeoutError) as error:
            raise await self._failure(error, lent, begun, deadline) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Lend a connection inside a transaction that commits when the block ends well.

        It runs the check of `checked_first` first, and the work of `before_commit` last. Within
        `enclosing` it is a savepoint, and that transaction has run the check. If the connection is
        lost before the block starts, another one is used. Raises `Deadlocked`.
        """
        has_begun = False
        try:
            async with self._begun() as connection:
                has_begun = True
                yield connection
        except Interrupted:
            if has_begun:
                raise
            async with self._begun() as connection:
                yield connection
        commits = _commits.get()
        if commits is not None and _enclosing.get() is None:
            commits.any = True

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[Session]:
        check = _check.get() if _enclosing.get() is None else None
        async with self.connection() as connection, connection.transaction():
            if check is not None:
                await check(connection)
            enclosing = _unfinished.pop(connection, {})
            try:
                yield connection
                for finish, ids in _unfinished.pop(connection, {}).items():
                    await finish(connection, sorted(ids))
            finally:
                _unfinished[connection] = enclosing

    @asynccontextmanager
    async def enclosing(self) -> AsyncIterator[Session]:
        """Begin a transaction that includes all uses of the database in the block.

        A transaction in the block is a savepoint, committed with the whole.
        """
        async with self.transaction() as connection:
            token = _enclosing.set(connection)
            try:
                yield connection
            finally:
                _enclosing.reset(token)

    async def _failure(
        self,
        error: psycopg.Error | TimeoutError,
        lent: Session | None,
        begun: float,
        deadline: asyncio.Timeout,
    ) -> psycopg.Error | TimeoutError | Unavailable:
        """Return the error to raise, and drain the pool if the connection was lost.

        The pool is also drained of connections with outdated plans, or to a server that has become
        read only: their statements had no effect and can succeed on new connections.
        """
        if reason := self._reason_of_lateness(error, deadline):
            return self._unavailable(error, reason)
        if isinstance(error, TimeoutError):
            return error
        away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        is_undone = connect.is_outdated_plan(error) or error.sqlstate == connect.READ_ONLY
        lost = away and lent is not None and lent.closed
        lost = lost or isinstance(error, connect.ENDED)
        # Concurrent failures drain the pool once: newer connections are good.
        if (lost or is_undone) and begun > self._drained:
            self._drained = time.monotonic()
            await self._pool.drain()
        if isinstance(error, errors.DeadlockDetected):
            return Deadlocked()
        if connect.is_ungranted(error):
            reason = connect.explained(error) or ""
            log.error("database_privilege_missing", reason=reason)
            return Ungranted(AWAY, reason)
        if lost or is_undone:
            self._note(error, connect.one_line(error))
            return Interrupted(AWAY, is_undone=is_undone)
        return self._unavailable(error, connect.one_line(error)) if away else error

    def _reason_of_lateness(self, error: Exception, deadline: asyncio.Timeout) -> str | None:
        if isinstance(error, PoolTimeout):
            return "no connection became free"
        if isinstance(error, TimeoutError) and deadline.expired():
            return f"no end after {self._use_seconds} s"
        return None

    def _unavailable(self, error: Exception, reason: str) -> Unavailable:
        self._note(error, reason)
        return Unavailable(AWAY)

    def _note(self, error: Exception, reason: str) -> None:
        log.warning("database_failed", kind=type(error).__name__, reason=reason)
