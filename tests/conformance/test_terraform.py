"""Requests of terraform-provider-waldur 0.0.8 for a plan.

The provider fails with "inconsistent result" unless every value that it sent comes back as sent.
"""

import time

import pytest
from tests.conformance.served import tenant_uuid, token

TENANT = f"/api/openstack-tenants/{tenant_uuid('terraform')}/"
SENT = ("ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "remote_group")
FIRST = [
    {"protocol": "udp", "from_port": 53, "to_port": 53, "cidr": "10.1.2.3/8"},
    {"protocol": "tcp", "from_port": 65535, "to_port": 65535, "cidr": "0.0.0.0/0"},
    {"direction": "egress", "from_port": -1, "to_port": -1, "cidr": "192.0.2.0/024"},
    {
        "ethertype": "IPv6",
        "protocol": "tcp",
        "from_port": 1,
        "to_port": 65535,
        "cidr": "2001:DB8::/32",
        "description": "the other family",
    },
]


@pytest.fixture
def provider(site):
    with site.client(Accept="application/json") as client:
        client.headers["Content-Type"] = "application/json"
        yield client


def apply(provider, method, path, **body):
    response = provider.request(method, path, **body)
    assert response.is_success, response.text
    return response.json() if response.content else None


def poll(provider, path):
    """Poll until the group is in a final state, as the provider does."""
    for _ in range(2400):
        group = apply(provider, "GET", path)
        if group["state"] in {"OK", "ERRED"}:
            return group
        time.sleep(0.05)
    raise TimeoutError(path)


def echoed(group, sent):
    """Return the part of each rule that was sent."""
    pairs = zip(group["rules"], sent, strict=True)
    return [{name: rule[name] for name in given} for rule, given in pairs]


def test_a_plan_is_created_read_updated_and_destroyed(provider, count):
    body = {"name": "by terraform", "description": "planned", "rules": FIRST}
    made = apply(provider, "POST", TENANT + "create_security_group/", json=body)
    path = f"/api/openstack-security-groups/{made['uuid']}/"
    group = poll(provider, path)
    assert (group["name"], group["description"], group["state"]) == (
        "by terraform",
        "planned",
        "OK",
    )
    assert echoed(group, FIRST) == FIRST
    assert [(rule["ethertype"], rule["direction"]) for rule in group["rules"]] == [
        ("IPv4", "ingress"),
        ("IPv4", "ingress"),
        ("IPv4", "egress"),
        ("IPv6", "ingress"),
    ]

    values = {"name": "by terraform, renamed"}
    assert apply(provider, "PATCH", path, json=values)["name"] == values["name"]
    assert poll(provider, path)["description"] == "planned"
    # The values that were read are sent back with computed ones, in another order.
    planned = [
        {key: value for key, value in rule.items() if key != "id" and value is not None}
        for rule in reversed(group["rules"])
    ]
    apply(provider, "POST", path + "set_rules/", json=planned)
    assert echoed(poll(provider, path), planned) == planned
    kept = apply(provider, "GET", path)["rules"]
    apply(provider, "POST", path + "set_rules/", json=kept)
    assert poll(provider, path)["rules"] == kept

    apply(provider, "DELETE", path)
    for _ in range(2400):
        status = provider.get(path).status_code
        if status == 404:
            break
        time.sleep(0.05)
    assert status == 404
    count(6)


def test_a_plan_may_leave_out_rules_and_description(provider, count):
    made = apply(provider, "POST", TENANT + "create_security_group/", json={"name": "bare"})
    group = poll(provider, f"/api/openstack-security-groups/{made['uuid']}/")
    assert (group["description"], group["rules"]) == ("", [])
    count(1)


def test_a_plan_that_lost_its_rules_is_refused_in_words(provider, site, count):
    group = site.create("terraform", "null rules", FIRST[:1])
    response = provider.post(
        f"/api/openstack-security-groups/{group['uuid']}/set_rules/", content="null"
    )
    assert (response.status_code, response.json()) == (
        400,
        {"non_field_errors": ["No data provided"]},
    )
    count(1)


def test_a_data_source_finds_exactly_one_group(provider, site, count):
    group = site.create("terraform", "looked for")
    for filters in (
        {"name_exact": "looked for"},
        {"uuid": group["uuid"]},
        {"name": "looked", "tenant_uuid": tenant_uuid("terraform")},
        {"tenant": f"{site.address}{TENANT}", "name_exact": "looked for", "state": "OK"},
    ):
        found = provider.get("/api/openstack-security-groups/", params=filters)
        assert [each["uuid"] for each in found.json()] == [group["uuid"]], filters
        count(1)


def test_a_missing_group_is_reported_by_its_status(provider, count):
    missing = provider.get(f"/api/openstack-security-groups/{'0' * 32}/")
    assert missing.status_code == 404
    assert provider.headers["Authorization"] == f"Token {token('ann')}"
    count(1)
