"""What a change opens and closes, before a person confirms it."""

import json

import pytest
from tests.cli.api.test_commands import PLAN, RULE, WEB, running, service

from ringfence.cli.main import run
from ringfence.text.traffic_lines import traffic_lines

__all__ = ["running", "service"]

PIECE = {
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "from_port": 22,
    "to_port": 22,
    "cidr": "0.0.0.0/0",
    "remote_group_uuid": None,
    "internet": True,
    "rules": [0],
}
CLOSED = PIECE | {"from_port": 80, "to_port": 80, "cidr": "10.0.0.0/8", "internet": False}
TRAFFIC = {
    "same": False,
    "exact": False,
    "notes": [{"code": "remote_members", "message": "Members can change."}],
    "opens": [PIECE],
    "closes": [CLOSED],
    "opens_total": 1,
    "closes_total": 3,
    "instances": 11,
    "floating_ips": 1,
    "still_admitted_by": [
        {"security_group_name": "default", "ports": 2, "admits": "part"},
    ],
}
LINES = [
    "opens: in ipv4 tcp 22 0.0.0.0/0 (internet)",
    "closes: in ipv4 tcp 80 10.0.0.0/8",
    "closes: 2 more",
    "on 11 instances, with 1 floating IP",
    "still admitted by default: part of it, on 2 ports",
    "note: Members can change.",
]


def test_what_opens_and_closes_reads_as_rules_do():
    assert list(traffic_lines(TRAFFIC)) == LINES
    assert list(traffic_lines({"same": True, "opens": [], "closes": []})) == [
        "opens nothing and closes nothing"
    ]
    assert list(traffic_lines({})) == []


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ({"remote_group_name": "db"}, "group db"),
        ({"remote_group_backend_id": "g-1"}, "group g-1"),
        ({"remote_address_group_backend_id": "ag-1"}, "address group ag-1"),
        ({"unreadable_end": "10.0.0.0.0"}, "group 10.0.0.0.0"),
        ({}, 'group "whose name is not known"'),
    ],
)
def test_a_remote_end_never_reads_as_any_address(end, shown):
    piece = PIECE | {"cidr": None, "internet": False} | end
    assert next(traffic_lines({"opens": [piece]})) == f"opens: in ipv4 tcp 22 {shown}"


def test_it_is_shown_before_the_question(service, capsys):
    service.respond([WEB])
    service.respond(PLAN | {"traffic": TRAFFIC}, ETag='"v7"')
    assert run(["group", "set-rules", "web", "rules.txt"]) == 2
    printed = capsys.readouterr()
    assert "\n".join(LINES) in printed.out
    assert "nothing was changed" in printed.err


def test_a_plan_has_it_in_every_format(service, capsys):
    for _ in range(2):
        service.respond([WEB])
        service.respond(PLAN | {"traffic": TRAFFIC})
    assert run(["group", "plan", "web", "rules.txt"]) == 0
    assert "\n".join(LINES) in capsys.readouterr().out
    assert run(["group", "plan", "web", "rules.txt", "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    found = [(row["change"], row["remote"], row["internet"]) for row in rows]
    assert sorted(found, key=str) == [
        ("added", RULE["cidr"], None),
        ("closes", "10.0.0.0/8", False),
        ("opens", "0.0.0.0/0", True),
    ]
