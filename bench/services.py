"""Start what is measured: the service as shipped, and the floor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import cpu

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60.0
STOP_SECONDS = 25.0


class NotReadyError(Exception):
    """A service did not become ready."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: port, first process, and seconds until it was ready.

    `computed` is CPU seconds, without the embedded database, which is not a child.
    """

    port: int
    process: int
    seconds: float
    computed: float


def inherited() -> dict[str, str]:
    """Return the environment without the settings of Ringfence."""
    return {k: v for k, v in os.environ.items() if not k.startswith("RINGFENCE_")}


# One client sends more than the rate limits allow.
NO_RATES = dict.fromkeys(("address_rate", "token_rate", "token_change_rate"), "0")


@contextmanager
def serving(
    url: str | None, *options: str, home: Path | None = None, **settings: str
) -> Iterator[Service]:
    """Run `ringfence serve` on a database, or on the embedded one of a data directory."""
    command = [sys.executable, "-m", "ringfence", "serve", "--port", "0", *options]
    environment = {"RINGFENCE_DATABASE_URL": url} if url else {"RINGFENCE_HOME": str(home)}
    environment |= {f"RINGFENCE_{name.upper()}": value for name, value in settings.items()}
    with _running(command, environment) as service:
        yield service


@contextmanager
def floor(url: str, *options: str) -> Iterator[Service]:
    """Run the floor on a database."""
    with _running([sys.executable, "-m", "bench.floor", url, *options], {}) as service:
        yield service


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[Service]:
    began = time.perf_counter()
    started = subprocess.Popen(  # noqa: S603 - a program of this package
        command,
        cwd=ROOT,
        env=inherited() | environment,
        stdout=subprocess.PIPE,
        # Its log is written as usual, and discarded.
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with started as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            line = process.stdout.readline()
            if not line.startswith("ready "):
                raise NotReadyError(f"{' '.join(command[2:])} said {line!r}, not that it is ready")
            seconds = time.perf_counter() - began
            port = int(line.rsplit(":", 1)[1])
            yield Service(port, process.pid, seconds, cpu(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
