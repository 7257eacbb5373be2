"""How commands show their results: tables and colours in a terminal, plain lines in a pipe."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from ringfence.errors import OperatorError
from ringfence.text.escaping import terminal

AFTER_SECONDS = 2.0
TELL_SECONDS = 10.0


class Shown(Protocol):
    """One check's result."""

    @property
    def name(self) -> str:
        """What was checked."""
        ...

    @property
    def fine(self) -> bool:
        """Whether all was well."""
        ...

    @property
    def detail(self) -> str:
        """What was found, and what to do about it."""
        ...


# The standard streams that were closed when the program began, by their names.
_closed: set[str] = set()


class Output(io.TextIOWrapper):
    """Standard output, which takes any text and goes nowhere once its reader has left."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        encoding, by_line = stream.encoding, stream.line_buffering
        # A terminal that lacks a character gets a replacement.
        super().__init__(stream.detach(), encoding, errors="replace", line_buffering=by_line)
        self.has_reader = True

    def write(self, text: str) -> int:
        """Write a text, wherever it goes."""
        try:
            return super().write(text)
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        """Pass on what waits; raises `OperatorError` where there is no room for it."""
        try:
            super().flush()
        except BrokenPipeError:
            self._leave()
        except OSError as error:
            # What waits is tried again at the end otherwise, and told again.
            self._leave()
            raise OperatorError(f"cannot write to standard output: {error.strerror}") from None

    def _leave(self) -> None:
        self.has_reader = False
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def prepare_streams() -> None:
    """Make the standard streams such that writing a line of any text never fails for its text.

    A stream that is closed becomes one to nowhere, before another file or a connection takes its
    number.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            _closed.add(name)
            _open_nowhere(number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = Output(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="replace")


def _open_nowhere(number: int) -> None:
    with suppress(OSError):
        os.fstat(number)
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def has_reader() -> bool:
    """Tell whether anybody may still read what is printed."""
    return not isinstance(sys.stdout, Output) or sys.stdout.has_reader


def require_reader() -> None:
    """Raise `OperatorError` where what a command is about to print, once, would reach nobody."""
    if "stdout" in _closed:
        raise OperatorError(
            "standard output is closed, and what would be printed is not shown again: open it"
        )


def say(text: str) -> None:
    """Print one line that does nothing to a terminal."""
    sys.stdout.write(f"{terminal(text)}\n")
    sys.stdout.flush()


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something goes on, where somebody watches."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

    with Console(stderr=True).status(f"{what} …"):
        yield


@contextmanager
def advancing(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show how far something came: a bar in a terminal, a line now and then in a pipe.

    Gives a function of what is done, of all, and of a note. What takes less than AFTER_SECONDS
    shows nothing.
    """
    began = time.monotonic()
    if sys.stderr.isatty():
        with _bar(what, began) as advance:
            yield advance
        return
    told = began

    def tell(done: int, total: int, note: str) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            sys.stderr.write(f"{what}: {done * 100 // max(total, 1)} %, {note}\n")
            sys.stderr.flush()

    yield tell


@contextmanager
def _bar(what: str, began: float) -> Iterator[Callable[[int, int, str], None]]:
    from rich import progress as bars  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[note]}"),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    bar = bars.Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, note="")

    def advance(done: int, total: int, note: str) -> None:
        if not bar.live.is_started and time.monotonic() - began > AFTER_SECONDS:
            bar.start()
        bar.update(task, completed=done, total=total, note=note)

    try:
        yield advance
    finally:
        bar.stop()


def show(lines: Sequence[str]) -> None:
    """Print `word: rest` lines; in a terminal as a table of two columns."""
    if not sys.stdout.isatty():
        for line in lines:
            say(line)
        return
    rows = [line.partition(": ") for line in lines]
    _table([(terminal(left), terminal(right)) for left, _, right in rows])


def show_checks(checks: Sequence[Shown]) -> None:
    """Print a line for each check; ✗ marks a fault, or FAILED where a stream has no such sign."""
    well, fault = _signs()
    if not sys.stdout.isatty():
        for check in checks:
            say(f"{well if check.fine else fault} {check.name}: {check.detail}")
        return
    from rich.text import Text  # noqa: PLC0415

    _table(
        [
            (
                Text(well, "green") if check.fine else Text(fault, "bold red"),
                terminal(check.name),
                terminal(check.detail),
            )
            for check in checks
        ]
    )


def _signs() -> tuple[str, str]:
    try:
        "✓✗".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "ok", "FAILED"
    return "✓", "✗"


def _table(rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    Console().print(table)
