"""Homes of their own, and processes that hold them, as each of the two kinds of user."""

import itertools
import os
import pwd
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.folders import unused
from tests.patience import PATIENCE_SECONDS
from tests.processes import children, signal_each

from ringfence.database.embedded import binaries
from ringfence.database.embedded.server import running, server_process_id
from ringfence.settings import Settings

ROOT = os.geteuid() == 0
ORDINARY = pwd.getpwnam("daemon").pw_uid if ROOT else os.geteuid()
# Everything is imported before the user changes: that user may not reach the source.
HOLD = """
import os, sys
from pathlib import Path
import psycopg
from ringfence.database.embedded.server import running
from ringfence.errors import OperatorError
from ringfence.settings import Settings
if int(sys.argv[2]) != os.geteuid():
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
try:
    with running(Settings(home=Path(sys.argv[1]))) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            print(conninfo, flush=True)
            for line in sys.stdin:
                if not line.strip():
                    break
                connection.execute(line)
                print("done", flush=True)
except OperatorError as error:
    print("refused:", error, flush=True)
"""
# Left out, not skipped: there is nothing that could be run.
collect_ignore = [] if ROOT else ["test_embedded_as_root.py"]
_numbers = itertools.count()


class Holder:
    """A process that uses the server of a home until it is told to leave."""

    def __init__(self, home: Path, uid: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, home, str(uid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> str:
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "it says nothing"
        return self.process.stdout.readline().strip()

    def run(self, statement: str) -> None:
        self.process.stdin.write(f"{statement}\n")
        self.process.stdin.flush()
        assert self.says() == "done"

    def leave(self) -> None:
        with suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        self.process.wait(PATIENCE_SECONDS)
        self._close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self._close()

    def _close(self) -> None:
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield an empty folder that every user can pass; its servers are killed afterwards."""
    folder = unused("home")
    folder.mkdir()
    folder.chmod(0o755)
    yield folder
    for data in folder.rglob("data"):
        kill_server(data.parent)
    shutil.rmtree(folder, ignore_errors=True)


# `make test-databases` runs them all.
ALL = os.environ.get("RINGFENCE_DATABASES") == "all"
# `test_embedded_as_root` and the tests of the command line run as root in any case.
USERS = ["as root"] if ROOT and ALL else []


@pytest.fixture(params=[*USERS, "as an ordinary user"])
def user(request: pytest.FixtureRequest) -> int:
    """Return the user who runs Ringfence."""
    return 0 if request.param == "as root" else ORDINARY


@pytest.fixture
def home(folder: Path, user: int) -> Path:
    """Return a home that is not there yet, in a folder of the user's own."""
    if user != os.geteuid():
        os.chown(folder, user, user)
    return folder / "home"


@pytest.fixture
def hold(user: int) -> Iterator[Callable[[Path], Holder]]:
    """Yield a function that starts a process that holds a home; whoever is left is killed."""
    holders = []

    def start(home: Path, *, copy: bool = True) -> Holder:
        if copy and user != os.geteuid():
            copy_programs(home, user)
        holders.append(Holder(home, user))
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()


def copy_programs(home: Path, uid: int) -> None:
    # The installation itself may be closed to another user.
    for missing in [path for path in (*reversed(home.parents), home) if not path.exists()]:
        missing.mkdir(mode=0o700)
        os.chown(missing, uid, uid)
    if not (home / "postgresql").exists():
        (home / "postgresql").mkdir()
        binaries.provide(home, home / "data")
        os.chown(home / "postgresql", uid, uid)


def kill_server(home: Path) -> None:
    """Kill the server and all its children at once, as a power cut would."""
    process_id = server_process_id(home)
    if process_id is None:
        return
    signal_each([*children(process_id), process_id])
    # A service that watches it may have started another before this looks.
    wait_until(lambda: server_process_id(home) != process_id)


def wait_until(condition: Callable[[], Any]) -> Any:
    """Ask until the answer is true in Python's sense; give that answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def modes(*folders):
    statuses = [folder.stat() for folder in folders]
    return [(status.st_mode, status.st_uid, status.st_gid) for status in statuses]


def fetch(home, statement):
    with running(Settings(home=home)) as conninfo, psycopg.connect(conninfo) as connection:
        return connection.execute(statement).fetchone()
