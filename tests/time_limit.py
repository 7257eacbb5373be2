"""No test can hang: after its limit the stacks of all threads and tasks are printed, and it fails.

The limit is 60 s for a test with its fixtures, and 300 s for one that starts other programs or is
marked `timeout(300)`. A worker of pytest-xdist ends with its test and is replaced; the run fails.

Not pytest-timeout: it stops its clock when a test fails, and fixtures that then never end hang the
run; and it knows no tasks.
"""

import asyncio
import faulthandler
import gc
import io
import os
import sys
import threading

import pytest

SECONDS = 60
LONG_SECONDS = 300
# What starts programs: servers, browsers, clients, or whole services.
STARTING_FOLDERS = frozenset(
    {
        "authorization",
        "bench",
        "browser",
        "cli",
        "conformance",
        "database",
        "deploy",
        "docs",
        "end_to_end",
        "faults",
        "fuzz",
        "hostile",
        "lab",
        "monitoring",
        "own_faults",
        "races",
        "release",
        "secrets",
        "traffic",
    }
)
STARTING_FIXTURES = frozenset({"lab", "tcp_server"})

# Where Python itself is stuck, with its lock held, the interpreter prints and ends without it.
STUCK_SECONDS = 30.0

_terminal = pytest.StashKey[io.TextIOWrapper]()


def pytest_configure(config) -> None:
    """Keep the terminal's descriptor: while a test runs, its own is captured."""
    config.addinivalue_line("markers", "timeout(seconds): how long the test may take")
    descriptor = os.dup(sys.__stderr__.fileno())
    config.stash[_terminal] = os.fdopen(descriptor, "w")


def pytest_unconfigure(config) -> None:
    config.stash[_terminal].close()


def pytest_collection_modifyitems(config, items) -> None:
    """Return the long limit to what starts programs."""
    for item in items:
        folder = item.path.relative_to(config.rootpath / "tests").parts[0]
        starts = folder in STARTING_FOLDERS or STARTING_FIXTURES & set(item.fixturenames)
        if starts and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Time a test with all its fixtures, and what comes after it has failed."""
    mark = item.get_closest_marker("timeout")
    seconds = mark.args[0] if mark else SECONDS
    terminal = item.config.stash[_terminal]
    timer = threading.Timer(seconds, _end, (item.nodeid, seconds, terminal))
    timer.name = "time limit"
    timer.daemon = True
    timer.start()
    faulthandler.dump_traceback_later(seconds + STUCK_SECONDS, exit=True, file=terminal.fileno())
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
        timer.cancel()


def _end(test: str, seconds: float, terminal: io.TextIOWrapper) -> None:
    print(f"\n{test} has not ended after {seconds:g} s", file=terminal, flush=True)
    try:
        print_stacks(terminal)
    finally:
        os._exit(1)


def print_stacks(file: io.TextIOWrapper) -> None:
    """Print where all threads are, and where all tasks of all event loops wait."""
    faulthandler.dump_traceback(file.fileno(), all_threads=True)
    loops = [each for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop)]
    for loop in loops:
        for task in asyncio.all_tasks(loop):
            print(f"\n{task!r}", file=file)
            task.print_stack(file=file)
    file.flush()
