"""SIGTERM ends every command cleanly at any time: no process and no file is left."""

import signal
import subprocess
import sys

import pytest
from tests.cli.operating import operating
from tests.database.conftest import wait_until
from tests.database.others import foreign
from tests.folders import unused
from tests.patience import PATIENCE_SECONDS

from ringfence.database.embedded import binaries, home

# After the start of Python, during the imports of the program.
FIRST_IMPORTS = ("typer.models", "ringfence.cli.main", "structlog.processors", "pydantic.main")
# Callbacks such as those of the garbage collector swallow the exception of a signal handler.
SWALLOWED = """
import os, signal, socket, sys
from pathlib import Path
from ringfence.service import signals

signals.exit_on_sigterm()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except SystemExit:
    pass
from ringfence.service.listener import listen
from ringfence.service.processes import supervise, work
from ringfence.settings import load_settings

if sys.argv[1] == "worker":
    work(load_settings(), 1)
else:
    supervise(
        listen("127.0.0.1", 0),
        settings=load_settings(),
        api_processes=1,
        job_worker=False,
        on_ready=lambda: None,
    )
"""


@pytest.fixture(scope="module")
def operator():
    with operating() as operator:
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
def test_a_service_ends_even_if_the_exception_of_sigterm_was_swallowed(operator, command):
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, command],
        env=operator.environment,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0


def test_services_whose_database_hangs_end_all_the_same(
    database_server,  # noqa: ARG001 - it copies the programs
    short_folder,
):
    shared = short_folder / "home"
    programs = binaries.provide(shared, shared / "data")
    account = home.server_account(shared, shared / "data")
    folder = unused("hanging")
    with foreign(folder, programs, account) as server, operating(migrated=False) as operator:
        operator.environment["RINGFENCE_DATABASE_URL"] = server.uri(server.fresh("hanging"))
        serve, _ = operator.serve("serve", "--workers", "1")
        log = operator.folder / "worker"
        with log.open("w") as output:
            worker = subprocess.Popen(
                [sys.executable, "-m", "ringfence", "worker"],
                env=operator.environment,
                stdout=output,
                stderr=output,
            )
        operator.started.append(worker)
        wait_until(lambda: "worker_started" in log.read_text())
        server.freeze()
        for process in (serve, worker):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE_SECONDS) for process in (serve, worker)] == [0, 0]
