"""Servers and poolers as operators have them: of other versions, languages and ways to connect."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from tests.database.conftest import wait_until
from tests.database.replicated import PASSWORD, Server
from tests.ports import free_port

from ringfence.database.embedded import home

OLDEST = Path("/usr/lib/postgresql/15/bin")
GERMAN = Path("/usr/share/i18n/locales/de_DE")
MESSAGES = Path("/usr/share/locale/de/LC_MESSAGES/postgres-15.mo")
BOUNCER = Path("/usr/sbin/pgbouncer")
BOUNCER_SETTINGS = Path("/etc/pgbouncer/pgbouncer.ini")


def require(*paths: Path, what: str) -> None:
    """Skip a test whose programs are not installed; in CI they are (`tools/databases`)."""
    if not all(path.exists() for path in paths):
        reason = f"{what} is not installed"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass
class Foreign(Server):
    """A server that this project does not start itself, with TCP, TLS and a socket."""

    certificate: Path = Path()

    def uri(self, database: str, *, host: str = "127.0.0.1", **parameters: str) -> str:
        """Return the URI of a database with further parameters."""
        more = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        at = f"ringfence:{PASSWORD}@{host}:{self.port}"
        return f"postgresql://{at}/{database}" + (f"?{more}" if more else "")

    def fresh(self, name: str) -> str:
        """Make an empty database; return its name."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            identifier = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(identifier))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        return name

    def within(self, database: str, *statements: str) -> None:
        """Run statements in a database."""
        with psycopg.connect(self.uri(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def until_ended(self, database: str) -> None:
        """Wait until the server has ended every session of a database."""
        sessions = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self.url, autocommit=True) as connection:
            wait_until(lambda: not connection.execute(sessions, [database]).fetchall())

    def counts(self, database: str, schema: str) -> dict[str, int]:
        """Return how many rows each table of a schema has."""
        with psycopg.connect(self.uri(database), autocommit=True) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]
            ).fetchall()
            return {
                name: connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
                ).fetchone()[0]
                for (name,) in tables
            }


@contextmanager
def foreign(
    folder: Path, programs: Path, account: home.Account, *, is_plain: bool = False
) -> Iterator[Foreign]:
    """Run a server in a folder, which is gone afterwards.

    Debian's has TLS and speaks German, unless it is plain.
    """
    shutil.rmtree(folder, ignore_errors=True)
    server = Foreign(programs, folder, account)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    settings = [f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1,::1"]
    if programs == OLDEST and not is_plain:
        settings += [*_with_tls(server), *_with_german(server)]
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.uid, account.gid)
    ways = ("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync")
    try:
        server.run("initdb", "-D", server.data, "-U", "ringfence", *ways, "--locale=C")
        server.start(*(word for setting in settings for word in ("-c", setting)))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _with_tls(server: Foreign) -> list[str]:
    """Make a certificate of `localhost` that is its own authority; return the settings for it."""
    server.certificate, key = server.folder / "server.crt", server.folder / "server.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", server.certificate),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return ["ssl=on", f"ssl_cert_file={server.certificate}", f"ssl_key_file={key}"]


def _with_german(server: Foreign) -> list[str]:
    locales = server.folder / "locales"
    locales.mkdir()
    language = "de_DE.UTF-8"
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", locales / language], check=True)
    server.environment = {"LOCPATH": str(locales), "LC_ALL": language}
    return [f"lc_messages={language}"]


@contextmanager
def bouncer(server: Foreign, mode: str) -> Iterator[int]:
    """Run PgBouncer with the settings of its package in front of a server; yields its port."""
    folder = server.folder / f"bouncer-{mode}"
    folder.mkdir()
    port = free_port()
    # Where it is and whom it lets in has to be said; everything else is as packaged.
    said = {
        "logfile": folder / "log",
        "pidfile": folder / "pid",
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": folder,
        "auth_file": folder / "users",
    }
    lines = [
        line
        for line in BOUNCER_SETTINGS.read_text().splitlines()
        if line.partition("=")[0].strip() not in {*said, "pool_mode"}
    ]
    databases = f"* = host=127.0.0.1 port={server.port} password={PASSWORD}"
    lines.insert(lines.index("[databases]") + 1, databases)
    place = lines.index("[pgbouncer]") + 1
    lines[place:place] = [f"{name} = {value}" for name, value in said.items()]
    if mode != "session":
        lines.insert(place, f"pool_mode = {mode}")
    (folder / "settings").write_text("\n".join(lines))
    (folder / "users").write_text(f'"ringfence" "{PASSWORD}"\n')
    for path in (folder, *folder.iterdir()):
        os.chown(path, server.account.uid, server.account.gid)
    process = subprocess.Popen(
        [BOUNCER, folder / "settings"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **server.account.subprocess_options() | {"cwd": folder},
    )

    def listens() -> bool:
        try:
            psycopg.connect(server.uri("postgres").replace(f":{server.port}/", f":{port}/")).close()
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            return False
        return True

    try:
        wait_until(listens)
        yield port
    finally:
        process.terminate()
        process.wait(20)
