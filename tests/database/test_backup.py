"""A backup holds everything, and a restore brings all of it back or changes nothing."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.cli.operating import Operator, copy_migrated, operating
from tests.database.conftest import copy_programs
from tests.own_faults.served import Served
from tests.own_faults.traffic import GROUPS, Client, Traffic

from ringfence.database.backup import file as backup_file
from ringfence.database.backup.commands import backup, restore
from ringfence.database.embedded.server import running
from ringfence.database.migrate import Migration, migrations
from ringfence.errors import OperatorError
from ringfence.settings import Settings

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
DEFINITIONS = """
SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', oid::regprocedure::text, prosrc
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'column', attrelid::regclass || ' ' || attname, format_type(atttypid, atttypmod)
    || ' ' || attnotnull || ' ' || coalesce(pg_get_expr(adbin, adrelid), '')
    || ' ' || coalesce(attoptions::text, '')
FROM pg_attribute
INNER JOIN pg_class ON attrelid = pg_class.oid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'storage', oid::regclass::text, coalesce(reloptions::text, '')
FROM pg_class WHERE relnamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""
OLD_MONTH = """
SELECT add_audit_partition(
    'events', 'events_2025_03', 'FOR VALUES FROM (''2025-03-01 00:00Z'') TO (''2025-04-01 00:00Z'')'
);
INSERT INTO events (created, event_type, message) VALUES ('2025-03-05', 'ringfence_loaded', 'old')
"""


def everything(home: Path) -> dict[str, list[tuple]]:
    """Return each table's rows, where each sequence stands, and every definition."""
    with running(Settings(home=home)) as conninfo, psycopg.connect(conninfo) as connection:
        found = {
            name: connection.execute(
                sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(name))
            ).fetchall()
            for (name,) in connection.execute(TABLES).fetchall()
        }
        found["sequences"] = connection.execute(SEQUENCES).fetchall()
        found["definitions"] = connection.execute(DEFINITIONS).fetchall()
    return found


@pytest.fixture
def served():
    with operating() as operator:
        served = Served(operator)
        served.load()
        yield served


def elsewhere(operator: Operator) -> dict[str, str]:
    return {"RINGFENCE_HOME": str(operator.folder / "elsewhere")}


def test_it_is_written_while_the_service_runs_and_restored_in_another_home(served):
    operator = served.operator
    process, address = operator.serve("serve", "--workers", "1")
    served.address = address
    with Traffic(served) as traffic:
        traffic.until_written()
        busy = operator.run("backup", "busy")
        traffic.until_written()
    traffic.assert_kept()
    assert busy.returncode == 0, busy.stderr
    process.terminate()
    process.wait(20)
    done = operator.run("backup", "still")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"written: \d+ rows of \d+ tables\n", done.stdout)
    assert busy.stdout.endswith("the service is running: its later changes are not in the file\n")
    file = operator.folder / "still"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"a-token" not in file.read_bytes()

    # What was written in the midst of writes is whole as well; then it makes room for the other.
    for name, options in (("busy", []), ("still", ["--overwrite"])):
        restored = operator.run("restore", name, *options, **elsewhere(operator))
        assert restored.returncode == 0, restored.stderr
        assert restored.stdout.startswith("restored: the data of Ringfence ")
        doctor = operator.run("doctor", **elsewhere(operator))
        assert "are up to date" in doctor.stdout

    other = operator.folder / "elsewhere"
    assert everything(other) == everything(served.home)
    operator.environment |= elsewhere(operator)
    _, again = operator.serve("serve", "--workers", "1", "--no-worker")
    answers = Client(again)
    uuids = [uuid for uuid, promise in traffic.promises.items() if not promise.gone]
    for uuid in uuids[:3]:
        assert answers.ask("GET", f"{GROUPS}{uuid}/").status == 200
    in_use = operator.run("restore", "still", "--overwrite")
    assert (in_use.returncode, in_use.stdout) == (2, "")
    assert "the database is in use (sessions: " in in_use.stderr
    assert "stop `ringfence serve`" in in_use.stderr
    assert answers.ask("HEAD", GROUPS).status == 200
    answers.close()


@pytest.fixture
def filled(folder: Path) -> Settings:
    """Return the settings of a home with the tables, one user and an old event in them."""
    settings = Settings(home=folder / "home")
    copy_migrated(settings.home)
    with running(settings) as conninfo, psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('alice')")
        connection.execute(OLD_MONTH)
    return settings


def names(settings: Settings) -> list[str]:
    with running(settings) as conninfo, psycopg.connect(conninfo) as connection:
        return [name for (name,) in connection.execute("SELECT username FROM users")]


def rename(settings: Settings) -> None:
    with running(settings) as conninfo, psycopg.connect(conninfo) as connection:
        connection.execute("UPDATE users SET username = 'bob'")


def test_neither_a_file_nor_a_database_is_overwritten_unasked(filled, folder):
    backup(filled, folder / "file")
    before = (folder / "file").read_bytes()
    with pytest.raises(OperatorError, match=r"file exists already: .*--overwrite"):
        backup(filled, folder / "file")
    assert (folder / "file").read_bytes() == before
    rename(filled)
    with pytest.raises(OperatorError, match=r"is not empty .*: use --overwrite"):
        restore(filled, folder / "file")
    assert names(filled) == ["bob"]
    restore(filled, folder / "file", overwrite=True)
    assert names(filled) == ["alice"]
    backup(filled, folder / "file", overwrite=True)
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["file"]


def damaged(file: Path, place: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        opened.write(content)


DAMAGES = [
    (lambda file: damaged(file, -2000, b"?"), "checksum is wrong"),
    (lambda file: os.truncate(file, file.stat().st_size - 1), "checksum is wrong"),
    (lambda file: damaged(file, 0, b"PGDMP"), "is not a Ringfence backup"),
    (lambda file: damaged(file, 0, b"ringfence backup 3"), "newer release of Ringfence"),
    (lambda file: damaged(file, 25, b"\n"), "damaged at its beginning"),
    (lambda file: file.unlink(), "cannot read .*: No such file or directory"),
]


def test_a_file_that_is_not_as_it_was_written_changes_nothing(filled, folder):
    file = folder / "file"
    backup(filled, file)
    written = file.read_bytes()
    rename(filled)
    for damage, said in DAMAGES:
        file.write_bytes(written)
        damage(file)
        with pytest.raises(OperatorError, match=said):
            restore(filled, file, overwrite=True)
    assert names(filled) == ["bob"]


def test_a_backup_of_a_newer_release_is_refused(filled, folder, monkeypatch):
    backup(filled, folder / "file")
    *older, _, views = migrations()
    with monkeypatch.context() as patched:
        patched.setattr("ringfence.database.migrate.migrations", lambda: [*older, views])
        with pytest.raises(OperatorError, match=r"newer than this release .*: upgrade Ringfence"):
            restore(filled, folder / "file", overwrite=True)


def test_a_backup_of_an_older_release_is_brought_to_this_one(filled, folder, monkeypatch):
    backup(filled, folder / "file")
    newer = Migration("9999_newer", "CREATE TABLE newer ()", "x")
    known = [*migrations(), newer]
    monkeypatch.setattr("ringfence.database.migrate.migrations", lambda: known)
    restore(filled, folder / "file", overwrite=True)
    restored = everything(filled.home)
    assert restored["newer"] == []
    # Old events come back in their month.
    assert len(restored["events_2025_03"]) == 1


def test_a_dump_that_does_not_load_leaves_the_database_as_it_was(filled, folder):
    contents = backup(filled, folder / "good").contents
    nothing = b"no dump at all"
    backup_file.write(folder / "bad", contents, lambda file: file.write(nothing), overwrite=False)
    with pytest.raises(OperatorError, match="the rows of the backup are damaged"):
        restore(filled, folder / "bad", overwrite=True)
    wrong = contents.model_copy(update={"rows": contents.rows | {"users": 7}})
    with backup_file.reading(folder / "good") as read:
        dump = b"".join(read.pieces)
    backup_file.write(folder / "wrong", wrong, lambda file: file.write(dump), overwrite=False)
    with pytest.raises(OperatorError, match="not all of the backup could be loaded: users"):
        restore(filled, folder / "wrong", overwrite=True)
    assert names(filled) == ["alice"]
    with running(filled) as conninfo, psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()
    assert found == [("postgres",), ("ringfence",), ("template0",), ("template1",)]


def test_where_there_is_no_database_none_is_made(folder):
    with pytest.raises(OperatorError, match=r"there is no database in .*home: set RINGFENCE_HOME"):
        backup(Settings(home=folder / "home"), folder / "file")
    assert not (folder / "home").exists()


AS_ANOTHER_USER = """
import asyncio, json, os, sys
from pathlib import Path
import psycopg
from ringfence.database import migrate
from ringfence.database.backup import commands as backup
from ringfence.database.embedded import server as embedded
from ringfence.settings import Settings
known = migrate.migrations()
migrate.migrations = lambda: known
folder, uid = Path(sys.argv[1]), int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
one, other = (Settings(home=folder / name) for name in ("one", "other"))
with embedded.running(one) as conninfo:
    asyncio.run(migrate.migrate(conninfo))
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('alice')")
backup.backup(one, folder / "file")
backup.restore(other, folder / "file")
with embedded.running(other) as conninfo, psycopg.connect(conninfo) as connection:
    print(json.dumps(connection.execute("SELECT username FROM users").fetchall()))
"""


def test_whoever_runs_ringfence_can_make_and_restore_one(folder, user):
    if user != os.geteuid():
        os.chown(folder, user, user)
        for name in ("one", "other"):
            copy_programs(folder / name, user)
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER, folder, str(user)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["alice"]]
    assert (folder / "file").stat().st_uid == user
