"""Notify systemd when the service is ready, reloading or stopping (protocol of `sd_notify`)."""

import os
import socket
import time
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"
READY, STOPPING = "READY=1", "STOPPING=1"


def notify(*lines: str) -> None:
    """Send lines to the service manager, if there is one; never fails."""
    named = os.environ.get(VARIABLE, "")
    if not named.startswith(("/", "@")):
        return
    # An abstract socket: systemd writes @ for the zero byte.
    address = f"\0{named[1:]}" if named.startswith("@") else named
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto("\n".join(lines).encode(), address)


def notify_reloading() -> None:
    """Notify that the settings are being reloaded; `READY` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
