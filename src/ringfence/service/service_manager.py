"""What a service manager is told: ready, reloading, stopping, as `sd_notify` of systemd does it."""

import os
import socket
import time
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"
READY, STOPPING = "READY=1", "STOPPING=1"


def notify(*lines: str) -> None:
    """Tell the manager that started this process, where one listens; never fails."""
    named = os.environ.get(VARIABLE, "")
    if not named.startswith(("/", "@")):
        return
    # A name without a file is written with an @ for its first byte.
    address = f"\0{named[1:]}" if named.startswith("@") else named
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto("\n".join(lines).encode(), address)


def notify_reloading() -> None:
    """Tell that settings are being read again; `READY` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
