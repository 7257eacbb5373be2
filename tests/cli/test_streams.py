"""Terminals without a character, readers that close the pipe, closed and full streams."""

import os
import subprocess
import sys

import psycopg
import pytest
from tests.cli.operating import url_of
from tests.patience import PATIENCE_SECONDS

SITE = """
clouds: [{name: öst-東京, backend: sandbox}]
users: [{username: ann}, {username: 東京}]
customers:
  - name: Ünïon 東京
    projects: [{name: Wéb 東京, tenants: [{name: prod-東京, cloud: öst-東京}]}]
"""


@pytest.fixture
def shell(conninfo, tmp_path):
    """Run a shell command in which `$R` is the program; return its code and output."""
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGFENCE_", "OS_", "LC_"))}
    program = f"{sys.executable} -m ringfence"
    environment = kept | {"RINGFENCE_DATABASE_URL": url_of(conninfo), "R": program}

    def run(line, **more):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            env=environment | more,
            cwd=tmp_path,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done
        assert b"Exception ignored" not in done.stderr, done
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_terminal_without_a_character_gets_a_replacement(shell):
    latin = {"PYTHONIOENCODING": "latin-1:strict"}
    assert shell("$R load site.yaml", **latin)[0] == 0
    code, out, _ = shell("$R sync status", **latin)
    assert (code, out[:20]) == (0, "öst-?? / prod-??: 0 ".encode("latin-1"))
    code, out, _ = shell("$R doctor", **latin)
    # No worker runs.
    assert code == 1, out
    assert {line.split(b" ", 1)[0] for line in out.splitlines()} == {b"ok", b"FAILED"}
    code, out, err = shell("$R token 北京", **latin)
    assert (code, out) == (2, b"")
    assert err.startswith(b"ringfence: no user is called '??'")


def test_a_reader_that_leaves_ends_neither_the_work_nor_in_an_error(shell, tmp_path):
    for line in ("$R docs made | head -1", "$R docs made >&-"):
        code, _, err = shell(line)
        assert (code, err) == (0, b""), line
        whole = sorted(path.name for path in (tmp_path / "made").iterdir())
        assert len(whole) > 10
        assert "index.md" in whole
        for path in (tmp_path / "made").iterdir():
            path.unlink()
    assert shell("$R load --help | true")[0] == 0


def test_what_is_shown_once_is_not_made_for_a_closed_stream(shell, conninfo):
    assert shell("$R load site.yaml >&- 2>&- <&-")[0] == 0
    code, _, err = shell("$R token ann >&-")
    assert code == 2
    assert err.startswith(b"ringfence: standard output is closed")
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (0,)


@pytest.mark.parametrize("command", ["docs made", "--version"])
def test_a_full_device_is_named(shell, command):
    code, _, err = shell(f"$R {command} > /dev/full")
    assert code in {1, 2}
    assert err == (
        b"ringfence: cannot write to standard output: No space left on device;"
        b" redirect it elsewhere\n"
    )
