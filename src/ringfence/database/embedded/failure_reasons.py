"""Why the embedded server could not start: file system errors, and the output of programs."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringfence.errors import OperatorError


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Raise `OperatorError` with path and reason for an `OSError` in the block."""
    try:
        yield
    except OSError as error:
        where, why = _cause(error)
        raise OperatorError(
            f"cannot use {where or home} for the database: {why}; "
            "fix that, or set RINGFENCE_HOME to another folder"
        ) from None


def _cause(error: OSError) -> tuple[str, str]:
    """Return path and reason of an error; copying a folder collects one for each file."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        first = error.args[0][0]
        where, why = (str(first[1]), str(first[2])) if isinstance(first, tuple) else ("", first)
        # `[Errno 28] No space left on device: '/where/it/was'`
        return where, re.sub(r"^\[Errno \d+\] ([^:]*).*", r"\1", why, flags=re.DOTALL)
    return str(error.filename or ""), error.strerror or str(error) or type(error).__name__


def reason_in(output: str) -> str:
    """Return the line of a program's output with the reason of its failure."""
    lines = [line for line in output.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    chosen = (fatal or lines or ["it says nothing"])[-1]
    return chosen.partition("FATAL:")[2].strip() or chosen.strip()
