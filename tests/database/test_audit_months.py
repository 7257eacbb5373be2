"""The audit trail is divided by month: no row is written again, and the older release serves on."""

import psycopg

from ringfence.database import migrate as module
from ringfence.database.migrate import migrate, migrations

NAME = "0009_audit_months"
OLDER = [migration for migration in migrations() if migration.name < NAME]

# As release 0.1.0 inserts
RECORD = "INSERT INTO events (event_type, message) VALUES ('ringfence_loaded', %s)"
REFUSE = "INSERT INTO refusals (method, path, status, detail) VALUES ('POST', '/', 400, '')"
PARTITIONS = """
SELECT array_agg(inhrelid::regclass::text ORDER BY inhrelid::regclass::text) FROM pg_inherits
WHERE inhparent = 'events'::regclass
"""
STORED = "SELECT pg_relation_filenode(%s::text::regclass)"


def value(connection, statement, *parameters):
    return connection.execute(statement, parameters).fetchone()[0]


async def migrate_as_before(conninfo, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(module, "migrations", lambda: OLDER)
        await migrate(conninfo)


async def test_a_table_with_rows_becomes_a_partition_as_it_is(empty_conninfo, monkeypatch):
    await migrate_as_before(empty_conninfo, monkeypatch)
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        role = f"{connection.info.dbname}_older"
        connection.execute(f"CREATE ROLE {role}")
        connection.execute(f"GRANT SELECT, INSERT ON events TO {role}")
        # Default privileges grant more than that.
        connection.execute(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role}")
        connection.execute(RECORD, ["before"])
        connection.execute(REFUSE)
        stored = value(connection, STORED, "events")

        assert NAME in await migrate(empty_conninfo)

        former, *others = value(connection, PARTITIONS)[::-1]
        assert former.startswith("events_until_")
        assert "events_default" in others
        assert value(connection, STORED, former) == stored
        connection.execute(f"SET ROLE {role}")
        connection.execute(RECORD, ["after"])
        rows = connection.execute("SELECT id, message FROM events ORDER BY id").fetchall()
        assert rows == [(1, "before"), (2, "after")]
        granted = (
            "SELECT string_agg(DISTINCT privilege_type, ' ')"
            " FROM information_schema.table_privileges"
            " WHERE grantee = %s AND table_name LIKE %s"
        )
        assert value(connection, granted, role, "events") == "INSERT SELECT"
        assert value(connection, granted, role, "events_%") is None
        connection.execute("RESET ROLE")
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


async def test_a_migration_that_was_stopped_half_way_is_finished_later(empty_conninfo, monkeypatch):
    await migrate_as_before(empty_conninfo, monkeypatch)
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(RECORD, ["before"])
        (whole,) = [each for each in migrations() if each.name == NAME]
        first, second, _ = whole.transactions
        # The process ends after the bound is declared, or validated, and writers go on.
        for done in ([first], [first, second]):
            for text in done:
                connection.execute(text)
            connection.execute(RECORD, ["meanwhile"])
        monkeypatch.setattr(module, "TABLE_LOCK_SECONDS", 1)
        assert NAME in await migrate(empty_conninfo)
        assert value(connection, "SELECT count(*) FROM events") == 3
        checks = "SELECT count(*) FROM pg_constraint WHERE conname ~ '_before_[0-9]'"
        assert value(connection, checks) == 0


async def test_an_insert_never_fails_and_months_are_added_around_its_row(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        whole = value(connection, PARTITIONS)
        *_, newest = [name for name in whole if name.startswith("events_2")]
        connection.execute(f"DROP TABLE {newest}")
        connection.execute(
            "INSERT INTO events (created, event_type, message)"
            " VALUES (date_trunc('month', now()) + interval '2 months 3 days', '', 'clock')"
        )
        assert value(connection, "SELECT add_audit_months()") == 0
        assert newest not in value(connection, PARTITIONS)
        connection.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        connection.execute("ALTER TABLE events_default DISABLE TRIGGER events_append_only")
        connection.execute("DELETE FROM events")
        assert value(connection, "SELECT add_audit_months()") == 1
        assert value(connection, PARTITIONS) == whole
