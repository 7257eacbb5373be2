"""Each decision ends with the checks that hold it, and these exist."""

import re

import pytest
from tests.docs.markdown import ROOT, name
from tests.docs.test_architecture import contracts

DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))


def held_by(decision):
    last = decision.read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert last.startswith("Held by: ")
    return last


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(decision.name[:4]) for decision in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_index_lists_each_decision_with_its_title():
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.*)\]\((.*)\) \|$", index, re.MULTILINE)
    titles = [decision.read_text(encoding="utf-8").splitlines()[0] for decision in DECISIONS]
    assert [f"# {number}. {title}" for number, title, _ in rows] == titles
    assert [file for *_, file in rows] == [decision.name for decision in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_a_decision_has_context_decision_and_consequences(decision):
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(decision.name[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_the_checks_of_a_decision_exist(decision):
    line = held_by(decision)
    files = re.findall(r"`((?:tests|src)/[^`]*)`", line)
    named = re.findall(r'"([^"]+)"', line)
    assert files or named
    assert [path for path in files if not (ROOT / path).exists()] == []
    assert set(named) <= {contract["name"] for contract in contracts()}
