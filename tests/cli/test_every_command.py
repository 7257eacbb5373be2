"""Every command explains itself, is documented and completes; every list has the same formats."""

import re
import shlex

import pytest
import typer
from tests.docs.markdown import ROOT

from ringfence.cli import listing
from ringfence.cli.completion import VARIABLE
from ringfence.cli.main import app, run

REFERENCE = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
LISTS = {"list", "rules", "sessions", "status", "history", "follow"}


def commands(command, path=()):
    """Return each command without commands of its own, by its path."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return {" ".join(path): command}
    found = {}
    for name, each in inner.items():
        found |= commands(each, (*path, name))
    return found


TREE = typer.main.get_command(app)
COMMANDS = commands(TREE)


@pytest.fixture
def completed(monkeypatch, capsys):
    """Return what a shell offers after a line."""

    def complete(line, shell="bash"):
        monkeypatch.setenv(VARIABLE, f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(shlex.split(line)) - (not line.endswith(" "))))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        with pytest.raises(SystemExit) as ended:
            run([])
        assert ended.value.code == 0
        return capsys.readouterr().out

    return complete


def test_every_command_has_a_summary_an_example_and_help_for_each_parameter(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "120")
    wrong = {}
    for path, command in COMMANDS.items():
        assert run([*path.split(), "--help"]) == 0, path
        shown = capsys.readouterr().out
        summary = (command.help or "").split("\n")[0]
        lacking = [] if re.fullmatch(r"[A-Z].*\.", summary) else [f"summary {summary!r}"]
        lacking += [f"help of {each.name}" for each in command.params if not each.help]
        has_example = "Example: " in shown and f"ringfence {path}" in shown
        lacking += [] if has_example or path == "docs" else ["example"]
        wrong |= {path: lacking} if lacking else {}
    assert wrong == {}


def test_every_command_has_its_row_in_the_reference():
    row = r"^\| `ringfence ([a-z-]+(?: [a-z][a-z-]*)?)"
    assert set(re.findall(row, REFERENCE, re.MULTILINE)) == set(COMMANDS)


def test_every_list_has_the_same_formats_and_fields(completed):
    formats = {
        path
        for path, command in COMMANDS.items()
        if "--field" in {name for each in command.params for name in each.opts}
    }
    assert {path for path in COMMANDS if path.split()[-1] in LISTS} <= formats
    for path in formats:
        options = {name: each for each in COMMANDS[path].params for name in each.opts}
        assert options["-o"] is options["--output"]
        assert set(completed(f"ringfence {path} -o ").split()) == set(listing.Format), path
        assert options["--field"].multiple, path


def test_every_command_and_option_completes(completed):
    wrong = []
    for path, command in COMMANDS.items():
        *groups, name = path.split()
        line = " ".join(["ringfence", *groups, ""])
        if name not in completed(line).split():
            wrong.append(path)
        options = {each for one in command.params for each in one.opts if each.startswith("--")}
        if not options <= {*completed(f"ringfence {path} --").split()}:
            wrong.append(f"{path} --")
    assert wrong == []


def test_an_unknown_shell_is_refused_with_the_known_ones(capsys):
    assert run(["completion", "csh"]) == 2
    assert capsys.readouterr().err.startswith(
        "ringfence: Invalid value for 'SHELL': 'csh' is not one of 'bash', 'zsh', 'fish'; see"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_requests_completions(shell, completed, capsys):
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "ringfence" in script.splitlines()[0]
    assert f"{VARIABLE}=complete_{shell}" in script
    assert "set-rules" in completed("ringfence group s", shell)
