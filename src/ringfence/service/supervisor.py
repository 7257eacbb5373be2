"""One parent, its API processes and its job worker: started, watched, replaced, stopped.

The parent holds the listening socket and does nothing but watch. Children are forked after the
application was imported once, so that a replacement answers within a tenth of a second; meanwhile
connections wait in the socket's queue.
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

# What is in flight may take this long; below the 20 s that a service manager is promised.
STOP_SECONDS = 14.0
# A child whose parent was killed ends within this time and the next look at its parent.
ORPHAN_SECONDS = 1.5
ORPHAN_LOOK_SECONDS = 0.25
PAUSES = (0.1, 0.3, 1.0, 2.0, 5.0)
# A child that lived this long did start: its end is an accident, not a fault at start.
SETTLED_SECONDS = 10.0
STARTS_BEFORE_GIVING_UP = 3
OPERATOR_MISTAKE = 2

logger = structlog.get_logger(__name__)
_fork = multiprocessing.get_context("fork")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STANDARD = {0, 1, 2}


class StartError(Exception):
    """A child could not start; it said why itself. `code` is the exit code to end with."""

    def __init__(self, code: int) -> None:
        super().__init__(f"a process could not start (exit code {code})")
        self.code = code


@dataclass
class Child:
    """One process to keep alive: `run` is called in it and returns its exit code.

    `keep` are the descriptors that it inherits, beside the standard ones.
    """

    name: str
    run: Callable[[], int]
    keep: Sequence[int] = ()
    process: ForkProcess | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0

    def start(self) -> None:
        """Fork; a signal that comes in between reaches the parent or the child, never both."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            foreign = _open_descriptors() - set(self.keep)
            process = _fork.Process(
                name=self.name, target=_enter, args=(self, os.getpid(), foreign)
            )
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self.process, self.started = process, time.monotonic()
        logger.info("process_started", process=self.name, child=process.pid)

    def bury(self) -> int:
        """Note the end of the process and when the next one is due; gives its exit code."""
        process = self.process
        assert process is not None  # noqa: S101 - only a started child ends
        process.join()
        code = process.exitcode or 0
        process.close()
        self.process = None
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > SETTLED_SECONDS else self.failures + 1
        self.due = time.monotonic() + PAUSES[min(self.failures, len(PAUSES)) - 1]
        logger.warning("process_ended", process=self.name, exit_code=code, seconds=round(lived, 1))
        return code


@dataclass
class Supervisor:
    """Keeps `children` running until a signal comes; calls `on_ready` once `probe` is answered."""

    children: Sequence[Child]
    probe: Probe
    on_ready: Callable[[], None]
    # Reads the settings again; tells whether they may be used.
    reload: Callable[[], bool] = lambda: False
    _hung_up: bool = field(default=False, init=False)
    _ready: bool = field(default=False, init=False)
    _stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Return when a signal asked for the end and all children are gone.

        Raises `StartError` when a child ends again and again before the first answer, or ends
        because of an operator's mistake.
        """
        # What exists now is shared with the children as long as nobody writes to it.
        gc.collect()
        gc.freeze()
        with _wake_on_signals(self._stop, self._hang_up) as wake:
            if signals.asked():
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
        """Replace the children one after the other, where there are settings to use.

        What arrives meanwhile waits in the socket, or is taken by the others.
        """
        if not self._ready:
            logger.warning("reload_ignored", reason="not ready yet")
            return
        notify_reloading()
        if self.reload():
            for child in self.children:
                if child.process is not None and not self._stopping:
                    _end(child.process, time.monotonic() + STOP_SECONDS)
                    child.bury()
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
        if not self._ready and self.probe.answered():
            self._ready = True
            self.on_ready()
            notify(READY)

    def _pause(self) -> float:
        due = [child.due for child in self.children if child.process is None]
        longest = 5.0 if self._ready else 0.5
        return max(0.0, min([longest, *(moment - time.monotonic() for moment in due)]))

    def _replace(self, child: Child) -> None:
        code = child.bury()
        # Once the service has answered, no fault of one process ends the others.
        if self._stopping or self._ready:
            return
        if code == OPERATOR_MISTAKE:
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
    """Call `stop` at SIGTERM or SIGINT, and `hang_up` at SIGHUP; the descriptor is readable then.

    In a terminal SIGHUP says that it is gone, which is an end too.
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
    # `nohup` has it ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handle)
    try:
        yield reader
    finally:
        # What follows is leaving the database: short, and not to be cut off by a second signal.
        for number in (*_SIGNALS, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(reader)
        os.close(writer)


def _enter(child: Child, parent: int, foreign: set[int]) -> None:
    """Begin the life of a child: its own signals, an eye on its parent, then its work.

    `foreign` are the parent's own descriptors: a lock among them would outlive its owner here.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    # What it means is the parent's to decide.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    for descriptor in foreign:
        os.close(descriptor)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    try:
        code = child.run()
    except OperatorError as error:
        for line in error.lines:
            os.write(2, f"ringfence: {terminal(mask(line))}\n".encode("ascii", "backslashreplace"))
        code = OPERATOR_MISTAKE
    except Exception:
        logger.exception("process_failed", process=child.name)
        code = 1
    raise SystemExit(code)


def _open_descriptors() -> set[int]:
    found = set()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        # The listing itself had one, which is closed by now.
        with contextlib.suppress(OSError):
            os.fstat(int(name))
            found.add(int(name))
    return found - _STANDARD


def _end_with_parent(parent: int) -> None:
    """Watch for the parent's death, which no signal tells of on every platform."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)
