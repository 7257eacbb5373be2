"""Each decision ends with what holds it, and what it names is there."""

import re

import pytest
from tests.docs.markdown import ROOT, name
from tests.docs.test_architecture import contracts

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def check_line(decision):
    last = decision.read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert last.startswith("Check: ")
    return last


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(decision.name[:4]) for decision in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_a_decision_says_what_why_and_at_what_cost(decision):
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(decision.name[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Decision", "Why", "What it costs"]


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_the_checks_of_a_decision_exist(decision):
    line = check_line(decision)
    files = re.findall(r"`((?:tests|src)/[^`]*)`", line)
    named = re.findall(r'"([^"]+)"', line)
    assert files or named
    assert [path for path in files if not (ROOT / path).exists()] == []
    assert set(named) <= {contract["name"] for contract in contracts()}
