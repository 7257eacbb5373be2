"""Every command uses the configured database, and refuses an unusable one in one line."""

from io import StringIO

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ringfence.cli import main

FILE = """
clouds: [{name: east, backend: sandbox}]
users: [{username: alice, token: a-token}]
customers: [{name: Acme, projects: [{name: Web, tenants: [{name: one, cloud: east}]}]}]
roles: [{user: alice, role: PROJECT.ADMIN, project: Web}]
"""
COMMANDS = [
    ["migrate"],
    ["migrate", "--grant", "pg_monitor"],
    ["load", "FILE"],
    ["load", "--resumable", "LINES"],
    ["serve", "--port", "0"],
    ["demo", "--port", "0"],
    ["worker"],
    ["password", "alice"],
    ["token", "alice"],
    ["tokens", "list", "alice"],
    ["sync", "status"],
    ["sync", "mode", "one", "report"],
    ["events", "export"],
]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command on a database in this process; return its exit code and output."""
    file = tmp_path / "file.yaml"
    file.write_text(FILE)
    lines = tmp_path / "file.jsonl"
    lines.write_text('{"clouds": [{"name": "east", "backend": "sandbox"}]}\n')
    named = {"FILE": str(file), "LINES": str(lines)}
    monkeypatch.setenv("RINGFENCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RINGFENCE_LOG_LEVEL", "error")

    def run(conninfo, *arguments):
        monkeypatch.setenv("RINGFENCE_DATABASE_URL", conninfo)
        monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
        words = [named.get(word, word) for word in arguments]
        code = main.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_cannot_work_is_refused_by_every_command(run, empty_conninfo, command):
    url = make_conninfo(empty_conninfo, options="-csearch_path=nowhere")
    code, out, err = run(url, *command)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("ringfence: the search_path (nowhere) names no schema")


@pytest.mark.parametrize("options", ["-csearch_path=nowhere", "-cdefault_transaction_read_only=on"])
def test_doctor_reports_a_database_that_cannot_work(run, conninfo, options):
    code, out, _ = run(make_conninfo(conninfo, options=options), "doctor")
    assert code == 1
    assert "search_path" in out or "read only" in out


def contents(conninfo, schema):
    """Return all rows of all tables of a schema."""
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema]
        ).fetchall()
        return {
            name: connection.execute(
                sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(schema, name))
            ).fetchall()
            for (name,) in tables
        }


def test_no_command_writes_to_another_schema_than_the_search_path_says(run, conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA staging")
    production = contents(conninfo, "public")
    url = make_conninfo(conninfo, options="-csearch_path=staging")
    for command in COMMANDS:
        if command[0] in {"serve", "demo", "worker"}:
            continue
        code, _, err = run(url, *command)
        assert code == 0, (command, err)
    assert contents(conninfo, "public") == production
    staging = contents(conninfo, "staging")
    assert staging.keys() == production.keys()
    assert len(staging["users"]) == 1
    assert len(staging["tokens"]) == 2
