"""Write the dump of this release, and what its API shows of it: see README.md."""

import asyncio
import json
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.upgrade.reading import GROUPS, read_all, staff_client

from ringfence.cli import demo
from ringfence.clouds.placement import placement_of
from ringfence.database.embedded import binaries
from ringfence.database.embedded.server import running
from ringfence.database.migrate import migrate
from ringfence.database.pool import Database
from ringfence.neutron.sandbox import ports as sandbox_ports
from ringfence.settings import Settings
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push import push_group

HERE = Path(__file__).parent
RULE = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"}
# Tables whose rows no request and no job of this script writes.
FILLING = """
INSERT INTO sign_in_networks (key) VALUES (sha256('alice'));
INSERT INTO sign_in_attempts (key) VALUES (sha256('alice'));
INSERT INTO tenant_drift_modes (tenant_id, drift_mode) SELECT max(id), 'report' FROM tenants;
INSERT INTO load_progress (run, lines) VALUES (sha256('load'), 3);
INSERT INTO user_write_positions (user_id, position) SELECT min(id), 1 FROM users;
INSERT INTO cloud_reachability (entry, responded_at) VALUES ('sandbox', now());
INSERT INTO console_sessions (digest, token_id, owns_token, expires)
SELECT sha256('session'), min(id), false, now() FROM tokens;
INSERT INTO refusals (method, path, status, detail) VALUES ('POST', '/api/', 400, 'Invalid.');
INSERT INTO idempotency_keys (user_id, key, request_digest, status, headers)
SELECT min(id), 'key', sha256('request'), 201, '{}' FROM users;
INSERT INTO security_group_count_changes (level, id, groups) VALUES ('all', 0, 0);
INSERT INTO security_group_counts (level, id, groups) VALUES ('all', 0, 0)
ON CONFLICT DO NOTHING;
INSERT INTO sandbox_floating_addresses (address, port_id)
SELECT '198.51.100.7', id FROM sandbox_ports LIMIT 1;
"""
# Tables of Procrastinate that only a running worker or its scheduler fills.
EMPTY = {"procrastinate_periodic_defers", "procrastinate_workers"}


def main() -> None:
    """Make the data in a server of its own, and write both files."""
    release = version("ringfence")
    with tempfile.TemporaryDirectory(prefix="rf-", dir="/tmp") as folder:
        # As root, the server runs as another user, who must pass the folder.
        Path(folder).chmod(0o755)
        with running(Settings(home=Path(folder) / "home")) as conninfo:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute("CREATE DATABASE made")
            made = make_conninfo(conninfo, dbname="made")
            shown = asyncio.run(_make(made))
            _require_rows(made)
            program = binaries.in_use(Path(folder) / "home") / "pg_dump"
            command = [program, "--no-owner", "--no-privileges", "--rows-per-insert=100", made]
            dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # What psql alone understands, comments and the versions of the tools
    lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\"))]
    recorded = json.dumps(shown, indent=1, sort_keys=True)
    (HERE / f"{release}.json").write_text(recorded + "\n")
    (HERE / f"{release}.sql").write_text("\n".join(lines) + "\n")


async def _make(conninfo: str) -> dict[str, dict[str, dict]]:
    await migrate(conninfo)
    async with Database.open(conninfo) as database:
        await demo.prepare(database)
        clouds = Clouds(database)
        async with staff_client(database) as client:
            await _change(database, clouds, client)
            async with database.connection() as connection:
                for statement in FILLING.split(";\n"):
                    await connection.execute(statement)
            return await read_all(client)


async def _change(database: Database, clouds: Clouds, client: httpx.AsyncClient) -> None:
    """Push all groups, then change, roll back, delete and pull some of them."""
    groups = list((await read_all(client))[GROUPS].values())
    for group in groups:
        await push_group(database, clouds, UUID(group["uuid"]))
    tenant = groups[0]["tenant_uuid"]
    first, second, *_ = [group for group in groups if group["tenant_uuid"] == tenant]
    rules = [RULE | {"from_port": 8443, "to_port": 8443, "cidr": "10.0.0.0/8"}]
    changes = (
        (first, "set_rules", rules),
        (first, "rollback", {"version": 1}),
        (second, "set_drift_mode", {"mode": "enforce"}),
    )
    for group, action, body in changes:
        await _post(client, f"{GROUPS}{group['uuid']}/{action}/", body)
        await push_group(database, clouds, UUID(group["uuid"]))
    creation = f"/api/openstack-tenants/{tenant}/create_security_group/"
    await _post(client, creation, {"name": "unlinked", "rules": rules})
    unlinked = max((await read_all(client))[GROUPS].values(), key=lambda group: group["created"])
    await _post(client, f"{GROUPS}{unlinked['uuid']}/unlink/", {})
    # Left as the API leaves it: its job waits.
    await _post(client, creation, {"name": "scheduled", "rules": rules})
    async with database.transaction() as connection:
        placement = await placement_of(connection, UUID(tenant))
        cursor = await connection.execute(
            "SELECT backend_id FROM security_groups WHERE uuid = %s", [first["uuid"]]
        )
        (backend_id,) = await cursor.fetchone()
        await sandbox_ports.add_port(
            connection,
            project_of(placement),
            [backend_id],
            name="web-1",
            device_id="instance-1",
            device_owner="compute:nova",
            fixed_ips=["10.0.0.5"],
        )
    await pull_tenant(database, clouds, UUID(tenant), requested=True)


async def _post(client: httpx.AsyncClient, path: str, body: object) -> None:
    response = await client.post(path, json=body)
    assert response.is_success, (path, response.text)


def _require_rows(conninfo: str) -> None:
    """Raise `AssertionError` if a table has no row."""
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        empty = {
            name
            for (name,) in tables
            if not connection.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(name))
            ).fetchone()[0]
        }
    assert empty <= EMPTY, empty


if __name__ == "__main__":
    main()
