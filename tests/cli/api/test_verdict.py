"""`ringfence verdict`: what is asked, what is shown, and exit codes."""

import json

import pytest
from tests.cli.api.test_commands import running, service

from ringfence.cli.main import run

__all__ = ["running", "service"]

TENANT = {"uuid": "c" * 32, "name": "prod", "project_name": "Web", "customer_name": "Acme"}
PORT = "a" * 32
RULE = {
    "security_group_name": "web",
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr": None,
}
NEAREST = RULE | {"cidr": "10.0.0.0/8", "text": "source is not in 10.0.0.0/8"}


def a_verdict(outcome, by=(), nearest=()):
    direction = {"verdict": outcome, "by": list(by), "nearest": list(nearest), "because": ["X"]}
    return {
        "verdict": outcome,
        "egress": None,
        "ingress": direction,
        "reply": None,
        "because": ["X"],
    }


@pytest.mark.parametrize(
    ("outcome", "code"), [("admitted", 0), ("refused", 1), ("partly", 3), ("undetermined", 3)]
)
def test_the_exit_code_is_the_verdict(service, outcome, code):
    service.respond([TENANT])
    service.respond(a_verdict(outcome))
    words = ["verdict", "203.0.113.7", "10.0.0.5", "tcp/443", "--tenant", "prod"]
    assert run(words) == code
    assert service.requests[-1].path == f"/api/openstack-tenants/{TENANT['uuid']}/verdict/"
    assert service.requests[-1].body == {
        "source": {"address": "203.0.113.7"},
        "destination": {"address": "10.0.0.5"},
        "protocol": "tcp",
        "port": 443,
    }


def test_a_port_says_its_tenant(service):
    service.respond({"uuid": PORT, "tenant_uuid": "d" * 32})
    service.respond(a_verdict("admitted", [RULE]))
    assert run(["verdict", "10.0.0.0/8", PORT, "icmp/8", "--desired"]) == 0
    assert service.requests[-1].path == f"/api/openstack-tenants/{'d' * 32}/verdict/"
    assert service.requests[-1].body == {
        "source": {"cidr": "10.0.0.0/8"},
        "destination": {"port_uuid": PORT},
        "protocol": "icmp",
        "icmp_type": 8,
        "at": "desired",
    }


def test_an_instance_is_found_by_its_uuid_or_name(service):
    instance = {"uuid": "e" * 32, "name": "vm-1", "tenant_uuid": "d" * 32}
    service.respond({"detail": "No Port matches the given query."}, 404)
    service.respond(instance)
    service.respond([instance])
    service.respond(a_verdict("admitted"))
    assert run(["verdict", "e" * 32, "vm-1", "any"]) == 0
    assert service.requests[-1].body == {
        "source": {"instance_uuid": "e" * 32},
        "destination": {"instance_uuid": "e" * 32},
        "protocol": "",
    }


def test_the_rule_and_the_nearest_one_are_shown(service, capsys):
    service.respond({"uuid": PORT, "tenant_uuid": "d" * 32})
    service.respond(a_verdict("refused", nearest=[NEAREST]))
    assert run(["verdict", "192.0.2.1", PORT, "tcp/443"]) == 1
    shown = capsys.readouterr().out
    assert "in ipv4 tcp 443 10.0.0.0/8" in shown
    assert "nearest: source is not in 10.0.0.0/8" in shown


def test_json_is_the_response(service, capsys):
    document = a_verdict("admitted", [RULE])
    service.respond({"uuid": PORT, "tenant_uuid": "d" * 32})
    service.respond(document)
    assert run(["verdict", "192.0.2.1", PORT, "tcp/443", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == document


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["1.2.3.4", "1.2.3.5", "tcp/443"], "both ends are addresses; say with --tenant"),
        (["1.2.3.4", "1.2.3.5", "tcp/x"], "tcp/x is not a protocol with one port"),
        (["1.2.3.4", "1.2.3.5", "tcp/1/2"], "tcp/1/2 is not a protocol with one port"),
        (
            ["1.2.3.4", "1.2.3.5", "5432"],
            "5432 is a port without a protocol; pass one such as tcp/5432",
        ),
    ],
)
@pytest.mark.usefixtures("service")
def test_what_is_not_understood_is_refused(capsys, words, error):
    assert run(["verdict", *words]) == 2
    assert error in capsys.readouterr().err


def test_an_unknown_name_is_refused(service, capsys):
    service.respond([])
    assert run(["verdict", "vm-9", "1.2.3.4", "tcp/1"]) == 2
    assert "no instance has this name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ({"remote_group_backend_id": "5f6e"}, "in ipv4 tcp 443 group 5f6e"),
        ({"remote_address_group": "7a8b"}, "in ipv4 tcp 443 address group 7a8b"),
    ],
)
def test_a_rule_for_a_group_that_is_not_seen_never_looks_like_one_for_any_address(
    service, capsys, end, shown
):
    service.respond({"uuid": PORT, "tenant_uuid": "d" * 32})
    service.respond(a_verdict("undetermined", [RULE | end]))
    assert run(["verdict", "192.0.2.1", PORT, "tcp/443", "-o", "csv"]) == 3
    lines = capsys.readouterr().out
    assert shown in lines
    assert "0.0.0.0/0" not in lines
