"""The vocabulary lint finds words to avoid in prose, and leaves code and exceptions alone."""

import subprocess
import sys

import pytest
from tests.docs.markdown import ROOT


def findings(path, *options):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "vocabulary.py", *options, path],
        capture_output=True,
        text=True,
        check=False,
    )
    *lines, total = done.stdout.splitlines()
    assert total == f"{len(lines)} findings"
    assert done.returncode == bool(lines), done.stderr
    return [line.rsplit("/", 1)[-1].split(": write ")[0] for line in lines]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (
            "a.py",
            '"""Give the rules.\n\nAs the user\nasked for.\n"""\n',
            ["1: Give", "4: asked for"],
        ),
        ("a.py", "# Drift at the\n# cloud\n", ["1: at the cloud"]),
        ("a.py", "# What differs at the cloud\n", ["1: What differs", "1: at the cloud"]),
        ("a.py", 'key = "asked"\ntext = "`asked` {wanted}, and done anew"\n', ["2: anew"]),
        ("a.py", "# The page faults, and RINGFENCE_HOME in $HOME, in place.\n", []),
        ("a.sql", "-- Seen before\nSELECT seen FROM places\n", ["1: Seen"]),
        ("a.js", "// not told\nconst wanted = `put back ${wanted}`;\n", ["1: told", "2: put back"]),
        (
            "a.md",
            "# Look twice\n\n```\nasked\n```\n\nThe `answer` told.\n",
            ["1: Look twice", "7: told"],
        ),
        ("a.html", "<p class='a place'>An answer</p>", ["1: answer"]),
    ],
)
def test_words_to_avoid_are_found_in_prose_only(tmp_path, name, text, found):
    (tmp_path / name).write_text(text)
    assert findings(tmp_path / name) == [f"{name}:{each}" for each in found]


def test_names_are_read_where_that_is_requested(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("wanted_rules = look_up(FirstAnswer)\n")
    assert findings(path) == []
    assert findings(path, "--names") == ["a.py:1: wanted_rules", "a.py:1: FirstAnswer"]
