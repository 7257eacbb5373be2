"""SIGTERM ends the program cleanly, from its first line on.

Imports nothing slow, so that the handler is in place before the other imports.
"""

import os
import signal
from types import FrameType

_received: list[int] = []


def exit_on_sigterm() -> None:
    """Exit with 0 on SIGTERM: open transactions are rolled back and the database is left cleanly.

    Services install their own handlers when they run, and check `sigterm_received` then.
    """
    signal.signal(signal.SIGTERM, _end)


def sigterm_received() -> bool:
    """Return whether SIGTERM has arrived.

    The exit is lost if it is raised in code that swallows all exceptions, such as a callback of
    the garbage collector.
    """
    return bool(_received)


def _end(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    signal.signal(number, signal.SIG_IGN)
    # Unbuffered: the signal may have interrupted a write to the buffer.
    os.write(2, b"ringfence: stopped by SIGTERM\n")
    raise SystemExit(0)
