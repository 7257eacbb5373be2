"""Check whether a process is a PostgreSQL server of a data folder, from the system's tables."""

import os
import subprocess
import time
from pathlib import Path

# How long `exec` may take on a busy disk
BECOMING_SECONDS = 10.0
BECOMING_POLL_SECONDS = 0.001
# The field of `/proc/PID/stat`, after the name, with the size of virtual memory
MEMORY_WORD = 20


def runs_on(process_id: int, data: Path) -> bool:
    """Return whether this process is a server of `data`, and not another one with a reused id.

    A zombie process has no command line. For a moment, neither has a process in `exec`.
    """
    try:
        deadline = time.monotonic() + BECOMING_SECONDS
        while not (line := Path(f"/proc/{process_id}/cmdline").read_bytes()):
            if not _has_memory(process_id) or time.monotonic() > deadline:
                return False
            time.sleep(BECOMING_POLL_SECONDS)
        command = line.split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
        listing = ["ps", "-ww", "-o", "command=", "-p", str(process_id)]
        result = subprocess.run(listing, check=False, capture_output=True)  # noqa: S603 - a number
        return b" -D " + os.fsencode(data) in result.stdout
    return b"-D" in command and os.fsencode(data) in command


def _has_memory(process_id: int) -> bool:
    """Return whether this process has memory: zombies and kernel threads have none."""
    # Fields are counted after the name, which is in parentheses and may contain anything.
    after_name = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()
    return int(after_name[MEMORY_WORD]) > 0


def exists(process_id: int) -> bool:
    """Return whether there is a process with this id."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
