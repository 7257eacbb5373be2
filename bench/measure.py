"""Measure in short windows of load, alternating between what is compared, in several rounds."""

import asyncio
import itertools
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import LiteralString

import psycopg

from bench.cases import Case, Sample
from bench.client import Responses, drive
from bench.processes import cpu
from bench.server import DatabaseServer
from bench.services import NO_RATES, Service, floor, serving

SERVICE, FLOOR = "service", "floor"
WARM_UP = 40
COUNTED = 5
_STATEMENT = re.compile(rb"LOG:  (execute|statement)")


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds` of each window, and number of `rounds`."""

    seconds: float
    rounds: int
    connections: int


@dataclass(frozen=True, slots=True)
class Window:
    """One window of load; CPU in seconds a request."""

    rate: float
    p50: float
    p99: float
    application: float
    database: float

    @property
    def cpu(self) -> float:
        """Application and database together."""
        return self.application + self.database


@dataclass(slots=True)
class Figures:
    """All windows of one case on one data set; SQL `statements` are counted separately."""

    groups: int
    case: str
    is_bounded: bool = False
    service: list[Window] = field(default_factory=list)
    floor: list[Window] = field(default_factory=list)
    statements: float | None = None
    # An unexpected status, which makes all figures meaningless
    failed: str = ""

    def median(self, of: str, subject: str = SERVICE) -> float | None:
        """Return the median of one figure, or None if the subject has none."""
        windows: list[Window] = [] if self.failed else getattr(self, subject)
        return statistics.median(getattr(one, of) for one in windows) if windows else None

    @property
    def ratio(self) -> float | None:
        """Return the CPU of the service divided by that of the floor: the median of the pairs."""
        pairs = zip(self.service, self.floor, strict=False)
        ratios = [ours.cpu / least.cpu for ours, least in pairs if least.cpu]
        return statistics.median(ratios) if ratios else None

    def as_mapping(self) -> dict[str, object]:
        """Return the values for the JSON file."""
        return asdict(self)


class FailedError(Exception):
    """A request got an unexpected status; its figures would mean nothing."""


class _Measurer:
    def __init__(self, server: DatabaseServer, database: str, options: Options) -> None:
        self._server = server
        self._database = database
        self._options = options

    def window(self, service: Service, case: Case, requests: Iterator[bytes]) -> Window:
        """Load the service with a case, after an unmeasured warm-up."""
        first = next(requests)
        warm = itertools.chain([first], requests)
        if not case.writes:
            self._drive(service, case, itertools.islice(warm, WARM_UP))
        before = cpu(service.process), cpu(self._server.process)
        responses = self._drive(service, case, warm)
        after = cpu(service.process), cpu(self._server.process)
        return Window(
            rate=responses.requests / responses.seconds,
            p50=responses.quantile(0.5),
            p99=responses.quantile(0.99),
            application=(after[0] - before[0]) / responses.requests,
            database=(after[1] - before[1]) / responses.requests,
        )

    def _drive(self, service: Service, case: Case, requests: Iterator[bytes]) -> Responses:
        options = self._options
        responses = asyncio.run(
            drive(
                service.port,
                requests,
                seconds=options.seconds,
                connections=options.connections,
            )
        )
        if responses.failures() or not responses.requests:
            raise FailedError(
                f"{case.name}: {dict(responses.statuses)}, {responses.broken} connections broke"
            )
        return responses


def measure(
    server: DatabaseServer,
    database: str,
    groups: int,
    cases: Sequence[Case],
    options: Options,
    say: Callable[[str], None],
) -> list[Figures]:
    """Measure cases on a data set; service and floor alternate in being first."""
    sample = Sample.of(server.conninfo(database))
    measurer = _Measurer(server, database, options)
    found = [Figures(groups, case.name, case.is_bounded) for case in cases]
    with ExitStack() as stack:
        url = server.url(database)
        # One actor sends more changes than the rate limits allow.
        service = serving(url, "--no-worker", **NO_RATES)
        subjects = {SERVICE: stack.enter_context(service)}
        if any(case.has_floor for case in cases):
            subjects[FLOOR] = stack.enter_context(floor(url))
        for turn in range(options.rounds):
            for case, figures in zip(cases, found, strict=True):
                if figures.failed:
                    continue
                names = [SERVICE, FLOOR] if case.has_floor else [SERVICE]
                try:
                    for name in names if turn % 2 == 0 else reversed(names):
                        window = measurer.window(subjects[name], case, case.requests(sample))
                        getattr(figures, name).append(window)
                except FailedError as error:
                    figures.failed = str(error)
                    say(f"{groups:,} groups: {error}")
                if case.writes:
                    _put_back(server.conninfo(database))
            say(f"{groups:,} groups: round {turn + 1} of {options.rounds}")
    return found


_PUT_BACK: tuple[LiteralString, ...] = (
    "DELETE FROM security_groups WHERE name ^@ 'new-'",
    "UPDATE security_groups SET state = 'OK' WHERE state NOT IN ('OK', 'ERRED')",
    "DELETE FROM procrastinate_jobs",
    "CHECKPOINT",
)


def _put_back(conninfo: str) -> None:
    """Make the same requests possible again; the data set is a temporary copy."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in _PUT_BACK:
            connection.execute(statement)


def count_statements(
    server: DatabaseServer, database: str, cases: Sequence[Case], subject: str = SERVICE
) -> dict[str, float]:
    """Count the SQL statements of a request in the server's log, on a temporary database."""
    with psycopg.connect(server.conninfo(database), autocommit=True) as connection:
        connection.execute(
            f"ALTER DATABASE {connection.info.dbname} SET log_statement = 'all'"  # type: ignore[arg-type]
        )
    counted: dict[str, float] = defaultdict(float)
    sample = Sample.of(server.conninfo(database))
    start = serving if subject == SERVICE else floor
    options = ("--workers", "1", "--no-worker") if subject == SERVICE else ("1",)
    with start(server.url(database), *options) as service:
        for case in cases:
            requests = case.requests(sample)
            ask = lambda number, requests=requests: asyncio.run(  # noqa: E731 - one call, twice
                drive(
                    service.port,
                    itertools.islice(requests, number),
                    seconds=60,
                    connections=1,
                )
            )
            ask(2)
            before = server.log.stat().st_size
            ask(COUNTED)
            with server.log.open("rb") as log:
                log.seek(before)
                counted[case.name] = len(_STATEMENT.findall(log.read())) / COUNTED
    return counted
