"""Several processes of one service, scraped through their shared port."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.cli.operating import operating
from tests.monitoring.conftest import samples
from tests.ports import free_port

PATIENCE_SECONDS = 120


@pytest.fixture
def operator():
    with operating() as operator:
        yield operator


def until(found, ask):
    """Repeat a request until its response has a text; return the last response."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found(response := ask()):
        assert time.monotonic() < deadline, response
        time.sleep(0.1)
    return response


def scraped(address):
    return samples(httpx.get(f"{address}/metrics", timeout=30).text)


def pids(operator):
    """Return the process ids by name, from the log."""
    lines = (operator.folder / "log-0").read_text(encoding="utf-8").splitlines()
    started = [line for line in map(json.loads, lines) if line["event"] == "process_started"]
    return {line["process"]: line["child"] for line in started}


def folder_of(pid):
    """Return the folder of the metrics of a process."""
    folders = (Path("/dev/shm"), Path("/tmp"))  # noqa: S108 - where the program puts it
    files = (file for folder in folders for file in folder.glob("ringfence-metrics-*/api-1.pid"))
    return next(file.parent for file in files if file.read_text() == str(pid))


def test_a_standalone_worker_has_its_own_metrics(operator):
    port = free_port()
    with (operator.folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "worker", "--port", str(port)],
            env=operator.environment,
            stderr=log,
        )
    operator.started.append(process)
    address = f"http://127.0.0.1:{port}"

    def ready():
        try:
            return httpx.get(f"{address}/health/ready", timeout=30).status_code
        except httpx.TransportError as error:
            return error

    until(lambda response: response == 200, ready)
    found = scraped(address)
    assert found[("ringfence_workers",)] == 1
    assert found[("process_resident_memory_bytes", ("process", "worker"))] > 1_000_000
    for path in ("/api/openstack-security-groups/", "/api/docs/", "/console/", "/"):
        assert httpx.get(f"{address}{path}", timeout=30).status_code in {401, 404}
    stranger = {"X-Forwarded-For": "192.0.2.1"}
    assert httpx.get(f"{address}/metrics", headers=stranger, timeout=30).status_code == 403
    process.terminate()
    assert process.wait(timeout=30) == 0


def test_what_all_processes_count_adds_up_and_outlives_one_of_them(operator):
    process, address = operator.serve("serve", "--workers", "2")
    ready = until(
        lambda response: response.status_code == 200,
        lambda: httpx.get(f"{address}/health/ready", timeout=30),
    )
    assert ready.json() == {"status": "ready"}
    # One connection for each request, so that both processes get some.
    for _ in range(40):
        assert httpx.get(f"{address}/api/configuration/", timeout=30).status_code == 200
    counted = (
        "ringfence_http_requests_total",
        *(("method", "GET"), ("route", "/api/configuration/"), ("status", "200")),
    )
    # A request is counted after its response has been sent.
    found = until(lambda found: found.get(counted) == 40, lambda: scraped(address))
    assert found[("ringfence_workers",)] == 1
    for name in ("api-1", "api-2", "worker"):
        assert found[("process_resident_memory_bytes", ("process", name))] > 1_000_000
        limit = ("ringfence_database_pool_limit", ("process", name))
        assert until(lambda found, limit=limit: limit in found, lambda: scraped(address))[limit] > 1
    running = pids(operator)
    folder = folder_of(running["api-1"])
    began = ("process_start_time_seconds", ("process", "api-1"))
    os.kill(running["api-1"], signal.SIGKILL)
    until(lambda now: now["api-1"] != running["api-1"], lambda: pids(operator))
    after = until(lambda now: now.get(began, 0) > found[began], lambda: scraped(address))
    assert after[counted] == 40
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert not folder.exists()
