"""The tables of settings and commands are complete."""

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import ROOT

from ringfence.settings import FILE_VARIABLE, PREFIX, Settings

REFERENCE = ROOT / "docs" / "reference"
SETTINGS = (REFERENCE / "settings.md").read_text(encoding="utf-8")
COMMANDS = (REFERENCE / "command-line.md").read_text(encoding="utf-8")


def test_each_setting_has_its_row_with_its_default():
    rows = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| ([^|]*) \|", SETTINGS, re.MULTILINE))
    assert sorted(rows) == sorted(PREFIX + field.upper() for field in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if field.default and not field.default_factory:
            assert rows[PREFIX + name.upper()] == f"`{field.default}`"
    assert FILE_VARIABLE in SETTINGS


def test_each_command_has_its_row_and_each_row_its_command():
    program = Path(sys.executable).parent / "ringfence"
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    listed = done.stdout.partition("Commands")[2]
    commands = set(re.findall(r"^\W*([a-z-]+)\s{2,}", listed, re.MULTILINE))
    assert set(re.findall(r"^\| `ringfence ([a-z-]+)", COMMANDS, re.MULTILINE)) == commands


def test_the_readme_fits_one_screen_and_a_half():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70
