"""The entry points of the processes of a service: the API and the job worker.

`service/supervisor.py` starts them and replaces those that end; `ringfence worker` runs `work` in
its own process.
"""

import asyncio
import contextlib
import ctypes
import importlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ringfence.background import end
from ringfence.errors import OperatorError
from ringfence.service import service_manager, signals
from ringfence.service.listener import BACKLOG, Probe, listen
from ringfence.service.supervisor import Child, Supervisor
from ringfence.settings import Settings, load_settings
from ringfence.telemetry.logs import configure

if TYPE_CHECKING:
    from granian.server.embed import Server
    from starlette.applications import Starlette

# ruff: noqa: PLC0415 - heavy packages are imported in the functions of the processes that use them

APPLICATION = "ringfence.app:create_app"

HEADER_SECONDS = 20
# Grace period of requests for health and metrics when a worker stops.
MONITOR_SECONDS = 5.0
# Counted from the signal: jobs get 10 s to finish, and service managers allow 20 s.
WORKER_STOP_SECONDS = 15.0
DEFAULT_CONCURRENCY = 8
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# The location of the data cannot change while the service runs.
FIXED = frozenset({"home", "database_url", "database_replica_url"})

log = structlog.get_logger(__name__)

# M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_RETAINED_BYTES = 16 * 2**20


def default_api_processes() -> int:
    """Return one for each core, at most two: each has its own memory and database connections."""
    return min(2, os.cpu_count() or 1)


def load_application(target: str = APPLICATION) -> Callable[..., "Starlette"]:
    """Import the application factory, before forking, so that children share its modules."""
    # The server's modules are shared as well.
    importlib.import_module("granian.server.embed")
    importlib.import_module("uvloop")
    module, _, name = target.partition(":")
    factory: Callable[..., Starlette] = getattr(importlib.import_module(module), name)
    return factory


def supervise(
    listener: socket.socket,
    *,
    settings: Settings,
    api_processes: int,
    job_worker: bool,
    on_ready: Callable[[], None],
) -> None:
    """Run API processes and optionally one job worker until a signal; call `on_ready` once."""
    from ringfence.telemetry.metrics import shared_folder

    application, reloadable = load_application(), Reloadable(settings)

    def serve() -> int:
        remove_cloud_credentials()
        current = reloadable.settings
        return serve_api(partial(application, current), listener, current.header_bytes)

    def run_jobs() -> int:
        return work(reloadable.settings, DEFAULT_CONCURRENCY)

    with shared_folder() as folder:
        children = [
            Child(name, partial(_with_metrics, folder, name, serve), [listener.fileno()])
            for name in (f"api-{number}" for number in range(1, api_processes + 1))
        ]
        if job_worker:
            children.append(Child("worker", partial(_with_metrics, folder, "worker", run_jobs)))
        Supervisor(children, Probe(listener), on_ready, reloadable.reload).run()


class Reloadable:
    """The settings for processes that are started from now on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def reload(self) -> bool:
        """Read the settings again; if they are invalid, log that and keep the old ones."""
        try:
            reloaded = load_settings()
        except OperatorError as error:
            log.error("settings_not_reloaded", reason=list(error.lines))  # noqa: TRY400
            return False
        before = self.settings
        names = [n for n in Settings.model_fields if getattr(reloaded, n) != getattr(before, n)]
        if fixed := sorted(set(names) & FIXED):
            log.warning("settings_require_restart", settings=fixed)
            reloaded = reloaded.model_copy(update={name: getattr(before, name) for name in fixed})
        self.settings = reloaded
        configure(reloaded.log_level)
        log.info("settings_reloaded", settings=sorted(set(names) - FIXED))
        return True


def remove_cloud_credentials() -> None:
    """Remove openstacksdk's variables from the environment: the API calls no cloud."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        del os.environ[name]


def _with_metrics(folder: Path, name: str, run: Callable[[], int]) -> int:
    """Run a process whose metrics are written to the shared folder of the service."""
    from ringfence.telemetry import metrics

    metrics.begin(name, folder)
    return run()


def serve_api(
    factory: Callable[[], "Starlette"], listener: socket.socket, header_bytes: int
) -> int:
    """Serve requests on the inherited socket until a signal; requests in flight are finished."""
    import uvloop

    keep_freed_memory()

    async def main() -> None:
        # An incomplete head is refused at `header_bytes`; a complete one may be twice as long.
        server = _server(factory(), listener, header_bytes)
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    uvloop.run(main())
    return 0


def keep_freed_memory() -> None:
    """Let glibc retain freed memory for the next response.

    By default it returns and requests memory for each list of some hundred kilobytes, and the page
    faults cost more than everything else in such a list. Other C libraries are left as they are.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        adjust(_TRIM_THRESHOLD, _RETAINED_BYTES)
        adjust(_MMAP_THRESHOLD, _RETAINED_BYTES)


@contextlib.contextmanager
def restarts_on_hang_up() -> Iterator[Callable[[], bool]]:
    """Stop the worker at SIGHUP if the new settings are valid.

    Yields a function that returns whether the worker must restart.
    """
    is_requested = False

    def hang_up(_number: int, _frame: object) -> None:
        nonlocal is_requested
        try:
            load_settings()
        except OperatorError as error:
            log.error("settings_not_reloaded", reason=list(error.lines))  # noqa: TRY400
            return
        is_requested = True
        service_manager.notify_reloading()
        os.kill(os.getpid(), signal.SIGTERM)

    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and not sys.stdin.isatty():
        signal.signal(signal.SIGHUP, hang_up)
    yield lambda: is_requested
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if not is_requested:
        service_manager.notify(service_manager.STOPPING)


def restart() -> None:
    """Replace this process with a new run of the same command; does not return."""
    sys.stdout.flush()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "ringfence", *sys.argv[1:]])  # noqa: S606 - the same program


def work(settings: Settings, concurrency: int) -> int:
    """Run jobs until a signal; running jobs are finished first."""
    return _work(settings, concurrency, contextlib.nullcontext())


def work_monitored(settings: Settings, concurrency: int, host: str, port: int) -> int:
    """Run jobs as `work` does, and serve health and metrics on a port."""
    from ringfence.monitoring.standalone import create_monitor
    from ringfence.telemetry import metrics

    metrics.begin("worker")
    listener = listen(host, port)
    server = _server(create_monitor(settings), listener, settings.header_bytes)
    try:
        return _work(settings, concurrency, _serving(server))
    finally:
        # The server has closed it.
        listener.detach()


@contextlib.asynccontextmanager
async def _serving(server: "Server") -> AsyncIterator[None]:
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await end(serving, grace_seconds=MONITOR_SECONDS)


def _work(
    settings: Settings, concurrency: int, meanwhile: contextlib.AbstractAsyncContextManager[None]
) -> int:
    from ringfence.database.embedded.keepalive import kept_running
    from ringfence.discovery.follow import run_discoveries
    from ringfence.sync.worker import run_worker

    limit = threading.Timer(WORKER_STOP_SECONDS, _end_unfinished)
    limit.daemon = True

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def request_stop() -> None:
            if not stop.is_set():
                limit.start()
            stop.set()

        for number in _SIGNALS:
            loop.add_signal_handler(number, request_stop)
        if signals.sigterm_received():
            request_stop()
        async with kept_running(settings) as conninfo, meanwhile:
            if multiprocessing.parent_process() is None:
                service_manager.notify(service_manager.READY)
            beside = (run_discoveries,)
            await run_worker(settings, conninfo, concurrency=concurrency, stop=stop, beside=beside)

    try:
        asyncio.run(main())
    finally:
        limit.cancel()
    return 0


def _end_unfinished() -> None:
    """End a worker whose database hangs: waiting for its statements has no limit."""
    import structlog

    from ringfence.sync.worker import end_process

    structlog.get_logger(__name__).warning("worker_stop_timed_out", seconds=WORKER_STOP_SECONDS)
    end_process(0)


def _server(application: "Starlette", listener: socket.socket, header_bytes: int) -> "Server":
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    class Inheriting(Server):
        """Uses the inherited socket; Granian would bind one per process, and lose connections."""

        def _init_shared_socket(self) -> None:
            self._shd = SocketHolder(  # type: ignore[call-arg,assignment]
                listener.fileno(), uds=False, backlog=BACKLOG
            )

    return Inheriting(
        application,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=header_bytes
        ),
        # Send its records to the root logger; by default it writes to standard output.
        log_dictconfig={
            "version": 1,
            "incremental": True,
            "handlers": {},
            "loggers": {"_granian": {"propagate": True}},
        },
        log_level=LogLevels.error,
        log_access=False,
    )
