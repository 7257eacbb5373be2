"""Whether a process is a PostgreSQL server of a folder of data: the system says, no file does."""

import os
import subprocess
import time
from pathlib import Path

# How long a process may take from one program to the next: its pages may be on a busy disk.
BECOMING_SECONDS = 10.0
BECOMING_POLL_SECONDS = 0.001
# Of `/proc/PID/stat`, behind the name: the size of the virtual memory.
MEMORY_WORD = 20


def runs_on(process_id: int, data: Path) -> bool:
    """Say whether this process is a server of `data`, and not one that took over a dead one's id.

    A process that died and that its parent has not noted has no command line. One that is just
    becoming another program has none either, for a moment.
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
    """Say whether this is a live program of Linux: the dead have no memory, nor has the kernel."""
    # Words are counted after the name, which is in brackets and may hold anything.
    after_name = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()
    return int(after_name[MEMORY_WORD]) > 0


def exists(process_id: int) -> bool:
    """Say whether there is a process with this id, whatever it is."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
