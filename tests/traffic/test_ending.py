"""Nothing that a test of traffic starts outlives it, however it ends."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.patience import PATIENCE_SECONDS
from tests.traffic import ovn, programs

ENDING = """
import os, sys
from pathlib import Path
from tests.traffic import ovn

with ovn.running(Path(sys.argv[1])) as running:
    running.load([], [])
    os._exit(7)
"""


def processes_in(folder: Path) -> list[str]:
    """Return the names of processes whose working directory is the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "comm").read_text().strip())
    return found


@pytest.mark.skipif(bool(programs.missing(*ovn.PROGRAMS)), reason="LEFT OUT, OVN: it is missing")
def test_ovn_ends_with_the_process_that_started_it(tmp_path):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", ENDING, str(tmp_path)]
    with subprocess.Popen(command, cwd=root) as process:
        seen = set()
        while process.poll() is None:
            seen.update(processes_in(tmp_path))
            time.sleep(0.01)
        assert process.returncode == 7
    assert {"ovsdb-server", "ovn-northd"} <= seen
    until = time.monotonic() + PATIENCE_SECONDS
    while processes_in(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_in(tmp_path) == []
