"""Profile reads in the application: `python -m bench.profile`.

The service and the floor run in this process, without a server, one request after another. A
timer of CPU time samples the stack, and assigns the sample to the part of the innermost known
module. It prints microseconds per request, so the difference of two columns is the cost of the
service beyond the floor, part by part.
"""

import argparse
import itertools
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvloop

from bench.cases import READS, Case, Sample
from bench.dataset import provide
from bench.floor import Floor
from bench.inside import Application, ask, living
from bench.page import write_sections
from bench.results import Table
from bench.server import default_cache, opened
from bench.services import NO_RATES
from ringfence.app import create_app
from ringfence.service.processes import keep_freed_memory
from ringfence.settings import Settings

CASES = ("list of 10, staff", "list of 100, staff", "retrieve, staff")
WARM_UP = 200
# The sampling interval; the kernel may round it up to its tick.
INTERVAL = 0.001
ELSE = "the event loop, Python, the rest"

# Each with parts of its modules' paths; the first match counts.
PARTS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("psycopg: protocol, parameters, waiting", ("/psycopg/",)),
    ("a connection of the pool, its deadline", ("/psycopg_pool/", "/database/pool.py")),
    ("counting and the log line", ("/ringfence/telemetry/",)),
    (
        "middleware: request id, proxies, host, limits, headers",
        ("/http/middleware/", "/limits.py", "/http/headers.py", "/structlog/"),
    ),
    ("identity", ("/ringfence/access/",)),
    ("query, statement, paging, tag", ("/ringfence/", "/starlette/")),
    ("the floor itself", ("/bench/floor.py",)),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds per request, and the number of samples of each part."""

    whole: float
    samples: Counter[str]

    def seconds(self, part: str) -> float:
        """Return the seconds of a request in a part."""
        return self.whole * self.samples[part] / max(self.samples.total(), 1)


def _part_of(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename
        for name, fragments in PARTS:
            if any(fragment in path for fragment in fragments):
                return name
        frame = frame.f_back
    return ELSE


@contextmanager
def _looking() -> Iterator[Counter[str]]:
    """Sample the stack at each tick of this process's CPU timer."""
    samples: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        samples[_part_of(frame)] += 1

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


async def profile(application: Application, case: Case, sample: Sample, number: int) -> Profile:
    """Send requests and return the profile."""
    requests = case.requests(sample)
    async with living(application):
        for request in itertools.islice(requests, WARM_UP):
            await ask(application, request)
        before = time.process_time()
        with _looking() as samples:
            for request in itertools.islice(requests, number):
                await ask(application, request)
        seconds = (time.process_time() - before) / number
    return Profile(seconds, samples)


def table(found: Sequence[tuple[str, Profile, Profile]]) -> Table:
    """Return the parts of the service and of the floor, case by case."""
    rows = [
        [
            part,
            *(f"{one.seconds(part) * 1e6:,.0f}" for _, *both in found for one in both),
        ]
        for part in [*(name for name, _ in PARTS), ELSE]
    ]
    whole = [f"{one.whole * 1e6:,.0f}" for _, *both in found for one in both]
    columns = ["CPU µs", *(f"{case}{of}" for case, *_ in found for of in ("", ": the floor"))]
    return Table("Within the application", columns, [*rows, ["all", *whole]])


def main() -> None:
    """Profile and print; write to a page if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--requests", type=int, default=20_000, help="of each case")
    parser.add_argument("--page", type=Path, help="a page that takes the table")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    keep_freed_memory()
    with opened(arguments.cache) as server:
        name = provide(server, arguments.groups, print)
        url, sample = server.url(name), Sample.of(server.conninfo(name))
        cases = [case for case in READS if case.name in CASES]

        async def both(case: Case) -> tuple[str, Profile, Profile]:
            service = create_app(Settings(database_url=url, **NO_RATES))
            return (
                case.name,
                await profile(service, case, sample, arguments.requests),
                await profile(Floor(url), case, sample, arguments.requests),
            )

        made = table([uvloop.run(both(case)) for case in cases])
    made.show()
    if arguments.page:
        write_sections(arguments.page, {"profile": made.markdown()})


if __name__ == "__main__":
    main()
