"""Facts about credentials and what the doctor makes of them; nothing here calls a cloud."""

from dataclasses import replace

import pytest
from tests.docs.markdown import ROOT

from ringfence.cli.doctor.rights import (
    OPTIONAL_EXTENSIONS,
    REQUIRED_EXTENSION,
    Facts,
    Project,
    Tenant,
    judge,
)
from ringfence.database.migrate import migrations
from ringfence.monitoring.checks.check import Outcome
from ringfence.monitoring.checks.database import newer_migrations
from ringfence.neutron.credentials import Credentials, TokenScope, credentials_from_token
from ringfence.neutron.operations import AccessRule

OWN, OTHER = "1" * 32, "2" * 32
MEMBER = Credentials(
    user="ops",
    scope=TokenScope.PROJECT,
    project_id=OWN,
    project_name="ops",
    roles=("member", "reader"),
    network_path="/v2.0",
    identity_path="/v3",
)
FACTS = Facts(
    entry="east",
    credentials=MEMBER,
    extensions=frozenset({REQUIRED_EXTENSION, *OPTIONAL_EXTENSIONS}),
    projects={OWN: Project.ENABLED, OTHER: Project.ENABLED},
    reads_others=True,
    seconds_ahead=0.4,
    quota={"security_group": (10, 9), "security_group_rule": (-1, 500)},
)
PASSED, WARNING, FAILED = Outcome.PASSED, Outcome.WARNING, Outcome.FAILED


def token(*roles, **values):
    return {"credentials": replace(MEMBER, roles=roles, **values)}


def not_passed(facts, project):
    checks = judge(facts, [Tenant("web", "east", project)])
    assert all(check.tested and (check.fix or check.outcome is PASSED) for check in checks)
    return [(check.name, check.outcome) for check in checks if check.outcome is not PASSED], checks


@pytest.mark.parametrize(
    ("project", "changes", "expected", "fix"),
    [
        (OWN, token("member", "reader"), PASSED, ""),
        (OWN, token("admin"), PASSED, ""),
        (OWN, token("reader"), FAILED, f"openstack role add --user ops --project {OWN} member"),
        (OWN, token(), FAILED, "grant the role member"),
        (OWN, token("manager"), FAILED, "grant the role member"),
        # A cloud's own role: its policy may permit anything.
        (OWN, token("_member_"), WARNING, "--write-test"),
        (OTHER, token("member"), FAILED, f"an entry for the project {OTHER}"),
        (OTHER, token("reader", "cloud_ops"), WARNING, "--write-test"),
        (OTHER, token("reader", "cloud_ops") | {"reads_others": False}, FAILED, "openstack_cloud"),
        (OTHER, token("admin"), PASSED, ""),
        (OTHER, token("admin") | {"reads_others": False}, FAILED, "context_is_admin"),
        (OTHER, token("admin", is_admin_project=False), WARNING, "--write-test"),
        (OTHER, token("admin") | {"projects": {}}, WARNING, "identity:get_project"),
        (OTHER, token("admin") | {"projects": {OTHER: Project.MISSING}}, FAILED, "backend_id"),
        (OTHER, token("admin") | {"projects": {OTHER: Project.DISABLED}}, FAILED, "enable"),
    ],
)
def test_a_tenant_is_judged_by_project_and_roles(project, changes, expected, fix):
    found, checks = not_passed(replace(FACTS, **changes), project)
    assert found == ([] if expected is PASSED else [("cloud east, tenant web", expected)])
    assert fix in checks[-1].fix


@pytest.mark.parametrize(
    ("scope", "fix"),
    [
        (TokenScope.SYSTEM, "replace system_scope by project_name"),
        (TokenScope.DOMAIN, "replace domain_name or domain_id by project_name"),
        (TokenScope.NONE, "add project_name"),
    ],
)
def test_credentials_without_a_project_fail_once_whatever_the_tenants(scope, fix):
    facts = replace(FACTS, **token("admin", scope=scope, project_id=""))
    [check] = judge(facts, [Tenant(name, "east", OWN) for name in ("a", "b")])
    assert check.outcome is FAILED
    assert fix in check.fix


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"refused": {"/security-groups": "no"}}, "reading with east", FAILED),
        ({"refused": {"/ports": "no"}}, "reading with east", WARNING),
        ({"refused": {"/floatingips": "no"}}, "reading with east", WARNING),
        ({"extensions": None}, "extensions of east", WARNING),
        ({"extensions": frozenset({"router"})}, "extensions of east", FAILED),
        ({"quota": {"security_group": (10, 10)}}, "quota of east", WARNING),
        ({"quota": {"security_group_rule": (0, 0)}}, "quota of east", WARNING),
        ({"seconds_ahead": 90.0}, "clock of east", WARNING),
        ({"seconds_ahead": -90.0}, "clock of east", WARNING),
    ],
)
def test_an_entry_is_judged_by_what_it_reads(changes, name, expected):
    found, _ = not_passed(replace(FACTS, **changes), OWN)
    assert found == [(name, expected)]


def test_what_is_optional_is_said_and_no_problem():
    facts = replace(FACTS, extensions=frozenset({REQUIRED_EXTENSION}), refused={"/quotas": "no"})
    found, checks = not_passed(facts, OWN)
    assert found == []
    texts = " ".join(check.found for check in checks)
    assert all(f"without {alias}, {lost}" in texts for alias, lost in OPTIONAL_EXTENSIONS.items())
    assert "no rule is removed first" in texts


def test_each_optional_extension_is_in_the_reference():
    page = (ROOT / "docs" / "reference" / "openstack.md").read_text()
    assert [alias for alias in OPTIONAL_EXTENSIONS if f"`{alias}`" not in page] == []


def test_access_rules_that_refuse_something_optional_are_a_warning():
    rules = tuple(
        AccessRule("network", method, path)
        for method in ("GET", "POST", "PUT", "DELETE")
        for path in ("/v2.0/security-group**", "/v2.0/extensions")
    )
    found, checks = not_passed(replace(FACTS, **token("member", access_rules=rules)), OWN)
    assert found == [("access rules of east", WARNING)]
    assert "DELETE with detach=true fails" in checks[1].found


def test_a_neutron_that_refuses_all_access_rules_is_explained():
    rules = (AccessRule("network", "GET", "/v2.0/**"),)
    facts = replace(FACTS, **token("member", access_rules=rules))
    _, checks = not_passed(replace(facts, refused={"/security-groups": "401"}), OWN)
    [check] = [check for check in checks if check.name == "reading with east"]
    assert "service_type = network" in check.fix


def test_an_entry_without_keystone_is_not_judged():
    found, _ = not_passed(replace(FACTS, credentials=None), OWN)
    assert found == [("credentials east", WARNING), ("cloud east, tenant web", WARNING)]


def test_a_token_is_read_without_what_it_lacks():
    read = credentials_from_token({"roles": None, "user": {"name": "ops"}}, "/v2.0", "/v3")
    assert (read.scope, read.roles, read.access_rules) == (TokenScope.NONE, (), None)
    limited = {"application_credential": {"access_rules": []}, "project": {"id": OWN, "name": "x"}}
    read = credentials_from_token(limited, "/v2.0", "/v3")
    assert (read.scope, read.project_id, read.access_rules) == (TokenScope.PROJECT, OWN, ())


def test_only_migrations_of_a_newer_release_are_news():
    known = [one.name for one in migrations()]
    older, newer = "views_0.0.9_0123456789ab", "views_99.1_0123456789ab"
    assert newer_migrations([*known, older], known) == []
    assert newer_migrations([*known, "0999_later", newer], known) == ["0999_later", newer]
