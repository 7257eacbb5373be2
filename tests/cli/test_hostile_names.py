"""With hostile names, each command prints escaped lines, one for each object."""

import asyncio
import io
import json
import logging

import psycopg
import pytest
import structlog
from tests.cli.operating import url_of
from tests.factories.world import make_world
from tests.test_escaping import HOSTILE, is_quiet

from ringfence.cli import output
from ringfence.cli.main import run
from ringfence.database.pool import Database
from ringfence.telemetry import logs
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms

NAME = "".join(HOSTILE)
NAMED = {
    "clouds": ("name", "error_message"),
    "customers": ("name", "native_name"),
    "projects": ("name",),
    "tenants": ("name", "error_message"),
    "tokens": ("name",),
    "security_groups": ("name", "description", "error_message"),
    "users": ("username",),
    "events": ("message", "username"),
}


@pytest.fixture
def world(conninfo, monkeypatch):
    """Rename every object to a hostile name."""
    monkeypatch.setenv("RINGFENCE_DATABASE_URL", url_of(conninfo))
    monkeypatch.setenv("NO_COLOR", "1")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    async def make():
        async with Database.open(conninfo, size=2) as database:
            made = await make_world(database)
            await made.group("web")
            await issue_token(database, "staff", Terms(), project=made.project_uuid.hex)
            return made

    made = asyncio.run(make())
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("UPDATE tokens SET expires = '10001-01-01' WHERE name = ''")
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        for table, columns in NAMED.items():
            for column in columns:
                connection.execute(
                    f"UPDATE {table} SET {column} = left(%s || id, 250)",  # noqa: S608
                    [NAME[:200]],
                )
    yield made
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_every_command_prints_to_a_terminal_that_lacks_characters(world, monkeypatch, tmp_path):
    tenant = world.tenant_uuid.hex
    for arguments in (
        ("sync", "status"),
        ("tokens", "list"),
        ("events", "export"),
        ("sync", "mode", tenant),
        ("sync", "confirm", tenant),
        ("docs", str(tmp_path / "東京")),
        ("--help",),
        ("sync", "--help"),
    ):
        there = io.BytesIO()
        terminal = io.TextIOWrapper(there, encoding="latin-1", errors="strict")
        monkeypatch.setattr("sys.stdout", output.Output(terminal))
        assert run(arguments) == 0, arguments
        assert there.getvalue() or arguments[0] == "events"


def test_every_command_prints_quiet_lines(world, capsys, tmp_path):
    def printed(*arguments, code=0):
        capsys.readouterr()
        ended = run(arguments)
        out, err = capsys.readouterr()
        assert ended == code, (arguments, out, err)
        lines = [*out.split("\n"), *err.split("\n")]
        assert all(map(is_quiet, lines)), (arguments, out, err)
        return out.split("\n")[:-1]

    tenants = 2
    assert len(printed("sync", "status")) == tenants
    found = printed("tokens", "list")
    assert any("expires 9999-12-31" in line for line in found)
    assert all(line[:32].isalnum() for line in found)
    for line in printed("events", "export"):
        json.loads(line)
    printed("export")
    json.loads("\n".join(printed("export", "-o", "json")))
    for line in printed("export", "-o", "jsonl"):
        json.loads(line)
    assert len(printed("user", "list")) > 1
    assert len(printed("role", "list")) > 1
    for arguments in (("export", NAME), ("user", "remove", NAME), ("role", "list", "--user", NAME)):
        printed(*arguments, code=2)
    printed("doctor", code=1)
    tenant = world.tenant_uuid.hex
    assert len(printed("sync", "confirm", tenant)) == 2
    assert printed("sync", "mode", tenant) == ["adopt"]
    printed("sync", "pull", "--all")
    printed("sync", "plan", tenant, code=2)
    printed("sync", "mode", NAME, code=2)
    printed("tokens", "list", NAME, code=2)
    printed("token", NAME, code=2)
    printed("load", str(tmp_path / NAME[:20].replace("/", "")), code=2)
    printed("events", "export", "--since", NAME, code=2)
    assert len(printed("docs", str(tmp_path / "d\x1b[2J\n"))) > 5


@pytest.mark.parametrize("terminal", [False, True])
def test_a_log_is_quiet_lines(world, capsys, monkeypatch, terminal):  # noqa: ARG001 - it restores the log
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    logs.configure()
    for name in HOSTILE:
        structlog.get_logger("here").warning("named", name=name, **{name[:5]: {"a": [name]}})
        logging.getLogger("library").warning("of %s", name)
        logs.write_line(logging.INFO, "request", path=f"/{name}")
        try:
            int(name)
        except ValueError:
            structlog.get_logger("here").exception("failed")
    logs.flush_lines()
    text = capsys.readouterr().err
    assert all(map(is_quiet, text.split("\n")))
    if not terminal:
        assert len([json.loads(line) for line in text.split("\n")[:-1]]) == 4 * len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE[:4])
@pytest.mark.parametrize("command", [["token", "staff", "--name"]])
def test_a_token_is_not_given_a_name_that_lists_cannot_show(world, capsys, name, command):  # noqa: ARG001
    assert run([*command, name]) == 2
    assert "without control characters" in capsys.readouterr().err
