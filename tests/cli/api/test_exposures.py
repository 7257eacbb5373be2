"""`ringfence exposures`: rows, the counts below the table, exit codes."""

import csv
import io
import json

import pytest
from tests.cli.api.stand_in import serving

from ringfence.cli.main import run

PATH = "/api/security-group-exposures/"
SSH = {"service": "ssh", "name": "SSH", "groups": 412, "groups_on_floating_ips": 37}
SSH |= {"ports": 3, "reachable_ports": 0}
RDP = {"service": "rdp", "name": "RDP", "groups": 1, "groups_on_floating_ips": 0}
RDP |= {"ports": 0, "reachable_ports": 0}
ROW = {"instance_name": "vm-1", "tenant_name": "prod", "floating_ip": None, "reachable": False}
ROW |= {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "0.0.0.0/0", "service": "ssh"}
ROW |= {"groups": [{"name": "=web", "rules": [1]}, {"name": None, "rules": []}]}


@pytest.fixture(scope="module")
def running():
    with serving() as service:
        yield service


@pytest.fixture
def service(running, monkeypatch):
    running.responses.clear()
    running.requests.clear()
    monkeypatch.setenv("RINGFENCE_URL", running.url)
    monkeypatch.setenv("RINGFENCE_TOKEN", "the-token")
    yield running
    assert running.responses == []


def test_the_last_line_counts_the_groups_that_open_ssh(service, capsys):
    service.respond([SSH])
    service.respond([ROW])
    assert run(["exposures"]) == 0
    *_, row, last = capsys.readouterr().out.splitlines()
    assert "vm-1" in row
    assert "=web, (of another tenant)" in row
    assert last == "412 groups open SSH to the internet, 37 of them on a floating IP"
    counted, listed = service.requests
    assert counted.path == f"{PATH}counts/?service=ssh"
    assert listed.path.startswith(PATH + "?")
    assert "service" not in listed.path


def test_services_and_a_tenant_limit_rows_and_counts(service, capsys):
    service.respond([{"uuid": "c" * 32, "name": "prod"}])
    service.respond([SSH, RDP])
    service.respond([])
    arguments = ["--tenant", "prod", "--service", "SSH", "--service", "rdp", "--reachable"]
    assert run(["exposures", *arguments]) == 0
    _, counted, listed = service.requests
    tenant = f"tenant_uuid={'c' * 32}"
    assert counted.path == f"{PATH}counts/?{tenant}&service=ssh&service=rdp"
    assert f"{tenant}&service=ssh&service=rdp&reachable=true" in listed.path
    assert capsys.readouterr().out.splitlines()[-1] == (
        "1 group opens RDP to the internet, 0 of them on a floating IP"
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--fail-on", "ssh,rdp"], 1),
        (["--fail-on", "rdp"], 0),
        (["--fail-on", "ssh", "--reachable"], 0),
        (["--service", "ssh"], 0),
    ],
)
def test_the_exit_code_says_whether_a_port_has_a_service_open(service, arguments, code):
    service.respond([SSH, RDP])
    service.respond([])
    assert run(["exposures", *arguments]) == code


def test_a_service_that_does_not_exist_is_an_error_before_anything_is_printed(service, capsys):
    service.respond({"service": ["Select a valid choice."]}, status=400)
    assert run(["exposures", "--fail-on", "sssh"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "service" in shown.err


def test_csv_and_json_have_rows_only(service, capsys):
    for arguments in (["-o", "csv", "--field", "security_groups"], ["-o", "json"]):
        service.respond([SSH])
        service.respond([ROW])
        assert run(["exposures", *arguments]) == 0
    lines = capsys.readouterr().out
    header, line, *rest = lines.split("\n", 2)
    assert next(csv.reader(io.StringIO(line))) == ["'=web, (of another tenant)"]
    assert header == "security_groups"
    assert json.loads(rest[0])[0]["groups"] == ROW["groups"]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("nothing", ["", " , "])
def test_fail_on_without_a_service_is_an_error_so_that_an_unset_variable_fails_the_pipeline(
    nothing, capsys
):
    assert run(["exposures", "--fail-on", nothing]) == 2
    assert "--fail-on names no service" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("known", "target"),
    [
        ({}, "vm-1"),
        ({"instance_name": "", "port_name": "vip"}, "vip"),
        ({"instance_name": "", "port_name": "", "fixed_ips": ["10.0.0.9"]}, "10.0.0.9"),
        ({"instance_name": "", "port_name": "", "fixed_ips": [], "port_uuid": "e" * 32}, "e" * 32),
    ],
)
def test_a_table_names_the_port_and_says_in_a_few_words_what_is_open(
    service, capsys, known, target
):
    service.respond([SSH])
    service.respond([{**ROW, "ethertype": "IPv4", **known}])
    assert run(["exposures"]) == 0
    header, row, _ = capsys.readouterr().out.splitlines()
    assert header.split() == [
        "target", "tenant_name", "floating_ip", "reachable", "traffic", "security_groups",
    ]  # fmt: skip
    assert row.split()[0] == target
    assert "ipv4 tcp 22 0.0.0.0/0" in row
