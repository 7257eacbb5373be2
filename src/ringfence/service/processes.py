"""What runs in each process of a service: the API, or the job worker."""

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
from ringfence.service.listener import BACKLOG, Probe, claim
from ringfence.service.supervisor import Child, Supervisor
from ringfence.settings import Settings, load_settings
from ringfence.telemetry.logs import configure

if TYPE_CHECKING:
    from granian.server.embed import Server
    from starlette.applications import Starlette

# Heavy packages are imported inside the functions: only the process that needs one pays for it.
# ruff: noqa: PLC0415

APPLICATION = "ringfence.app:create_app"

HEADER_SECONDS = 20
# Of the requests for health and metrics that are under way when a worker ends.
MONITOR_SECONDS = 5.0
# From the signal on: jobs have 10 s to finish, and a service manager allows 20.
WORKER_STOP_SECONDS = 15.0
DEFAULT_CONCURRENCY = 8
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# Where the data is stays where it was when the service began.
FIXED = frozenset({"home", "database_url", "database_replica_url"})

log = structlog.get_logger(__name__)

# glibc's own numbers of what it gives back to the system at once, and what it gets singly from it.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 16 * 2**20


def default_api_processes() -> int:
    """One for each core, at most two: each takes its own memory and database connections."""
    return min(2, os.cpu_count() or 1)


def load_application(target: str = APPLICATION) -> Callable[..., "Starlette"]:
    """Import the factory; done before forking, the children share what it brought in."""
    # The server's own code, too, is loaded once for all.
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
    """Run the API and, if asked for, one job worker, until a signal; `on_ready` is called once."""
    from ringfence.telemetry.metrics import shared_folder

    application, reloadable = load_application(), Reloadable(settings)

    def answer() -> int:
        forget_clouds()
        now = reloadable.settings
        return serve_api(partial(application, now), listener, now.header_bytes)

    def run_jobs() -> int:
        return work(reloadable.settings, DEFAULT_CONCURRENCY)

    with shared_folder() as folder:
        children = [
            Child(name, partial(_counting, folder, name, answer), [listener.fileno()])
            for name in (f"api-{number}" for number in range(1, api_processes + 1))
        ]
        if job_worker:
            children.append(Child("worker", partial(_counting, folder, "worker", run_jobs)))
        Supervisor(children, Probe(listener), on_ready, reloadable.reload).run()


class Reloadable:
    """The settings that the next process of a service begins with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def reload(self) -> bool:
        """Read the settings again; where they are wrong, say so and keep the old ones."""
        try:
            found = load_settings()
        except OperatorError as error:
            log.error("settings_not_reloaded", reason=list(error.lines))  # noqa: TRY400
            return False
        before = self.settings
        names = [n for n in Settings.model_fields if getattr(found, n) != getattr(before, n)]
        if fixed := sorted(set(names) & FIXED):
            log.warning("settings_need_a_restart", settings=fixed)
            found = found.model_copy(update={name: getattr(before, name) for name in fixed})
        self.settings = found
        configure(found.log_level)
        log.info("settings_reloaded", settings=sorted(set(names) - FIXED))
        return True


def forget_clouds() -> None:
    """Take from this process what openstacksdk would sign in with: the API asks no cloud."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        del os.environ[name]


def _counting(folder: Path, name: str, run: Callable[[], int]) -> int:
    """Run what counts into the folder that all processes of the service share."""
    from ringfence.telemetry import metrics

    metrics.begin(name, folder)
    return run()


def serve_api(
    factory: Callable[[], "Starlette"], listener: socket.socket, header_bytes: int
) -> int:
    """Answer requests on the inherited socket until a signal; what is in flight is finished."""
    import uvloop

    keep_freed_memory()

    async def main() -> None:
        # From so many on a head that is not whole is refused; a whole one may be twice as long.
        server = _server(factory(), listener, header_bytes)
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    uvloop.run(main())
    return 0


def keep_freed_memory() -> None:
    """Have the C library keep what it frees for the next answer.

    By default glibc gives it back and asks again at each list of some hundred kilobytes, which
    costs more in page faults than everything else about such a list. Other libraries decide alone.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        adjust(_TRIM_THRESHOLD, _KEPT_BYTES)
        adjust(_MMAP_THRESHOLD, _KEPT_BYTES)


@contextlib.contextmanager
def begins_anew() -> Iterator[Callable[[], bool]]:
    """End the worker well at SIGHUP; gives whether it is to begin anew, with other settings."""
    asked = False

    def hang_up(_number: int, _frame: object) -> None:
        nonlocal asked
        try:
            load_settings()
        except OperatorError as error:
            log.error("settings_not_reloaded", reason=list(error.lines))  # noqa: TRY400
            return
        asked = True
        service_manager.notify_reloading()
        os.kill(os.getpid(), signal.SIGTERM)

    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and not sys.stdin.isatty():
        signal.signal(signal.SIGHUP, hang_up)
    yield lambda: asked
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if not asked:
        service_manager.notify(service_manager.STOPPING)


def begin_anew() -> None:
    """Run the same command in this process, from its first line; does not return."""
    sys.stdout.flush()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "ringfence", *sys.argv[1:]])  # noqa: S606 - itself


def work(settings: Settings, concurrency: int) -> int:
    """Run jobs until a signal; those that run are finished first."""
    return _work(settings, concurrency, contextlib.nullcontext())


def work_monitored(settings: Settings, concurrency: int, host: str, port: int) -> int:
    """Run jobs as `work` does, and answer who asks for health and metrics meanwhile."""
    from ringfence.monitoring.standalone import create_monitor
    from ringfence.telemetry import metrics

    metrics.begin("worker")
    listener = claim(host, port)
    server = _server(create_monitor(settings), listener, settings.header_bytes)
    try:
        return _work(settings, concurrency, _answering(server))
    finally:
        # The server closes it when it stops.
        listener.detach()


@contextlib.asynccontextmanager
async def _answering(server: "Server") -> AsyncIterator[None]:
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
    from ringfence.sync.worker import run_worker

    limit = threading.Timer(WORKER_STOP_SECONDS, _end_unfinished)
    limit.daemon = True

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end_soon() -> None:
            if not stop.is_set():
                limit.start()
            stop.set()

        for number in _SIGNALS:
            loop.add_signal_handler(number, end_soon)
        if signals.asked():
            end_soon()
        async with kept_running(settings) as conninfo, meanwhile:
            if multiprocessing.parent_process() is None:
                service_manager.notify(service_manager.READY)
            await run_worker(settings, conninfo, concurrency=concurrency, stop=stop)

    try:
        asyncio.run(main())
    finally:
        limit.cancel()
    return 0


def _end_unfinished() -> None:
    """End a worker whose database hangs: its statements would be waited for without a limit."""
    import structlog

    from ringfence.sync.worker import end_process

    structlog.get_logger(__name__).warning("worker_cut_short", seconds=WORKER_STOP_SECONDS)
    end_process(0)


def _server(application: "Starlette", listener: socket.socket, header_bytes: int) -> "Server":
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    class Inheriting(Server):
        """Granian binds a socket of its own per process; a shared one loses no connection."""

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
        # Its records reach our handler through the root logger; it would write to standard output.
        log_dictconfig={
            "version": 1,
            "incremental": True,
            "handlers": {},
            "loggers": {"_granian": {"propagate": True}},
        },
        log_level=LogLevels.error,
        log_access=False,
    )
