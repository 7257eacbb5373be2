"""`ringfence sync` as an operator runs it."""

import json

import pytest
import yaml
from tests.cli.operating import operating
from tests.lab.proxy import Response
from tests.neutron.fake_server import fake_server
from tests.neutron.test_translate import GROUP, RULE

from ringfence.text.escaping import terminal

DOCUMENT = """
clouds: [{name: east, backend: sandbox}]
customers:
  - name: Acme
    projects: [{name: Web, tenants: [{name: web-prod, cloud: east}]}]
"""


NO_TENANTS = (
    "ringfence: no tenants: ringfence discover CLOUD --load or ringfence load FILE creates them\n"
)


@pytest.fixture(scope="module")
def operator():
    with operating() as one:
        for command in (["status"], ["pull", "--all"]):
            done = one.run("sync", *command)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", NO_TENANTS)
        loaded = one.run("load", one.write("clouds.yaml", DOCUMENT))
        assert loaded.returncode == 0, loaded.stderr
        yield one


def test_an_operator_looks_compares_and_decides(operator):
    pulled = operator.run("sync", "pull", "--all")
    assert (pulled.returncode, pulled.stdout) == (0, "web-prod: 1 imported\n"), pulled.stderr
    status = operator.run("sync", "status")
    assert status.stdout.startswith("east / web-prod: 1 group, 0 scheduled"), status.stderr
    assert operator.run("sync", "confirm", "web-prod").stdout == "no group is missing\n"
    assert operator.run("sync", "mode", "web-prod", "report").stdout == "report\n"
    assert operator.run("sync", "mode", "web-prod").stdout == "report\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pull"], "name one tenant, or use --all"),
        (["pull", "web-prod", "--all"], "name one tenant, or use --all"),
        (["pull", "nowhere"], "there is no tenant nowhere; ringfence sync status shows all"),
        (["mode", "web-prod", "x"], "x is not a drift mode; use one of adopt, enforce, report"),
        (
            ["status", "--fail-on", "erred,x"],
            "'x' is not a condition; use one of erred, stopped, drift, never-pushed",
        ),
        (
            ["status", "--fail-on", ""],
            "'' is not a condition; use one of erred, stopped, drift, never-pushed",
        ),
        (["plan", "x"], "there is no security group x; ringfence group list shows all"),
        (["adopt", "f" * 32, ""], "'' is not the id of a security group in a cloud"),
        (
            ["adopt", "f" * 32, "../ports/1"],
            "'../ports/1' is not the id of a security group in a cloud",
        ),
        (
            ["pull", "a\x1b[2J\u202eb"],
            "there is no tenant a\\x1b[2J\\u202eb; ringfence sync status shows all",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_fix(operator, arguments, said):
    assert operator.mistake("sync", *arguments) == said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Büro 東京 ✓", "Büro 東京 ✓"),
        ("evil\x1b[2J\x1b[31mowned", "evil\\x1b[2J\\x1b[31mowned"),
        ("l1\nt1: equal\r", "l1\\nt1: equal\\r"),
        ("\u202etxt.exe\u2066", "\\u202etxt.exe\\u2066"),
        ("a\u2028b\x85c\x9bd", "a\\u2028b\\x85c\\x9bd"),
    ],
)
def test_what_an_operator_sees_of_a_name_does_nothing_to_the_terminal(name, shown):
    assert terminal(name) == shown


SEVERAL = """
clouds: [{name: west, backend: openstack, openstack_cloud: west}]
customers:
  - name: Umbrella
    projects:
      - name: Web
        tenants:
          - {name: good, cloud: west, backend_id: p1}
          - {name: odd, cloud: west, backend_id: p2}
          - {name: away, cloud: west, backend_id: p3}
"""


def test_a_script_notices_a_tenant_that_is_not_wholly_compared(operator):
    default = {**GROUP, "id": "g0", "name": "default", "security_group_rules": []}
    odd = {**RULE, "ethertype": "IPv5", "security_group_id": "g3"}
    said = {
        "p1": [default, GROUP],
        "p2": [
            {**default, "id": "g2", "project_id": "p2"},
            {**GROUP, "id": "g3", "project_id": "p2", "security_group_rules": [odd]},
        ],
    }

    def response(call):
        project = call.path.rpartition("project_id=")[2][:2]
        kind = call.path.removeprefix("/v2.0/").partition("?")[0].replace("-", "_")
        if project not in said:
            return Response(403, b"{}")
        groups = said[project] if kind == "security_groups" else []
        return Response(200, json.dumps({kind: groups}).encode())

    with fake_server(response) as server:
        entry = {"auth_type": "none", "network_endpoint_override": server.url}
        clouds = operator.write("entries.yaml", yaml.safe_dump({"clouds": {"west": entry}}))
        options = {"OS_CLIENT_CONFIG_FILE": clouds}
        loaded = operator.run("load", operator.write("several.yaml", SEVERAL), **options)
        assert loaded.returncode == 0, loaded.stderr

        one, other, all_of_them = (
            operator.run("sync", "pull", named, **options) for named in ("good", "odd", "--all")
        )

    assert one.returncode == 0, one.stdout
    assert [other.returncode, all_of_them.returncode] == [1, 1]
    last, last_of_all = (done.stdout.splitlines()[-1] for done in (other, all_of_them))
    assert last == "incomplete: odd (rules that cannot be read in web)"
    assert sorted(last_of_all.removeprefix("incomplete: ").split("; ")) == [
        "away (failed)",
        "odd (rules that cannot be read in web)",
    ]
