"""Nothing that a backup says is run: a hostile one changes nothing."""

import asyncio
import io
import struct
import subprocess

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.database.test_audit_months import migrate_as_before
from tests.database.test_backup import filled, names, rename

from ringfence.database.backup import archive, rows
from ringfence.database.backup import file as backup_file
from ringfence.database.backup.commands import backup, restore
from ringfence.database.connect import Session
from ringfence.database.embedded import binaries
from ringfence.database.embedded.server import running
from ringfence.errors import OperatorError
from ringfence.settings import Settings

__all__ = ["filled"]

HEAD = b"SET client_encoding = 'UTF8';\n\\restrict abc\n--\n\n"
USERS = b"COPY public.users (id, username) FROM stdin;\n7\talice\n\\.\n"
SEQUENCE = b"SELECT pg_catalog.setval('public.users_id_seq', 7, true);\n"


async def load(conninfo, script):
    async with await Session.connect(conninfo, autocommit=True) as connection:
        await rows.load(connection, io.BytesIO(script))


async def test_rows_and_sequences_are_taken_from_a_script(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('before')")
        await load(conninfo, HEAD + USERS + SEQUENCE)
        found = connection.execute("SELECT id, username FROM users").fetchall()
        assert found == [(7, "alice")]
        assert connection.execute("SELECT nextval('users_id_seq')").fetchone() == (8,)


@pytest.mark.parametrize(
    "hostile",
    [
        b"COPY public.users FROM PROGRAM 'touch /tmp/x';\n",
        b"COPY public.users (id) FROM stdin; SELECT 1;\n1\n\\.\n",
        b"COPY pg_catalog.pg_authid (oid) FROM stdin;\n\\.\n",
        b'COPY public."pg_authid" (oid) FROM stdin;\n\\.\n',
        b"COPY public.users (id, password_hash_of_nobody) FROM stdin;\n\\.\n",
        b"COPY public.users (id) FROM stdin;\nnot a number\n\\.\n",
        b"COPY public.users (id, username) FROM stdin;\n8\tx\n\\.\nDROP TABLE users;\n",
        b"COPY public.users (id, username) FROM stdin;\n8\tx\n",
        b"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
        b"SELECT pg_catalog.setval('public.users_id_seq', 7, true); DROP TABLE users;\n",
        b"SELECT pg_catalog.set_config('search_path', 'evil', false);\n",
        b"SET x = 1; DROP TABLE users;\n",
        b"SET ROLE ringfence\n;\n",
        b"\\! touch /tmp/x\n",
        b"\\restrict a; \\! touch\n",
        b"DO $$ BEGIN END $$;\n",
        b"\x00\n",
        b"SELECT pg_catalog.setval('public.no_such_seq', 7, true);\n",
        b"COPY public.tokens (user_id, digest) FROM stdin;\n99\t\\\\x" + b"00" * 32 + b"\n\\.\n",
        b"--" + b"x" * (1 << 21) + b"\n",
    ],
    ids=lambda value: value[:40],
)
async def test_any_other_statement_is_refused_and_nothing_is_kept(conninfo, hostile):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('before')")
        with pytest.raises(OperatorError):
            await load(conninfo, HEAD + USERS + hostile)
        assert connection.execute("SELECT username FROM users").fetchall() == [("before",)]


@pytest.mark.parametrize(
    "entry",
    [
        "1; 1 2 EVENT TRIGGER - evil ringfence",
        "1; 1 2 EXTENSION - dblink ",
        "1; 1 2 PROCEDURAL LANGUAGE - plpython3u x",
        "1; 1 2 PUBLICATION - x y",
        "1; 1 2 SUBSCRIPTION - x y",
        "1; 1 2 FOREIGN DATA WRAPPER - x y",
        "1; 1 2 SERVER - x y",
        "1; 1 2 MATERIALIZED VIEW DATA public x y",
        "1; 1 2 RULE public x y",
        "1; 1 2 BLOB - 1 y",
        # Release 0.1.0 had no partitions.
        "1; 1 2 TABLE ATTACH public events_2025_03 x",
        "nonsense",
    ],
)
def test_an_entry_that_no_backup_has_is_refused(entry):
    known = ";\n; Archive\n215; 1259 16390 TABLE public users ringfence_owner\n"
    archive.require_known_entries(f"{known}2; 3079 1 EXTENSION - pg_trgm \n")
    with pytest.raises(OperatorError, match="nothing of it was loaded"):
        archive.require_known_entries(f"{known}{entry}\n")


def dumped(settings, conninfo):
    program = binaries.provide(settings.home, settings.home / "data") / "pg_dump"
    return subprocess.run(
        [program, "--format=custom", "--compress=0", f"--dbname={conninfo}"],
        check=True,
        capture_output=True,
    ).stdout


def text(value):
    """Write a text as an archive of PostgreSQL does: its sign, its length, its bytes."""
    return b"\x00" + struct.pack("<i", len(value)) + value


@pytest.fixture
def former(folder, monkeypatch):
    """Return the settings of a home with the tables of release 0.1.0, and one user in them."""
    settings = Settings(home=folder / "home")
    with running(settings) as conninfo:
        asyncio.run(migrate_as_before(conninfo, monkeypatch))
        with psycopg.connect(conninfo) as connection:
            connection.execute("INSERT INTO users (username) VALUES ('alice')")
    return settings


def test_a_hostile_backup_runs_no_program(former, folder, monkeypatch):
    marker = folder / "ran"
    folder.chmod(0o777)
    contents = backup(former, folder / "good").contents
    monkeypatch.setattr(backup_file, "FIRST_LINE", b"ringfence backup 1\n")
    run = f"COPY users FROM PROGRAM 'touch {marker}; false'"
    with running(former) as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
            f" $$ BEGIN {run.replace('users', 'customers')}; RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER evil BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION evil()"
        )
        connection.execute("ALTER TABLE users ENABLE ALWAYS TRIGGER evil")
        triggered = dumped(former, conninfo)
        start = triggered.index(b"COPY public.users (")
        statement = triggered[start : triggered.index(b";\n", start) + 2]
        copying = triggered.replace(text(statement), text(f"{run};\n".encode()))
        assert copying != triggered
        connection.execute(
            "CREATE FUNCTION evil_too() RETURNS event_trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {run}; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER evil ON ddl_command_end EXECUTE FUNCTION evil_too()"
        )
        listening = dumped(former, make_conninfo(conninfo))
        connection.execute("DROP EVENT TRIGGER evil")
        connection.execute("DROP FUNCTION evil_too")
        connection.execute("DROP FUNCTION evil CASCADE")
    rename(former)
    for name, dump, refused in (
        ("copying", copying, "holds a statement that .*, so nothing of it was loaded"),
        ("listening", listening, r"\(EVENT TRIGGER .*\), so nothing of it was loaded"),
        ("triggered", triggered, None),
    ):
        backup_file.write(
            folder / name, contents, lambda file, dump=dump: file.write(dump), overwrite=False
        )
        if refused is None:
            restore(former, folder / name, overwrite=True)
            assert names(former) == ["alice"]
        else:
            with pytest.raises(OperatorError, match=refused):
                restore(former, folder / name, overwrite=True)
            assert names(former) == ["bob"]
        assert not marker.exists()
    with running(former) as conninfo, psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT to_regprocedure('evil()')").fetchone()
        assert found == (None,)
        connection.execute("INSERT INTO users (username) VALUES ('carol')")
    assert not marker.exists()


@pytest.mark.parametrize("change", [lambda dump: dump[:-9], lambda dump: dump + b"x"])
def test_rows_that_do_not_end_as_they_were_written_are_refused(filled, folder, change):
    contents = backup(filled, folder / "good").contents
    with backup_file.reading(folder / "good") as read:
        dump = change(b"".join(read.pieces))
    backup_file.write(folder / "bad", contents, lambda file: file.write(dump), overwrite=False)
    rename(filled)
    with pytest.raises(OperatorError, match="the rows of the backup are damaged"):
        restore(filled, folder / "bad", overwrite=True)
    assert names(filled) == ["bob"]


def test_a_key_tells_who_wrote_a_backup(filled, folder):
    signing = type(filled)(home=filled.home, backup_key="k" * 16)
    other = type(filled)(home=filled.home, backup_key="o" * 16)
    backup(filled, folder / "unsigned")
    contents = backup(signing, folder / "signed").contents
    rename(filled)
    with pytest.raises(OperatorError, match="is not signed, and RINGFENCE_BACKUP_KEY is set"):
        restore(signing, folder / "unsigned", overwrite=True)
    with pytest.raises(OperatorError, match="was not signed with this RINGFENCE_BACKUP_KEY"):
        restore(other, folder / "signed", overwrite=True)
    # Whoever changes it can make the digest right, and not the signature.
    with backup_file.reading(folder / "signed") as read:
        dump = b"".join(read.pieces)
    backup_file.write(
        folder / "forged", contents, lambda file: file.write(dump), overwrite=False, key=b"guess"
    )
    with pytest.raises(OperatorError, match="was not signed with this"):
        restore(signing, folder / "forged", overwrite=True)
    assert names(filled) == ["bob"]
    restore(signing, folder / "signed", overwrite=True)
    assert names(filled) == ["alice"]
    assert b"k" * 16 not in (folder / "signed").read_bytes()
