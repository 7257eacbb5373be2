"""What each process counts, added up over all processes of a service.

The processes write into files of one folder, which the parent makes before it forks; whichever
process is asked reads all of them. Without a folder a process counts for itself. Labels come from
this program or from `clouds.yaml`: never from a request, so that their number stays small.
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
# In memory, where there is such a place: the files are written at each request.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own in it

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
NO_ROUTE = "none"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_JOB_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(slots=True)
class _Tally:
    """Requests of one kind that are in no sum yet: by bucket, the last one for longer ones.

    A sum is in shared memory, and to add to it costs more than some requests may.
    """

    seconds: float = 0.0
    places: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))


class _Sums(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, places: Sequence[int], seconds: float) -> None:
        """Add as many as each bucket says, with the sum of their seconds."""
        self._sum.inc(seconds)
        for bucket, number in zip(self._buckets, places, strict=True):
            if number:
                bucket.inc(number)


class Measures:
    """The counters of one process; `process` is its name, such as `api-1`."""

    def __init__(self, process: str = "api", folder: Path | None = None) -> None:
        self.process = process
        self.folder = folder
        self._registry = CollectorRegistry()
        if folder is not None:
            # A process that takes the place of another counts on from where that one was.
            os.environ[FOLDER_VARIABLE] = str(folder)
            values.ValueClass = values.MultiProcessValue(lambda: process)  # type: ignore[no-untyped-call]
            (folder / f"{process}.pid").write_text(str(os.getpid()), encoding="ascii")
        self._requests = self._counter(
            "ringfence_http_requests", "Requests answered.", "method", "route", "status"
        )
        self._request_seconds = _Sums(
            "ringfence_http_request_duration_seconds",
            "From a request's head to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._jobs = self._histogram(
            "ringfence_job_duration_seconds", "Runs of jobs.", _JOB_SECONDS, "job", "outcome"
        )
        self._cloud_calls = self._histogram(
            "ringfence_cloud_call_duration_seconds",
            "Calls to clouds.",
            _SECONDS,
            *("entry", "method", "outcome"),
        )
        self._connections = self._gauge(
            "ringfence_database_pool_connections",
            "Connections of a process to the database.",
            *("process", "state"),
        )
        self._pool_limit = self._gauge(
            "ringfence_database_pool_limit", "Connections that a process may have.", "process"
        )
        self._pool_waiting = self._gauge(
            "ringfence_database_pool_waiting", "Who waits for a connection.", "process"
        )
        self._tallies: dict[tuple[str, str, int], _Tally] = {}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the template of its path, or `NO_ROUTE`.

        It is in the sums after `write`.
        """
        key = (method if method in METHODS else OTHER, route, status)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally()
        tally.seconds += seconds
        tally.places[bisect_left(_SECONDS, seconds)] += 1

    def write(self) -> None:
        """Add the requests since the last time to the sums."""
        for (method, route, status), tally in self._tallies.items():
            number = sum(tally.places)
            if number:
                self._requests.labels(method, route, str(status)).inc(number)
                self._request_seconds.labels(method, route).add(tally.places, tally.seconds)
                tally.seconds, tally.places = 0.0, [0] * len(tally.places)

    def job(self, job: str, outcome: str, seconds: float) -> None:
        """Count a run of a job."""
        self._jobs.labels(job, outcome).observe(seconds)

    def cloud_call(self, cloud: str, method: str, outcome: str, seconds: float) -> None:
        """Count a call to a cloud, by its entry of `clouds.yaml`."""
        self._cloud_calls.labels(label(cloud), method, outcome).observe(seconds)

    def pool(self, *, idle: int, used: int, limit: int, waiting: int) -> None:
        """Note the state of this process's connections to the database."""
        self._connections.labels(self.process, "idle").set(idle)
        self._connections.labels(self.process, "used").set(used)
        self._pool_limit.labels(self.process).set(limit)
        self._pool_waiting.labels(self.process).set(waiting)

    def collect(self) -> Iterator[Metric]:
        """Give what all processes counted, and what the system says of them."""
        if self.folder is None:
            yield from self._registry.collect()
            yield from _of_processes({self.process: os.getpid()})
        else:
            together = MultiProcessCollector(None, str(self.folder))  # type: ignore[no-untyped-call]
            yield from together.collect()  # type: ignore[no-untyped-call]
            yield from _of_processes(_pids(self.folder))

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(name, words, labels, registry=self._registry, multiprocess_mode="mostrecent")

    def _histogram(
        self, name: str, words: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, words, labels, buckets=buckets, registry=self._registry)


_current: Measures | None = None


def current() -> Measures:
    """Give the counters of this process, made at the first use."""
    global _current  # noqa: PLW0603 - a process has one set, as it has one log
    if _current is None:
        _current = Measures()
    return _current


def begin(process: str, folder: Path | None = None) -> None:
    """Count under this name from here on; with a folder, in a process that was just forked."""
    global _current  # noqa: PLW0603
    _current = Measures(process, folder)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Give a folder for the processes of a service, gone afterwards."""
    place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="ringfence-measures-", dir=place) as folder:
        yield Path(folder)


def _pids(folder: Path) -> dict[str, int]:
    found = {}
    for file in sorted(folder.glob("*.pid")):
        # Another process may be writing it just now.
        with suppress(OSError, ValueError):
            found[file.stem] = int(file.read_text(encoding="ascii"))
    return found


def _of_processes(pids: Mapping[str, int]) -> Iterator[Metric]:
    """Give memory, time and files of each process, told apart by a label."""
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
