"""Output of commands that list: a table for people, and four formats for programs.

A command declares its fields once and calls `show` with rows, which map each field to a value. The
`--output` and `--field` options, their errors, the order and the escaping are the same everywhere.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain, islice
from shutil import get_terminal_size
from textwrap import indent
from typing import Annotated, Any
from uuid import UUID

import typer

from ringfence.cli import output
from ringfence.errors import OperatorError
from ringfence.text.escaping import json_line, spreadsheet, terminal

Row = Mapping[str, Any]

# Widths of a table are those of its first rows, so that a list of any length takes little memory.
ROWS_AT_ONCE = 500
MAX_WIDTH_IN_PIPES = 60
NARROWEST_FOLDED = 20
# A time of the API, whose fraction and zone a table leaves out
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"
    VALUE = "value"


Output = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        help="Output format; `value` is tab-separated, without a header.",
        show_default="text",
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="FIELD",
        help="Show only this field. May be repeated.",
        show_default="all",
    ),
]


@dataclass(frozen=True, slots=True)
class Options:
    """What `--output` and `--field` say. Without either, a command prints its usual text."""

    format: Format | None = None
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a kind of object in their order, and those that a table shows by default."""

    known: Sequence[str]
    in_table: Sequence[str] = ()

    def chosen(self, options: Options) -> list[str]:
        """Return the fields to show; raises `OperatorError` for an unknown one."""
        for name in options.fields:
            if name not in self.known:
                raise OperatorError(
                    f"--field {name!r} is not a field of this list; use {', '.join(self.known)}"
                )
        if options.fields:
            return list(dict.fromkeys(options.fields))
        is_table = options.format in {None, Format.TABLE}
        return list((is_table and self.in_table) or self.known)


def options(output: Format | None, fields: Sequence[str] | None) -> Options:
    """Return what the two options of a command say."""
    return Options(output, tuple(fields or ()))


def show(
    rows: Iterable[Row],
    columns: Columns | Sequence[str],
    options: Options,
    *,
    in_order: bool = False,
    text: Callable[[Row], str] | None = None,
) -> None:
    """Print rows, sorted by their fields from left to right; raises `OperatorError`.

    Rows that come `in_order` are printed as they arrive. `text` returns the line that a pipe gets
    if neither option is given, and a terminal that is too narrow for the table.
    """
    columns = columns if isinstance(columns, Columns) else Columns(columns)
    names = columns.chosen(options)
    ordered = iter(rows if in_order else sorted(rows, key=lambda row: _order(row, columns.known)))
    if text and options == Options():
        first = list(islice(ordered, ROWS_AT_ONCE))
        is_line = not sys.stdout.isatty() or not _fits(first, names)
        ordered = chain(first, ordered)
    else:
        is_line = False
    if text and is_line:
        _write(f"{terminal(text(row))}\n" for row in ordered)
        return
    shown = ({name: row.get(name) for name in names} for row in ordered)
    _write(_WRITERS[options.format or Format.TABLE](shown, names))


def show_one(row: Row, columns: Columns | Sequence[str], options: Options) -> None:
    """Print one object: as a list of one, except that JSON and YAML have no list around it."""
    columns = columns if isinstance(columns, Columns) else Columns(columns)
    names = columns.chosen(options)
    shown = {name: row.get(name) for name in names}
    if options.format is Format.JSON:
        _write([_json(shown), "\n"])
    elif options.format is Format.YAML:
        _write([_yaml({name: _typed(value) for name, value in shown.items()})])
    elif options.format in {None, Format.TABLE}:
        pairs = ({"field": name, "value": value} for name, value in shown.items())
        _write(_table(pairs, ["field", "value"]))
    else:
        _write(_WRITERS[options.format](iter([shown]), names))


def stream(rows: Iterable[Row], columns: Columns, options: Options) -> None:
    """Print rows that may never end, each at once: in JSON one object a line, else as `show`.

    Raises `OperatorError` for an unknown field.
    """
    names = columns.chosen(options)
    shown = ({name: row.get(name) for name in names} for row in rows)
    writers = {**_WRITERS, Format.JSON: _as_json_lines, Format.TABLE: _as_words}
    _write(writers[options.format or Format.TABLE](shown, names), at_once=True)


def plain(value: object) -> str:
    """Return a value as text without a type: nothing for null, JSON for lists and objects."""
    typed = _typed(value)
    if typed is None:
        return ""
    # Its texts may be of users; a cell of CSV is not escaped again.
    return typed if isinstance(typed, str) else json_line(json.dumps(typed, ensure_ascii=False))


def _write(parts: Iterable[str], *, at_once: bool = False) -> None:
    for part in parts:
        sys.stdout.write(part)
        if at_once:
            sys.stdout.flush()
        if not output.has_reader():
            return
    sys.stdout.flush()


def _order(row: Row, names: Sequence[str]) -> list[tuple[int, float, str]]:
    return [_order_of(row.get(name)) for name in names]


def _order_of(value: object) -> tuple[int, float, str]:
    """Return a key that orders numbers before texts, and null last."""
    if value is None:
        return (2, 0, "")
    return (0, value, "") if isinstance(value, (int, float)) else (1, 0, plain(value))


def _typed(value: object) -> object:
    """Return a value as JSON and YAML have it; times and UUIDs are texts, as in the API."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, Mapping):
        return {str(key): _typed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_typed(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _json(row: Row) -> str:
    return json_line(json.dumps(_typed(row), ensure_ascii=False, indent=2))


def _as_json(rows: Iterator[Row], _: Sequence[str]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + indent(_json(row), "  ")
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _yaml(value: object) -> str:
    import yaml  # noqa: PLC0415 - only this format needs it

    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100)
    is_quiet = all(line.isprintable() for line in text.split("\n"))
    return text if is_quiet else yaml.safe_dump(value, sort_keys=False, width=100)


def _as_yaml(rows: Iterator[Row], _: Sequence[str]) -> Iterator[str]:
    is_empty = True
    for row in rows:
        is_empty = False
        yield _yaml([_typed(row)])
    if is_empty:
        yield "[]\n"


def _as_csv(rows: Iterator[Row], names: Sequence[str]) -> Iterator[str]:
    for values in chain([names], (list(row.values()) for row in rows)):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [spreadsheet(value) if isinstance(value, str) else plain(value) for value in values]
        )
        yield line.getvalue()


def _as_values(rows: Iterator[Row], _: Sequence[str]) -> Iterator[str]:
    for row in rows:
        yield "\t".join(terminal(plain(value)) for value in row.values()) + "\n"


def _as_json_lines(rows: Iterator[Row], _: Sequence[str]) -> Iterator[str]:
    for row in rows:
        yield json_line(json.dumps(_typed(row), ensure_ascii=False)) + "\n"


def _as_words(rows: Iterator[Row], _: Sequence[str]) -> Iterator[str]:
    for row in rows:
        yield (
            "  ".join(terminal(plain(value)) for value in row.values() if value is not None) + "\n"
        )


def _table(rows: Iterator[Row], names: Sequence[str]) -> Iterator[str]:
    """Yield a table: drawn by rich in a terminal, aligned columns in a pipe."""
    cells = ([_cell(value) for value in row.values()] for row in rows)
    first = list(islice(cells, ROWS_AT_ONCE))
    widths = [max(map(len, column)) for column in zip(names, *first, strict=True)]
    if not sys.stdout.isatty():
        widths = [min(width, MAX_WIDTH_IN_PIPES) for width in widths]
        for values in chain([names], first, cells):
            aligned = (value.ljust(width) for value, width in zip(values, widths, strict=True))
            yield "  ".join(aligned).rstrip() + "\n"
        return
    yield _drawn(first, names, widths)
    while more := list(islice(cells, ROWS_AT_ONCE)):
        yield _drawn(more, (), widths)


def _fits(rows: Sequence[Row], names: Sequence[str]) -> bool:
    """Return whether a terminal shows a table of these rows with one folded column at most."""
    columns = [[name, *(_cell(row.get(name)) for row in rows)] for name in names]
    return _needed([max(map(len, column)) for column in columns]) <= get_terminal_size().columns


def _needed(widths: Sequence[int]) -> int:
    """Return how wide a table is whose widest column is folded."""
    return sum(widths) - max(widths, default=0) + 2 * len(widths) + NARROWEST_FOLDED


def _cell(value: object) -> str:
    text = plain(value)
    time = _TIME.fullmatch(text)
    return f"{time[1]} {time[2]}" if time else terminal(text)


def _drawn(cells: Sequence[Sequence[str]], names: Sequence[str], widths: Sequence[int]) -> str:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(names))
    # Only the widest column is folded, if that is enough.
    widest = max(widths, default=0)
    is_enough = _needed(widths) <= console.width
    for name, width in zip(names or [""] * len(widths), widths, strict=True):
        least = width if is_enough and width < widest else min(width, 4)
        table.add_column(name, header_style="bold", overflow="fold", min_width=least)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    with console.capture() as captured:
        console.print(table)
    return captured.get()


_WRITERS: Mapping[Format, Callable[[Iterator[Row], Sequence[str]], Iterator[str]]] = {
    Format.TABLE: _table,
    Format.JSON: _as_json,
    Format.YAML: _as_yaml,
    Format.CSV: _as_csv,
    Format.VALUE: _as_values,
}
