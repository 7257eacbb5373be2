"""One whole run: data sets, requests, start-up and memory; printed, kept, and put into the page."""

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
from bench.place import Place, opened
from bench.processes import Memory, memory
from bench.services import NO_RATES, serving

STARTS = 5
Say = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """All that one run found."""

    machine: str
    options: Options
    figures: list[Figures] = field(default_factory=list)
    # Of each: seconds, and seconds of CPU
    starts: list[tuple[float, float]] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    load_average: list[float] = field(default_factory=list)

    def note_load(self) -> None:
        """Note how busy the machine is: a reader should know."""
        self.load_average.append(os.getloadavg()[0])

    def tables(self) -> list[results.Table]:
        """Give all tables."""
        sizes = sorted({one.groups for one in self.figures})
        return [
            results.targets(self.figures, self.starts, self.memory),
            results.reference(self.figures, sizes[0]),
            *(results.requests(self.figures, groups) for groups in sizes),
            results.processes(self.starts, self.memory),
        ]

    def conditions(self) -> str:
        """Say in a sentence how it was measured."""
        options = self.options
        busy = statistics.median(self.load_average)
        return (
            f"{self.machine}; {options.rounds} rounds of {options.seconds:g} s a case, "
            f"{options.connections} connections; median load average of the machine {busy:.1f}."
        )


def run(cache: Path, sizes: Sequence[int], options: Options, say: Say) -> Run:
    """Measure everything, on each size of data set."""
    with opened(cache) as place:
        names = [provide(place, groups, say) for groups in sizes]
        made = Run(_machine(place, names[0]), options)
        for groups, name in zip(sizes, names, strict=True):
            made.note_load()
            figures = measure(place, name, groups, READS, options, say)
            # Copying the larger sets would take longer than what is measured on the copy.
            if groups == min(sizes):
                figures += _on_copies(place, name, figures, options, say)
            made.figures += figures
        made.note_load()
        made.memory = _memory(place, names[-1])
    made.starts = _starts()
    return made


def _on_copies(
    place: Place, name: str, figures: list[Figures], options: Options, say: Say
) -> list[Figures]:
    """Measure what writes, and count statements, on copies that nobody keeps."""
    groups = figures[0].groups
    with place.clone(name, f"{name}_written") as copy:
        written = measure(place, copy, groups, WRITES, options, say)
    with place.clone(name, f"{name}_counted") as copy:
        counted = count_statements(place, copy, (*READS, *WRITES))
        least = count_statements(place, copy, [case for case in READS if case.has_floor], FLOOR)
    say(f"the floor takes {max(least.values()):g} statement a request")
    for one in (*figures, *written):
        one.statements = counted[one.case]
    return written


def _machine(place: Place, database: str) -> str:
    with psycopg.connect(place.conninfo(database)) as connection:
        version = connection.info.server_version
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"PostgreSQL {version // 10_000}.{version % 10_000}"
    )


def _memory(place: Place, database: str) -> list[Memory]:
    """Give the memory of the service's processes after each has answered large lists."""
    large = itertools.repeat(request("GET", f"{PATH}?page_size=300", STAFF), 400)
    with serving(place.url(database), **NO_RATES) as service:
        asyncio.run(drive(service.port, large, seconds=30, connections=8))
        return memory(service.process)


def _starts() -> list[tuple[float, float]]:
    """Give what it takes until a service answers, its migrated database stopped before."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # As root, the server's own user passes through.
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        found = []
        for _ in range(STARTS + 1):
            with serving(None, home=home) as service:
                found.append((service.seconds, service.computed))
    # The first one made the database.
    return found[1:]


def show(made: Run) -> None:
    """Print the tables."""
    for table in made.tables():
        table.show()


def keep(made: Run, path: Path) -> None:
    """Keep every window as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "conditions": made.conditions(),
        "starts": made.starts,
        "memory": [asdict(one) for one in made.memory],
        "figures": [one.as_mapping() for one in made.figures],
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write(made: Run, page: Path) -> None:
    """Put tables and plots into the page."""
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
