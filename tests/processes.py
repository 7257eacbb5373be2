"""Processes that a test finds by their parent and signals."""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress


def children(process_id: int) -> list[int]:
    """Return the ids of a process's children; one may end before it is used."""
    listing = ["ps", "-o", "pid=", "--ppid", str(process_id)]
    output = subprocess.run(listing, check=False, capture_output=True, text=True).stdout
    return [int(word) for word in output.split()]


def signal_each(process_ids: Iterable[int], number: signal.Signals = signal.SIGKILL) -> None:
    """Signal every process that is still there.

    PostgreSQL ends workers of its own at any moment, between the listing and the signal.
    """
    for process_id in process_ids:
        with suppress(ProcessLookupError):
            os.kill(process_id, number)
