"""Each of the ten risks has a defence, and each named test exists."""

import re

from tests.docs.markdown import ROOT

TEXT = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
RISKS = re.findall(r"^\| API(\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)

ATTACKS = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| (`tests/[^|]+) \|$",
    TEXT.partition("## Attacks that were tried")[2].partition("\n## ")[0],
    re.MULTILINE,
)


def test_all_ten_risks_have_a_defence_and_tests():
    assert [int(number) for number, *_ in RISKS] == list(range(1, 11))
    assert all(defence.strip() and named.strip() for _, _, defence, named in RISKS)


def test_each_test_that_is_named_is_there():
    missing = []
    assert ATTACKS
    for *_, named in (*RISKS, *ATTACKS):
        found = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", named)
        assert found, named
        for path, name in found:
            file = ROOT / path
            text = file.read_text(encoding="utf-8") if file.exists() else ""
            if not re.search(rf"^(async )?def {name}\(", text, re.MULTILINE):
                missing.append(f"{path}::{name}")
    assert missing == []
