"""A complete run: data sets, requests, start-up and memory; printed, saved, written to the page."""

import asyncio
import itertools
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg

from bench import plots, results
from bench.cases import READS, WRITES
from bench.client import drive, request
from bench.dataset import STAFF, provide
from bench.floor import PATH
from bench.measure import FLOOR, Figures, Options, count_statements, measure
from bench.page import write_sections
from bench.processes import Memory, memory
from bench.server import DatabaseServer, opened
from bench.services import NO_RATES, serving

STARTS = 5
Say = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """The results of one run."""

    machine: str
    options: Options
    figures: list[Figures] = field(default_factory=list)
    # Seconds and CPU seconds of each
    starts: list[tuple[float, float]] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    load_average: list[float] = field(default_factory=list)

    def note_load(self) -> None:
        """Record the load of the machine, for readers."""
        self.load_average.append(os.getloadavg()[0])

    def tables(self) -> list[results.Table]:
        """Return all tables."""
        sizes = sorted({one.groups for one in self.figures})
        return [
            results.targets(self.figures, self.starts, self.memory),
            results.reference(self.figures, sizes[0]),
            *(results.requests(self.figures, groups) for groups in sizes),
            results.processes(self.starts, self.memory),
        ]

    def conditions(self) -> str:
        """Return a sentence on how it was measured."""
        options = self.options
        busy = statistics.median(self.load_average)
        return (
            f"{self.machine}; {options.rounds} rounds of {options.seconds:g} s a case, "
            f"{options.connections} connections; median load average of the machine {busy:.1f}."
        )


def run(cache: Path, sizes: Sequence[int], options: Options, say: Say) -> Run:
    """Measure everything on each data set."""
    with opened(cache) as server:
        names = [provide(server, groups, say) for groups in sizes]
        made = Run(_machine(server, names[0]), options)
        for groups, name in zip(sizes, names, strict=True):
            made.note_load()
            figures = measure(server, name, groups, READS, options, say)
            # Copying the larger sets would take longer than the measurement.
            if groups == min(sizes):
                figures += _on_copies(server, name, figures, options, say)
            made.figures += figures
        made.note_load()
        made.memory = _memory(server, names[-1])
    made.starts = _starts()
    return made


def _on_copies(
    server: DatabaseServer, name: str, figures: list[Figures], options: Options, say: Say
) -> list[Figures]:
    """Measure writes and count statements, on temporary copies."""
    groups = figures[0].groups
    with server.clone(name, f"{name}_written") as copy:
        written = measure(server, copy, groups, WRITES, options, say)
    with server.clone(name, f"{name}_counted") as copy:
        counted = count_statements(server, copy, (*READS, *WRITES))
        least = count_statements(server, copy, [case for case in READS if case.has_floor], FLOOR)
    say(f"the floor takes {max(least.values()):g} statement a request")
    for one in (*figures, *written):
        one.statements = counted[one.case]
    return written


def _machine(server: DatabaseServer, database: str) -> str:
    with psycopg.connect(server.conninfo(database)) as connection:
        version = connection.info.server_version
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"PostgreSQL {version // 10_000}.{version % 10_000}"
    )


def _memory(server: DatabaseServer, database: str) -> list[Memory]:
    """Return the memory of the service's processes after each has served large lists."""
    large = itertools.repeat(request("GET", f"{PATH}?page_size=300", STAFF), 400)
    with serving(server.url(database), **NO_RATES) as service:
        asyncio.run(drive(service.port, large, seconds=30, connections=8))
        return memory(service.process)


def _starts() -> list[tuple[float, float]]:
    """Return the start-up time of a service whose migrated database is stopped."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # The server's user must be able to enter it.
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        found = []
        for _ in range(STARTS + 1):
            with serving(None, home=home) as service:
                found.append((service.seconds, service.computed))
    # The first start created the database.
    return found[1:]


def show(made: Run) -> None:
    for table in made.tables():
        table.show()


def keep(made: Run, path: Path) -> None:
    """Save every window as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "conditions": made.conditions(),
        "starts": made.starts,
        "memory": [asdict(one) for one in made.memory],
        "figures": [one.as_mapping() for one in made.figures],
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write(made: Run, page: Path) -> None:
    """Write tables and plots into the page."""
    first, beside, *sized, last = made.tables()
    sections = {
        "conditions": f"Measured with {made.conditions()}",
        "targets": first.markdown(),
        "reference": beside.markdown(),
        "requests": "\n".join(f"### {table.title}\n\n{table.markdown()}" for table in sized),
        "processes": last.markdown(),
    }
    write_sections(page, sections)
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    small = min(one.groups for one in made.figures)
    at_small = [one for one in made.figures if one.groups == small]
    (folder / "cost.svg").write_text(plots.costs(at_small), encoding="utf-8")
    grown = [one for one in made.figures if not one.case.startswith(("set_rules", "create"))]
    (folder / "growth.svg").write_text(plots.growth(grown), encoding="utf-8")
