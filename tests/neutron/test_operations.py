"""Operations with their calls, and the access rules of application credentials that allow them."""

import json

import pytest
from tests.docs.markdown import ROOT
from tests.neutron.fake_server import fake_server
from tests.neutron.test_openstack import call_seconds, cloud_at, clouds, clouds_yaml
from tests.neutron.test_uses import call_everything, everything

from ringfence.neutron.operations import OPERATIONS, AccessRule, refused_operations

__all__ = ["call_seconds", "cloud_at", "clouds", "clouds_yaml"]

FILE = ROOT / "deploy" / "openstack" / "access-rules.json"
GUIDE = ROOT / "docs" / "how-to" / "connect-openstack.md"
PREFIXES = {"network": "/v2.0", "identity": "/v3"}


@pytest.mark.parametrize(
    ("path", "asked", "is_allowed"),
    [
        ("/v2.0/ports", "/v2.0/ports", True),
        ("/v2.0/ports", "/v2.0/ports/1", False),
        ("/v2.0/ports/*", "/v2.0/ports/1", True),
        ("/v2.0/ports/*", "/v2.0/ports", False),
        ("/v2.0/ports/*", "/v2.0/ports/1/tags", False),
        ("/v2.0/ports/{port_id}", "/v2.0/ports/1", True),
        ("/v2.0/**", "/v2.0/ports/1/tags", True),
        ("/v2.0/quotas/*/details.json", "/v2.0/quotas/1/details.json", True),
        ("/v2.0/p(orts", "/v2.0/p(orts", True),
        ("/v2.0/**/tags", "/v2.0/ports/1/tags", True),
        ("/v2.0/***", "/v2.0/", False),
        ("/v2.0/*s", "/v2.0/subnets", True),
        ("/v2.0/{a{b}}/{", "/v2.0/1/", True),
        ("", "/v2.0/ports", False),
        # What a matcher that tries every way would not finish
        pytest.param("/v2.0/" + "**s" * 30 + "!", "/v2.0/" + "s" * 60, False, id="ways"),
        pytest.param("/v2.0/" + "{" * 1_000_000, "/v2.0/", True, id="braces"),
    ],
)
def test_a_path_of_an_access_rule_has_keystones_wildcards(path, asked, is_allowed):
    assert AccessRule("network", "GET", path).allows("network", "GET", asked) is is_allowed


def test_an_access_rule_is_for_one_service_and_method():
    rule = AccessRule("network", "GET", "/v2.0/ports")
    assert not rule.allows("network", "PUT", "/v2.0/ports")
    assert not rule.allows("compute", "GET", "/v2.0/ports")


def test_the_file_has_one_rule_for_each_operation_and_no_more():
    rules = [AccessRule(**rule) for rule in json.loads(FILE.read_text())]
    assert list(refused_operations(rules, PREFIXES)) == []
    for rule in rules:
        rest = [other for other in rules if other != rule]
        assert list(refused_operations(rest, PREFIXES)), f"{rule} is not needed"


def test_a_service_below_a_path_needs_rules_with_it():
    rules = [AccessRule(**rule) for rule in json.loads(FILE.read_text())]
    refused = refused_operations(rules, PREFIXES | {"network": "/networking/v2.0"})
    assert {each.service for each in refused} == {"network"}


async def test_each_call_of_the_driver_is_an_operation(cloud_at):
    with fake_server(everything) as server:
        await call_everything(cloud_at(server.url))
    rules = [
        AccessRule(one.service, one.method, PREFIXES[one.service] + one.path) for one in OPERATIONS
    ]
    for call in server.calls:
        path = call.path.partition("?")[0]
        assert any(rule.allows("network", call.method, path) for rule in rules), str(call)


def test_the_guide_has_a_row_for_each_operation():
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("| ")]
    for each in OPERATIONS:
        call = f"`{each.method} {PREFIXES[each.service]}{each.path}`"
        row = next((row for row in rows if f"| {call} |" in row), "")
        assert row.startswith(f"| {each.purpose} |"), f"no row for {each.purpose}: {call}"
        policy = each.policy if " " in each.policy or each.policy == "none" else f"`{each.policy}`"
        assert f"| {policy} |" in row, row
        assert f"| {each.role} |" in row, row
