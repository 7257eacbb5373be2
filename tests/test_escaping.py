"""A name is anybody's: wherever it leaves, it is one text and does nothing."""

import json
import unicodedata

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ringfence.text import escaping

HOSTILE = [
    "evil\x1b]0;owned\x07\x1b[2J",
    "l1\nringfence: all is well\r\x0b\x0c",
    "\u202etxt.exe\u2066\u200f\u061c",
    "c1 \x85 \x9b31m \x90q",
    "\u2028\u2029\ufeff\u200b\u00ad\U000e0041",
    "=cmd|'/c calc'!A0",
    "@SUM(1)",
    "+1+1",
    "-2+3",
    "\t=1",
    " =1",
    "\uff1d1",
    "a|b `code` ``x`` *b* _i_ [l](javascript:1) <script> ~~s~~ # h\n| forged |",
    "\"quoted\" 'it' \\back, semi;colon",
    '{label="x"} 1\nforged{} 2',
]
PLAIN = ["Büro 東京 ✓", "web-prod", "-1", "3.5", "a b"]


def is_quiet(text):
    return all(unicodedata.category(c) not in {"Cc", "Cf", "Cn", "Zl", "Zp"} for c in text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_terminal_gets_one_quiet_line(name):
    shown = escaping.terminal(name)
    assert is_quiet(shown)
    assert shown.splitlines() == [shown]


@pytest.mark.parametrize("name", [*HOSTILE, *PLAIN])
def test_a_line_of_json_is_quiet_and_says_the_same(name):
    line = escaping.json_line(json.dumps({"name": name}, ensure_ascii=False))
    assert is_quiet(line)
    assert json.loads(line) == {"name": name}


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_a_text_as_code_and_nothing_else(name):
    code = escaping.markdown_code(name)
    assert is_quiet(code)
    assert code.count("|") == code.count("\\|")
    fence = code[: len(code) - len(code.lstrip("`"))]
    assert code.endswith(fence)
    assert f"`{fence}" not in code


@pytest.mark.parametrize("name", [*HOSTILE, *PLAIN])
def test_a_cell_of_a_spreadsheet_is_one_quiet_line_and_no_formula(name):
    cell = escaping.spreadsheet(name)
    assert is_quiet(cell)
    assert cell.lstrip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert cell.removeprefix("'") == escaping.terminal(name)


@pytest.mark.parametrize("name", [*HOSTILE, "half \ud800"])
def test_a_label_is_one_line_that_prometheus_reads_back(name):
    registry = CollectorRegistry()
    Gauge("x", "x", ["name"], registry=registry).labels(escaping.label(name)).set(1)
    text = generate_latest(registry).decode()
    assert all(map(is_quiet, text.split("\n")))
    [family] = text_string_to_metric_families(text)
    [sample] = family.samples
    assert sample.labels == {"name": escaping.label(name)}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_stays_as_it_is(name):
    assert escaping.terminal(name) == escaping.label(name) == name
    assert escaping.markdown_code(name) == f"`{name}`"
    assert not escaping.controls(name)


@pytest.mark.parametrize("name", HOSTILE[:4])
def test_control_characters_and_marks_of_direction_are_found(name):
    assert escaping.controls(name)
