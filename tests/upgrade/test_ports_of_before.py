"""Ports that 0.1.0 stored are kept, with what it did not store as not known until the next pull."""

from uuid import uuid5

import psycopg
from tests.upgrade.test_upgrade import DUMPS

from ringfence.database.migrate import migrate
from ringfence.database.pool import Database
from ringfence.ports.observations import ObservedPort, observation_time, store_ports
from ringfence.security_groups.read_model import documents

(DUMP,) = [dump for dump in DUMPS if dump.stem == "0.1.0"]

PORT = """
SELECT
    port.backend_id, port.name, port.addresses, port.security_group_ids, port.fixed_ips,
    port.allowed_address_pairs, port.state, port.instance_id,
    (SELECT count(*) FROM cloud_port_groups AS carrying WHERE carrying.port_id = port.id)
FROM cloud_ports AS port
"""


async def test_ports_of_before_are_kept_and_filled_by_the_next_pull(empty_conninfo):
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(DUMP.read_text())
    await migrate(empty_conninfo)

    async with Database.open(empty_conninfo, size=2) as database:

        async def rows(statement):
            async with database.connection() as connection:
                return await (await connection.execute(statement)).fetchall()

        ((backend_id, *before),) = await rows(PORT)
        assert before == ["web-1", ["10.0.0.5"], None, None, None, "OK", None, 1]
        ((carried,),) = await rows(
            "SELECT sg.backend_id FROM cloud_port_groups AS carrying"
            " INNER JOIN security_groups AS sg ON sg.id = carrying.security_group_id"
        )
        found = ObservedPort(
            backend_id,
            "web-1",
            device_id="instance-1",
            device_owner="compute:nova",
            addresses=("10.0.0.5",),
            fixed_ips=[{"ip_address": "10.0.0.5", "subnet_id": "s1"}],
            security_group_ids=(carried, "foreign"),
        )
        async with database.transaction() as connection:
            tenant_id = 1
            await store_ports(connection, tenant_id, [found], await observation_time(connection))
        ((_, *after),) = await rows(PORT)
        fixed = [{"ip_address": "10.0.0.5", "subnet_id": "s1"}]
        ((instance, uuid, tenant),) = await rows(
            "SELECT instance.id, instance.uuid, tenant.uuid FROM cloud_instances AS instance"
            " INNER JOIN tenants AS tenant ON tenant.id = instance.tenant_id"
        )
        ids = [carried, "foreign"]
        assert after == ["web-1", ["10.0.0.5"], ids, fixed, [], "OK", instance, 1]
        assert uuid == uuid5(tenant, "instance-1")
        assert await rows("SELECT uuid FROM cloud_ports") == [(uuid5(tenant, backend_id),)]
        async with database.connection() as connection:
            assert await documents.stale(connection) == []


async def test_a_process_of_0_1_0_can_store_ports_beside_the_new_schema(empty_conninfo):
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(DUMP.read_text())
    await migrate(empty_conninfo)
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        # Its statements, with the columns that it knows
        connection.execute(
            "INSERT INTO cloud_ports AS port (tenant_id, backend_id, name, device_id, device_owner,"
            " addresses, floating_addresses) VALUES"
            " (1, 'b', 'n', 'vm-2', 'compute:nova', '{}', '{}')"
        )
        counted = connection.execute(
            "SELECT counted.security_group_id, counted.instances"
            " FROM security_group_instances AS counted WHERE counted.tenant_id = 1"
        ).fetchall()
        assert [instances for _, instances in counted] == [1]
        (unknown,) = connection.execute(
            "SELECT security_group_ids IS NULL FROM cloud_ports WHERE backend_id = 'b'"
        ).fetchone()
        assert unknown
