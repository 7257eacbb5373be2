"""The query plan of the statement behind `traffic`: it reads the ports of the group only."""

import pytest
from tests.contract.test_lists import make_groups

from ringfence.security_groups.carriers import CARRIERS


@pytest.fixture
async def crowded(world):
    """Return the id of a group on 20 of 20,000 ports, each with four of 3,000 groups."""
    await make_groups(world, 3_000, other=world.foreign_tenant_id)
    await world.execute(
        "INSERT INTO cloud_ports"
        " (tenant_id, backend_id, device_id, device_owner, security_group_ids)"
        " SELECT %s, 'p' || number, 'vm' || number, 'compute:nova', '{known, unknown}'"
        " FROM generate_series(1, 20000) AS number",
        world.tenant_id,
    )
    await world.execute(
        "INSERT INTO cloud_port_groups (port_id, security_group_id)"
        " SELECT port.id, sg.id FROM ("
        "   SELECT id, row_number() OVER (ORDER BY id) AS place FROM cloud_ports"
        " ) AS port CROSS JOIN generate_series(0, 3) AS slot INNER JOIN ("
        "   SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM security_groups"
        " ) AS sg ON sg.place = (port.place * 7 + slot * 501) %% 3000"
    )
    await world.execute("ANALYZE")
    return await world.value("SELECT min(id) FROM security_groups")


async def test_only_the_ports_of_the_group_are_read(world, crowded):
    tenant = await world.value("SELECT tenant_id FROM security_groups WHERE id = %s", crowded)
    values = {"group": crowded, "tenant": tenant, "kinds": ["IPv4 ingress"], "most": 50}
    async with world.database.connection() as connection:
        cursor = await connection.execute("EXPLAIN (ANALYZE) " + CARRIERS, values)
        plan = "\n".join([line for (line,) in await cursor.fetchall()])
    for table in ("cloud_ports", "cloud_port_groups"):
        assert f"Seq Scan on {table} " not in plan, plan
