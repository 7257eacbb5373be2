"""SIGTERM ends the program well, from its first line on.

Light on purpose: this is in effect before anything is imported that takes its time.
"""

import os
import signal
from types import FrameType

_asked: list[int] = []


def end_when_asked() -> None:
    """End with 0 at SIGTERM, leaving the database properly; what was under way is rolled back.

    Services put their own handling in this one's place once they run, and look at `asked` then.
    """
    signal.signal(signal.SIGTERM, _end)


def asked() -> bool:
    """Say whether SIGTERM came already.

    Code that swallows every exception, as a callback of the garbage collector does, may have been
    running just then: in that case nothing has ended.
    """
    return bool(_asked)


def _end(number: int, _frame: FrameType | None) -> None:
    _asked.append(number)
    signal.signal(number, signal.SIG_IGN)
    # Not through a buffer, which may be in use at this very moment.
    os.write(2, b"ringfence: stopped by SIGTERM\n")
    raise SystemExit(0)
