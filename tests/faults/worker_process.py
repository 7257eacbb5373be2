"""A worker in a process of its own, with short delays so that it can be killed often."""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial

from tests.faults.matrix import CALL_SECONDS, MAX_RESPONSE_BYTES

from ringfence.neutron.openstack import OpenStackClouds
from ringfence.settings import Settings
from ringfence.sync import drivers, failures, recovery, worker
from ringfence.telemetry import logs

RETRY_DELAYS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0)
STALLED_SECONDS = 3.0

# A fork of a process that has loaded everything starts at once, and has no thread yet.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.worker_process", "ringfence.neutron.sessions"])


def hasten(put: Callable[[object, str, object], None]) -> None:
    """Shorten all delays; `put` sets a name of a module, like `monkeypatch.setattr`."""
    put(failures, "RETRY_DELAYS", RETRY_DELAYS)
    put(failures, "PERIODIC_RETRY_DELAYS", RETRY_DELAYS)
    put(recovery, "HEARTBEAT_SECONDS", STALLED_SECONDS / 5)
    put(recovery, "STALLED_SECONDS", STALLED_SECONDS)
    put(worker, "POLL_SECONDS", 0.05)
    put(worker, "RECOVERY_SECONDS", 0.2)
    limits = {"call_seconds": CALL_SECONDS, "max_response_bytes": MAX_RESPONSE_BYTES}
    put(drivers, "OpenStackClouds", partial(OpenStackClouds, **limits))


def work(conninfo: str, clouds_file: str, log: str) -> None:
    """Run the worker until it is killed."""
    with open(log, "a", buffering=1) as output:  # noqa: PTH123 - one line of many processes
        os.dup2(output.fileno(), sys.stderr.fileno())
    os.environ["OS_CLIENT_CONFIG_FILE"] = clouds_file
    hasten(setattr)
    logs.configure()
    asyncio.run(worker.run_worker(Settings(pull_interval=7200), conninfo))


@contextmanager
def worker_process(conninfo: str, clouds_file: str, log: str):
    process = CONTEXT.Process(target=work, args=(conninfo, clouds_file, log), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()
