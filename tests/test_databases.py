"""What a test leaves in its database, no other test finds."""

import psycopg
import pytest
from tests.databases import Copies

CHANGES = {
    "a column": "ALTER TABLE users ADD more integer",
    "an index": "ALTER TABLE users DROP CONSTRAINT users_username_key",
    "a trigger that is off": "ALTER TABLE events DISABLE TRIGGER ALL",
    "a function": "CREATE FUNCTION one() RETURNS integer LANGUAGE sql RETURN 1",
    "a schema": "CREATE SCHEMA staging",
    "a setting": "ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'",
    "a limit": "ALTER DATABASE {name} CONNECTION LIMIT 3",
    "statistics": "ANALYZE schema_migrations",
}


@pytest.fixture
def own(server_connection, template):
    copies = Copies(server_connection, template)
    yield copies
    copies.close()


def _name(conninfo):
    return psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]


def _oid(connection):
    return connection.execute(
        "SELECT oid FROM pg_database WHERE datname = current_database()"
    ).fetchone()


def test_a_database_is_lent_again_without_its_rows_and_by_another_name(own):
    with own.lend() as conninfo, psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('left')")
        connection.execute("DELETE FROM schema_migrations")
        connection.commit()
        first = _oid(connection)
    with own.lend() as again, psycopg.connect(again) as connection:
        assert _oid(connection) == first
        assert _name(again) != _name(conninfo)
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() > (0,)
        made = connection.execute("INSERT INTO users (username) VALUES ('x') RETURNING id")
        assert made.fetchone() == (1,)


def test_who_is_still_connected_is_disconnected(own):
    with own.lend() as conninfo:
        left = psycopg.connect(conninfo)
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_database_with_other_definitions_is_not_lent_again(own, change):
    with own.lend() as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(change.format(name=_name(conninfo)))
        first = _oid(connection)
    with own.lend() as again, psycopg.connect(again) as connection:
        assert _oid(connection) != first
