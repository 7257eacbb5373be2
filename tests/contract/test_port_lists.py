"""The statements of lists of ports and instances: how many, and what they read of many rows."""

import itertools
import re

import pytest
from tests.contract.test_statements import explained, statements
from tests.factories.ports import INSTANCES, PORTS, add_instance, add_instance_port

from ringfence.access import identity

__all__ = ["statements"]

READS = ("", "?page=2&page_size=3", "?o=-name&query=eth", "?field=name&page_size=300")

# 200 tenants of another customer with 500 ports each, on 250 instances
TENANTS, PORTS_OF_EACH = 200, 500
_FILL = """
WITH made AS (
    INSERT INTO tenants (project_id, cloud_id, name)
    SELECT tenant.project_id, tenant.cloud_id, 'tenant ' || number
    FROM tenants AS tenant CROSS JOIN generate_series(1, %(tenants)s) AS number
    WHERE tenant.id = %(like)s
    RETURNING id
),
instances AS (
    INSERT INTO cloud_instances (tenant_id, uuid, backend_id, name)
    SELECT made.id, gen_random_uuid(), 'vm-' || number, 'vm-' || number
    FROM made CROSS JOIN generate_series(1, %(ports)s / 2) AS number
    RETURNING id, tenant_id, backend_id
)
INSERT INTO cloud_ports (
    tenant_id, backend_id, name, instance_id, device_id, device_owner, addresses,
    security_group_ids, state
)
SELECT
    instances.tenant_id, instances.backend_id || '-' || number, 'eth' || number, instances.id,
    instances.backend_id, 'compute:nova', ARRAY['10.0.' || (instances.id %% 250) || '.' || number],
    ARRAY['b-' || (instances.id %% 50)], 'OK'
FROM instances CROSS JOIN generate_series(1, 2) AS number
"""


@pytest.mark.parametrize("path", [PORTS, INSTANCES])
async def test_a_list_is_one_statement_however_many_rows_it_shows(client, world, statements, path):
    await world.group("web", backend_id="b-web")
    for number in range(12):
        _, row = await add_instance(world, f"vm-{number}")
        await add_instance_port(world, row, groups=["b-web", "b-other"])
    await client.get(path)
    for query, method in itertools.product(READS, ("GET", "HEAD")):
        statements.clear()
        response = await client.request(method, path + query)
        assert response.status_code == 200, response.text
        assert len(statements) == 1, statements


@pytest.fixture
async def plan_of(api, world, monkeypatch):
    """Return a function that returns the plan of a request, with 100,000 ports of others."""
    values = {"tenants": TENANTS, "ports": PORTS_OF_EACH, "like": world.foreign_tenant_id}
    async with world.database.transaction() as connection:
        # What triggers keep of these ports is read by other requests.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(_FILL, values)
    for number in range(30):
        _, row = await add_instance(world, f"mine-{number}")
        await add_instance_port(world, row, groups=["b-1"])
    await world.execute("ANALYZE")
    read = []
    original = identity.read_rows

    async def note(database, statement, parameters):
        read[:] = [statement, parameters]
        return await original(database, statement, parameters)

    monkeypatch.setattr(identity, "read_rows", note)

    async def plan(user, path, query):
        response = await api(user).get(path, params=query)
        assert response.status_code == 200, response.text
        async with world.database.connection() as connection:
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            return await explained(connection, *read)

    return plan


def most_rows(plan: str) -> int:
    """Return the most rows of ports or instances that one scan of a plan returned."""
    found = re.findall(r"on cloud_(?:ports|instances)\b.*?actual time=\S+ rows=(\d+)", plan)
    return max(map(int, found))


@pytest.mark.timeout(300)
async def test_a_scope_reads_its_own_rows_of_a_hundred_thousand(plan_of, world):
    web = await world.group("web", backend_id="b-1")
    for path in (PORTS, INSTANCES):
        for query in (
            {},
            {"page": "last"},
            {"o": "-name"},
            {"query": "203.0.113.7"},
            {"security_group_uuid": web.hex},
            {"tenant_uuid": world.tenant_uuid.hex, "state": "OK"},
            {"external_ip": "203.0.113.7"},
        ):
            plan = await plan_of("admin", path, query)
            scans = re.findall(r"Seq Scan on cloud_\w+", plan)
            assert scans == [], (query, plan)
            if "security_group_uuid" not in query:
                assert most_rows(plan) <= 60, (query, plan)
