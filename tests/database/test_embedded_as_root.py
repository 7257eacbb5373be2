"""What only root can show; `conftest.py` leaves this module out for everyone else."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.database.conftest import ORDINARY, fetch, modes

from ringfence.database.embedded.server import running, server_process_id
from ringfence.errors import OperatorError
from ringfence.settings import Settings


def test_another_local_user_is_refused(home, hold):
    holder = hold(home)
    conninfo = holder.says()
    server_user = (home / "data").stat().st_uid
    strangers = {ORDINARY, 65534, server_user} - {Path(home).stat().st_uid}
    code = "import os, psycopg, sys; os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
    code += "psycopg.connect(sys.argv[1])"
    for stranger in strangers:
        result = subprocess.run(
            [sys.executable, "-c", code, conninfo, str(stranger)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Permission denied" in result.stderr or "authentication failed" in result.stderr
    holder.leave()


def test_root_drops_to_a_user_without_rights(folder):
    home = folder / "home"
    with running(Settings(home=home)):
        status = Path(f"/proc/{server_process_id(home)}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:"))
    assert "0" not in uids.split()[1:]


def test_a_home_that_exists_and_is_closed_is_opened_for_passing_through_only(folder):
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    assert fetch(closed, "SELECT 1") == (1,)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o711


def test_a_folder_that_the_server_cannot_pass_is_named(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    before = modes(closed, folder)
    with pytest.raises(OperatorError, match=rf"cannot enter {closed}; .* set RINGFENCE_HOME"):
        fetch(closed / "deep" / "home", "SELECT 1")
    assert modes(closed, folder) == before


def test_somebody_elses_home_is_refused(folder):
    home = folder / "home"
    home.mkdir()
    os.chown(home, ORDINARY, ORDINARY)
    with pytest.raises(OperatorError, match=r"home belongs to daemon: run as that user"):
        fetch(home, "SELECT 1")
