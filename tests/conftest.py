"""A real PostgreSQL for every test that touches data.

All processes of a run share one embedded server, as all processes of a home do; it is kept between
runs, so that only the first one makes it. Each test has a database of its own, with the migrated
schema.
"""

import asyncio
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests import databases
from tests.faults import summary
from tests.folders import remove_abandoned, unused
from tests.hostile import summary as hostile
from tests.own_faults import summary as own_faults
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.reports import sendable
from tests.traffic import summary as traffic

from ringfence.database.embedded import binaries, home
from ringfence.database.embedded.server import running
from ringfence.database.migrate import migrate, migrations
from ringfence.database.pool import Database
from ringfence.settings import Settings
from ringfence.text import masking

# A run starts hundreds of processes: each would compile every module that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A property holds or does not; how fast a busy machine finds out is no part of it. In CI the cases
# are the same each time: what fails there is the change, and new cases are found on the way to it.
hypothesis.settings.register_profile(
    "ringfence",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ringfence")

CHECKOUT = Path(__file__).parents[1]
# Nothing in a test outlives the machine: waiting for its disk would prove nothing.
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
TEMPLATE_LOCK = 20_260_101

pytest_plugins = ["tests.time_limit"]
pytest.register_assert_rewrite("tests.faults.site", "tests.own_faults.traffic")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: many tests wait, for a cloud or for a process to start."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(report):  # noqa: ARG001 - the hook's own name
    """Make a report sendable: tests of hostile text log what UTF-8 cannot express."""
    return sendable((yield))


def pytest_terminal_summary(terminalreporter) -> None:
    """Return which faults were injected and what was sent in ill will, and what came of them."""
    passed, ended = (terminalreporter.stats.get(key, []) for key in ("passed", ""))
    _section(terminalreporter, "injected faults", summary.lines(passed))
    _section(terminalreporter, "faults of our own parts", own_faults.lines(passed))
    _section(terminalreporter, "hostile and generated requests", hostile.lines(ended))
    _section(terminalreporter, "traffic compared", traffic.lines(passed))
    left_out = traffic.left_out(terminalreporter.stats.get("skipped", ()))
    _section(terminalreporter, "traffic left out", left_out)
    _section(terminalreporter, "databases", databases_used(terminalreporter.stats))


def databases_used(stats) -> list[str]:
    """Return a line for each kind of database that was used, and for each that was left out."""
    used = [
        value
        for report in stats.get("passed", ())
        for name, value in getattr(report, "user_properties", ())
        if name == "database" and report.when == "call"
    ]
    left_out = {
        str(report.longrepr[2])
        for report in stats.get("skipped", ())
        if "test_matrix" in report.nodeid
    }
    return [*sorted(used), *(f"left out: {reason}" for reason in sorted(left_out))]


def _section(terminalreporter, title, lines) -> None:
    if found := list(lines):
        terminalreporter.section(title)
        for line in found:
            terminalreporter.line(line)


@pytest.fixture(autouse=True)
def secrets_of_one_test() -> Iterator[None]:
    """Forget after each test what it learned: its secrets are other tests' plain texts."""
    before = masking.known
    masking.known = masking.KnownValues()
    masking.known.add(value for value, _ in before.by_length)
    yield
    masking.known = before


@pytest.fixture(scope="session")
def short_folder() -> Path:
    """Return a folder with a short path that an unprivileged user can pass, kept between runs.

    As root, pytest's own folders are closed to the user who runs the server.
    """
    digest = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]
    folder = Path(f"/tmp/ringfence-tests-{os.geteuid()}-{digest}")  # noqa: S108 - its owner is checked
    folder.mkdir(exist_ok=True)
    status = folder.lstat()
    assert stat.S_ISDIR(status.st_mode)
    assert status.st_uid == os.geteuid(), f"somebody else made {folder}"
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def database_server(short_folder: Path) -> Iterator[str]:
    """Yield the connection string of the shared server; the last process to leave stops it."""
    remove_abandoned()
    with running(Settings(home=short_folder / "home")) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
            for name in CARELESS:
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name))
                )
            connection.execute("SELECT pg_reload_conf()")
        yield conninfo


@pytest.fixture(scope="session")
def template(database_server: str) -> str:
    """Return the name of a database with the migrated schema, made once for each state of it."""
    texts = "\0".join(text for each in migrations() for text in (each.name, each.sql))
    name = f"template_{hashlib.sha256(texts.encode()).hexdigest()[:16]}"
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        _drop_abandoned(connection)
        made = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if made.fetchone() is None:
            _make_template(connection, database_server, name)
    return name


def _make_template(connection: psycopg.Connection, server: str, name: str) -> None:
    draft = sql.Identifier("draft")
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(draft))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(draft))
    # In a thread: this one may have an event loop already.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, migrate(make_conninfo(server, dbname="draft"))).result()
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(draft, sql.Identifier(name))
    )


def _drop_abandoned(connection: psycopg.Connection) -> None:
    """Drop what killed processes left: a name tells whose it is."""
    found = connection.execute("SELECT datname FROM pg_database WHERE datname ^@ 'test_'")
    for (name,) in found.fetchall():
        if not Path(f"/proc/{name.split('_')[1]}").exists():
            connection.execute(databases.drop(name))


@pytest.fixture(scope="session")
def server_connection(database_server: str) -> Iterator[psycopg.Connection]:
    """Keep one connection to the server, to make and drop databases with."""
    with psycopg.connect(database_server, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def copies(server_connection: psycopg.Connection, template: str) -> Iterator[databases.Copies]:
    """Keep the migrated databases of this process."""
    copies = databases.Copies(server_connection, template)
    yield copies
    copies.close()


@pytest.fixture
def empty_conninfo(server_connection: psycopg.Connection) -> Iterator[str]:
    """Yield the connection string of a fresh database without tables."""
    with databases.fresh(server_connection, "template1") as conninfo:
        yield conninfo


@pytest.fixture
def conninfo(copies: databases.Copies) -> Iterator[str]:
    """Yield the connection string of a migrated database without rows."""
    with copies.lend() as conninfo:
        yield conninfo


@pytest.fixture
async def database(conninfo: str):
    """Yield an open pool on a fresh, migrated database."""
    async with Database.open(conninfo, size=4) as database:
        yield database


@pytest.fixture(scope="session")
def tcp_server(database_server: str, short_folder: Path) -> Iterator[str]:  # noqa: ARG001 - it copies the programs
    """Yield the URL of an ordinary server: over TCP, with a password, not started by Ringfence."""
    # The shared server has put the programs in their place.
    shared = short_folder / "home"
    programs = binaries.provide(shared, shared / "data")
    folder = unused("tcp")
    folder.mkdir()
    account = home.server_account(folder, folder / "data")
    os.chown(folder, account.uid, account.gid)
    options = account.subprocess_options() | {"cwd": folder}
    secret = folder / "secret"
    secret.write_text("correct-horse\n")
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "ringfence", f"--pwfile={secret}"]
    subprocess.run(
        [*initdb, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        **options,
    )
    port = free_port()
    command = [programs / "postgres", "-D", data, "-p", str(port), "-c", "fsync=off"]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **options)
    try:
        url = f"postgresql://ringfence:correct-horse@127.0.0.1:{port}/postgres"
        _wait_until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder)


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.05)
        else:
            return
