"""`pull_security_groups` of a tenant."""

from uuid import uuid4

from tests.contract.paths import TENANTS, tenant_at
from tests.factories.world import set_quotas

NEWER = {"Accept": "application/json; version=2026-10"}


async def test_the_response_is_the_tenant_in_state_updating(client, world):
    await world.group()
    await set_quotas(world, security_group_count=10, security_group_rule_count=-1)
    response = await client.post(tenant_at(world.tenant_uuid, "pull_security_groups/"))
    assert response.status_code == 200
    tenant = response.json()
    assert tenant["uuid"] == world.tenant_uuid.hex
    assert tenant["url"] == f"http://api.example.com{tenant_at(world.tenant_uuid)}"
    assert (tenant["state"], tenant["name"]) == ("UPDATE_SCHEDULED", "web-prod")
    assert tenant["quotas"] == [
        {"name": "security_group_count", "usage": 1, "limit": 10},
        {"name": "security_group_rule_count", "usage": 0, "limit": -1},
    ]
    job = await world.one(
        "SELECT task_name, args - 'request_id' - 'asked_by' FROM procrastinate_jobs"
    )
    assert job == ("pull_tenant", {"tenant": world.tenant_uuid.hex, "periodic": False})


async def test_the_newer_contract_returns_202_with_a_status(client, world):
    response = await client.post(
        tenant_at(world.tenant_uuid, "pull_security_groups/"), headers=NEWER
    )
    assert response.status_code == 202
    assert list(response.json()) == ["status"]


async def test_a_second_pull_meanwhile_is_a_409(client, world):
    path = tenant_at(world.tenant_uuid, "pull_security_groups/")
    await client.post(path)
    response = await client.post(path)
    assert (response.status_code, response.json()) == (
        409,
        {"detail": "Valid states for operation: OK.", "hint": "The tenant is UPDATE_SCHEDULED."},
    )
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 1


async def test_a_tenant_that_is_unknown_or_out_of_scope_is_a_404(client, world):
    for path in (
        tenant_at(uuid4()),
        tenant_at(world.foreign_tenant_uuid),
        f"{TENANTS}garbage/",
    ):
        response = await client.post(f"{path}pull_security_groups/")
        assert response.status_code == 404
        assert response.json() == {"detail": "No Tenant matches the given query."}


async def test_a_host_that_is_not_allowed_schedules_nothing(client, world):
    response = await client.post(
        tenant_at(world.tenant_uuid, "pull_security_groups/"), headers={"Host": "a b"}
    )
    assert response.status_code == 400
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0
