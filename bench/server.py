"""The embedded PostgreSQL of the benchmarks, kept between runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import platformdirs
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ringfence.database.embedded.server import running, server_process_id
from ringfence.settings import Settings


def default_cache() -> Path:
    """Return the folder of data sets; for root, one that the server's user can reach."""
    if os.geteuid() == 0:
        return Path("/var/cache/ringfence-bench")
    return platformdirs.user_cache_path("ringfence") / "bench"


class DatabaseServer:
    """A running server; `folder` has its data directory."""

    def __init__(self, folder: Path, conninfo: str) -> None:
        self.home = folder / "home"
        self._conninfo = conninfo

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"

    @property
    def process(self) -> int:
        """The process id of the server."""
        found = server_process_id(self.home)
        assert found is not None  # noqa: S101 - it runs as long as the block of `opened`
        return found

    def conninfo(self, database: str) -> str:
        """Return the connection string of a database."""
        return make_conninfo(self._conninfo, dbname=database)

    def url(self, database: str) -> str:
        """Return the same as a URL, for RINGFENCE_DATABASE_URL."""
        parameters = conninfo_to_dict(self._conninfo)
        host = quote(str(parameters["host"]), safe="")
        return f"postgresql://{parameters['user']}@{host}:{parameters['port']}/{database}"

    def has(self, database: str) -> bool:
        """Return whether there is such a database."""
        with self._administration() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return found.fetchone() is not None

    def create(self, database: str, template: str = "template1") -> None:
        """Create a database as a copy of another one; drop it first if it exists."""
        self.drop(database)
        names = (sql.Identifier(database), sql.Identifier(template))
        with self._administration() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))

    def rename(self, database: str, name: str) -> None:
        names = (sql.Identifier(database), sql.Identifier(name))
        with self._administration() as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))

    def drop(self, database: str) -> None:
        """Drop a database if it exists."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)")
        with self._administration() as connection:
            connection.execute(statement.format(sql.Identifier(database)))

    @contextmanager
    def clone(self, database: str, name: str) -> Iterator[str]:
        """Yield a temporary copy of a database."""
        self.create(name, database)
        try:
            yield name
        finally:
            self.drop(name)

    def _administration(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo("postgres"), autocommit=True)


@contextmanager
def opened(folder: Path) -> Iterator[DatabaseServer]:
    """Run the server of `folder` during the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with running(Settings(home=folder / "home")) as conninfo:
        yield DatabaseServer(folder, conninfo)
