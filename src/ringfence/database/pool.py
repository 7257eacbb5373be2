"""The connections of one process, and what becomes of them when the server fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from hashlib import sha256

import psycopg
import structlog
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringfence import tracing
from ringfence.errors import Deadlocked, Unavailable

Connection = psycopg.AsyncConnection

# Without the first PostgreSQL plans `LIMIT $1` anew at each request, at twice the cost of running
# it. Compiling a plan, and starting processes for it, takes longer than any statement here runs.
SESSION = (
    "-c plan_cache_mode=force_generic_plan -c jit=off -c max_parallel_workers_per_gather=0"
    " -c timezone=UTC"
)
WAIT_SECONDS = 4.0
# Of one use of a connection by a request, the wait for it included.
USE_SECONDS = 8.0
CANCEL_SECONDS = 1.0
AWAY = "The database is not available, try again later."

# A host that died without a word is noticed after 25 s at most; a socket has no use for these.
TRANSPORT = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A server that a failover has left read only, a plan of before a migration, an ended session.
READ_ONLY = "25006"
OUTDATED_PLAN = "cached plan must not change result type"
ENDED = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.IdleInTransactionSessionTimeout,
    errors.IdleSessionTimeout,
)

log = structlog.get_logger(__name__)

# What a transaction begins with: it raises where the transaction may not be.
Check = Callable[[Connection], Awaitable[None]]

_enclosing: ContextVar[Connection | None] = ContextVar("enclosing", default=None)
_check: ContextVar[Check | None] = ContextVar("check", default=None)


@contextmanager
def checked_first(check: Check) -> Iterator[None]:
    """Have every transaction within begin with this check, whoever opens it."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


class _Impatient(Connection):
    """A connection that is dropped, with its answer, once its statement was cancelled.

    psycopg waits 10 s for a server that does not even take the cancellation.
    """

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109
        """Ask the server to stop working on it, and wait for nothing else."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        finally:
            self.pgconn.finish()


def lasting(conninfo: str) -> str:
    """Give the connection string with limits for a host that is gone, where it sets none."""
    return make_conninfo("", **(TRANSPORT | conninfo_to_dict(conninfo)))


class Database:
    """A pool, in two shapes: single statements, and transactions."""

    def __init__(
        self,
        pool: AsyncConnectionPool[_Impatient],
        conninfo: str,
        use_seconds: float | None = None,
    ) -> None:
        self._pool = pool
        self._use_seconds = use_seconds
        self._drained = 0.0
        # Tells what is remembered of one database from what is of another.
        self.mark = sha256(conninfo.encode()).digest()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, conninfo: str, *, size: int = 8, use_seconds: float | None = None
    ) -> AsyncIterator["Database"]:
        """Open the pool; `conninfo` is a libpq URI or connection string.

        A database that is away is no error here: each use says `Unavailable` until it is back.
        A use that takes longer than `use_seconds` is cut off, and says so as well.
        """
        pool = AsyncConnectionPool(
            lasting(conninfo),
            connection_class=_Impatient,
            min_size=1,
            max_size=size,
            timeout=WAIT_SECONDS,
            reconnect_timeout=2.0,
            kwargs={
                "autocommit": True,
                "options": SESSION,
                "application_name": "ringfence",
                "cursor_factory": tracing.cursor_factory(),
                # Texts go out as they come in.
                "client_encoding": "utf8",
                # Prepared from the first use: the statements are few and all are hot.
                "prepare_threshold": 0,
            },
            open=False,
        )
        await pool.open(wait=False)
        try:
            yield cls(pool, conninfo, use_seconds)
        finally:
            await pool.close(timeout=5)

    def usage(self) -> dict[str, int]:
        """Tell how many connections are idle and used, how many there may be, and who waits."""
        known = self._pool.get_stats()
        size, idle = known.get("pool_size", 0), known.get("pool_available", 0)
        return {
            "idle": idle,
            "used": size - idle,
            "limit": known.get("pool_max", 0),
            "waiting": known.get("requests_waiting", 0),
        }

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for single statements, each its own transaction.

        Within `enclosing` it is the connection of that transaction, for everybody.
        """
        if held := _enclosing.get():
            yield held
            return
        lent: Connection | None = None
        begun = time.monotonic()
        deadline = asyncio.timeout(self._use_seconds)
        try:
            async with deadline:
                lent = await self._lend()
                try:
                    yield lent
                finally:
                    await self._pool.putconn(lent)
        except PoolTimeout as error:
            raise self._unavailable(error, "no connection became free") from error
        except psycopg.Error as error:
            if not await self._is_absence(error, lent, begun):
                raise
            if isinstance(error, errors.DeadlockDetected):
                raise Deadlocked from error
            raise self._unavailable(error, str(error)) from error
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise self._unavailable(error, f"no end after {self._use_seconds} s") from error

    async def _lend(self) -> _Impatient:
        """Take a connection from the pool; a cancellation that arrives with it is kept.

        Not by `pool.connection()`, which commits: a transaction ends in `transaction`. The pool
        waits with `asyncio.wait_for`, which loses such a cancellation before Python 3.12: loops
        would not end, and deadlines not hold.
        """
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        lent = await self._pool.getconn()
        if task and task.cancelling() > before:
            await self._pool.putconn(lent)
            raise asyncio.CancelledError
        return lent

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction that commits when the block ends well.

        It begins with the check of `checked_first`; one within `enclosing` is part of a
        transaction that has begun so. Raises `Deadlocked` where the server ended a deadlock by it.
        """
        check = _check.get() if _enclosing.get() is None else None
        async with self.connection() as connection, connection.transaction():
            if check is not None:
                await check(connection)
            yield connection

    @asynccontextmanager
    async def enclosing(self) -> AsyncIterator[Connection]:
        """Like `transaction`, and whatever uses the database within is part of it.

        A transaction within ends well or badly by itself, and is committed with the whole.
        """
        async with self.transaction() as connection:
            token = _enclosing.set(connection)
            try:
                yield connection
            finally:
                _enclosing.reset(token)

    async def _is_absence(
        self, error: psycopg.Error, lent: Connection | None, begun: float
    ) -> bool:
        """Tell whether the server is at fault, and drop the connections that died with this one."""
        away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        lost = away and lent is not None and lent.closed
        lost = lost or isinstance(error, ENDED) or error.sqlstate == READ_ONLY
        lost = lost or OUTDATED_PLAN in str(error)
        # Those who fail together drop them once: what was connected since is good.
        if lost and begun > self._drained:
            self._drained = time.monotonic()
            await self._pool.drain()
        return lost or away

    def _unavailable(self, error: Exception, reason: str) -> Unavailable:
        log.warning("database_failed", kind=type(error).__name__, reason=_one_line(reason))
        return Unavailable(AWAY)


def _one_line(text: str) -> str:
    return " ".join(text.split())
