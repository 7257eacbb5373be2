import asyncio
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.patience import PATIENCE_SECONDS

from ringfence.database import migrate as module
from ringfence.database.migrate import migrate, migrations, pending
from ringfence.errors import OperatorError

FIRST = ["0001_job_queue", "0002_functions", "0003_organisations_and_clouds"]
FOLDER = Path(module.__file__).parent
FILES = sorted([*FOLDER.glob("migrations/*.sql"), *FOLDER.glob("views/*.sql")])
# Whether the table is locked as a whole
HELD = """
SELECT count(*) FROM pg_locks
WHERE relation = 'security_groups'::regclass AND mode = 'AccessExclusiveLock' AND granted
"""
MIGRATE = """
import asyncio, sys
from ringfence.database.migrate import migrate
print(*asyncio.run(migrate(sys.argv[1])))
"""


def names(listed):
    return [migration.name for migration in listed]


async def test_it_applies_what_is_missing_and_then_nothing(empty_conninfo):
    assert await pending(empty_conninfo) == names(migrations())
    assert await migrate(empty_conninfo) == names(migrations())
    assert await pending(empty_conninfo) == []
    assert await migrate(empty_conninfo) == []


def test_it_starts_with_the_job_queue_and_goes_on_in_order():
    assert names(migrations())[:3] == FIRST
    assert names(migrations()) == sorted(names(migrations()))


def test_five_processes_at_once_apply_each_migration_once(empty_conninfo):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty_conninfo], stdout=subprocess.PIPE, text=True
        )
        for _ in range(5)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 5
    assert sorted(itertools.chain(*outputs)) == names(migrations())


@pytest.mark.parametrize("newer", ["9999_future", "views_99.0.0_0123456789ab"])
async def test_a_database_newer_than_the_code_is_left_alone(conninfo, newer):
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (%s, 'x', now())", [newer])
    for use in (migrate, pending):
        with pytest.raises(OperatorError, match=f"{newer}.*upgrade Ringfence"):
            await use(conninfo)


async def test_a_migration_changed_after_it_was_applied_is_noticed(conninfo):
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "UPDATE schema_migrations SET checksum = 'x' WHERE name = '0002_functions'"
        )
    with pytest.raises(OperatorError, match="0002_functions was changed after it was applied"):
        await migrate(conninfo)


async def test_another_text_of_the_job_queue_is_no_change_of_ours(conninfo, monkeypatch):
    monkeypatch.setattr(module, "_job_queue", lambda: "-- reworded")
    assert await migrate(conninfo) == []


async def test_a_migration_that_fails_leaves_nothing_and_names_itself(empty_conninfo, monkeypatch):
    broken = module.Migration("0002_broken", "CREATE TABLE half (); SELECT 1/0", "x")
    monkeypatch.setattr(module, "migrations", lambda: [broken])
    with pytest.raises(OperatorError, match="0002_broken failed: division by zero"):
        await migrate(empty_conninfo)
    assert await pending(empty_conninfo) == ["0002_broken"]
    with psycopg.connect(empty_conninfo) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


async def test_a_table_in_use_makes_it_give_up_soon(conninfo, monkeypatch):
    late = module.Migration("0009_late", "ALTER TABLE users ADD COLUMN late text", "x")
    known = [*migrations(), late]
    monkeypatch.setattr(module, "migrations", lambda: known)
    monkeypatch.setattr(module, "TABLE_LOCK_SECONDS", 1)
    with psycopg.connect(conninfo) as reader:
        reader.execute("SELECT * FROM users")
        with pytest.raises(OperatorError, match="0009_late waited too long for a table"):
            await migrate(conninfo)
    assert await migrate(conninfo) == ["0009_late"]


def deadlock(conninfo, locked):
    """Lock `users`, wait until a migration holds `security_groups`, then lock that as well."""
    with psycopg.connect(conninfo) as other:
        # The migration is the one that PostgreSQL ends.
        other.execute("SET deadlock_timeout = '60s'")
        other.execute("LOCK TABLE users")
        locked.set()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not other.execute(HELD).fetchone()[0]:
            assert time.monotonic() < deadline, "no migration locks the table"
            time.sleep(0.02)
        other.execute("LOCK TABLE security_groups")


@pytest.mark.parametrize(("deadlocks", "is_applied"), [(1, True), (3, False)])
async def test_a_migration_that_deadlocks_with_requests_is_tried_again(
    conninfo, monkeypatch, deadlocks, is_applied
):
    text = "LOCK TABLE security_groups; LOCK TABLE users"
    known = [*migrations(), module.Migration("9999_locks", text, "x")]
    monkeypatch.setattr(module, "migrations", lambda: known)
    monkeypatch.setattr(module, "TABLE_LOCK_SECONDS", 30)
    monkeypatch.setattr(module, "TRIES", 3)
    locked = threading.Event()
    # All at once: they wait for `users` in a queue, so that the migration meets each of them.
    requests = [asyncio.to_thread(deadlock, conninfo, locked) for _ in range(deadlocks)]
    beside = asyncio.gather(*requests)
    await asyncio.to_thread(locked.wait)
    if is_applied:
        assert await migrate(conninfo) == ["9999_locks"]
    else:
        with pytest.raises(OperatorError, match=r"9999_locks deadlocked with requests 3 times"):
            await migrate(conninfo)
    await beside


async def test_it_does_not_wait_for_ever_for_another_process(conninfo, monkeypatch):
    monkeypatch.setattr(module, "LOCK_WAIT_SECONDS", 1)
    with psycopg.connect(conninfo, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [module.SESSION_LOCK])
        with pytest.raises(OperatorError, match="another process has been migrating"):
            await migrate(conninfo)


async def test_an_older_postgresql_is_refused(conninfo, monkeypatch):
    monkeypatch.setattr("ringfence.database.requirements.OLDEST_SERVER", 99)
    with pytest.raises(OperatorError, match="is PostgreSQL 18: Ringfence needs 99 or newer"):
        await migrate(conninfo)


async def test_a_database_that_cannot_hold_every_name_is_refused(tcp_server):
    with psycopg.connect(tcp_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS narrow")
        connection.execute("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(OperatorError, match="the encoding of the database is LATIN1"):
        await migrate(make_conninfo(tcp_server, dbname="narrow"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ringfence:s3cret@127.0.0.1:1/ringfence",
        "postgresql://ringfence:s3cret@127.0.0.1:s3cret/ringfence",
        "postgresql://ringfence:s3cret@[::1/ringfence",
        "host=/nowhere password=s3cret connect_timeout=s3cret",
    ],
)
async def test_what_cannot_be_reached_is_said_in_one_line_without_the_password(url):
    for use in (migrate, pending):
        with pytest.raises(OperatorError, match="RINGFENCE_DATABASE_URL") as caught:
            await use(url)
        assert "s3cret" not in str(caught.value)
        assert "\n" not in str(caught.value)


async def test_a_server_that_does_not_listen_is_said_with_the_reason():
    said = "cannot connect to the database at 127.0.0.1: Connection refused; check that it runs"
    with pytest.raises(OperatorError, match=said):
        await migrate("postgresql://ringfence@127.0.0.1:1/ringfence")


async def test_an_ordinary_server_over_tcp_takes_the_same_migrations(tcp_server):
    with psycopg.connect(tcp_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS ordinary")
        connection.execute("CREATE DATABASE ordinary")
    assert await migrate(make_conninfo(tcp_server, dbname="ordinary")) == names(migrations())


async def test_a_wrong_password_is_said_in_one_line_without_it(tcp_server):
    with pytest.raises(OperatorError, match="password authentication failed") as caught:
        await migrate(tcp_server.replace("correct-horse", "wrong-horse"))
    assert "horse" not in str(caught.value)
    assert "\n" not in str(caught.value)


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


def with_changed_views(monkeypatch, change):
    *tables, views = migrations()
    changed = module.Migration(
        f"views_{module.RELEASE}_0123456789ab", change(views.sql), views.checksum
    )
    monkeypatch.setattr(module, "migrations", lambda: [*tables, changed])
    return changed.name


async def test_views_that_changed_are_replaced_and_documents_follow(conninfo, monkeypatch):
    with psycopg.connect(conninfo) as connection:
        connection.execute(A_GROUP)
        connection.execute(
            "SELECT refresh_security_group_documents(ARRAY(SELECT id FROM security_groups))"
        )
    *_, former = names(migrations())
    name = with_changed_views(
        monkeypatch, lambda text: text.replace('"access_url":null', '"access_url":"new"')
    )
    assert await pending(conninfo) == [name]
    assert await migrate(conninfo) == [name]
    assert await pending(conninfo) == []
    with psycopg.connect(conninfo) as connection:
        (document,) = connection.execute("SELECT document FROM security_group_documents").fetchone()
        applied = {row[0] for row in connection.execute("SELECT name FROM schema_migrations")}
    assert '"access_url":"new"' in document
    # The former text can be applied again.
    assert name in applied
    assert former not in applied


async def test_views_of_an_earlier_release_stay_recorded_while_its_processes_run(
    conninfo, monkeypatch
):
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('views_0.0.9_0123456789aa')")
    name = with_changed_views(monkeypatch, str)
    assert await migrate(conninfo) == [name]
    with psycopg.connect(conninfo) as connection:
        applied = {row[0] for row in connection.execute("SELECT name FROM schema_migrations")}
    assert {name, "views_0.0.9_0123456789aa"} <= applied


async def test_views_that_fail_leave_those_before(conninfo, monkeypatch):
    name = with_changed_views(monkeypatch, lambda text: f"{text}; SELECT 1/0")
    with pytest.raises(OperatorError, match=f"{name} failed: division by zero"):
        await migrate(conninfo)
    assert await pending(conninfo) == [name]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_sets_a_lock_timeout_before_it_does_anything(file):
    lines = file.read_text().splitlines()
    statements = [line for line in lines if line.strip() and not line.startswith("--")]
    assert statements[0].startswith("SET lock_timeout = "), file.name


def test_the_linter_of_migrations_is_content():
    squawk = Path(sys.executable).with_name("squawk")
    result = subprocess.run(
        [squawk, *FILES],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert result.returncode == 0, result.stdout
