"""Metrics of each process, summed over all processes of a service.

The processes write to files in one folder, which the parent creates before it forks; the process
that is scraped reads all of them. Without a folder, a process counts for itself alone. Labels come
from this program or from `clouds.yaml`, never from a request, so that their number stays small.
`monitoring/gauges.py` has the metrics that are read from the database.
"""

import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ringfence.text.escaping import label

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In memory if possible: the files are written often.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - in a folder of its own

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
NO_ROUTE = "none"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_JOB_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(slots=True)
class _Tally:
    """Requests of one kind that are not yet in the shared counters, by bucket; the last is +Inf.

    Adding to shared memory at each request would cost more than some requests.
    """

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))


class _Sums(Histogram):
    """A histogram that accepts many observations at once."""

    def add(self, buckets: Sequence[int], seconds: float) -> None:
        """Add the number of observations of each bucket, and the sum of their seconds."""
        self._sum.inc(seconds)
        for bucket, number in zip(self._buckets, buckets, strict=True):
            if number:
                bucket.inc(number)


class ProcessMetrics:
    """The metrics of one process; `process` is its name, such as `api-1`."""

    def __init__(self, process: str = "api", folder: Path | None = None) -> None:
        self.process = process
        self.folder = folder
        self._registry = CollectorRegistry()
        if folder is not None:
            # A replacement continues the counts of the process of the same name.
            os.environ[FOLDER_VARIABLE] = str(folder)
            values.ValueClass = values.MultiProcessValue(lambda: process)  # type: ignore[no-untyped-call]
            (folder / f"{process}.pid").write_text(str(os.getpid()), encoding="ascii")
        self._requests = self._counter(
            "ringfence_http_requests", "HTTP requests served.", "method", "route", "status"
        )
        self._request_seconds = _Sums(
            "ringfence_http_request_duration_seconds",
            "Time from the head of a request to the end of the response.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._jobs = self._histogram(
            "ringfence_job_duration_seconds",
            "Duration of job runs.",
            _JOB_SECONDS,
            "job",
            "outcome",
        )
        self._cloud_calls = self._histogram(
            "ringfence_cloud_call_duration_seconds",
            "Duration of calls to clouds.",
            _SECONDS,
            *("entry", "method", "outcome"),
        )
        self._connections = self._gauge(
            "ringfence_database_pool_connections",
            "Database connections of a process.",
            *("process", "state"),
        )
        self._pool_limit = self._gauge(
            "ringfence_database_pool_limit",
            "Maximum number of database connections of a process.",
            "process",
        )
        self._pool_waiting = self._gauge(
            "ringfence_database_pool_waiting",
            "Requests waiting for a database connection.",
            "process",
        )
        self._tallies: dict[tuple[str, str, int], _Tally] = {}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a response; `route` is the template of its path, or `NO_ROUTE`.

        `write` adds it to the shared counters.
        """
        key = (method if method in METHODS else OTHER, route, status)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally()
        tally.seconds += seconds
        tally.buckets[bisect_left(_SECONDS, seconds)] += 1

    def write(self) -> None:
        """Add the requests since the last call to the shared counters."""
        for (method, route, status), tally in self._tallies.items():
            number = sum(tally.buckets)
            if number:
                self._requests.labels(method, route, str(status)).inc(number)
                self._request_seconds.labels(method, route).add(tally.buckets, tally.seconds)
                tally.seconds, tally.buckets = 0.0, [0] * len(tally.buckets)

    def job(self, job: str, outcome: str, seconds: float) -> None:
        """Count a run of a job."""
        self._jobs.labels(job, outcome).observe(seconds)

    def cloud_call(self, cloud: str, method: str, outcome: str, seconds: float) -> None:
        """Count a call to a cloud, by its entry of `clouds.yaml`."""
        self._cloud_calls.labels(label(cloud), method, outcome).observe(seconds)

    def pool(self, *, idle: int, used: int, limit: int, waiting: int) -> None:
        """Set the state of the connection pool of this process."""
        self._connections.labels(self.process, "idle").set(idle)
        self._connections.labels(self.process, "used").set(used)
        self._pool_limit.labels(self.process).set(limit)
        self._pool_waiting.labels(self.process).set(waiting)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of all processes, with memory, CPU time and open files of each."""
        if self.folder is None:
            yield from self._registry.collect()
            yield from _of_processes({self.process: os.getpid()})
        else:
            together = MultiProcessCollector(None, str(self.folder))  # type: ignore[no-untyped-call]
            yield from together.collect()  # type: ignore[no-untyped-call]
            yield from _of_processes(_pids(self.folder))

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self._registry)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(
            name, help_text, labels, registry=self._registry, multiprocess_mode="mostrecent"
        )

    def _histogram(
        self, name: str, help_text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, help_text, labels, buckets=buckets, registry=self._registry)


_current: ProcessMetrics | None = None


def current() -> ProcessMetrics:
    """Return the metrics of this process, created at the first use."""
    global _current  # noqa: PLW0603 - one per process, as the log
    if _current is None:
        _current = ProcessMetrics()
    return _current


def begin(process: str, folder: Path | None = None) -> None:
    """Start the metrics of a process; with a folder, right after the fork."""
    global _current  # noqa: PLW0603
    _current = ProcessMetrics(process, folder)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Yield a temporary folder for the processes of a service."""
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="ringfence-metrics-", dir=parent) as folder:
        yield Path(folder)


def _pids(folder: Path) -> dict[str, int]:
    found = {}
    for file in sorted(folder.glob("*.pid")):
        # Another process may be writing it.
        with suppress(OSError, ValueError):
            found[file.stem] = int(file.read_text(encoding="ascii"))
    return found


def _of_processes(pids: Mapping[str, int]) -> Iterator[Metric]:
    """Yield memory, CPU time and open files of each process, with a label for its name."""
    together: dict[str, Metric] = {}
    for process, pid in pids.items():
        collector: Collector = ProcessCollector(pid=partial(int, pid), registry=None)
        for metric in collector.collect():
            kept = together.setdefault(
                metric.name, Metric(metric.name, metric.documentation, metric.type, metric.unit)
            )
            for sample in metric.samples:
                kept.add_sample(sample.name, {**sample.labels, "process": process}, sample.value)
    yield from together.values()
