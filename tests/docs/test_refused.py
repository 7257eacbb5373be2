"""docs/reference/refused.md is generated from the table of the validation."""

import subprocess
import sys

from tests.docs.markdown import ROOT

from ringfence.security_groups.rule_input.refused_input import TABLE


def test_the_page_is_current():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "refused.py", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_entry_of_the_table_is_on_the_page():
    text = (ROOT / "docs" / "reference" / "refused.md").read_text(encoding="utf-8")
    assert [entry.condition for entry in TABLE if entry.condition not in text] == []
