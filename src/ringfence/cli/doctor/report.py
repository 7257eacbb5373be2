"""Print checks: lines in a pipe, a table in a terminal, or one of the formats of lists."""

import sys
from collections.abc import Mapping, Sequence

from ringfence.cli import output
from ringfence.monitoring.checks.check import Check, Outcome
from ringfence.text.escaping import terminal

_SIGNS: Mapping[Outcome, str] = {
    Outcome.PASSED: "✓",
    Outcome.WARNING: "!",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "-",
}
_WORDS: Mapping[Outcome, str] = {
    Outcome.PASSED: "ok",
    Outcome.WARNING: "WARNING",
    Outcome.FAILED: "FAILED",
    Outcome.SKIPPED: "skipped",
}
_STYLES: Mapping[Outcome, str] = {
    Outcome.PASSED: "green",
    Outcome.WARNING: "bold yellow",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "dim",
}


def line(check: Check, sign: str) -> str:
    """Return one check as a line: its result, how it was tested, what to do."""
    fix = f"; {check.fix}" if check.fix else ""
    return f"{sign} {check.name}: {check.found} [{check.tested}]{fix}"


def show_checks(checks: Sequence[Check]) -> None:
    """Print a line for each check, or in a terminal a row."""
    signs = _signs()
    if not sys.stdout.isatty():
        for check in checks:
            output.say(line(check, signs[check.outcome]))
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for check in checks:
        text = Text(terminal(check.found))
        if check.outcome is not Outcome.PASSED:
            text.append(f"\ntested: {terminal(check.tested)}", "dim")
        if check.fix:
            text.append(f"\n{terminal(check.fix)}", "bold")
        sign = Text(signs[check.outcome], _STYLES[check.outcome])
        table.add_row(sign, Text(terminal(check.name)), text)
    Console().print(table)


def _signs() -> Mapping[Outcome, str]:
    """Return the signs, or words where the encoding of standard output lacks them."""
    try:
        "✓✗".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return _WORDS
    return _SIGNS
