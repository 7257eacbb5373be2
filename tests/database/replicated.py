"""Two ordinary servers over TCP: a primary, and a replica that streams from it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.ports import free_port
from tests.processes import children, signal_each

from ringfence.database.embedded import binaries, home

PASSWORD = "correct-horse"
SECONDS = 40.0


@dataclass
class Server:
    """One of the two; its data are there before it starts."""

    programs: Path
    folder: Path
    account: home.Account
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"postgresql://ringfence:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            capture_output=True,
            **self.account.subprocess_options() | {"cwd": self.folder},
        )

    def start(self, *settings: str) -> None:
        command = [self.programs / "postgres", "-D", self.data, "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        command += ["-c", "fsync=off", *settings]
        options = self.account.subprocess_options() | {"cwd": self.folder}
        options["env"] = options["env"] | self.environment
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """Stop it; at once, unless another signal is said."""
        if self.process is not None:
            self.freeze(signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait(SECONDS)
        self.process = None

    def freeze(self, number: int = signal.SIGSTOP) -> None:
        """Let it hang, or with SIGCONT go on."""
        signal_each([self.process.pid, *children(self.process.pid)], number)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def value(self, statement: str) -> object:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchone()[0]


@dataclass
class Pair:
    """A primary and its replica, which asks for nothing but to follow."""

    primary: Server
    replica: Server

    def until_replayed(self) -> None:
        """Wait until the replica has all that the primary has now."""
        position = self.primary.value("SELECT pg_current_wal_insert_lsn()::text")
        statement = f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"
        deadline = time.monotonic() + SECONDS
        while not self.replica.value(statement):
            assert time.monotonic() < deadline, "the replica does not follow"
            time.sleep(0.05)


@contextmanager
def replicated(folder: Path, shared: Path) -> Iterator[Pair]:
    """Yield two running servers with the programs of the home `shared`; gone afterwards."""
    programs = binaries.provide(shared, shared / "data")
    shutil.rmtree(folder, ignore_errors=True)
    account = home.server_account(shared, shared / "data")
    servers = [Server(programs, folder / name, account) for name in ("primary", "replica")]
    for server in servers:
        server.folder.mkdir(parents=True)
        os.chown(server.folder, account.uid, account.gid)
    primary, replica = servers
    secret = primary.folder / "secret"
    secret.write_text(PASSWORD)
    authentication = ("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync")
    try:
        primary.run("initdb", "-D", primary.data, "-U", "ringfence", *authentication)
        primary.start()
        copy = ("-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
        replica.run("pg_basebackup", "-D", replica.data, "-d", primary.url, *copy)
        replica.start()
        yield Pair(primary, replica)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder)
