"""One factory makes every connection, takes what libpq takes, and names what it cannot use."""

import ast
import asyncio
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import ringfence
from ringfence.cli.doctor.examination import examine
from ringfence.database import connect
from ringfence.database.connect import Session, connect_now
from ringfence.database.migrate import migrate, pending
from ringfence.database.pool import Database, watch_commits
from ringfence.database.privileges import grant
from ringfence.errors import Interrupted, OperatorError
from ringfence.settings import Settings, load_settings

SOURCE = Path(ringfence.__file__).parent
FACTORY = SOURCE / "database" / "connect.py"
MAKERS = {"Connection", "AsyncConnection", "ConnectionPool", "AsyncConnectionPool"}


def connections_made(path):
    """Return the lines of a module that make connections by the driver itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")
            by_driver = called[:2] == ["psycopg", "connect"] or called[-1] in MAKERS
            if by_driver or (
                called[-1] == "connect" and called[-2:-1][0:1] in ([m] for m in MAKERS)
            ):
                yield node.lineno


def test_nothing_else_makes_connections():
    found = {
        f"{path.relative_to(SOURCE)}:{line}"
        for path in SOURCE.rglob("*.py")
        if path != FACTORY
        for line in connections_made(path)
    }
    assert found == set()
    assert list(connections_made(FACTORY))


ACCEPTED = [
    "postgresql:///ringfence?host=/run/postgresql",
    "postgresql://",
    "postgres://alice@/ringfence",
    "postgresql://alice:p%40ss%2F@db.example.com:5432/ringfence?sslmode=verify-full",
    "postgresql://one:5432,two:5433/ringfence?target_session_attrs=read-write",
    "postgresql://alice:a?b@[::1]:5432/ringfence",
    "postgresql:///ringfence?user=alice%40azure&host=%2Frun",
    "postgresql://%2Frun%2Fpostgresql/ringfence",
    "service=ringfence",
    "postgresql://?service=ringfence",
    "host=/run/postgresql dbname=ringfence password='a b@c'",
    "dbname=ringfence",
    "postgresql://h/d?options=-csearch_path%3Dstaging",
]


@pytest.mark.parametrize("url", ACCEPTED)
def test_what_libpq_accepts_is_accepted(url):
    environment = {"RINGFENCE_DATABASE_URL": url, "RINGFENCE_DATABASE_REPLICA_URL": url}
    settings = load_settings(environment)
    assert (settings.database_url, settings.database_replica_url) == (url, url)


# Each holds a password that is not written as a URL or a connection string wants it.
BROKEN = [
    "postgresql://alice:2026secret@2026secret@127.0.0.1/ringfence",
    "postgresql://alice:2026secret/2026secret@127.0.0.1/ringfence",
    "postgresql://alice:20/2026secret@127.0.0.1/ringfence",
    "postgresql://alice:2026secret%zz@127.0.0.1/ringfence",
    "postgresql://alice:2026secret@127.0.0.1:2026secret/ringfence",
    "postgresql://2026secret@2026secret@[::1]/ringfence",
    "postgresql://alice:@2026secret@one,two/ringfence",
    "postgresql://alice:2026secret@[::1/ringfence",
    "postgresql://alice:2026secret#@h/ringfence@2026secret",
    "host=h password=2026secret 2026secret",
    "host=h password='2026secret",
    "mysql://alice:2026secret@h/d",
    "2026secret",
]


@pytest.mark.parametrize("url", BROKEN)
async def test_a_password_that_ends_early_is_refused_without_any_part_of_it(url):
    with pytest.raises(OperatorError, match=r"RINGFENCE_DATABASE_URL: expected .* %40") as refused:
        load_settings({"RINGFENCE_DATABASE_URL": url})
    # What comes past the settings, as in a program of one's own, is not repeated either.
    with pytest.raises(OperatorError, match="is not a connection string") as unreachable:
        await migrate(url)
    for text in (str(refused.value), str(unreachable.value)):
        assert "2026" not in text
        assert "\n" not in text


SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


@pytest.mark.parametrize("is_now", [True, False])
async def test_a_session_is_set_up_whatever_the_database_sets(conninfo, server_connection, is_now):
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    for setting, value in {
        "DateStyle": "German",
        "TimeZone": "Asia/Tokyo",
        "default_transaction_isolation": "serializable",
        "bytea_output": "escape",
    }.items():
        server_connection.execute(f"ALTER DATABASE \"{name}\" SET {setting} = '{value}'")
    if is_now:
        with connect_now(conninfo) as connection:
            found = dict(connection.execute(SETTINGS, [list(connect.SETTINGS)]).fetchall())
    else:
        async with await Session.connect(conninfo) as session:
            cursor = await session.execute(SETTINGS, [list(connect.SETTINGS)])
            found = dict(await cursor.fetchall())
    assert found == connect.SETTINGS | {"DateStyle": "ISO, DMY"}


@pytest.mark.parametrize(
    ("given", "setting", "value"),
    [
        ({"options": "-csearch_path=pg_catalog"}, "search_path", "pg_catalog"),
        ({"options": "-c work_mem=5MB -c lock_timeout=7s"}, "work_mem", "5MB"),
        ({"application_name": "firewall"}, "application_name", "firewall"),
        ({}, "application_name", "ringfence"),
        ({"client_encoding": "latin1"}, "client_encoding", "UTF8"),
    ],
)
async def test_what_the_connection_string_says_is_kept(conninfo, given, setting, value):
    async with await Session.connect(make_conninfo(conninfo, **given)) as session:
        cursor = await session.execute(f"SHOW {setting}")
        assert await cursor.fetchone() == (value,)


async def test_setting_up_takes_one_round_trip(conninfo, monkeypatch):
    seen = []
    execute = psycopg.AsyncCursor.execute

    async def note(self, query, *arguments, **options):
        seen.append(query)
        return await execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", note)
    async with await Session.connect(conninfo):
        assert len(seen) == 1


@pytest.fixture
def owned(conninfo, server_connection):
    """Return a migrated database, and the connection string of a role without any right to it."""
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    role = f"role_of_{name}"
    server_connection.execute(f'CREATE ROLE "{role}" LOGIN')
    yield conninfo, make_conninfo(conninfo, options=f"-crole={role}"), role
    server_connection.execute(f'DROP OWNED BY "{role}"')
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f'DROP OWNED BY "{role}"')
    server_connection.execute(f'DROP ROLE "{role}"')


async def assert_refused(conninfo, cause, fix):
    """Every command refuses it, in one line, and the examination says the same."""
    for use in (migrate, pending):
        with pytest.raises(OperatorError, match=cause) as refused:
            await use(conninfo)
        assert fix in str(refused.value)
        assert "\n" not in str(refused.value)
    (check,) = await examine(Settings(database_url=conninfo))
    assert (check.name, check.passed, check.detail) == ("database", False, str(refused.value))


async def test_a_role_without_rights_to_the_tables_is_refused(owned):
    conninfo, as_role, role = owned
    await assert_refused(as_role, "may not use the table", f"ringfence migrate --grant {role}")
    async with Database.open(conninfo, size=1) as database:
        await grant(database, role)
    assert await migrate(as_role) == []


async def test_a_role_without_rights_to_a_newer_table_is_refused(owned):
    conninfo, as_role, role = owned
    async with Database.open(conninfo, size=1) as database:
        await grant(database, role)
        async with database.connection() as connection:
            await connection.execute("CREATE TABLE newer ()")
    await assert_refused(as_role, "may not use the table newer", "migrate --grant")


async def test_a_role_that_may_not_create_tables_is_refused(empty_conninfo):
    conninfo = make_conninfo(empty_conninfo, options="-crole=pg_monitor")
    with pytest.raises(OperatorError, match="may not create tables in the schema public") as error:
        await migrate(conninfo)
    assert "GRANT CREATE ON SCHEMA public TO pg_monitor" in str(error.value)
    assert await pending(conninfo)


async def test_a_role_that_may_not_change_tables_is_refused(owned):
    conninfo, as_role, role = owned
    async with Database.open(conninfo, size=1) as database:
        await grant(database, role)
        async with database.connection() as connection:
            await connection.execute(
                "DELETE FROM schema_migrations WHERE name = (SELECT max(name) FROM"
                " schema_migrations)"
            )
    with pytest.raises(OperatorError, match="may not create tables"):
        await migrate(as_role)


@pytest.mark.parametrize(
    ("options", "cause", "fix"),
    [
        ("-csearch_path=", "names no schema", "set another search_path"),
        ("-csearch_path=nowhere", r"the search_path \(nowhere\) names no schema", "create it"),
        ("-cdefault_transaction_read_only=on", "is read only for the role", "to off for it"),
    ],
)
async def test_a_session_that_cannot_work_is_refused(conninfo, options, cause, fix):
    await assert_refused(make_conninfo(conninfo, options=options), cause, fix)


async def test_tables_in_another_schema_than_new_ones_are_refused(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA staging")
    both = make_conninfo(conninfo, options="-csearch_path=staging,public")
    await assert_refused(both, "are in the schema public, .* in staging", "to one of them")


async def test_another_programs_table_of_migrations_is_refused(empty_conninfo):
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE schema_migrations (version bigint PRIMARY KEY)")
    await assert_refused(empty_conninfo, "was not created by Ringfence", "a database of its own")


async def test_another_programs_tables_are_left_alone(empty_conninfo):
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE users (id int)")
    with pytest.raises(OperatorError, match=r'0004_.* failed: relation "users" already'):
        await migrate(empty_conninfo)


async def test_grants_are_for_the_schema_of_the_tables(empty_conninfo, owned):
    _, _, role = owned
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA staging")
    url = make_conninfo(empty_conninfo, options="-csearch_path=staging")
    await migrate(url)
    async with Database.open(url, size=1) as database:
        await grant(database, role)
    options = f"-csearch_path=staging -crole={role}"
    assert await migrate(make_conninfo(empty_conninfo, options=options)) == []
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(f'DROP OWNED BY "{role}"')


async def end_sessions(server_connection, database):
    """End every session of a database, as its server would that restarts or grows impatient."""
    async with database.connection() as connection:
        name = connection.info.dbname
    server_connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
    )


async def test_sessions_that_ended_while_idle_are_replaced(database, server_connection):
    async def use():
        async with database.connection() as connection:
            await connection.execute("SELECT 1")

    await asyncio.gather(*(use() for _ in range(4)))
    await end_sessions(server_connection, database)
    # Reads and writes alike: nothing is sent on a session that is known to have ended.
    await asyncio.gather(*(use() for _ in range(4)))
    await end_sessions(server_connection, database)
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE made ()")


async def test_a_read_whose_session_dies_under_it_is_read_again(database, server_connection):
    tries = []

    async def read(connection):
        tries.append(connection)
        if len(tries) == 1:
            await end_sessions(server_connection, database)
        return await (await connection.execute("SELECT 1")).fetchone()

    assert await database.read(read) == (1,)
    assert len(set(tries)) == 2


async def test_a_session_that_dies_before_its_transaction_begins_is_replaced(
    database, server_connection, monkeypatch
):
    async with database.connection():
        pass
    monkeypatch.setattr(Session, "is_spoiled", lambda self: self.closed)
    await end_sessions(server_connection, database)
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE made ()")


async def test_a_transaction_that_dies_after_a_statement_is_not_made_again(
    database, server_connection
):
    begun = 0

    async def change():
        nonlocal begun
        async with database.transaction() as connection:
            begun += 1
            await connection.execute("CREATE TABLE made ()")
            await end_sessions(server_connection, database)
            await connection.execute("SELECT 1")

    with pytest.raises(Interrupted) as failed:
        await change()
    assert begun == 1
    assert not failed.value.is_undone


async def test_what_was_committed_is_noted(database):
    commits = watch_commits()
    async with database.connection() as connection:
        await connection.execute("SELECT 1")
    assert not commits.any
    async with database.enclosing(), database.transaction():
        pass
    assert commits.any
