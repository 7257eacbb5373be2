"""A migration that changes answers renders the stored ones anew."""

import psycopg

from ringfence.database import documents
from ringfence.database import migrate as module
from ringfence.database.migrate import migrate, migrations
from ringfence.database.pool import Database

A_GROUP = """
WITH cloud AS (
    INSERT INTO clouds (name, backend) VALUES ('east', 'sandbox') RETURNING id
),
customer AS (
    INSERT INTO customers (name) VALUES ('Acme') RETURNING id
),
project AS (
    INSERT INTO projects (customer_id, name) SELECT id, 'Web' FROM customer RETURNING id
),
tenant AS (
    INSERT INTO tenants (project_id, cloud_id, name)
    SELECT project.id, cloud.id, 'web' FROM project, cloud RETURNING id
)
INSERT INTO security_groups (tenant_id, name, state) SELECT id, 'web', 'OK' FROM tenant
"""
RENDER = "INSERT INTO security_group_documents SELECT * FROM security_group_rendered"
STORED = "SELECT document FROM security_group_documents"


async def test_answers_stored_before_a_migration_are_those_of_after_it(empty_conninfo, monkeypatch):
    older = [migration for migration in migrations() if migration.name <= "0003_documents"]
    with monkeypatch.context() as patched:
        patched.setattr(module, "migrations", lambda: older)
        await migrate(empty_conninfo)
    with psycopg.connect(empty_conninfo) as connection:
        connection.execute(A_GROUP)
        connection.execute(RENDER)
        (before,) = connection.execute(STORED).fetchone()
    assert "instance_count" not in before

    assert await migrate(empty_conninfo)

    async with Database.open(empty_conninfo, size=1) as database, database.connection() as open_:
        assert await documents.stale(open_) == []
        cursor = await open_.execute(STORED)
        assert '"instance_count":null' in (await cursor.fetchone())[0]
