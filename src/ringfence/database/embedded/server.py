"""Run PostgreSQL from the first process of a data directory that needs it to the last.

The state of the server is read from the system (lock holders, running processes), never from a
file, so a killed process leaves nothing to clean up. Two files are locked:

- `start.lock`, by one process at a time, while it decides whether to start or to stop;
- `users.lock`, shared by all users of the server: the last one gets it exclusively and stops it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import structlog
from psycopg import errors
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from ringfence.database.connect import connect_now
from ringfence.database.embedded import binaries, client_authentication, roles
from ringfence.database.embedded.data_folder import make_data
from ringfence.database.embedded.failure_reasons import explained, reason_in
from ringfence.database.embedded.home import (
    NAME,
    SOCKET,
    Account,
    operator_name,
    own_folder,
    prepare,
    server_account,
    socket_folder,
)
from ringfence.database.embedded.server_process import exists, runs_on
from ringfence.errors import OperatorError
from ringfence.settings import Settings

LONGEST_LOG_BYTES = 10_000_000
LOCK_SECONDS = 60.0
# After a crash the server first replays its log.
START_SECONDS = 60.0
# How long the children of a killed server may take to exit
ORPHANS_SECONDS = 10.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.02
# Above the highest process id of any system.
NO_PROCESS = 2**31 - 1
# Of `postmaster.pid`, counted from 0.
SOCKET_LINE = 4

DATA = "data"
# The data of an upgrade to another version, until they replace the former
UPGRADING = "data.upgrading"

log = structlog.get_logger(__name__)


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Yield the connection string of a database that runs as long as the block.

    If `settings.database_url` is set, that is it. Otherwise the embedded server is started, or
    joined if another process of the data directory runs it. Raises `OperatorError` on failure.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    forget_ambient_settings()
    server = Server(settings.home)
    users = server.enter()
    try:
        yield server.conninfo()
    finally:
        server.leave(users)


def forget_ambient_settings() -> None:
    """Drop environment variables of libpq, which would change connections to this server."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def revive(settings: Settings) -> bool:
    """Start the embedded server if it has died; return whether it had.

    Call it inside `running`. Raises `OperatorError` when it does not start.
    """
    return settings.database_url is None and Server(settings.home).revive()


def server_process_id(home: Path) -> int | None:
    """Return the process id of the server of `home`, or None if it does not run."""
    return Server(home).process_id()


class Server:
    """The server of a data directory, or that of its upgrade with data in another folder."""

    def __init__(self, home: Path, folder: str = DATA) -> None:
        # Two paths of one folder are one data directory.
        self._home = home.resolve()
        self._data = self._home / folder
        self._log = self._home / "postgresql.log"

    def enter(self) -> int:
        """Start or join the server; return the lock that marks it as used."""
        with explained(self._home):
            prepare(self._home)
            with self._deciding():
                users = _open_lock(self._home / "users.lock")
                try:
                    fcntl.flock(users, fcntl.LOCK_SH)
                    self._bring_up()
                except BaseException:
                    os.close(users)
                    raise
        return users

    def leave(self, users: int) -> None:
        """Release the lock, and stop the server if nobody else holds it."""
        try:
            with self._deciding():
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
        except BlockingIOError:
            pass
        except (OSError, OperatorError) as error:
            # The next process that leaves stops it; the result of the block stays.
            log.warning("embedded_database_left_running", reason=str(error))
        finally:
            os.close(users)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from the server during the block; raises `OperatorError` if they use it."""
        with explained(self._home):
            prepare(self._home)
            with self._deciding():
                users = _open_lock(self._home / "users.lock")
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.finish_upgrade()
                    yield
                except BlockingIOError:
                    raise OperatorError(
                        "the database is in use: stop `ringfence serve` and every worker of this "
                        "data directory, then run this again"
                    ) from None
                finally:
                    os.close(users)

    @contextmanager
    def up(self) -> Iterator[str]:
        """Yield the connection string of the server, which runs during the block; needs `alone`."""
        self._bring_up()
        try:
            yield self.conninfo()
        finally:
            self._stop()

    def finish_upgrade(self) -> None:
        """Finish an upgrade that was killed, or discard what it left.

        Once the new data are complete, the former are moved away, and the new ones replace
        them.
        """
        upgrading = self._home / UPGRADING
        if self._data == upgrading or not upgrading.exists():
            return
        if self._data.exists():
            Server(self._home, UPGRADING).discard()
        else:
            upgrading.rename(self._data)

    def discard(self) -> None:
        """Stop the server and delete its data."""
        self._stop()
        shutil.rmtree(self._data, ignore_errors=True)

    def revive(self) -> bool:
        if self.process_id() is not None:
            return False
        with explained(self._home), self._deciding():
            if not self._data.exists():
                # An empty new database would look like the loss of all data.
                raise OperatorError(f"{self._data} is gone: restore it, or start again")
            is_first = self.process_id() is None
            self._bring_up()
        return is_first

    def conninfo(self, database: str = NAME) -> str:
        return make_conninfo(
            host=str(self._socket()), port=5432, user=NAME, dbname=database, connect_timeout=3
        )

    def process_id(self) -> int | None:
        recorded = self._recorded()
        if not recorded or not recorded[0].isdecimal():
            return None
        process_id = int(recorded[0])
        return process_id if runs_on(process_id, self._data) else None

    def _socket(self) -> Path:
        # Where a running server listens was decided by its starter, whose TMPDIR may be another.
        recorded = self._recorded()
        folder = "".join(recorded[SOCKET_LINE : SOCKET_LINE + 1])
        return Path(folder) if folder else socket_folder(self._home)

    def _recorded(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        lock = _open_lock(self._home / "start.lock")
        deadline = time.monotonic() + LOCK_SECONDS
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise OperatorError(
                            f"another process has been starting or stopping the database of "
                            f"{self._home} for {LOCK_SECONDS:.0f} s: see {self._log}"
                        ) from None
                    time.sleep(POLL_SECONDS)
            yield
        finally:
            os.close(lock)

    def _bring_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        # Whoever stopped it may have been killed half way: then it goes away by itself.
        while self.process_id() is not None:
            if self._accepts_connections():
                return
            self._wait_until(deadline)
        self._start()

    def _start(self) -> None:
        self.finish_upgrade()
        programs = binaries.provide(self._home, self._data)
        # During an upgrade, the owner of the former data
        account = server_account(self._home, self._home / DATA)
        make_data(programs, self._data, account)
        self._write_access(account)
        deadline = time.monotonic() + START_SECONDS
        orphans_gone = time.monotonic() + ORPHANS_SECONDS
        while True:
            self._clear_stale()
            log_start = self._shorten_log()
            process_id = self._launch(programs, account)
            try:
                while runs_on(process_id, self._data):
                    if self._accepts_connections():
                        return
                    self._wait_until(deadline)
            except BaseException:
                # It did not start in time, or this process is ending: stop it, since nobody
                # uses it.
                self._end(process_id)
                raise
            reason = self._last_words(log_start)
            # Children of a killed server hold its memory until they notice. A killed starter may
            # have left a server that was not visible yet.
            passing = "still in use" in reason or self.process_id() is not None
            if not passing or time.monotonic() > orphans_gone:
                raise OperatorError(f"the database of {self._home} does not start: {reason}")
            time.sleep(0.2)
            if self.process_id() is not None and self._accepts_connections():
                return

    def _wait_until(self, deadline: float) -> None:
        # A server in recovery reports it, and would start over if it were stopped.
        if time.monotonic() > deadline and not self._recovers():
            raise OperatorError(
                f"the database of {self._home} is not ready after {START_SECONDS:.0f} s: "
                f"see {self._log}, and try again"
            )
        time.sleep(POLL_SECONDS)

    def _accepts_connections(self) -> bool:
        """Return whether the server accepts connections; create the database if it is missing."""
        try:
            with connect_now(self.conninfo()) as connection:
                self._let_roles_in(connection)
                roles.prepare(connection)
        except errors.OperationalError as error:
            # libpq sets no code for a refused connection: compare the message.
            if f'database "{NAME}" does not exist' in str(error):
                with connect_now(self.conninfo("postgres")) as connection:
                    connection.execute("CREATE DATABASE ringfence")
                with connect_now(self.conninfo()) as connection:
                    roles.prepare(connection)
                return True
            if "authentication failed" in str(error):
                raise OperatorError(
                    f"the database of {self._home} was started by another user than "
                    f"{operator_name()}: run as that user, or set RINGFENCE_HOME"
                ) from None
            return False
        return True

    def _recovers(self) -> bool:
        return PGconn.ping(self.conninfo().encode()) == Ping.REJECT

    def _write_access(self, account: Account) -> None:
        client_authentication.write(self._home)
        client_authentication.let_read(self._home, account)
        own_folder(socket_folder(self._home), account)

    def _let_roles_in(self, connection: psycopg.Connection) -> None:
        """Have a running server reload the files of client authentication."""
        if client_authentication.write(self._home):
            connection.execute("SELECT pg_reload_conf()")

    def _clear_stale(self) -> None:
        """Remove what a killed server left and PostgreSQL would refuse to start with."""
        lines = self._recorded()
        if self.process_id() is not None:
            return
        if lines and lines[0].isdecimal() and exists(int(lines[0])):
            # Its process id was reused. The rest of the file stays: from it the next server finds
            # out whether children of the killed one still use its memory.
            lines[0] = str(NO_PROCESS)
            # The folder belongs to the server's user: root must not follow links there.
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(self._data / "postmaster.pid", flags), "w") as file:
                file.write("\n".join(lines) + "\n")
        for name in (SOCKET, f"{SOCKET}.lock"):
            (socket_folder(self._home) / name).unlink(missing_ok=True)

    def _shorten_log(self) -> int:
        """Keep the log and the previous one; return the size at which the new part starts."""
        size = self._log.stat().st_size if self._log.exists() else 0
        if size > LONGEST_LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
            return 0
        return size

    def _launch(self, programs: Path, account: Account) -> int:
        """Start the server in its own session: it outlives this process and its terminal."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{socket_folder(self._home)}"',
            "unix_socket_permissions": "0700",
            "hba_file": self._home / "pg_hba.conf",
            "ident_file": self._home / "pg_ident.conf",
        }
        command: list[str | Path] = [programs / "postgres", "-D", self._data, "-p", "5432"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        # The shell exits at once, so no process here has to wait for the server as its child.
        shell = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command]
        options = account.subprocess_options() | {"cwd": self._home}
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as output:
            started = subprocess.run(  # noqa: S603 - a program and words of ours
                shell, check=True, stdout=subprocess.PIPE, stderr=output, text=True, **options
            )
        return int(started.stdout)

    def _last_words(self, log_start: int) -> str:
        with self._log.open("rb") as file:
            file.seek(log_start)
            return reason_in(file.read().decode(errors="replace"))

    def _stop(self) -> None:
        process_id = self.process_id()
        if process_id is not None:
            self._end(process_id)

    def _end(self, process_id: int) -> None:
        """Shut down a server that nobody uses, in fast mode."""
        deadline = time.monotonic() + STOP_SECONDS
        while runs_on(process_id, self._data):
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"PostgreSQL does not stop within {STOP_SECONDS:.0f} s: end its clients, "
                    "then try again"
                )
            # Repeatedly: a starting server ignores the signal.
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGINT)
            time.sleep(POLL_SECONDS)


def _open_lock(path: Path) -> int:
    # Python closes its descriptors in child programs: the server never inherits a lock.
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
