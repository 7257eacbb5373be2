"""docs/reference/errors.md is generated from the messages in the source."""

import subprocess
import sys

import pytest
from tests.docs.markdown import ROOT

ERRORS = ROOT / "tools" / "errors.py"


def run(code):
    return subprocess.run(
        [sys.executable, *code], cwd=ROOT / "tools", capture_output=True, text=True, check=False
    )


def test_the_page_is_current():
    done = run([ERRORS, "check"])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("message", "problem", "fix"),
    [
        (
            "<path> is not valid TOML: <error>; correct it",
            "<path> is not valid TOML: <error>",
            "Correct it.",
        ),
        ("there is no token <token>: see the list", "there is no token <token>", "See the list."),
        ("<path>: cannot be read: <error>", "<path>: cannot be read: <error>", ""),
    ],
)
def test_a_message_is_split_into_problem_and_fix(message, problem, fix):
    done = run(["-c", f"from errors import split; print(split({message!r}) == {(problem, fix)!r})"])
    assert done.stdout == "True\n", done.stderr
