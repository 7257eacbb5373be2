"""A migration that changes answers renders the stored ones anew."""

import psycopg

from ringfence.database import migrate as module
from ringfence.database.migrate import migrate, migrations
from ringfence.database.pool import Database
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.read_model.filters import searched

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


STORED_KEYS = "SELECT name FROM security_group_documents AS stored WHERE {condition}"
WRITTEN = """
INSERT INTO security_group_documents (security_group_id, document, staff_document)
SELECT security_group_id, document, staff_document FROM security_group_rendered
ON CONFLICT (security_group_id) DO UPDATE SET document = excluded.document
"""


def as_of(last, monkeypatch):
    """Let migrations end with this one."""
    older = [migration for migration in migrations() if migration.name <= last]
    monkeypatch.setattr(module, "migrations", lambda: older)


async def test_answers_stored_before_a_migration_are_those_of_after_it(empty_conninfo, monkeypatch):
    with monkeypatch.context() as patched:
        as_of("0003_documents", patched)
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


async def test_texts_are_searched_that_were_stored_before_a_migration_and_by_an_older_release(
    empty_conninfo, monkeypatch
):
    with monkeypatch.context() as patched:
        as_of("0016_caller_positions", patched)
        await migrate(empty_conninfo)
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(A_GROUP)
        connection.execute("UPDATE security_groups SET name = 'Before: DB-0000001'")
        connection.execute(WRITTEN)
        assert "0017_substrings" in await migrate(empty_conninfo)
        connection.execute("UPDATE security_groups SET description = 'lets db-0000001 talk'")
        connection.execute(
            "INSERT INTO security_groups (tenant_id, name, state)"
            " SELECT tenant_id, 'after: db-0000001', 'OK' FROM security_groups"
        )
        connection.execute(WRITTEN)
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            connection.execute(f"SET enable_{way} = off")
        for name, wanted in (("name", 2), ("description", 1), ("query", 2)):
            statement = STORED_KEYS.format(condition=searched(name, "%db-000000%"))
            parameters = {name: "%db-000000%"}
            assert len(connection.execute(statement, parameters).fetchall()) == wanted
            plan = connection.execute("EXPLAIN " + statement, parameters).fetchall()
            assert "_substrings" in str(plan)


async def test_a_remote_group_without_a_name_has_one_after_a_migration(empty_conninfo, monkeypatch):
    with monkeypatch.context() as patched:
        as_of("0017_substrings", patched)
        await migrate(empty_conninfo)
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(A_GROUP)
        for backend_id in ("in-neutron", ""):
            connection.execute(
                "INSERT INTO security_group_rules (security_group_id, position, ethertype,"
                " direction, unresolved_group_backend_id, unresolved_group_name)"
                " SELECT id, 0, 'IPv4', 'ingress', %s, '' FROM security_groups",
                [backend_id],
            )
        connection.execute(WRITTEN)

    assert "0018_names_of_ends" in await migrate(empty_conninfo)

    async with Database.open(empty_conninfo, size=1) as database, database.connection() as open_:
        assert await documents.stale(open_) == []
        cursor = await open_.execute(STORED)
        document = (await cursor.fetchone())[0]
        for name in ("in-neutron", "a group that is gone"):
            assert f'"remote_group_name":"{name}"' in document
