"""The embedded server's superuser serves nothing: others own the tables, and serve."""

import asyncio
import shutil

import psycopg
import pytest
from tests.folders import unused

from ringfence.cli.startup import migrated
from ringfence.database.embedded import roles
from ringfence.database.embedded.home import NAME
from ringfence.database.embedded.server import running
from ringfence.database.migrate import migrate
from ringfence.settings import Settings

OWNERS = """
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
UNION
SELECT DISTINCT pg_get_userbyid(proowner) FROM pg_proc AS routine
WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_proc'::regclass AND objid = routine.oid AND deptype = 'e'
    )
UNION
SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
"""


@pytest.fixture(scope="module")
def older():
    """Yield settings of a data directory of an older release: the superuser owns everything."""
    settings = Settings(home=unused("roles"))
    with running(settings) as conninfo:
        asyncio.run(migrate(conninfo))
        with psycopg.connect(conninfo) as connection:
            connection.execute("INSERT INTO users (username) VALUES ('alice')")
            connection.execute(f"ALTER DATABASE {NAME} OWNER TO ringfence")
            assert connection.execute(OWNERS).fetchall() == [("ringfence",)]
            for role in ("ringfence_owner", "ringfence_service"):
                connection.execute(f"DROP OWNED BY {role}")
                connection.execute(f"DROP ROLE {role}")
        # While it runs, as a worker of the older release would leave it
        (settings.home / "pg_hba.conf").write_text("local all ringfence peer map=ringfence\n")
        (settings.home / "pg_ident.conf").write_text(
            (settings.home / "pg_ident.conf").read_text().splitlines()[0] + "\n"
        )
        connection = psycopg.connect(conninfo, autocommit=True)
        connection.execute("SELECT pg_reload_conf()")
        connection.close()
        yield settings
    shutil.rmtree(settings.home)


def test_a_home_of_an_older_release_is_handed_over_as_it_is_joined(older):
    with migrated(older) as (conninfo, applied):
        assert applied == []
        with psycopg.connect(conninfo) as connection:
            assert connection.info.user == roles.SERVICE
            assert connection.execute(OWNERS).fetchall() == [(roles.OWNER,)]
            assert connection.execute("SELECT username FROM users").fetchall() == [("alice",)]
            supers = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper").fetchall()
            assert supers == [(roles.ADMINISTRATOR,)]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY users FROM PROGRAM 'true'",
        "COPY users TO PROGRAM 'true'",
        "COPY users TO '/tmp/ringfence-users'",
        "SELECT pg_read_file('/etc/passwd')",
        "CREATE TABLE public.mine ()",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION dblink",
        "CREATE ROLE another SUPERUSER",
        "ALTER ROLE ringfence_service SUPERUSER",
        "SET ROLE ringfence",
        "DROP TABLE users",
        "ALTER TABLE users ADD COLUMN mine text",
        "UPDATE events SET message = ''",
        "DELETE FROM events",
        "UPDATE schema_migrations SET checksum = ''",
        "SET session_replication_role = replica",
    ],
)
def test_who_serves_may_no_more_than_serve(older, statement):
    with migrated(older) as (conninfo, _), psycopg.connect(conninfo) as connection:
        with pytest.raises(psycopg.errors.Error) as refused:
            connection.execute(statement)
        assert refused.value.sqlstate in {"42501", "0LP01"}, refused.value


def test_who_owns_runs_no_program(older):
    with running(older) as conninfo:
        owner = roles.owning(older, conninfo)
        with psycopg.connect(owner) as connection, pytest.raises(psycopg.errors.Error) as refused:
            connection.execute("COPY users FROM PROGRAM 'true'")
        assert refused.value.sqlstate == "42501"
