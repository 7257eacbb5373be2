"""Each sentence of docs/explanation/traffic.md names a test that exists."""

import re

from tests.docs.markdown import ROOT

DOCUMENT = ROOT / "docs" / "explanation" / "traffic.md"
_ITEM = re.compile(r"^- .*$", re.MULTILINE)
_NAMES = re.compile(r"\((`test_\w+`(?:, `test_\w+`)*)\)$")


def named_in(item):
    named = _NAMES.search(item)
    return re.findall(r"test_\w+", named[1]) if named else []


def existing():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return set(re.findall(r"def (test_\w+)", text))


def test_each_sentence_names_a_test_that_exists():
    items = _ITEM.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert items
    assert [item for item in items if not named_in(item)] == []
    named = {name for item in items for name in named_in(item)}
    assert sorted(named - existing()) == []
