"""How commands show their results: tables and colours in a terminal, plain lines in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

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


def one_line(text: str) -> str:
    """Return the text as one line that does nothing to a terminal.

    Names are anybody's: control, formatting (of direction, too) and line-breaking characters are
    shown as escapes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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
            sys.stdout.write(f"{line}\n")
        return
    rows = [line.partition(": ") for line in lines]
    _table([(left, right) for left, _, right in rows])


def show_checks(checks: Sequence[Shown]) -> None:
    """Print a line for each check; ✗ marks a fault."""
    if not sys.stdout.isatty():
        for check in checks:
            sys.stdout.write(f"{'✓' if check.fine else '✗'} {check.name}: {check.detail}\n")
        return
    from rich.text import Text  # noqa: PLC0415

    _table(
        [
            (Text("✓", "green") if check.fine else Text("✗", "bold red"), check.name, check.detail)
            for check in checks
        ]
    )


def _table(rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    Console().print(table)
