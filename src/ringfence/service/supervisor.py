"""The parent process of a service: starts, replaces and stops API processes and the job worker.

The parent holds the listening socket and serves nothing itself. Children are forked after the
application was imported, so that a replacement serves within a tenth of a second; until then,
connections wait in the socket's queue. `service/processes.py` has what the children run.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

import structlog

from ringfence.errors import OperatorError
from ringfence.service import signals
from ringfence.service.listener import Probe
from ringfence.service.service_manager import READY, STOPPING, notify, notify_reloading
from ringfence.text.escaping import terminal
from ringfence.text.masking import mask

# Grace period of requests and jobs in flight; service managers allow 20 s.
STOP_SECONDS = 14.0
# A child whose parent was killed exits this long after it has noticed that.
ORPHAN_SECONDS = 1.5
PARENT_CHECK_SECONDS = 0.25
RESTART_DELAYS = (0.1, 0.3, 1.0, 2.0, 5.0)
# A child that ran this long had started: its exit is not a failure to start.
STARTED_SECONDS = 10.0
STARTS_BEFORE_GIVING_UP = 3
OPERATOR_ERROR = 2

logger = structlog.get_logger(__name__)
_fork = multiprocessing.get_context("fork")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STANDARD = {0, 1, 2}


class StartError(Exception):
    """A child could not start, and reported why; `code` is the exit code of the service."""

    def __init__(self, code: int) -> None:
        super().__init__(f"a process could not start (exit code {code})")
        self.code = code


@dataclass
class Child:
    """One child process, which calls `run` and exits with its result.

    It inherits the descriptors `keep`, beside the standard ones.
    """

    name: str
    run: Callable[[], int]
    keep: Sequence[int] = ()
    process: ForkProcess | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0

    def start(self) -> None:
        """Fork; a signal during the fork reaches the parent or the child, never both."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            to_close = _open_descriptors() - set(self.keep)
            process = _fork.Process(
                name=self.name, target=_enter, args=(self, os.getpid(), to_close)
            )
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self.process, self.started = process, time.monotonic()
        logger.info("process_started", process=self.name, child=process.pid)

    def reap(self) -> int:
        """Schedule the replacement of the ended process and return its exit code."""
        process = self.process
        assert process is not None  # noqa: S101 - only a started child exits
        process.join()
        code = process.exitcode or 0
        process.close()
        self.process = None
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > STARTED_SECONDS else self.failures + 1
        self.due = time.monotonic() + RESTART_DELAYS[min(self.failures, len(RESTART_DELAYS)) - 1]
        logger.warning("process_ended", process=self.name, exit_code=code, seconds=round(lived, 1))
        return code


@dataclass
class Supervisor:
    """Runs `children` until a signal; calls `on_ready` at the first response to `probe`."""

    children: Sequence[Child]
    probe: Probe
    on_ready: Callable[[], None]
    # Reads the settings again; returns whether they are valid.
    reload: Callable[[], bool] = lambda: False
    _hung_up: bool = field(default=False, init=False)
    _ready: bool = field(default=False, init=False)
    _stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Return after a signal, once all children have exited.

        Raises `StartError` if a child exits repeatedly before the first response, or because of an
        operator's error.
        """
        # Existing objects stay shared with the children as long as nothing writes to their pages.
        gc.collect()
        gc.freeze()
        with _wake_on_signals(self._stop, self._hang_up) as wake:
            if signals.sigterm_received():
                self._stop()
            try:
                while not self._stopping:
                    self._start_due()
                    self._wait(wake)
                    if self._hung_up:
                        self._hung_up = False
                        self._reload()
            finally:
                notify(STOPPING)
                self._end_all()

    def _stop(self) -> None:
        self._stopping = True

    def _hang_up(self) -> None:
        self._hung_up = True

    def _reload(self) -> None:
        """Replace the children one after the other, if the new settings are valid.

        New connections are accepted by the others, or wait in the socket's queue.
        """
        if not self._ready:
            logger.warning("reload_ignored", reason="not ready yet")
            return
        notify_reloading()
        if self.reload():
            for child in self.children:
                if child.process is not None and not self._stopping:
                    _end(child.process, time.monotonic() + STOP_SECONDS)
                    child.reap()
                    child.failures = 0
                    child.start()
        notify(READY)

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None and child.due <= now:
                child.start()

    def _wait(self, wake: int) -> None:
        running = {child.process.sentinel: child for child in self.children if child.process}
        sources: list[int] = [wake, *running]
        if not self._ready and (descriptor := self.probe.descriptor()) is not None:
            sources.append(descriptor)
        for source in wait(sources, timeout=self._pause()):
            if source == wake:
                os.read(wake, 4096)
            elif source in running:
                self._replace(running[source])
        if not self._ready and self.probe.has_response():
            self._ready = True
            self.on_ready()
            notify(READY)

    def _pause(self) -> float:
        due = [child.due for child in self.children if child.process is None]
        longest = 5.0 if self._ready else 0.5
        return max(0.0, min([longest, *(moment - time.monotonic() for moment in due)]))

    def _replace(self, child: Child) -> None:
        code = child.reap()
        # Once the service has responded, the failure of one process does not end the others.
        if self._stopping or self._ready:
            return
        if code == OPERATOR_ERROR:
            raise StartError(code)
        if child.failures >= STARTS_BEFORE_GIVING_UP:
            raise StartError(1)

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            _end(process, deadline)


def _end(process: ForkProcess, deadline: float) -> None:
    process.terminate()
    process.join(max(0.0, deadline - time.monotonic()))
    if process.is_alive():
        logger.warning("process_killed", process=process.name, child=process.pid)
        process.kill()
        process.join()


@contextlib.contextmanager
def _wake_on_signals(stop: Callable[[], None], hang_up: Callable[[], None]) -> Iterator[int]:
    """Call `stop` at SIGTERM or SIGINT and `hang_up` at SIGHUP; yields a descriptor to wait on.

    In a terminal, SIGHUP means that the terminal was closed: it stops the service.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    hangs_up = not (sys.stdin and sys.stdin.isatty())

    def handle(number: int, _frame: FrameType | None) -> None:
        (hang_up if number == signal.SIGHUP and hangs_up else stop)()
        with contextlib.suppress(BlockingIOError):
            os.write(writer, b"!")

    for number in _SIGNALS:
        signal.signal(number, handle)
    # `nohup` sets it to be ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handle)
    try:
        yield reader
    finally:
        # Leaving the database follows: it is quick, and must not be interrupted.
        for number in (*_SIGNALS, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(reader)
        os.close(writer)


def _enter(child: Child, parent: int, to_close: set[int]) -> None:
    """Run a child: reset its signals, watch its parent, then call `run`.

    `to_close` are descriptors of the parent: a lock among them would outlive the parent.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    # The parent handles it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    for descriptor in to_close:
        os.close(descriptor)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    try:
        code = child.run()
    except OperatorError as error:
        for line in error.lines:
            os.write(2, f"ringfence: {terminal(mask(line))}\n".encode("ascii", "backslashreplace"))
        code = OPERATOR_ERROR
    except Exception:
        logger.exception("process_failed", process=child.name)
        code = 1
    raise SystemExit(code)


def _open_descriptors() -> set[int]:
    found = set()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        # The descriptor of the listing itself is closed.
        with contextlib.suppress(OSError):
            os.fstat(int(name))
            found.add(int(name))
    return found - _STANDARD


def _end_with_parent(parent: int) -> None:
    """Exit when the parent has died; no signal reports that on every platform."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)
