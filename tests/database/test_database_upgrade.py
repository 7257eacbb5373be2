"""The embedded database moves to the version of PostgreSQL that is installed, or stays as it is."""

import asyncio
import os
import signal
import subprocess
import sys
from unittest.mock import Mock

import psycopg
import pytest
from tests.database.conftest import fetch
from tests.database.others import OLDEST, require
from tests.database.test_backup_moves import DEMONSTRATION, responses, rows

from ringfence.cli.doctor.examination import examine
from ringfence.database.embedded import binaries, home, roles
from ringfence.database.embedded.server import running, server_process_id
from ringfence.database.embedded.upgrade import upgrade
from ringfence.database.migrate import migrate
from ringfence.errors import OperatorError
from ringfence.settings import Settings

VERSION = "SELECT split_part(version(), ' ', 2)"
NEWEST = binaries.majors(OLDEST).package
# In PostgreSQL 15, it does not exist.
UNKNOWN = "SET transaction_timeout = 0;"


@pytest.fixture
def older(folder):
    """Return settings of a data directory that PostgreSQL 15 has made, with the demonstration."""
    require(OLDEST, what="PostgreSQL 15 (Debian: postgresql-15)")
    one = folder / "home"
    programs = one / "postgresql" / "15.1.0" / binaries.PROGRAMS
    programs.mkdir(parents=True)
    (programs / "bin").symlink_to(OLDEST)
    for each in (one, *programs.parents):
        if each.is_relative_to(one):
            each.chmod(0o755)
    account = home.server_account(one, one / "data")
    (one / "data").mkdir(mode=0o700)
    os.chown(one / "data", account.uid, account.gid)
    command = [OLDEST / "initdb", "-D", one / "data", "-U", "ringfence", "--auth=peer"]
    subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        **account.subprocess_options() | {"cwd": one},
    )
    settings = Settings(home=one)
    with running(settings) as conninfo:
        owner = roles.owning(settings, conninfo)
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(DEMONSTRATION.read_text().replace(UNKNOWN, ""))
        asyncio.run(migrate(owner))
        with psycopg.connect(conninfo, autocommit=True) as connection:
            roles.restrict(connection)
    return settings


def held(settings):
    with running(settings) as conninfo:
        return rows(conninfo)


def shown(settings):
    with running(settings) as conninfo:
        return asyncio.run(responses(roles.serving(settings, conninfo)))


def test_it_moves_to_the_installed_version_and_the_former_data_stay(older, monkeypatch):
    log = Mock()
    monkeypatch.setattr(binaries, "log", log)
    assert fetch(older.home, VERSION)[0].startswith("15.")
    assert log.warning.call_args.kwargs["fix"] == "ringfence upgrade-database"
    [check] = [each for each in asyncio.run(examine(older)) if each.name == "database"]
    assert check.fix == "run ringfence upgrade-database"
    before = shown(older)
    content = held(older)
    owner = (older.home / "data").stat().st_uid
    with running(older), pytest.raises(OperatorError, match="in use: stop `ringfence serve`"):
        upgrade(older)

    done = upgrade(older)

    assert (done.before, done.after) == ("15", NEWEST)
    assert fetch(older.home, VERSION)[0].startswith(f"{NEWEST}.")
    assert held(older) == content
    assert shown(older) == before
    assert done.rows > 100
    assert (older.home / "data").stat().st_uid == owner
    assert upgrade(older) is None
    assert sorted(path.name for path in older.home.glob("data*")) == ["data", "data.postgresql-15"]
    # The way back
    (older.home / "data").rename(older.home / "data.new")
    done.kept.rename(older.home / "data")
    assert fetch(older.home, VERSION)[0].startswith("15.")
    assert held(older) == content


KILLED = """
import os, signal, sys
from pathlib import Path
from ringfence.database.embedded import server, upgrade
from ringfence.settings import Settings

def end(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

match sys.argv[2]:
    case "while the new server restores":
        upgrade.replace_by = end
    case "while the folders change places":
        rename = Path.rename
        Path.rename = lambda path, to: end() if path.name == server.UPGRADING else rename(path, to)
upgrade.upgrade(Settings(home=Path(sys.argv[1])))
"""


def killed(settings, when):
    done = subprocess.run([sys.executable, "-c", KILLED, settings.home, when], check=False)
    assert done.returncode == -signal.SIGKILL


def test_an_upgrade_that_is_killed_is_undone_or_finished_by_the_next_start(older):
    content = held(older)
    killed(older, "while the new server restores")
    assert fetch(older.home, VERSION)[0].startswith("15.")
    assert held(older) == content
    assert [path.name for path in older.home.glob("data*") if path.is_dir()] == ["data"]
    assert server_process_id(older.home) is None

    killed(older, "while the folders change places")
    assert not (older.home / "data").exists()
    assert fetch(older.home, VERSION)[0].startswith(f"{NEWEST}.")
    assert held(older) == content


def test_what_cannot_be_upgraded_is_left_alone(folder):
    with pytest.raises(OperatorError, match="upgrade that server with its own programs"):
        upgrade(Settings(home=folder, database_url="postgresql://127.0.0.1/x"))
    with pytest.raises(OperatorError, match="there is no database in"):
        upgrade(Settings(home=folder / "none"))
    assert not (folder / "none").exists()
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("99\n")
    with pytest.raises(OperatorError, match="is of PostgreSQL 99 and the installed package of"):
        upgrade(Settings(home=folder))
