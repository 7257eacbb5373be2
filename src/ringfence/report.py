"""How commands show their results: tables and colours in a terminal, plain lines in a pipe."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol


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


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something goes on, where somebody watches."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

    with Console(stderr=True).status(f"{what} …"):
        yield


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
