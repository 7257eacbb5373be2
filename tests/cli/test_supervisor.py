"""Supervision of a stand-in service whose children start quickly."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.patience import PATIENCE_SECONDS

STANDIN = Path(__file__).with_name("standin.py")


class Service:
    def __init__(self, *kinds):
        self.process = subprocess.Popen(
            [sys.executable, STANDIN, *kinds],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = 0

    def until_ready(self):
        line = self.process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), self.process.communicate()
        self.port = int(line.rpartition(":")[2])
        return self

    def get(self, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def end(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, errors


@pytest.fixture
def service():
    started = []

    def start(*kinds):
        started.append(Service(*kinds))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def test_a_signal_lets_what_is_in_flight_finish_and_ends_with_zero(service):
    running = service("api", "idle").until_ready()
    responses = []
    asking = threading.Thread(target=lambda: responses.append(running.get("/slow")))
    asking.start()
    time.sleep(0.5)
    code, _ = running.end()
    asking.join()
    assert code == 0
    assert responses[0].isdigit()


def test_an_api_process_that_is_killed_is_replaced_and_no_connection_is_refused(service):
    running = service("api").until_ready()
    first = running.get()
    os.kill(int(first), signal.SIGKILL)
    second = running.get()
    assert second not in ("", first)
    assert running.end()[0] == 0


def test_another_process_that_is_killed_is_replaced(service):
    running = service("api", "idle").until_ready()
    first = running.process.stderr.readline()
    while not first.startswith("idle "):
        first = running.process.stderr.readline()
    os.kill(int(first.split()[1]), signal.SIGKILL)
    second = running.process.stderr.readline()
    while not second.startswith("idle "):
        second = running.process.stderr.readline()
    assert second != first


def test_children_of_a_killed_parent_leave_the_port(service):
    running = service("api", "api", "idle").until_ready()
    running.process.kill()
    running.process.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", running.port))
                break
            except OSError:
                assert time.monotonic() < deadline, "the port is still taken"
                time.sleep(0.05)


def test_a_process_that_cannot_start_ends_the_service_with_one(service):
    running = service("broken")
    output, errors = running.process.communicate(timeout=PATIENCE_SECONDS)
    assert running.process.returncode == 1
    assert output == ""
    assert "process_failed" in errors
    assert "0123456789abcdef" not in errors
