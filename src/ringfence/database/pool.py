"""The connections of one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringfence.errors import Unavailable

Connection = psycopg.AsyncConnection

# Without it PostgreSQL plans `LIMIT $1` anew at each request, at twice the cost of running it.
SESSION = "-c plan_cache_mode=force_generic_plan -c timezone=UTC"
WAIT_SECONDS = 4.0
AWAY = "The database is not available, try again later."


class Database:
    """A pool, in two shapes: single statements, and transactions."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def open(cls, conninfo: str, *, size: int = 8) -> AsyncIterator["Database"]:
        """Open the pool; `conninfo` is a libpq URI or connection string.

        A database that is away is no error here: each use says `Unavailable` until it is back.
        """
        pool = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=size,
            timeout=WAIT_SECONDS,
            reconnect_timeout=2.0,
            kwargs={
                "autocommit": True,
                "options": SESSION,
                "connect_timeout": 3,
                "application_name": "ringfence",
                # Prepared from the first use: the statements are few and all are hot.
                "prepare_threshold": 0,
            },
            open=False,
        )
        await pool.open(wait=False)
        try:
            yield cls(pool)
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
        """Lend a connection for single statements, each its own transaction."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            # One connection died: let the pool find the others that died with it.
            await self._pool.check()
            raise Unavailable(AWAY) from error
        except PoolTimeout as error:
            raise Unavailable(AWAY) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction that commits when the block ends well."""
        async with self.connection() as connection, connection.transaction():
            yield connection
