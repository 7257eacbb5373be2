"""`ringfence sync …`, as an operator types it."""

import pytest
from tests.cli.operating import operating

DOCUMENT = """
clouds: [{name: east, backend: sandbox}]
customers:
  - name: Acme
    projects: [{name: Web, tenants: [{name: web-prod, cloud: east}]}]
"""


@pytest.fixture(scope="module")
def operator():
    with operating() as one:
        yield one


def test_an_operator_looks_compares_and_decides(operator):
    path = operator.write("clouds.yaml", DOCUMENT)
    loaded = operator.run("load", path)
    assert loaded.returncode == 0, loaded.stderr

    pulled = operator.run("sync", "pull", "--all")
    assert (pulled.returncode, pulled.stdout) == (0, "web-prod: 1 imported\n"), pulled.stderr
    status = operator.run("sync", "status")
    assert status.stdout.startswith("east / web-prod: 1 groups, 0 scheduled"), status.stderr
    assert operator.run("sync", "confirm", "web-prod").stdout == "none is missing\n"
    assert operator.run("sync", "mode", "web-prod", "report").stdout == "report\n"
    assert operator.run("sync", "mode", "web-prod").stdout == "report\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pull"], "name one tenant, or say --all"),
        (["pull", "web-prod", "--all"], "name one tenant, or say --all"),
        (["pull", "nowhere"], "there is no tenant nowhere; ringfence sync status shows all"),
        (["mode", "web-prod", "x"], "there is no mode x; there are adopt, enforce, report"),
        (["plan", "x"], "x is no uuid of a security group"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_fix(operator, arguments, said):
    assert operator.mistake("sync", *arguments) == said
