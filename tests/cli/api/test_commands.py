"""The commands on groups: names, confirmation, what is carried out, and exit codes."""

import io

import pytest
from tests.cli.api.stand_in import serving

from ringfence.cli.main import run

WEB = {"uuid": "a" * 32, "name": "web", "tenant_name": "prod", "tenant_uuid": "c" * 32}
WEB |= {"project_name": "Web", "customer_name": "Acme"}
OTHER = WEB | {"uuid": "b" * 32, "tenant_name": "test", "tenant_uuid": "d" * 32}
GROUP = f"/api/openstack-security-groups/{WEB['uuid']}/"
RULE = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
PLAN = {"plan_token": "7.abc", "compared_with": "cloud", "rules": [RULE], "added": [RULE]}
PLAN |= {"kept": [], "removed": [], "description_only": [], "notices": [{"message": "Beware."}]}
PLAN |= {"warnings": [{"rule": 0, "message": "Wide."}]}
PLAN |= {"quota": {"security_group_rule_count": {"used": 1, "after": 2, "limit": -1}}}


@pytest.fixture(scope="module")
def running():
    with serving() as service:
        yield service


@pytest.fixture
def service(running, monkeypatch, tmp_path):
    running.responses.clear()
    running.requests.clear()
    monkeypatch.setenv("RINGFENCE_URL", running.url)
    monkeypatch.setenv("RINGFENCE_TOKEN", "the-token")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    (tmp_path / "rules.txt").write_text("tcp 22 10.0.0.0/8\n")
    monkeypatch.chdir(tmp_path)
    yield running
    assert running.responses == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def planned(service):
    service.respond([WEB])
    service.respond(PLAN, ETag='"v7"')


def test_what_was_planned_is_what_is_carried_out(service, capsys):
    planned(service)
    service.respond(None)
    assert run(["group", "set-rules", "web", "rules.txt", "--yes"]) == 0
    _, plan, change = service.requests
    assert (plan.path, change.path) == (
        f"{GROUP}plan/",
        f"{GROUP}set_rules/?plan_token=7.abc",
    )
    assert change.headers["If-Match"] == '"v7"'
    assert "Idempotency-Key" in change.headers
    assert "Idempotency-Key" not in plan.headers
    assert plan.body == change.body
    assert capsys.readouterr().out.splitlines() == [
        "+ in ipv4 tcp 22 10.0.0.0/8",
        "1 change against the cloud, 0 rules kept",
        "rules in the tenant: 1 before, 2 after, without a limit",
        "warning: Wide. (in ipv4 tcp 22 10.0.0.0/8)",
        "notice: Beware.",
        "accepted",
    ]


@pytest.mark.parametrize(
    ("arguments", "responses"),
    [
        (["set-rules", "web", "rules.txt"], [[WEB], PLAN]),
        (["rollback", "web", "3"], [[WEB], [{"number": 7}], {"added": [RULE]}]),
        (["delete", "web"], [[WEB], {"rules": []}, {"ports": [], "referenced_by": []}]),
        (["create", "db", "--tenant", "prod"], [[{"uuid": "c" * 32, "name": "prod"}], {}]),
    ],
)
def test_without_a_terminal_a_change_needs_yes(service, capsys, arguments, responses):
    for body in responses:
        service.respond(body)
    assert run(["group", *arguments]) == 2
    assert capsys.readouterr().err == (
        "ringfence: nothing was changed: a change needs a confirmation in a terminal, or --yes\n"
    )
    assert len(service.requests) == len(responses)


@pytest.mark.parametrize(("reply", "code", "sent"), [("y\n", 0, 3), ("n\n", 1, 2), ("\n", 1, 2)])
def test_in_a_terminal_a_change_is_confirmed(service, monkeypatch, reply, code, sent):
    planned(service)
    if code == 0:
        service.respond(None)
    monkeypatch.setattr("sys.stdin", Terminal(reply))
    monkeypatch.setattr("typer._click.termui.visible_prompt_func", lambda _: reply.strip())
    assert run(["group", "set-rules", "web", "rules.txt"]) == code
    assert len(service.requests) == sent


def test_a_group_that_changed_after_the_plan_is_left_alone(service, capsys):
    planned(service)
    service.respond({"detail": "The security group is at version 8."}, 412)
    assert run(["group", "set-rules", "web", "rules.txt", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "ringfence: The security group is at version 8; "
        "it changed meanwhile: run the command again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "responses"),
    [
        (["rollback", "web", "3"], [[{"number": 7}], {"added": [RULE]}]),
        (["delete", "web"], [{"rules": []}, {}]),
    ],
)
def test_a_change_names_the_version_that_was_shown(service, arguments, responses):
    for body in ([WEB], *responses, None):
        service.respond(body, ETag='"v7"')
    assert run(["group", *arguments, "--yes"]) == 0
    assert service.requests[-1].headers["If-Match"] == '"v7"'


@pytest.mark.parametrize(
    ("arguments", "responses"),
    [
        (["set-rules", "web", "rules.txt"], [PLAN]),
        (["rollback", "web", "3"], [[{"number": 7}], {"added": [RULE]}]),
        (["delete", "web"], [{"rules": []}, {}]),
    ],
)
def test_nothing_is_changed_if_a_proxy_removes_the_version(service, capsys, arguments, responses):
    for body in ([WEB], *responses):
        service.respond(body)
    assert run(["group", *arguments, "--yes"]) == 2
    assert "nothing was changed" in capsys.readouterr().err
    assert {request.method for request in service.requests} <= {"GET", "POST"}
    assert all("Idempotency-Key" not in request.headers for request in service.requests)


def test_a_question_shows_hostile_names_as_text(service, monkeypatch):
    asked = []
    hostile = {"name": "web\x1b[2K\rOK\u202e", "tenant_name": "prod\x9b1A"}
    service.respond([WEB | hostile])
    service.respond(PLAN, ETag='"v7"')
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))
    assert run(["group", "set-rules", "a" * 32, "rules.txt"]) == 1
    assert asked == [r"Set 1 rule of web\x1b[2K\rOK\u202e in tenant prod\x9b1A?"]


def test_an_ambiguous_name_is_refused_with_the_candidates(service, capsys):
    service.respond([WEB, OTHER])
    assert run(["group", "delete", "web", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "ringfence: several security groups are named web; say which with --tenant or by UUID: "
        f"{'a' * 32} (Acme / Web / prod), {'b' * 32} (Acme / Web / test)\n"
    )
    service.respond([WEB | {"backend_id": "1f"}, WEB | {"uuid": "b" * 32, "backend_id": "2f"}])
    assert run(["group", "delete", "web", "--yes"]) == 2
    assert capsys.readouterr().err.endswith(f": {'a' * 32} (1f), {'b' * 32} (2f)\n")


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_names_no_group(service, capsys, name):
    assert run(["group", "delete", name, "--yes"]) == 2
    assert "the name is empty" in capsys.readouterr().err
    assert service.requests == []


def test_a_service_that_ignores_the_filter_does_not_choose_another_group(service, capsys):
    service.respond([OTHER | {"name": "web-2"}])
    assert run(["group", "delete", "web", "--yes"]) == 2
    assert "there is no security group web;" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("states", "code", "said"),
    [
        ([{"state": "UPDATING"}, {"state": "OK"}], 0, "OK"),
        ([{"state": "ERRED", "error_message": "No quota."}], 1, "ERRED: No quota."),
    ],
)
def test_wait_ends_with_the_state_of_the_group(service, capsys, states, code, said):
    service.respond([WEB])
    service.respond({"detail": "Scheduled."}, 202)
    for state in states:
        service.respond(state)
    assert run(["group", "pull", "web", "--wait"]) == code
    assert capsys.readouterr().out == f"{said}\n"


def test_wait_ends_when_a_deleted_group_is_gone(service, capsys):
    for body in ([WEB], {"rules": []}, {}, None):
        service.respond(body, ETag='"v7"')
    service.respond({"detail": "No SecurityGroup matches the given query."}, 404)
    assert run(["group", "delete", "web", "--yes", "--wait"]) == 0
    assert capsys.readouterr().out == "deleted\n"


@pytest.mark.parametrize(
    ("arguments", "responses", "state", "said"),
    [
        (["delete", "web"], [{"rules": []}, {}, None], {"state": "OK"}, "was not deleted"),
        (["pull", "web"], [None], None, "was deleted meanwhile"),
    ],
)
def test_wait_does_not_take_another_end_for_success(
    service, capsys, arguments, responses, state, said
):
    for body in ([WEB], *responses):
        service.respond(body, ETag='"v7"')
    service.respond(state or {"detail": "No SecurityGroup."}, 200 if state else 404)
    assert run(["group", *arguments, "--wait", *(["--yes"] if state else [])]) == 1
    assert said in capsys.readouterr().out


def test_wait_ends_with_three_when_the_time_is_over(service, capsys):
    for body in ([WEB], {}, {"state": "UPDATING"}):
        service.respond(body)
    assert run(["group", "pull", "web", "--wait", "--timeout", "0"]) == 3
    assert capsys.readouterr().out == "still UPDATING after 0 s\n"


@pytest.mark.parametrize(("added", "code"), [([RULE], 1), ([], 0)])
def test_differences_are_an_exit_code_on_request(service, added, code):
    for _ in range(2):
        service.respond([WEB])
        service.respond(PLAN | {"added": added})
    assert run(["group", "plan", "web", "rules.txt", "--exit-code"]) == code
    assert run(["group", "plan", "web", "rules.txt"]) == 0


def test_a_name_of_a_remote_group_becomes_the_group_of_the_tenant(service, tmp_path):
    (tmp_path / "rules.txt").write_text("tcp 1 group db\ntcp 2 group db\n")
    service.respond([WEB])
    service.respond([{"uuid": "c" * 32, "name": "prod"}])
    service.respond([WEB | {"uuid": "d" * 32, "name": "db"}])
    service.respond(PLAN)
    assert run(["group", "plan", "web", "rules.txt"]) == 0
    *_, named, plan = service.requests
    assert f"tenant_uuid={'c' * 32}" in named.path
    path = f"/api/openstack-security-groups/{'d' * 32}/"
    assert [rule["remote_group"] for rule in plan.body] == [path, path]


def test_a_wrong_field_is_refused_before_anything_is_requested(service, capsys):
    for command in (["group", "list"], ["tenant", "list"], ["event", "follow"]):
        assert run([*command, "--field", "nam"]) == 2
        assert "--field 'nam' is not a field" in capsys.readouterr().err
    assert service.requests == []


def test_a_shortened_list_of_events_says_so(service, capsys):
    service.respond([{"uuid": str(number), "created": "2026-11-01"} for number in range(3)])
    assert run(["event", "list", "--limit", "2", "-o", "value", "--field", "uuid"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("0\n1\n", "ringfence: 2 shown, there are more: pass --limit\n")


def test_a_refused_token_is_an_error_that_names_where_it_comes_from(service, capsys):
    service.respond({"detail": "Invalid token."}, 401)
    assert run(["tenant", "list"]) == 2
    assert capsys.readouterr().err == (
        "ringfence: Invalid token; set RINGFENCE_TOKEN to a valid token, or unset it and run "
        "ringfence login\n"
    )


def test_a_version_that_does_not_exist_is_an_error_that_names_the_history(service, capsys):
    for command in (["diff", "web", "7", "8"], ["rollback", "web", "7"]):
        service.respond([WEB])
        if command[0] == "rollback":
            service.respond([{"number": 2}])
        service.respond({"detail": "No such version."}, 404)
        assert run(["group", *command]) == 2
        assert capsys.readouterr().err == (
            "ringfence: No such version; ringfence group history web shows all\n"
        )


def test_an_unknown_type_of_event_is_refused_with_those_like_it(service, capsys):
    for command in ("list", "follow"):
        service.respond({"resources": ["group_erred", "group_created"], "users": ["user_added"]})
        assert run(["event", command, "--type", "group_failed"]) == 2
        assert "--type 'group_failed' is not a type of event; use group_" in capsys.readouterr().err


def test_login_stores_a_token_that_works_and_logout_removes_it(
    service, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("RINGFENCE_URL")
    monkeypatch.delenv("RINGFENCE_TOKEN")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"wrong-token\n")))
    service.respond({"detail": "Invalid token."}, 401)
    assert run(["login", service.url]) == 2
    assert "Invalid token; issue one with ringfence token USER, " in capsys.readouterr().err
    assert not (tmp_path / "ringfence").exists()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"other-token\n")))
    service.respond({"error": {"code": 404}}, 404)
    assert run(["login", service.url]) == 2
    assert "is not the URL of Ringfence: it has no users; " in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"piped-token\n")))
    service.respond({"username": "ann"})
    assert run(["login", f"{service.url}/api/"]) == 0
    service.respond([])
    assert run(["tenant", "list"]) == 0
    assert service.requests[-1].headers["Authorization"] == "Token piped-token"
    assert run(["logout"]) == 0
    assert run(["tenant", "list"]) == 2
    out, err = capsys.readouterr()
    assert "piped-token" not in out + err
    assert f"signed in to {service.url} as ann" in out


def test_login_in_a_terminal_asks_for_a_password(service, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer._click.termui.visible_prompt_func", lambda _: "ann")
    monkeypatch.setattr("typer._click.termui.hidden_prompt_func", lambda _: "hunter2")
    service.respond({"token": "fresh-token"})
    service.respond({"username": "ann"})
    assert run(["login", service.url]) == 0
    assert service.requests[0].body == {"username": "ann", "password": "hunter2"}
    assert "fresh-token" in (tmp_path / "ringfence" / "credentials.json").read_text()
