"""Lists: the same fields, order and escaping in every format and every command."""

import csv
import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
import yaml

from ringfence.cli import listing
from ringfence.cli.listing import Columns, Format, Options
from ringfence.errors import OperatorError

KNOWN = ("name", "uuid", "created", "count", "is_open", "rules")
ROWS = [
    {
        "name": "=1+1\x1b[2J\u202e",
        "uuid": UUID(int=1),
        "created": datetime(2026, 11, 1, 12, tzinfo=UTC),
        "count": 10,
        "is_open": True,
        "rules": [{"cidr": None}],
    },
    {"name": "10", "uuid": None, "created": None, "count": 9, "is_open": False, "rules": []},
]
# Sorted by name; typed.
TYPED = [
    {"name": "10", "uuid": None, "created": None, "count": 9, "is_open": False, "rules": []},
    {
        "name": "=1+1\x1b[2J\u202e",
        "uuid": f"{1:032x}",
        "created": "2026-11-01T12:00:00Z",
        "count": 10,
        "is_open": True,
        "rules": [{"cidr": None}],
    },
]


@pytest.fixture
def shown(capsys):
    """Show rows and return what was printed."""

    def show(output=None, fields=(), rows=ROWS, columns=KNOWN, **more):
        listing.show(rows, columns, Options(output and Format(output), fields), **more)
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("output", list(Format))
@pytest.mark.parametrize("rules", [[], [{"description": "\x1b[2J\x9b1A\u202e\u2028"}]])
def test_no_format_prints_a_character_that_a_terminal_interprets(shown, output, rules):
    text = shown(output, rows=[row | {"rules": rules} for row in ROWS])
    assert "10" in text
    assert all(line.expandtabs().isprintable() for line in text.splitlines())


def test_json_and_yaml_have_typed_values_sorted_by_the_first_field(shown):
    assert json.loads(shown("json")) == TYPED
    assert yaml.safe_load(shown("yaml")) == TYPED


def test_csv_has_a_header_and_no_formula(shown):
    header, first, second = csv.reader(io.StringIO(shown("csv")))
    assert header == list(KNOWN)
    assert first == ["10", "", "", "9", "false", "[]"]
    assert second[0] == "'=1+1\\x1b[2J\\u202e"
    assert second[1:] == [f"{1:032x}", "2026-11-01T12:00:00Z", "10", "true", '[{"cidr": null}]']


def test_value_is_bare_and_separated_by_tabs(shown):
    assert shown("value", ["count", "name"], rows=ROWS[1:]) == "9\t10\n"


def test_fields_are_shown_in_the_order_they_are_named_and_once(shown):
    assert shown("csv", ["count", "name", "count"], rows=ROWS[1:]) == "count,name\n9,10\n"


def test_an_unknown_field_is_refused_with_the_known_ones(shown):
    with pytest.raises(OperatorError, match=r"--field 'nam' .*; use name, uuid, created, count"):
        shown("json", ["nam"])


@pytest.mark.parametrize(
    ("output", "text"),
    [("json", "[]\n"), ("yaml", "[]\n"), ("csv", "name\n"), ("value", ""), ("table", "name\n")],
)
def test_an_empty_list_is_a_list_in_every_format(shown, output, text):
    assert shown(output, rows=[], columns=["name"]) == text


def test_numbers_sort_as_numbers_and_null_comes_last(shown):
    rows = [{"n": None}, {"n": 10}, {"n": 9}]
    assert shown("value", rows=rows, columns=["n"]) == "9\n10\n\n"


def test_a_pipe_gets_text_unless_a_format_or_a_field_is_named(shown):
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": "yy"}]
    columns = Columns(("a", "b"), in_table=("b",))
    assert shown(rows=rows, columns=columns, text=lambda row: f"{row['b']}!\n") == "x!\\n\nyy!\\n\n"
    assert shown(fields=["a", "b"], rows=rows, columns=columns) == "a  b\n1  x\n2  yy\n"
    assert shown("table", rows=rows, columns=columns) == "b\nx\nyy\n"


def test_a_long_list_is_printed_as_it_arrives(shown, capsys):
    def rows():
        for number in range(3):
            yield {"n": number}
            printed.append(capsys.readouterr().out)

    printed = []
    shown("value", rows=rows(), columns=["n"], in_order=True)
    assert printed == ["0\n", "1\n", "2\n"]
    many = 3 * listing.ROWS_AT_ONCE
    lines = shown("table", rows=({"n": n} for n in range(many)), columns=["n"]).splitlines()
    assert lines == ["n", *map(str, range(many))]


def test_a_terminal_gets_a_table_whose_cells_are_folded_not_cut(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    rows = [{"name": "x" * 120, "state": "OK"}]
    listing.show(rows, ["name", "state"], Options(), text=lambda _: "not this")
    lines = terminal.getvalue().splitlines()
    assert "name" in lines[0]
    assert "state" in lines[0]
    assert sum(line.count("x") for line in lines) == 120
    assert max(map(len, lines[1:])) <= 100


def test_a_table_folds_only_its_widest_column_and_shortens_times(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    row = {"at": "2026-11-01T12:00:00.123456+00:00", "uuid": "a" * 32, "message": "word " * 30}
    listing.show([row], list(row), Options())
    first = terminal.getvalue().splitlines()[1]
    assert first.startswith(f"2026-11-01 12:00:00  {'a' * 32}  word")


@pytest.mark.parametrize(("columns", "is_table"), [("70", False), ("90", True)])
def test_a_terminal_too_narrow_for_the_table_gets_the_lines_of_a_pipe(
    monkeypatch, columns, is_table
):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    row = {f"column_{number}": number for number in range(6)} | {"uuid": "a" * 32}
    listing.show([row], list(row), Options(), text=lambda _: "the line")
    assert ("the line" not in terminal.getvalue()) is is_table
    listing.show([row], list(row), Options(Format.TABLE), text=lambda _: "the line")
    assert terminal.getvalue().count("the line") == (not is_table)


def test_one_object_is_shown_without_a_list_around_it(capsys):
    def shown(output):
        row = {"name": "web", "count": 1}
        listing.show_one(row, ["name", "count"], Options(output and Format(output)))
        return capsys.readouterr().out

    assert json.loads(shown("json")) == {"name": "web", "count": 1}
    assert yaml.safe_load(shown("yaml")) == {"name": "web", "count": 1}
    assert shown("csv") == "name,count\nweb,1\n"
    assert shown("value") == "web\t1\n"
    assert shown(None) == "field  value\nname   web\ncount  1\n"
