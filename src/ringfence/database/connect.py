"""Connect to a database. Every connection of every command is opened here.

Connection strings are those of libpq, with all its parameters. The settings that statements depend
on are set after connecting, in one round trip, because poolers such as PgBouncer refuse `options`
at start-up. `pool` keeps the connections of a process.
"""

import asyncio
import re
import select
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from ringfence.database.prepared import PreparedStatements
from ringfence.text import masking
from ringfence.text.connection_strings import VARIABLE, check, parse, where

Connection = psycopg.AsyncConnection

# A dead host is detected within 25 s. Unix sockets ignore these.
TRANSPORT: dict[str, int] = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# Without the first, PostgreSQL plans `LIMIT $1` at each request, at twice the cost of running it.
# JIT compilation and parallel workers take longer to start than any statement here runs. The others
# define output formats and isolation, which a role or a database may have set differently.
SETTINGS: Mapping[LiteralString, LiteralString] = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
}
_SET: LiteralString = "SELECT " + ", ".join(
    [f"set_config('{name}', '{value}', false)" for name, value in SETTINGS.items()]
)
# Behind a pooler, the first statement waits for a connection to the server.
SET_SECONDS = 5.0
CANCEL_SECONDS = 1.0

# SQLSTATEs of a server that is read only after a failover, and of a plan older than its tables
READ_ONLY = "25006"
NOT_SUPPORTED, OF_A_PLAN = "0A000", "RevalidateCachedQuery"
# The function of PostgreSQL that refuses for a missing privilege; triggers refuse by another one.
OF_PRIVILEGES = "aclcheck_error"
ENDED = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.IdleInTransactionSessionTimeout,
    errors.IdleSessionTimeout,
)


class Session(Connection):
    """A connection with the settings that statements depend on.

    It is closed when its statement is cancelled: psycopg would wait 10 s for a server that does not
    accept the cancellation.
    """

    _poll: "select.poll | None" = None
    _statements: PreparedStatements | None = None

    @property
    def prepared_statements(self) -> PreparedStatements:
        """Return the statements that are run without a cursor."""
        if self._statements is None:
            self._statements = PreparedStatements(self)
        return self._statements

    @classmethod
    async def connect(
        cls,
        conninfo: str = "",
        *,
        autocommit: bool = False,
        **options: Any,  # noqa: ANN401 - psycopg's
    ) -> "Session":
        """Connect and set up the session; raises `psycopg.Error`."""
        session = await cls.connect_bare(conninfo, **options)
        try:
            await session.set_up()
        except BaseException:
            session.pgconn.finish()
            raise
        await session.set_autocommit(autocommit)
        return session

    @classmethod
    async def connect_bare(cls, conninfo: str, **options: Any) -> "Session":  # noqa: ANN401
        """Connect in autocommit mode without changing settings."""
        return await super().connect(complete(conninfo), autocommit=True, **{**_OPTIONS, **options})

    async def set_up(self) -> None:
        """Set the settings that statements depend on; raises `psycopg.Error`."""
        try:
            async with asyncio.timeout(SET_SECONDS):
                await self.execute(_SET, prepare=False)
        except TimeoutError:
            raise psycopg.OperationalError(
                f"the server took no statement within {SET_SECONDS:g} s of the connection"
            ) from None

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109
        """Cancel the statement and close the connection."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        finally:
            self.pgconn.finish()

    def is_spoiled(self) -> bool:
        """Return whether an idle session is closed or has unread data from the server.

        Such data is mostly the end of the session. The check needs no round trip.
        """
        if self.closed:
            return True
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.pgconn.socket, select.POLLIN)
        return bool(self._poll.poll(0))


# A name in the connection string wins.
_OPTIONS: Mapping[str, Any] = {
    "client_encoding": "utf8",
    "fallback_application_name": "ringfence",
}


def pool(
    conninfo: str,
    *,
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> AsyncConnectionPool[Any]:
    """Return a pool of sessions that is not open yet; `options` are those of `psycopg_pool`."""
    return AsyncConnectionPool(
        conninfo, connection_class=Session, kwargs=dict(kwargs or {}), **options
    )


def connect_now(conninfo: str, **options: Any) -> "psycopg.Connection":  # noqa: ANN401
    """Connect without an event loop; each statement commits by itself. Raises `psycopg.Error`."""
    connection = psycopg.connect(complete(conninfo), autocommit=True, **{**_OPTIONS, **options})
    try:
        connection.execute(_SET)
    except BaseException:
        connection.close()
        raise
    return connection


def complete(conninfo: str) -> str:
    """Return the connection string with default timeouts for a dead host."""
    return make_conninfo("", **(TRANSPORT | conninfo_to_dict(conninfo)))


def unreachable(conninfo: str, error: BaseException) -> str:
    """Return one line on why the connection failed, without any part of a password."""
    try:
        check(conninfo)
    except ValueError as mistake:
        return f"{VARIABLE} is not a connection string that PostgreSQL understands: {mistake}"
    parameters = parse(conninfo) or {}
    masking.learn_url(conninfo)
    masking.learn(parameters.get("sslpassword"), parameters.get("options"))
    reason = masking.mask(one_line(error))
    advice = f"check that it runs and what {VARIABLE} says"
    if parameters.get("options"):
        advice += (
            "; a pooler such as PgBouncer refuses `options`: set them for the role instead, "
            "with ALTER ROLE … SET …"
        )
    return f"cannot connect to the database at {where(parameters)}: {reason}; {advice}"


def is_outdated_plan(error: psycopg.Error) -> bool:
    """Return whether a statement failed, without effect, because its tables changed."""
    return error.sqlstate == NOT_SUPPORTED and error.diag.source_function == OF_A_PLAN


def is_ungranted(error: psycopg.Error) -> bool:
    """Return whether a statement failed because the role lacks a privilege."""
    is_refused = isinstance(error, errors.InsufficientPrivilege)
    return is_refused and error.diag.source_function == OF_PRIVILEGES


def explained(error: BaseException) -> str | None:
    """Return one line for an error that an operator can fix, or None."""
    match error:
        case errors.InsufficientPrivilege():
            return (
                f"the database refuses it: {one_line(error)}; run `ringfence migrate --grant ROLE` "
                "as the owner of the tables, or connect as the owner"
            )
        case errors.ReadOnlySqlTransaction():
            return f"the database is read only: point {VARIABLE} at the primary"
        case psycopg.OperationalError():
            return f"the database failed: {one_line(error)}"
        case _:
            return None


# What begins libpq's message; errors name the server in words of their own.
_WHERE = re.compile(r"^(connection (failed|is bad): )?connection to server .*? failed: ")


def one_line(error: BaseException) -> str:
    """Return the server's message, or the last line of libpq's that says a reason."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return " ".join(error.diag.message_primary.split())
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reasons = [_WHERE.sub("", line) for line in lines if not line.endswith("?")] or lines
    return reasons[-1] if reasons else type(error).__name__
