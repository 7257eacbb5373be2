"""`make demo` and the other targets have environments of their own, changed by one make at a time.

A stand-in for uv writes down what it is asked to do.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
COPIED = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "tools/environment",
    "tools/uv.lock",
)
RUNTIME, DEVELOPMENT = ".runtime/.ready", ".venv/.development"
# Waits between two lines of a call, so that calls of two makes would mix.
UV = """#!/bin/sh
echo "begin $UV_PYTHON $*" >>"$CALLS"
made=${UV_PYTHON%/python}
case $* in
  venv*) mkdir -p "$made"; ln -s "$(command -v python3)" "$made/python" ;;
  *--editable*) printf '#!/bin/sh\\n' >"$made/ringfence"; chmod +x "$made/ringfence" ;;
esac
sleep 0.05
echo "end $UV_PYTHON" >>"$CALLS"
"""


class Tree:
    """A copy of what the environments are made from."""

    def __init__(self, folder):
        self.folder = folder / "tree"
        self.calls = folder / "calls"
        self.calls.touch()
        (self.folder / "tools").mkdir(parents=True)
        for name in COPIED:
            shutil.copy2(CHECKOUT / name, self.folder / name)
        version = re.search(
            r"^uv==([0-9.]+)", (self.folder / "tools/uv.lock").read_text(), re.MULTILINE
        )
        uv = folder / "cache" / "ringfence" / f"uv-{version[1]}" / "bin" / "uv"
        uv.parent.mkdir(parents=True)
        uv.write_text(UV)
        uv.chmod(0o755)
        self.environment = os.environ | {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "CALLS": str(self.calls),
            # Not the environment of this test
            "PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin",
            "PIP_INDEX_URL": "https://index.example.com/",
        }
        self.environment.pop("MAKEFLAGS", None)

    def start(self, target):
        return subprocess.Popen(
            ["make", target],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def make(self, target):
        started = self.start(target)
        _, said = started.communicate()
        return started.returncode, said

    def age(self, marker):
        """Make an input newer than an environment, as a checkout of the same content does."""
        os.utime(self.folder / marker, (0, 0))


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_two_makes_at_once_make_two_environments_one_after_the_other(tree):
    makes = [tree.start(target) for target in (RUNTIME, DEVELOPMENT, RUNTIME)]
    said = [each.communicate()[1] for each in makes]
    assert [each.returncode for each in makes] == [0, 0, 0], said
    # Progress from the start
    assert any(text.startswith("ringfence: preparing .runtime (") for text in said)
    calls = tree.calls.read_text().splitlines()
    assert len(calls) == 12
    for begin, end in zip(calls[::2], calls[1::2], strict=True):
        assert (begin.split()[0], end.split()[0]) == ("begin", "end")
        assert begin.split()[1] == end.split()[1]
    of_runtime = [call for call in calls if call.startswith("begin .runtime/")]
    assert len(of_runtime) == 3
    assert not any(".venv" in call or "-dev" in call for call in of_runtime)


def test_an_environment_changes_only_if_its_inputs_did_and_never_under_a_running_demo(tree):
    assert tree.make(RUNTIME)[0] == 0
    made = tree.calls.read_text()
    with (tree.folder / RUNTIME).open() as running:
        fcntl.flock(running, fcntl.LOCK_SH)
        tree.age(RUNTIME)
        assert tree.make(RUNTIME) == (0, "")
        assert tree.make(DEVELOPMENT)[0] == 0
        assert ".runtime" not in tree.calls.read_text().removeprefix(made)
        made = tree.calls.read_text()
        with (tree.folder / "requirements.lock").open("a") as file:
            file.write("# changed\n")
        tree.age(RUNTIME)
        code, said = tree.make(RUNTIME)
        assert code != 0
        assert ".runtime is in use by a running make demo; stop it first" in said
        assert tree.calls.read_text() == made
    assert tree.make(RUNTIME)[0] == 0
    assert tree.calls.read_text() != made


def test_the_demonstration_holds_its_environment_and_nothing_else_uses_it():
    rules = (CHECKOUT / "Makefile").read_text().split("\n\n")
    [demo] = [rule for rule in rules if "\ndemo: " in f"\n{rule}"]
    assert "flock -s 8" in demo
    assert "exec .runtime/bin/ringfence demo" in demo
    others = [rule for rule in rules if ".runtime" in rule and rule is not demo]
    assert {rule.partition(":")[0] for rule in others} == {"clean", ".runtime/.ready"}
