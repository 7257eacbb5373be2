"""Tables of the results, for the terminal and the page."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.measure import FLOOR, Figures
from bench.processes import Memory

# Rates of the reference under similar conditions: 2 cores, 8 connections, 2,000 groups of 5 rules.
REFERENCE = {
    "list of 10, staff": (7.0, 162),
    "list of 100, staff": (0.72, 1557),
    "retrieve, staff": (41.0, 22),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column headings and rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return the table as Markdown, without its title."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def show(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - slow to load
        from rich.table import Table as Shown  # noqa: PLC0415

        shown = Shown(title=self.title, title_justify="left", title_style="bold")
        for index, column in enumerate(self.columns):
            shown.add_column(column, justify="right" if index else "left", no_wrap=not index)
        for row in self.rows:
            shown.add_row(*row)
        Console(width=None if Console().is_terminal else 140).print(shown)


def micro(seconds: float | None) -> str:
    """Format seconds as microseconds."""
    return "·" if seconds is None else f"{seconds * 1e6:,.0f}"


def milli(seconds: float | None) -> str:
    """Format seconds as milliseconds."""
    return "·" if seconds is None else f"{seconds * 1e3:,.1f}"


def plain(number: float | None, digits: int = 0) -> str:
    """Format a number, or a dash for None."""
    return "·" if number is None else f"{number:,.{digits}f}"


def requests(figures: Iterable[Figures], groups: int) -> Table:
    """Return the table of all cases on one data set."""
    rows = [
        [
            f"{one.case} (failed)" if one.failed else one.case,
            plain(one.median("rate")),
            milli(one.median("p50")),
            milli(one.median("p99")),
            micro(one.median("application")),
            micro(one.median("database")),
            micro(one.median("cpu", FLOOR)),
            plain(one.ratio, 2),
            plain(one.statements),
        ]
        for one in figures
        if one.groups == groups
    ]
    columns = (
        *("case", "requests/s", "p50 ms", "p99 ms", "CPU µs: application", "database"),
        *("floor, both", "times the floor", "SQL"),
    )
    return Table(f"{groups:,} groups of 5 rules", columns, rows)


def reference(figures: Iterable[Figures], groups: int) -> Table:
    """Return the table of rates beside those of the reference."""
    rows = []
    for one in figures:
        rate = one.median("rate")
        if one.groups == groups and one.case in REFERENCE and rate:
            theirs, statements = REFERENCE[one.case]
            ours = [plain(rate), plain(one.statements)]
            rows.append(
                [one.case, plain(theirs, 2), plain(statements), *ours, plain(rate / theirs)]
            )
    columns = ("case", "reference: requests/s", "SQL", "here: requests/s", "SQL", "times as many")
    return Table("Beside the reference", columns, rows)


Starts = Sequence[tuple[float, float]]


def processes(starts: Starts, memory: Sequence[Memory]) -> Table:
    """Return the table of start-up and memory."""
    seconds, computed = _median_start(starts)
    rows = [
        ["until ready, s (median of starts)", plain(seconds, 2), ""],
        ["CPU until then, s", plain(computed, 2), ""],
    ]
    rows += [[f"{one.name}, MB", plain(one.resident), plain(one.proportional)] for one in memory]
    return Table("Start-up and memory", ("what", "figure; resident", "proportional share"), rows)


def _median_start(starts: Starts) -> tuple[float, float]:
    return (
        statistics.median(seconds for seconds, _ in starts),
        statistics.median(computed for _, computed in starts),
    )


# CPU beside the floor of the same scope
BOUNDS = {
    "list of 10, staff": 1.2,
    "list of 100, staff": 1.05,
    "list of 10, project admin": 1.3,
    "list of 10, customer owner": 1.3,
    "HEAD, staff": 1.2,
    "retrieve, staff": 1.3,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One goal: name, bound as text, figure, and whether it is met."""

    name: str
    bound: str
    figure: str
    is_met: bool


def targets(figures: Sequence[Figures], starts: Starts, memory: Sequence[Memory]) -> Table:
    """Compare the figures with the goals."""
    found = [
        *_floor_targets(figures),
        *_growth_targets(figures),
        *_process_targets(starts, memory),
    ]
    rows = [[one.name, one.bound, one.figure, "yes" if one.is_met else "no"] for one in found]
    return Table("Targets", ("target", "bound", "measured", "met"), rows)


def _floor_targets(figures: Sequence[Figures]) -> Iterator[Target]:
    sizes = sorted({one.groups for one in figures})
    known = {(one.groups, one.case): one for one in figures}
    for case, bound in BOUNDS.items():
        for groups in sizes:
            one = known.get((groups, case))
            if one and (ratio := one.ratio):
                name = f"{case}, {groups:,} groups: times the floor's CPU"
                yield Target(name, f"≤ {bound}", plain(ratio, 2), ratio <= bound)
    for one in figures:
        if one.case.startswith("set_rules"):
            name = f"{one.case}, {one.groups:,} groups: CPU, ms"
            if one.failed:
                yield Target(name, "≤ 3.5", "failed", is_met=False)
            else:
                cpu = _of(one, "cpu") * 1e3
                yield Target(name, "≤ 3.5", plain(cpu, 1), cpu <= 3.5)  # noqa: PLR2004


def _growth_targets(figures: Sequence[Figures]) -> Iterator[Target]:
    """Return the growth of costs from the smallest to the largest set."""
    small, large = min(one.groups for one in figures), max(one.groups for one in figures)
    if small == large:
        return
    known = {(one.groups, one.case): one for one in figures}
    for one in figures:
        before = known.get((small, one.case))
        if one.groups == large and one.is_bounded and before:
            name = f"{one.case}, {large:,} groups: times its p50 at {small:,}"
            if one.failed or before.failed:
                yield Target(name, "≤ 2", "failed", is_met=False)
            else:
                yield _grown(name, one, before, 2)
    last, first = known[large, "last page of 10, staff"], known[large, "list of 10, staff"]
    yield _grown(f"last page, {large:,} groups: times the first's p50", last, first, 3)


def _grown(name: str, one: Figures, before: Figures, bound: float) -> Target:
    ratio = _of(one, "p50") / _of(before, "p50")
    shown = f"{ratio:.2f} (CPU {_of(one, 'cpu') / _of(before, 'cpu'):.2f})"
    return Target(name, f"≤ {bound}", shown, ratio <= bound)


def _process_targets(starts: Starts, memory: Sequence[Memory]) -> Iterator[Target]:
    if starts:
        seconds, computed = _median_start(starts)
        shown = f"{seconds:.2f} (CPU {computed:.2f})"
        yield Target("ready on a migrated database: s", "≤ 0.5", shown, seconds <= 0.5)  # noqa: PLR2004
    if memory:
        largest = max(one.resident for one in memory)
        name = "the largest process: MB resident"
        yield Target(name, "≤ 70", plain(largest), largest <= 70)  # noqa: PLR2004


def _of(one: Figures, figure: str) -> float:
    found = one.median(figure)
    assert found is not None  # noqa: S101 - every case was measured
    return found
