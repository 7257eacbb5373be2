"""What every command does first: read settings, configure the log, open the database."""

# ruff: noqa: PLC0415 - imports inside functions, so that `--help` responds at once

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ringfence.database.pool import Database
    from ringfence.settings import Settings

Result = TypeVar("Result")


def start() -> "Settings":
    """Read the settings and configure the log; raises `OperatorError`."""
    from ringfence.settings import load_settings
    from ringfence.telemetry import logs

    settings = load_settings()
    logs.configure(settings.log_level)
    return settings


@contextmanager
def migrated(settings: "Settings") -> Iterator[tuple[str, list[str]]]:
    """Run the database and migrate it.

    Yields the connection string of the serving role, and the names of the migrations that were
    just applied (by the owning role).
    """
    import asyncio

    from ringfence.database.connect import connect_now
    from ringfence.database.embedded import roles
    from ringfence.database.embedded.server import running
    from ringfence.database.migrate import migrate as apply

    with running(settings) as conninfo:
        applied = asyncio.run(apply(roles.owning(settings, conninfo)))
        if applied and settings.database_url is None:
            with connect_now(conninfo) as connection:
                roles.restrict(connection)
        yield roles.serving(settings, conninfo), applied


def with_database(
    conninfo: str, use: Callable[["Database"], Coroutine[Any, Any, Result]], *, size: int = 2
) -> Result:
    """Run a coroutine function with a pool of `size` connections and return its result."""
    import asyncio

    from ringfence.database.pool import Database

    async def main() -> Result:
        async with Database.open(conninfo, size=size) as database:
            return await use(database)

    return asyncio.run(main())
