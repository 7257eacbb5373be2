"""Output of commands: tables and colours in a terminal, plain lines in a pipe."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ringfence.errors import OperatorError
from ringfence.text.escaping import terminal

BAR_AFTER_SECONDS = 2.0
LINE_EVERY_SECONDS = 10.0


# Names of the standard streams that were closed when the program started.
_closed: set[str] = set()


class Output(io.TextIOWrapper):
    """Standard output that accepts any text, and discards it once its reader has gone."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        encoding, by_line = stream.encoding, stream.line_buffering
        # A character that the encoding lacks is replaced.
        super().__init__(stream.detach(), encoding, errors="replace", line_buffering=by_line)
        self.has_reader = True

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._discard()
            return len(text)

    def flush(self) -> None:
        """Flush the buffer; raises `OperatorError` if it cannot be written."""
        try:
            super().flush()
        except BrokenPipeError:
            self._discard()
        except OSError as error:
            # Otherwise the buffer is flushed, and the error reported, again at exit.
            self._discard()
            raise OperatorError(
                f"cannot write to standard output: {error.strerror}; redirect it elsewhere"
            ) from None

    def _discard(self) -> None:
        self.has_reader = False
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)


def prepare_streams() -> None:
    """Set up the standard streams so that writing never fails because of the text.

    A closed stream is opened on /dev/null, before another file or a connection gets its
    descriptor.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            _closed.add(name)
            _open_null(number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = Output(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="replace")


def _open_null(number: int) -> None:
    with suppress(OSError):
        os.fstat(number)
        return
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)


def has_reader() -> bool:
    """Return whether standard output may still have a reader."""
    return not isinstance(sys.stdout, Output) or sys.stdout.has_reader


def require_reader() -> None:
    """Raise `OperatorError` if nobody can read a secret that is printed only once."""
    if "stdout" in _closed:
        raise OperatorError(
            "standard output is closed, and the secret is printed only once: open it"
        )


def say(text: str) -> None:
    """Print one line, escaped for terminals."""
    sys.stdout.write(f"{terminal(text)}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """Print one line on standard error, escaped for terminals."""
    sys.stderr.write(f"{terminal(text)}\n")
    sys.stderr.flush()


def step(text: str) -> None:
    """Print what a command begins to do, on standard error."""
    with suppress(OSError):
        sys.stderr.write(f"ringfence: {terminal(text)}\n")
        sys.stderr.flush()


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show a spinner in a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

    with Console(stderr=True).status(f"{what} …"):
        yield


@contextmanager
def advancing(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show progress: a bar in a terminal, a line every ten seconds in a pipe.

    Yields a function of the part done, the total and a note. Nothing is shown before
    BAR_AFTER_SECONDS.
    """
    began = time.monotonic()
    if sys.stderr.isatty():
        with _bar(what, began) as advance:
            yield advance
        return
    shown = began

    def show_line(done: int, total: int, note: str) -> None:
        nonlocal shown
        if time.monotonic() - shown > LINE_EVERY_SECONDS:
            shown = time.monotonic()
            sys.stderr.write(f"{what}: {done * 100 // max(total, 1)} %, {note}\n")
            sys.stderr.flush()

    yield show_line


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
        if not bar.live.is_started and time.monotonic() - began > BAR_AFTER_SECONDS:
            bar.start()
        bar.update(task, completed=done, total=total, note=note)

    try:
        yield advance
    finally:
        bar.stop()


def show(lines: Sequence[str]) -> None:
    """Print `name: text` lines, in a terminal as a table of two columns."""
    if not sys.stdout.isatty():
        for line in lines:
            say(line)
        return
    rows = [line.partition(": ") for line in lines]
    _table([(terminal(left), terminal(right)) for left, _, right in rows])


def _table(rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    Console().print(table)
