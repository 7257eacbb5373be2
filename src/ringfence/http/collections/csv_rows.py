"""Lists as CSV, for spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ringfence.text.escaping import spreadsheet

CSV = b"text/csv; charset=utf-8"


def csv_of(documents: bytes, columns: Sequence[str]) -> bytes:
    """Return a JSON list of objects as CSV: a header, and one line for each object.

    A list within an object is one cell: its texts, or the names of its objects.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in json.loads(documents):
        writer.writerow([_cell(row.get(name)) for name in columns])
    return text.getvalue().encode()


def _cell(value: Any) -> object:  # noqa: ANN401 - any value of JSON
    if isinstance(value, list):
        return spreadsheet(", ".join(str(_name(each)) for each in value))
    if isinstance(value, bool):
        return str(value).lower()
    return spreadsheet(value) if isinstance(value, str) else value


def _name(value: Any) -> object:  # noqa: ANN401 - any value of JSON
    if not isinstance(value, dict):
        return value
    return value["name"] if value.get("name") is not None else "(not visible)"
