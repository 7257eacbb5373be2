"""SIGTERM ends every command well, however far it has come: nothing runs on, nothing is left."""

import signal
import subprocess
import sys

import pytest
from tests.cli.operating import operating
from tests.patience import PATIENCE_SECONDS

# Python's own start is over; the program's imports are not.
FIRST_IMPORTS = ("typer.models", "ringfence.cli", "structlog.processors", "pydantic.main")
# A callback of the garbage collector and the like swallow what a handler raises in them.
SWALLOWED = """
import os, signal, socket, sys
from pathlib import Path
from ringfence import stopping

stopping.end_when_asked()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except SystemExit:
    pass
from ringfence.listening import claim
from ringfence.processes import supervise, work
from ringfence.settings import load_settings

if sys.argv[1] == "worker":
    work(load_settings(), 1)
else:
    supervise(
        claim("127.0.0.1", 0),
        settings=load_settings(),
        api_processes=1,
        job_worker=False,
        on_ready=lambda: None,
    )
"""


@pytest.fixture(scope="module")
def operator():
    with operating() as operator:
        assert operator.run("migrate").returncode == 0
        yield operator


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize("name", FIRST_IMPORTS)
def test_a_service_that_is_still_importing_ends_with_zero(operator, command, name):
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "ringfence", command],
        env=operator.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr:
            if line.split("|")[-1].strip() == name:
                process.send_signal(signal.SIGTERM)
                break
        assert "ringfence: stopped by SIGTERM\n" in process.stderr.read()
    assert process.returncode == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_service_that_was_asked_while_nothing_could_be_raised_ends_all_the_same(
    operator, command
):
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, command],
        env=operator.environment,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0
