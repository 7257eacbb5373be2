"""Notifications to systemd, and reloads."""

import http.client
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from tests.cli.operating import operating
from tests.patience import PATIENCE_SECONDS

from ringfence.service import service_manager


@pytest.fixture
def operator():
    with operating() as operator:
        operator.environment["RINGFENCE_CONFIG"] = operator.write("ringfence.toml", "")
        yield operator


@pytest.fixture
def manager(operator):
    """Listen as systemd does, and yield the messages."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        listener.bind(str(operator.folder / "notify"))
        operator.environment["NOTIFY_SOCKET"] = str(operator.folder / "notify")
        yield lambda: listener.recv(1000).decode().splitlines()


def status(address, host):
    target = urlsplit(address)
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/api/users/me/", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_service_notifies_its_manager_and_reloads_settings(operator, manager):
    process, address = operator.serve("serve", "--workers", "2")
    assert manager() == ["READY=1"]
    assert status(address, "api.example.com") == 400

    operator.write("ringfence.toml", 'allowed_hosts = ["api.example.com"]\nhome = "/elsewhere"\n')
    process.send_signal(signal.SIGHUP)
    reloading, moment = manager()
    assert reloading == "RELOADING=1"
    assert moment.startswith("MONOTONIC_USEC=")
    assert manager() == ["READY=1"]
    assert {status(address, "api.example.com") for _ in range(8)} == {401}

    operator.write("ringfence.toml", "allowed_hosts = 7\n")
    process.send_signal(signal.SIGHUP)
    assert manager()[0] == "RELOADING=1"
    assert manager() == ["READY=1"]
    assert status(address, "api.example.com") == 401
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0
    assert manager() == ["STOPPING=1"]
    log = (operator.folder / "log-0").read_text()
    assert '"event":"settings_reloaded","settings":["allowed_hosts"]' in log
    assert '"event":"settings_not_reloaded"' in log


def test_a_worker_restarts_in_its_process(operator, manager):
    with (operator.folder / "log").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "worker"],
            env=operator.environment,
            stderr=errors,
            stdin=subprocess.DEVNULL,
        )
    operator.started.append(process)
    assert manager() == ["READY=1"]
    process.send_signal(signal.SIGHUP)
    assert manager()[0] == "RELOADING=1"
    assert manager() == ["READY=1"]
    assert process.poll() is None
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0
    assert manager() == ["STOPPING=1"]


def test_an_abstract_socket_is_notified_and_a_missing_one_is_no_error(monkeypatch, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{tmp_path.name}-notify")
        listener.settimeout(PATIENCE_SECONDS)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{tmp_path.name}-notify")
        service_manager.notify("READY=1")
        assert listener.recv(100) == b"READY=1"
    for other in ("", "relative", str(tmp_path / "missing"), "/" + "x" * 200):
        monkeypatch.setenv("NOTIFY_SOCKET", other)
        service_manager.notify("READY=1")


def test_a_process_of_the_api_has_no_credentials_of_clouds(monkeypatch):
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/etc/clouds.yaml")
    monkeypatch.setenv("OS_PASSWORD", "s3cr3t-of-a-cloud")
    code = "from ringfence.service.processes import remove_cloud_credentials as f; f(); "
    code += "import os; os.system('env')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    left = done.stdout
    assert "PATH=" in left
    assert "OS_" not in left
    assert "s3cr3t" not in left
