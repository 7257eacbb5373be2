"""Tenants: the document, the filters, and `pull`."""

from uuid import uuid4

import pytest
from tests.contract.ancestors import CLOUDS, CUSTOMERS, PROJECTS, TENANTS, names
from tests.contract.paths import tenant_at
from tests.factories.world import set_marketplace, set_quotas

BOTH = ["foreign", "web-prod"]
BASE = "http://api.example.com"


async def test_a_tenant_is_shown_with_where_it_belongs(client, world):
    cloud = await world.value("SELECT uuid FROM clouds")
    tenant = (await client.get(tenant_at(world.tenant_uuid))).json()
    times = {name: tenant.pop(name) for name in ("created", "modified")}
    assert all(time.endswith("+00:00") for time in times.values())
    marketplace = {name: tenant.pop(name) for name in list(tenant) if "marketplace_" in name}
    assert len(marketplace) == 9
    assert set(marketplace.values()) == {None}
    assert tenant == {
        "url": f"{BASE}{TENANTS}{world.tenant_uuid.hex}/",
        "uuid": world.tenant_uuid.hex,
        "name": "web-prod",
        "description": "",
        "service_name": "east",
        "service_settings": f"{BASE}{CLOUDS}{cloud.hex}/",
        "service_settings_uuid": cloud.hex,
        "service_settings_state": "OK",
        "service_settings_error_message": "",
        "project": f"{BASE}{PROJECTS}{world.project_uuid.hex}/",
        "project_name": "Web",
        "project_uuid": world.project_uuid.hex,
        "customer": f"{BASE}{CUSTOMERS}{world.customer_uuid.hex}/",
        "customer_uuid": world.customer_uuid.hex,
        "customer_name": "Acme",
        "customer_native_name": "Ακμή",
        "customer_abbreviation": "ACME",
        "error_message": "",
        "error_traceback": "",
        "resource_type": "OpenStack.Tenant",
        "state": "OK",
        "backend_id": await world.value("SELECT backend_id FROM tenants WHERE name = 'web-prod'"),
        "access_url": None,
        "availability_zone": "",
        "internal_network_id": "",
        "external_network_id": "",
        "external_network_ref_name": "",
        "quotas": [
            {"name": "security_group_count", "usage": 0, "limit": -1},
            {"name": "security_group_rule_count", "usage": 0, "limit": -1},
        ],
        "default_volume_type_name": "",
        "is_usage_based": None,
        "is_limit_based": None,
    }


async def test_quotas_show_usage_and_limit(client, world):
    rule = {"ethertype": "IPv4", "direction": "ingress"}
    await world.group("web", rules=[rule, rule | {"direction": "egress"}])
    await world.group("db", rules=[rule])
    await world.group("other", tenant_id=world.foreign_tenant_id, rules=[rule])
    await set_quotas(world, security_group_rule_count=100)
    tenant = (await client.get(tenant_at(world.tenant_uuid))).json()
    assert tenant["quotas"] == [
        {"name": "security_group_count", "usage": 2, "limit": -1},
        {"name": "security_group_rule_count", "usage": 3, "limit": 100},
    ]


async def test_a_marketplace_reference_is_shown(client, world):
    offering = uuid4()
    await set_marketplace(
        world,
        offering_uuid=offering,
        offering_name="Private cloud",
        offering_type="OpenStack.Tenant",
        offering_plugin_options={"storage_mode": "fixed"},
        is_limit_based=True,
    )
    tenant = (await client.get(tenant_at(world.tenant_uuid))).json()
    assert tenant["marketplace_offering_uuid"] == offering.hex
    assert tenant["marketplace_offering_name"] == "Private cloud"
    assert tenant["marketplace_offering_type"] == "OpenStack.Tenant"
    assert tenant["marketplace_offering_plugin_options"] == {"storage_mode": "fixed"}
    assert (tenant["is_limit_based"], tenant["is_usage_based"]) == (True, None)


async def test_filters(api, world):
    backend_id = await world.value("SELECT backend_id FROM tenants WHERE name = 'web-prod'")
    cloud = await world.value("SELECT uuid FROM clouds")
    await world.execute("UPDATE tenants SET state = 'ERRED' WHERE name = 'foreign'")
    own = ["web-prod"]
    cases = [
        ({"name": "WEB"}, own),
        ({"name_exact": "web"}, []),
        ({"name_exact": "web-prod"}, own),
        ({"uuid": str(world.tenant_uuid)}, own),
        ({"project": world.project_uuid.hex}, own),
        ({"project_uuid": world.project_uuid.hex}, own),
        ({"project_name": "else"}, ["foreign"]),
        ({"customer": world.customer_uuid.hex}, own),
        ({"customer_uuid": world.customer_uuid.hex}, own),
        ({"customer_name": "acm"}, own),
        ({"customer_native_name": "κμ"}, own),
        ({"customer_abbreviation": "acme"}, own),
        ({"service_settings_uuid": cloud.hex}, BOTH),
        ({"service_settings_name": "west"}, []),
        ({"backend_id": backend_id}, own),
        ({"backend_id": backend_id[1:]}, []),
        ({"state": "OK"}, own),
        ({"state": ["OK", "ERRED"]}, BOTH),
        ({"description": "x"}, []),
        ({"external_ip": "192.0.2.1"}, []),
        ({"can_manage": "true"}, BOTH),
        ({"can_manage": "false"}, []),
        ({"o": "-state"}, ["foreign", "web-prod"]),
        ({"o": "state"}, ["web-prod", "foreign"]),
        ({"o": "-project_name,service_name"}, ["web-prod", "foreign"]),
    ]
    for query, expected in cases:
        assert await names(api("staff"), TENANTS, **query) == expected, query
    assert await names(api("member"), TENANTS, can_manage="true") == []
    assert await names(api("member"), TENANTS, can_manage="false") == own
    response = await api("staff").get(TENANTS, params={"uuid": "x", "state": "ok"})
    assert response.json() == {
        "uuid": ["Enter a valid UUID."],
        "state": ["Select a valid choice. ok is not one of the available choices."],
    }


@pytest.mark.parametrize("state", ["OK", "ERRED"])
@pytest.mark.parametrize("version", ["2025-11", "2026-10"])
async def test_a_pull_of_a_tenant_pulls_its_groups(client, world, state, version):
    await world.execute("UPDATE tenants SET state = %s, error_message = 'x'", state)
    path = tenant_at(world.tenant_uuid, "pull/")
    accept = {"Accept": f"application/json; version={version}"}
    response = await client.post(path, headers=accept)
    assert (response.status_code, response.json()) == (
        202,
        {"detail": "Pull operation was successfully scheduled."},
    )
    tenant = (await client.get(tenant_at(world.tenant_uuid))).json()
    assert (tenant["state"], tenant["error_message"]) == ("UPDATE_SCHEDULED", "")
    assert await world.value("SELECT array_agg(task_name) FROM procrastinate_jobs") == [
        "pull_tenant"
    ]
    again = await client.post(path, headers=accept)
    assert (again.status_code, again.json()) == (
        409,
        {
            "detail": "Valid states for operation: OK, ERRED.",
            "hint": "The tenant is UPDATE_SCHEDULED.",
        },
    )
