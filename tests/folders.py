"""Folders of tests: with short paths, because those of sockets are limited."""

import os
import shutil
from functools import cache
from pathlib import Path
from uuid import uuid4

DISK = Path("/tmp")  # noqa: S108 - each folder in it has a name of its own
MEMORY = Path("/dev/shm")  # noqa: S108 - the same
# A data directory takes 100 MB, and each process of a run uses a few at a time.
NEEDED_BYTES = 4 * 2**30


@cache
def parent() -> Path:
    """Return the folder of data directories: one in memory if it is large enough, else /tmp.

    A data directory has 2,600 files. On a disk, creating them takes a second of CPU, ten times what
    it takes in memory.
    """
    try:
        status = os.statvfs(MEMORY)
    except OSError:
        return DISK
    is_enough = min(status.f_bavail * status.f_frsize, _available_bytes()) > NEEDED_BYTES
    # PostgreSQL's programs are in the data directory.
    is_executable = not status.f_flag & os.ST_NOEXEC
    return MEMORY if is_enough and is_executable and os.access(MEMORY, os.W_OK) else DISK


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def create(name: str) -> Path:
    """Create a folder that all users can enter, as PostgreSQL's user does if root runs it."""
    folder = unused(name)
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def unused(name: str) -> Path:
    """Return the path of a folder that does not exist yet; it tells which process it is of."""
    return parent() / f"ringfence-test-{os.getpid()}-{name}-{uuid4().hex[:8]}"


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed: in memory, they take memory."""
    for folder in parent().glob("ringfence-test-*"):
        try:
            is_own = folder.lstat().st_uid == os.geteuid()
        except FileNotFoundError:
            # Another process of the run removes it at the same time.
            continue
        if is_own and not Path("/proc", folder.name.split("-")[2]).exists():
            shutil.rmtree(folder, ignore_errors=True)
