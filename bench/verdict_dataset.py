"""Data sets for verdicts: groups as they were observed, and the ports that carry them.

The shape stays as the size grows: 100 groups and 20 ports a tenant, two groups a port. All tenants
use the same addresses, as tenants do. Desired rules are those of two groups a tenant.
"""

import asyncio
import time

import psycopg
from psycopg import sql

from bench.dataset import Layout, Say, copy_rows, tables_of, vacuum, without_indexes
from bench.server import DatabaseServer
from ringfence.database.migrate import migrate

# Increase it when the statements change: sets of another form are created again.
FORM = 1
_TABLES = ("security_groups", "security_group_observations", "cloud_ports")

_OBSERVATIONS = """
INSERT INTO security_group_observations (
    security_group_id, name, description, rules, revision_number, digest, observed_at
)
SELECT
    sg.id, sg.name, '',
    jsonb_build_array(
        rule.base || '{"direction": "egress"}',
        rule.base || '{"direction": "egress", "ethertype": "IPv6"}',
        rule.base || jsonb_build_object('remote_group_id', first.backend_id),
        rule.base || tcp.ports || jsonb_build_object('remote_ip_prefix', '10.0.0.0/16'),
        rule.base || tcp.ports || '{"port_range_min": 22, "port_range_max": 22}'
    ),
    1, '', now()
FROM security_groups AS sg
INNER JOIN security_groups AS first ON first.id = (sg.id - 1) / 100 * 100 + 1
CROSS JOIN (SELECT '{"ethertype": "IPv4", "direction": "ingress", "protocol": null,
    "port_range_min": null, "port_range_max": null, "remote_ip_prefix": null,
    "remote_group_id": null, "remote_address_group_id": null, "description": "", "id": ""
}'::jsonb AS base) AS rule
CROSS JOIN LATERAL (SELECT jsonb_build_object(
    'protocol', 'tcp', 'port_range_min', 1000 + sg.id % 50, 'port_range_max', 1000 + sg.id % 50
) AS ports) AS tcp
"""

_RULES = """
INSERT INTO security_group_rules (
    security_group_id, position, ethertype, direction, protocol, from_port, to_port, cidr
)
SELECT sg.id, position, 'IPv4', 'ingress', 'tcp', 1000 + position, 1000 + position, '10.0.0.0/16'
FROM security_groups AS sg
CROSS JOIN generate_series(0, 4) AS position
WHERE sg.id % 100 < 2
"""

# Two groups each; all of the tenant's have its first group
_PORTS = """
INSERT INTO cloud_ports (
    tenant_id, backend_id, device_owner, addresses, security_group_ids, mac_address,
    port_security_enabled, allowed_address_pairs, fixed_ips
)
SELECT
    tenant.id, 'port-' || tenant.id || '-' || number, 'compute:nova',
    ARRAY['10.0.0.' || number],
    ARRAY[first.backend_id, second.backend_id], 'fa:16:3e:00:00:01', true, '[]',
    jsonb_build_array(jsonb_build_object('ip_address', '10.0.0.' || number, 'subnet_id', 's'))
FROM tenants AS tenant
CROSS JOIN generate_series(1, 20) AS number
INNER JOIN security_groups AS first ON first.id = (tenant.id - 1) * 100 + 1
INNER JOIN security_groups AS second ON second.id = (tenant.id - 1) * 100 + 1 + number
"""
_READ = """
INSERT INTO tenant_port_observations (tenant_id, observed_at)
SELECT tenant.id, now() FROM tenants AS tenant
"""


def provide_verdicts(server: DatabaseServer, groups: int, say: Say) -> str:
    """Return the database of a set; create it if it is missing."""
    name = f"verdicts_{groups}_form_{FORM}"
    if server.has(name):
        return name
    began = time.perf_counter()
    draft = f"{name}_draft"
    server.create(draft)
    asyncio.run(migrate(server.conninfo(draft)))
    asyncio.run(_build(server.conninfo(draft), Layout(groups), say))
    vacuum(server.conninfo(draft))
    server.rename(draft, name)
    say(f"{groups:,} groups with ports: {time.perf_counter() - began:.0f} s")
    return name


async def _build(conninfo: str, layout: Layout, say: Say) -> None:
    # Created again after a crash: nothing has to wait for the disk.
    options = "-c synchronous_commit=off -c timezone=UTC -c maintenance_work_mem=256MB"
    async with await psycopg.AsyncConnection.connect(conninfo, options=options) as connection:
        async with without_indexes(connection, *_TABLES):
            for table, columns, rows in tables_of(layout):
                if table == "security_group_rules":
                    continue
                # References are valid by construction: checking each would take long.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await copy_rows(connection, table, columns, rows)
                await connection.commit()
            await connection.execute("ANALYZE")
            for statement in (_OBSERVATIONS, _RULES, _PORTS, _READ):
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(sql.SQL(statement))
                await connection.commit()
                say(f"{layout.groups:,} groups: {statement.split()[2]} written")
        await connection.commit()
