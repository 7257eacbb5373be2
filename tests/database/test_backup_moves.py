"""A backup moves between the embedded database and other servers, of all supported versions."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.database.others import OLDEST, foreign, require
from tests.database.test_backup import TABLES
from tests.folders import unused
from tests.upgrade.reading import GROUPS, LISTS, staff_client

from ringfence.cli.doctor.examination import examine
from ringfence.cli.main import run
from ringfence.cli.startup import with_database
from ringfence.database.backup import file as backup_file
from ringfence.database.backup import names
from ringfence.database.backup.commands import backup, restore
from ringfence.database.embedded import binaries, home, roles
from ringfence.database.embedded.server import running
from ringfence.database.migrate import migrate
from ringfence.database.pool import Database
from ringfence.database.privileges import grant
from ringfence.errors import OperatorError
from ringfence.settings import Settings

# The demonstration, with a row in every table
DEMONSTRATION = Path(__file__).parents[1] / "upgrade" / "0.1.0.sql"
# A crash may empty them.
LEFT_OUT = {"sign_in_attempts", "user_write_positions"}
OWNER, SERVICE, REPORTS = "mover", "mover_service", "mover_reports"
PASSWORD = "batteries"


@pytest.fixture(scope="module")
def oldest(database_server, short_folder):  # noqa: ARG001 - it makes the user's folder
    """Run the oldest version that is supported, whose roles own or serve and no more."""
    require(OLDEST, what="PostgreSQL 15 (Debian: postgresql-15)")
    shared = short_folder / "home"
    account = home.server_account(shared, shared / "data")
    with foreign(unused("oldest"), OLDEST, account, is_plain=True) as server:
        for role in (OWNER, SERVICE, REPORTS):
            server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        yield server


@pytest.fixture
def theirs(oldest):
    """Return the URL of an empty database as its owner."""
    name = oldest.fresh("theirs")
    oldest.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    return as_role(oldest.uri(name), OWNER)


def as_role(url, role):
    return make_conninfo(url, user=role, password=PASSWORD)


@pytest.fixture
async def demonstration(empty_conninfo):
    """Return the connection string of a database with the demonstration."""
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(DEMONSTRATION.read_text())
    await migrate(empty_conninfo)
    return empty_conninfo


@pytest.fixture
def file(demonstration, tmp_path):
    backup(Settings(database_url=demonstration), tmp_path / "file")
    return tmp_path / "file"


def rows(conninfo):
    """Return the rows of each table that a backup has, as text."""
    with psycopg.connect(conninfo) as connection:
        return {
            name: connection.execute(
                sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(name))
            ).fetchall()
            for (name,) in connection.execute(TABLES).fetchall()
            if name not in LEFT_OUT
        }


def as_0_1_0(port):
    """Return the columns of a port that release 0.1.0 had."""
    return port[0].split(",")[:7]


def refused(conninfo, statement):
    expected = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with psycopg.connect(conninfo) as connection, expected:
        connection.execute(statement)


async def responses(conninfo):
    """Return what the API responds, byte for byte. To ask, a token is issued, which is an event."""
    async with Database.open(conninfo, size=2) as database, staff_client(database) as client:
        lists = [path for path in LISTS if not path.endswith(("/users/", "/events/"))]
        shown = {path: (await client.get(path)).content for path in lists}
        for group in (await client.get(GROUPS)).json():
            shown[group["uuid"]] = (await client.get(f"{GROUPS}{group['uuid']}/versions/")).content
        return shown


async def test_the_demonstration_moves_to_another_server_and_back_unchanged(
    demonstration, theirs, oldest, folder
):
    shown, original = await responses(demonstration), rows(demonstration)
    assert len(shown) > 10
    embedded = Settings(home=folder / "home")
    await move(Settings(database_url=demonstration), embedded)
    await move(embedded, Settings(database_url=theirs))
    assert rows(theirs) == original
    assert await responses(theirs) == shown
    original = rows(theirs)
    async with Database.open(theirs, size=1) as database:
        await grant(database, SERVICE)
    # A backup needs no more than the role that serves may do.
    await move(Settings(database_url=as_role(theirs, SERVICE)), embedded)
    with running(embedded) as conninfo:
        assert rows(conninfo) == original
        assert await responses(roles.serving(embedded, conninfo)) == shown
        refused(roles.serving(embedded, conninfo), "UPDATE events SET created = now()")
        with psycopg.connect(conninfo) as connection:
            found = connection.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")
            assert {name for (name,) in found} == set(roles.ALL)
    assert oldest.value("SELECT count(*) FROM pg_roles WHERE rolname ~ '^ringfence_'") == 0


async def move(source, target):
    """Back up one and restore it into the other, outside the event loop."""
    with TemporaryDirectory() as folder:
        await asyncio.to_thread(backup, source, Path(folder) / "file")
        await asyncio.to_thread(restore, target, Path(folder) / "file", overwrite=True)


async def limits(connection):
    cursor = await connection.execute("SHOW statement_timeout")
    assert await cursor.fetchone() == ("0",)


def test_a_restore_leaves_owners_grants_and_the_tables_of_others(file, theirs, oldest, monkeypatch):
    settings = Settings(database_url=theirs)
    restore(settings, file)
    with_database(theirs, lambda database: grant(database, SERVICE))
    oldest.within(
        "theirs",
        f"GRANT SELECT ON security_groups TO {REPORTS}",
        "CREATE TABLE inventory (host text)",
        "INSERT INTO inventory VALUES ('a-host')",
        "CREATE UNLOGGED TABLE users_of_another_program (name text)",
        f"ALTER ROLE {OWNER} SET statement_timeout = '1h'",
        "UPDATE tokens SET name = 'changed'",
    )
    with pytest.raises(OperatorError, match=r"theirs is not empty \(its schema public has "):
        restore(settings, file)
    # A superuser restores for the owner; the time limits of a role are for requests.
    monkeypatch.setattr("ringfence.database.backup.commands._analyze", limits)
    for url in (oldest.uri("theirs"), theirs):
        restore(Settings(database_url=url), file, overwrite=True)
    oldest.execute(f"ALTER ROLE {OWNER} RESET statement_timeout")
    with psycopg.connect(as_role(theirs, SERVICE)) as connection:
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'users'")
        assert owner.fetchall() == [(OWNER,)]
        connection.execute("UPDATE users SET is_active = true")
    refused(as_role(theirs, SERVICE), "UPDATE events SET message = ''")
    refused(as_role(theirs, REPORTS), "SELECT FROM tokens")
    with psycopg.connect(as_role(theirs, REPORTS)) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM security_groups").fetchone() == (True,)
    with psycopg.connect(oldest.uri("theirs")) as connection:
        assert connection.execute("SELECT host FROM inventory").fetchall() == [("a-host",)]
        assert connection.execute("SELECT FROM tokens WHERE name = 'changed'").fetchall() == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE VIEW report AS SELECT name FROM security_groups", "view report is not of"),
        (
            "CREATE TABLE note (user_id bigint REFERENCES users)",
            "constraint note_user_id_fkey on table note is not of Ringfence and depends",
        ),
        (
            """
            ALTER TABLE schema_migrations OWNER TO ringfence;
            GRANT SELECT ON schema_migrations TO mover
            """,
            f"the role {OWNER} does not own the tables: restore as their owner, ringfence",
        ),
    ],
)
def test_a_restore_that_would_drop_what_is_of_others_changes_nothing(
    file, theirs, oldest, statement, said
):
    settings = Settings(database_url=theirs)
    restore(settings, file)
    oldest.within("theirs", "UPDATE tokens SET name = 'changed'", statement)
    before = rows(oldest.uri("theirs"))
    with pytest.raises(OperatorError, match=said):
        restore(settings, file, overwrite=True)
    assert rows(oldest.uri("theirs")) == before


def test_a_database_in_use_is_not_replaced(file, theirs, monkeypatch):
    settings = Settings(database_url=theirs)
    restore(settings, file)
    monkeypatch.setattr("ringfence.database.backup.replacement.LEAVE_SECONDS", 0.0)
    with psycopg.connect(theirs):
        with pytest.raises(OperatorError, match=rf"in use \(sessions: 1 of {OWNER}\): stop"):
            restore(settings, file, overwrite=True)
        assert backup(settings, file, overwrite=True).in_use
    assert not backup(settings, file, overwrite=True).in_use


KILLED = """
import os, signal, sys
from pathlib import Path
from ringfence.database.backup import commands, rows
from ringfence.settings import Settings

def end(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

async def copy(connection, tables, table, *others):
    if table == "security_groups":
        end()
    await original(connection, tables, table, *others)

original = rows._copy
match sys.argv[3]:
    case "tables are dropped":
        commands.migrate.apply_missing = end
    case "some rows are loaded":
        rows._copy = copy
    case "all is done but the commit":
        commands._analyze = end
commands.restore(Settings(database_url=sys.argv[1]), Path(sys.argv[2]), overwrite=True)
"""


@pytest.mark.parametrize(
    "when", ["tables are dropped", "some rows are loaded", "all is done but the commit"]
)
def test_a_killed_restore_leaves_the_database_as_it_was(file, conninfo, when):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('before')")
    before = rows(conninfo)
    killed = subprocess.run([sys.executable, "-c", KILLED, conninfo, file, when], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert rows(conninfo) == before
    restore(Settings(database_url=conninfo), file, overwrite=True)
    assert len(rows(conninfo)["security_groups"]) > 1


def test_a_backup_of_release_0_1_0_is_restored(
    empty_conninfo, theirs, oldest, tmp_path, short_folder, monkeypatch
):
    programs = binaries.provide(short_folder / "home", short_folder / "home" / "data")
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(DEMONSTRATION.read_text())
        connection.execute("SET search_path = public")
        dumped = subprocess.run(
            [programs / "pg_dump", "--format=custom", f"--dbname={empty_conninfo}"],
            check=True,
            capture_output=True,
        ).stdout
        contents = backup_file.Contents(
            made="2026-11-27T00:00:00+00:00",
            release="0.1.0",
            server=connection.info.server_version,
            migrations=[
                name for (name,) in connection.execute("SELECT name FROM schema_migrations")
            ],
            # That release also kept what a crash may lose.
            rows={
                name: connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
                ).fetchone()[0]
                for (name,) in connection.execute(TABLES).fetchall()
            },
        )
    monkeypatch.setattr(backup_file, "FIRST_LINE", b"ringfence backup 1\n")
    backup_file.write(
        tmp_path / "old", contents, lambda output: output.write(dumped), overwrite=False
    )
    restore(Settings(home=tmp_path / "none", database_url=theirs), tmp_path / "old")
    asyncio.run(migrate(empty_conninfo))
    found, expected = rows(theirs), rows(empty_conninfo)
    # With the times at which they were applied
    del found["schema_migrations"], expected["schema_migrations"]
    # Migrations give ports of that release a UUID and times, until the next pull.
    assert [as_0_1_0(port) for port in found.pop("cloud_ports")] == [
        as_0_1_0(port) for port in expected.pop("cloud_ports")
    ]
    assert found == expected
    # Positions in the log of the former server would keep its users from a replica of this one.
    assert oldest.counts("theirs", "public")["user_write_positions"] == 0
    assert not (tmp_path / "none").exists()


def test_a_changed_collation_is_named_with_its_fix(oldest, monkeypatch, capsys):
    oldest.execute("DROP DATABASE IF EXISTS icu")
    oldest.execute(
        "CREATE DATABASE icu LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C' TEMPLATE template0"
    )
    url = oldest.uri("icu")
    asyncio.run(migrate(url))

    def said():
        checks = asyncio.run(examine(Settings(database_url=url)))
        [check] = [check for check in checks if check.name == "collation"]
        return check

    assert said().passed
    oldest.execute("UPDATE pg_database SET datcollversion = '1.2' WHERE datname = 'icu'")
    assert not said().passed
    assert 'the indexes of icu are of version 1.2; run REINDEX DATABASE "icu", then' in (
        said().detail
    )
    monkeypatch.setenv("RINGFENCE_DATABASE_URL", url)
    assert run(["migrate"]) == 0
    assert "warning: texts sort as in version" in capsys.readouterr().out


def test_all_that_migrations_create_is_known_by_name(conninfo):
    statement = """
    SELECT relname::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        AND NOT relispartition
    UNION
    SELECT proname::text FROM pg_proc AS routine
    WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = routine.oid
            AND deptype = 'e'
    )
    """
    with psycopg.connect(conninfo) as connection:
        found = {name for (name,) in connection.execute(statement)}
    assert len(found) > 40
    assert found <= set(names.created())
