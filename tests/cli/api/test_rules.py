"""`ringfence rules` asks for what its options say."""

import csv
import io
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.cli.api.stand_in import serving

from ringfence.cli.api.rules import COLUMNS
from ringfence.cli.main import run

RULE = {"id": 7, "security_group_name": "web", "tenant_name": "prod", "cidr": "0.0.0.0/0"}


@pytest.fixture
def service(monkeypatch):
    with serving() as running:
        monkeypatch.setenv("RINGFENCE_URL", running.url)
        monkeypatch.setenv("RINGFENCE_TOKEN", "the-token")
        yield running
        assert running.responses == []


def asked(request):
    url = urlsplit(request.path)
    assert url.path == "/api/security-group-rules/"
    return {
        name: value for name, value in parse_qsl(url.query) if name not in {"field", "page_size"}
    }


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ([], {}),
        (["tcp 22"], {"query": "tcp 22"}),
        (["--admits", "10.0.0.1", "--port", "22"], {"admits": "10.0.0.1", "port": "22"}),
        (
            ["--within", "10.0.0.0/8", "--overlaps", "::/0"],
            {"within": "10.0.0.0/8", "overlaps": "::/0"},
        ),
        (
            ["--protocol", "any", "--direction", "egress"],
            {"protocol": "any", "direction": "egress"},
        ),
        (["--ethertype", "IPv6", "--wider-than", "8"], {"ethertype": "IPv6", "wider_than": "8"}),
        (["--from-internet", "--in-use"], {"from_internet": "true", "in_use": "true"}),
        (["--not-from-internet", "--unused"], {"from_internet": "false", "in_use": "false"}),
        (["--unresolved", "--description", "ops"], {"unresolved": "true", "description": "ops"}),
        (["--project", "a", "--customer", "b"], {"project_uuid": "a", "customer_uuid": "b"}),
        (["--sort", "cidr"], {"o": "cidr"}),
    ],
)
def test_options_are_the_filters_of_the_list(service, arguments, query):
    service.respond([RULE])
    assert run(["rules", *arguments, "-o", "json"]) == 0
    assert asked(service.requests[0]) == {"o": "security_group_name"} | query


def test_tenants_and_remote_groups_are_found_by_their_names(service):
    tenant, group = {"uuid": "c" * 32, "name": "prod"}, {"uuid": "a" * 32, "name": "web"}
    for response in ([tenant], [tenant], [group], [RULE]):
        service.respond(response)
    assert run(["rules", "--tenant", "prod", "--remote-group", "web", "-o", "value"]) == 0
    sent = asked(service.requests[-1])
    assert (sent["tenant_uuid"], sent["remote_group_uuid"]) == ("c" * 32, "a" * 32)


def test_csv_has_all_fields_and_a_table_the_most_important(service, capsys):
    service.respond([RULE])
    assert run(["rules", "-o", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert list(row) == list(COLUMNS.known)
    assert (row["id"], row["cidr"]) == ("7", "0.0.0.0/0")
    service.respond([RULE])
    assert run(["rules"]) == 0
    assert capsys.readouterr().out.split()[: len(COLUMNS.in_table)] == list(COLUMNS.in_table)


def test_a_refusal_of_the_service_is_an_error_of_the_operator(service, capsys):
    service.respond({"admits": ["x is not an IP address."]}, status=400)
    assert run(["rules", "--admits", "x"]) == 2
    assert "x is not an IP address." in capsys.readouterr().err


def test_a_table_has_each_rule_as_one_line(service, capsys):
    service.respond(
        [{**RULE, "ethertype": "IPv4", "protocol": "tcp", "from_port": 22, "to_port": 23}]
    )
    assert run(["rules"]) == 0
    requested = [
        value
        for name, value in parse_qsl(urlsplit(service.requests[0].path).query)
        if name == "field"
    ]
    assert requested[:2] == ["tenant_name", "security_group_name"]
    assert {"from_port", "cidr", "remote_group_name"} < set(requested)
    assert "rule" not in requested
    assert capsys.readouterr().out.splitlines()[1].endswith("in ipv4 tcp 22-23 0.0.0.0/0")
