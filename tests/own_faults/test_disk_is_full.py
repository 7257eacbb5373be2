"""The disk of the embedded database is full for a while."""

import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from tests.cli.operating import operating
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic

from ringfence.database.embedded.home import socket_folder

# The programs and a new database take 160 MB.
DISK_MEGABYTES = 320
MOUNT = 'mount -t tmpfs -o size=$0m,mode=0755 tmpfs "$RINGFENCE_HOME" && exec "$@"'
FULL_SECONDS = 6.0
A_MEGABYTE = bytes(1 << 20)


class OnSmallDisk(Served):
    """A service that alone sees its home: on a disk of its own, which ends with it."""

    @property
    def home(self) -> Path:
        return Path(f"/proc/{self.processes[0].pid}/root{self.operator.folder}/home")

    def begin(self) -> None:
        (self.operator.folder / "home").mkdir()
        self.operator.through = ["unshare", "--mount", "sh", "-c", MOUNT, str(DISK_MEGABYTES)]
        self.serve("--workers", "1")
        own = str(self.processes[0].pid)
        # `load` finds the home where the service has it.
        self.operator.through = ["nsenter", "--mount", "--target", own]
        self.load()

    def fill(self) -> Path:
        """Leave no byte; give what takes them all."""
        ballast = self.home / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (len(A_MEGABYTE), 4096, 1):
                try:
                    while file.write(A_MEGABYTE[:size]) == size:
                        pass
                except OSError:
                    continue
        return ballast

    def conninfo(self) -> str:
        return f"host={socket_folder(self.home)} user=ringfence dbname=ringfence"


@pytest.fixture
def on_a_small_disk():
    with operating(migrated=False) as operator:
        served = OnSmallDisk(operator)
        served.begin()
        yield served


def use_up_the_log(served: Served) -> None:
    """Let what is written from now on need a new file of the write-ahead log."""
    with served.connect() as connection, suppress(psycopg.OperationalError):
        while True:
            connection.execute("SELECT pg_switch_wal(), txid_current()")


def test_a_full_disk_refuses_writes_until_there_is_room_again(on_a_small_disk, outcome):
    served = on_a_small_disk
    with Traffic(served) as traffic:
        traffic.until_written()
        ballast = served.fill()
        use_up_the_log(served)
        traffic.until_unavailable()
        time.sleep(FULL_SECONDS)
        ballast.unlink()
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well()
    outcome("the disk full", traffic, traffic.assert_kept(), recovered)
