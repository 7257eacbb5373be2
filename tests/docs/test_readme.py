"""The tables of the README are complete."""

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import ROOT

from ringfence.settings import FILE_VARIABLE, PREFIX, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_setting_has_its_row_with_its_default():
    rows = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| ([^|]*) \|", README, re.MULTILINE))
    assert sorted(rows) == sorted(PREFIX + field.upper() for field in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if field.default and not field.default_factory:
            assert rows[PREFIX + name.upper()] == f"`{field.default}`"
    assert FILE_VARIABLE in README


def test_each_command_has_its_row():
    program = Path(sys.executable).parent / "ringfence"
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| `ringfence (\w+)", README, re.MULTILINE)
    assert rows
    assert [row for row in rows if not re.search(rf"^\W*{row}\s", told, re.MULTILINE)] == []
