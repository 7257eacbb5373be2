"""A pytest plugin that writes the results of these suites: `make compatibility`."""

import ast
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "reference" / "compatibility.md"
HEAD = """# Compatibility

Results of real clients against a running service. `make compatibility` wrote this page from a run \
of `tests/conformance`, which `make test` runs too.

| suite | content | tests | checks passed |
|---|---|---:|---:|
"""


class Counts:
    """Counts passed tests and their checks by suite."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.others: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report; xdist forwards those of its workers."""
        suite = Path(report.nodeid.split("::")[0]).stem
        if report.when == "call" and report.passed:
            self.passed[suite] += 1
            numbers = [value for name, value in report.user_properties if name == "held"]
            self.held[suite] += sum(numbers) or 1
        elif not report.passed:
            self.others.append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the page, unless a test failed or was skipped."""
        if self.others or not self.passed:
            terminalreporter.write_line(
                f"{PAGE.name} is unchanged: {len(self.others)} tests did not pass"
            )
            return
        PAGE.write_text(HEAD + "".join(map(self._line, sorted(self.passed))) + self._total())

    def _line(self, suite: str) -> str:
        docstring = ast.get_docstring(ast.parse((FOLDER / f"{suite}.py").read_text())) or ""
        what = docstring.splitlines()[0].rstrip(".")
        return f"| `{suite}` | {what} | {self.passed[suite]} | {self.held[suite]} |\n"

    def _total(self) -> str:
        return f"| **all** | | **{self.passed.total()}** | **{self.held.total()}** |\n"


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin in the process that receives all reports."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Counts())
