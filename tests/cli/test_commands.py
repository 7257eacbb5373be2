"""The commands as an operator runs them: real processes and a data directory of their own."""

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.operating import operating
from tests.patience import PATIENCE_SECONDS
from tests.processes import children, signal_each

PROVISIONING = """
clouds: [{name: east, backend: sandbox}]
users: [{username: ann}]
customers:
  - name: Acme
    projects: [{name: Web, tenants: [{name: web-prod, cloud: east}]}]
roles: [{user: ann, role: PROJECT.ADMIN, project: Web}]
"""


@pytest.fixture(scope="module")
def operator():
    with operating() as operator:
        path = operator.write("site.yaml", PROVISIONING)
        operator.loads = [operator.run("load", path) for _ in range(2)]
        yield operator


@pytest.fixture
def newcomer():
    with operating(migrated=False) as newcomer:
        yield newcomer


def get(address, headers):
    target = urlsplit(address)
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", f"{target.path}?{target.query}", headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def status(address):
    return get(f"{address}/api/", {})[0]


def postmaster(operator):
    return (operator.folder / "home" / "data" / "postmaster.pid").exists()


def test_migrate_says_what_it_applied_and_then_that_nothing_is_left(newcomer):
    assert newcomer.run("migrate").stdout.startswith(
        "applied 0001_job_queue\napplied 0002_functions"
    )
    assert newcomer.run("migrate").stdout == "nothing to apply\n"


def test_load_reports_each_kind_and_changes_nothing_when_repeated(operator):
    first, second = operator.loads
    assert (first.returncode, first.stderr.count("ringfence:")) == (0, 0), first
    assert "1 created" in first.stdout
    assert second.stdout.endswith("nothing changed\n")


def test_a_mistake_in_a_file_names_its_path(operator):
    path = operator.write("wrong.yaml", PROVISIONING.replace("cloud: east", "cloud: esat"))
    line = operator.mistake("load", path)
    assert line.startswith("customers[0].projects[0].tenants[0].cloud: no cloud is called 'esat'")


def test_a_token_is_all_that_is_printed(operator):
    done = operator.run("token", "ann")
    assert re.fullmatch(r"\S{32,}\n", done.stdout)
    assert "nobody" in operator.mistake("token", "nobody")


def test_a_password_is_read_from_standard_input_and_never_repeated(operator):
    def set_password(user, typed):
        return subprocess.run(
            [sys.executable, "-m", "ringfence", "password", user],
            env=operator.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    done = set_password("ann", "correct horse\nsecond line\n")
    assert done.returncode == 0
    assert done.stdout.startswith("ann has a new password")
    assert "correct horse" not in done.stdout + done.stderr
    for user, typed, complaint in (
        ("ann", "short-7\n", "8 to 128 characters"),
        ("ann", "", "8 to 128 characters"),
        ("nobody", "correct horse\n", "no user is called 'nobody'"),
    ):
        done = set_password(user, typed)
        assert (done.returncode, done.stdout) == (2, "")
        assert complaint in done.stderr
        assert not typed or typed.strip() not in done.stderr


def test_two_services_share_a_home_and_survive_kills(operator):
    first, address = operator.serve("serve")
    second, other = operator.serve("serve", "--no-worker", "--workers", "1")
    assert {status(address), status(other)} <= {200, 401, 404}

    first.kill()
    assert status(other) in {200, 401, 404}
    signal_each(children(second.pid))
    assert status(other) in {200, 401, 404}

    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=PATIENCE_SECONDS) == 0
    assert second.stdout.read() == ""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while postmaster(operator):
        assert time.monotonic() < deadline, "the last process left the database running"
        time.sleep(0.1)


def test_a_worker_exits_with_zero_on_sigterm(operator):
    log = operator.folder / "worker.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "worker", "--concurrency", "2"],
            env=operator.environment,
            stderr=errors,
        )
    operator.started.append(process)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "worker_started" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.terminate()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0, log.read_text()


def test_demo_prints_an_address_a_token_and_a_command_that_works(operator):
    operator.environment["RINGFENCE_HOME"] = str(operator.folder / "demo")
    try:
        process, address = operator.serve("demo")
        lines = [process.stdout.readline().split(maxsplit=1) for _ in range(4)]
        assert [name for name, _ in lines] == ["address", "token", "try", "console"]
        assert lines[3][1] == f"{address}/console/\n"
        # What it does is said from the start; no log line moves the token out of sight.
        said = (operator.folder / f"log-{len(operator.started) - 1}").read_text().splitlines()
        assert said[0].startswith("ringfence: starting the database in ")
        assert all(line.startswith("ringfence: ") for line in said), said
        shown = operator.run("demo", "--show")
        again = [line.split(maxsplit=1) for line in shown.stdout.splitlines()]
        assert [name for name, _ in again] == ["address", "token", "try", "console"]
        assert again[3][1] == f"{address}/console/"
        command = shlex.split(again[2][1])
        assert get(command[-1], {"Authorization": f"Token {again[1][1]}"})[0] == 200
        command = shlex.split(lines[2][1])
        assert command[-1].startswith(f"{address}/api/openstack-security-groups/?")
        name, _, value = command[command.index("-H") + 1].partition(": ")
        code, body = get(command[-1], {name: value})
        assert code == 200
        assert "load-balancer" in {group["name"] for group in json.loads(body)}
        # The process that loaded the data is the parent of those that serve it.
        path = f"{address}/api/openstack-security-groups/?name_exact=load-balancer&field=url"
        url = json.loads(get(path, {name: value})[1])[0]["url"]
        for part in ("versions", "drift", "redundancy"):
            assert get(f"{url}{part}/", {name: value})[0] == 200, part
        # The worker starts beside the API.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (examined := operator.run("doctor")).returncode:
            assert time.monotonic() < deadline, examined.stdout
        assert all(line.startswith("✓ ") for line in examined.stdout.splitlines())
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        line = operator.mistake("demo", "--show")
        assert line.startswith("no demonstration runs with the data directory ")
    finally:
        operator.environment["RINGFENCE_HOME"] = str(operator.folder / "home")


def test_doctor_says_what_is_wrong_and_ends_with_one(operator):
    path = operator.write(
        "broken.yaml",
        """
clouds: [{name: west, backend: openstack, openstack_cloud: nowhere}]
customers:
  - name: Globex
    projects:
      - name: P
        tenants: [{name: lost, cloud: west, backend_id: abc, security_groups: [{name: db}]}]
""",
    )
    assert operator.run("load", path).returncode == 0
    named = operator.write("clouds.yaml", "clouds: {elsewhere: {auth_type: none}}\n")
    done = operator.run("doctor", "-o", "json", OS_CLIENT_CONFIG_FILE=named)
    assert done.returncode == 1
    checks = json.loads(done.stdout)
    assert {tuple(check) for check in checks} == {("name", "outcome", "found", "tested", "fix")}
    workers, failure = [check for check in checks if check["outcome"] == "failed"]
    assert workers["fix"] == "start ringfence worker, or ringfence serve without --no-worker"
    assert failure["name"] == "credentials nowhere"
    assert failure["found"].startswith("There is no entry 'nowhere' in clouds.yaml")
    assert failure["tested"] == "sign-in with the entry nowhere, for tenant lost"
    [warned] = [check for check in checks if check["outcome"] == "warning"]
    assert warned["found"] == "1 never were in the cloud: lost / db"
    status = operator.run("sync", "status", "-o", "json", "--fail-on", "erred,never-pushed")
    assert (status.returncode, status.stderr) == (1, "failing: west / lost: 1 never pushed\n")
    assert json.loads(status.stdout)
    assert operator.mistake("doctor", "nobody").startswith("there is no tenant nobody")
    assert "add --yes" in operator.mistake("doctor", "--write-test")


def test_a_port_in_use_names_the_option_and_starts_nothing(operator):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        elsewhere = str(operator.folder / "untouched")
        line = operator.mistake("serve", "--port", port, RINGFENCE_HOME=elsewhere)
    assert line.startswith(f"port {port} on 127.0.0.1 is in use; choose another with --port")
    assert not Path(elsewhere).exists()


def test_settings_that_are_wrong_are_named(operator):
    toml = operator.write("ringfence.toml", "pull_interval = [")
    assert "RINGFENCE_PULL" in operator.mistake("migrate", RINGFENCE_PULL="7")
    assert f"{toml} is not valid TOML" in operator.mistake("doctor", RINGFENCE_CONFIG=toml)
    clouds = operator.write("bad.yaml", "clouds: {east: {auth: {password: hunter2]")
    line = operator.mistake("serve", "--port", "0", OS_CLIENT_CONFIG_FILE=clouds)
    assert line.startswith(f"{clouds} is not valid YAML (line 1, column ")
    assert "hunter2" not in line


def test_a_database_that_is_away_is_named_without_its_password(operator):
    url = "postgresql://ann:hunter2@127.0.0.1:1/ringfence"
    line = operator.mistake("serve", "--port", "0", RINGFENCE_DATABASE_URL=url)
    assert "127.0.0.1" in line
    assert "RINGFENCE_DATABASE_URL" in line
    assert "hunter2" not in line
    done = operator.run("doctor", RINGFENCE_DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stdout.startswith("✗ database: ")
    line = operator.mistake("migrate", RINGFENCE_DATABASE_URL=url.replace("hunter2", "p"))
    assert "127.0.0.1: Connection refused; check that it runs" in line
    line = operator.mistake("migrate", RINGFENCE_DATABASE_URL="foo")
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in line
    line = operator.mistake("tokens", "revoke", "abc")
    assert line == "'abc' is not a token UUID: see ringfence tokens list"
    line = operator.mistake("tokens", "revoke", "6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4")
    assert "there is no token 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4" in line


def test_usage_mistakes_are_one_line_too(operator):
    assert operator.mistake("serve", "--port", "many").startswith("Invalid value for '--port'")
    assert "ringfence token --help" in operator.mistake("token")


@pytest.mark.parametrize(
    "command", ["serve", "worker", "migrate", "load", "token", "password", "demo", "doctor"]
)
def test_each_command_is_explained_with_an_example(command, monkeypatch, capsys):
    from ringfence.cli.main import run  # noqa: PLC0415 - imported where it is run

    monkeypatch.setenv("COLUMNS", "100")
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example: " in shown
    assert f"ringfence {command}" in shown


def test_the_version_is_shown(capsys):
    from ringfence.cli.main import run  # noqa: PLC0415

    assert run(["--version"]) == 0
    assert re.fullmatch(r"ringfence \d+\.\d+\.\d+\n", capsys.readouterr().out)
