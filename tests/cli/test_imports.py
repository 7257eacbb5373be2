"""A command imports only what it uses: each start of the program pays for each module."""

import json
import os
import subprocess
import sys

import pytest
from procrastinate.schema import SchemaManager

from ringfence.database.migrate import migrations

PROGRAM = """
import json, sys
from ringfence.cli.main import run
run(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""
# Of the processes that serve
SERVICE = {"granian", "openstack", "prometheus_client", "ringfence.app", "starlette", "uvloop"}
DATABASE = {"procrastinate", "psycopg", "psycopg_pool", "ringfence.database"}
LOG = {"ringfence.settings", "structlog"}


def imported(conninfo, *arguments):
    """Return the modules that a command imports."""
    variables = {"RINGFENCE_DATABASE_URL": conninfo, "RINGFENCE_TOKEN": "a-token"}
    variables |= {"RINGFENCE_URL": "http://127.0.0.1:1", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        ("--version", SERVICE | DATABASE | LOG | {"asyncio", "pydantic", "requests", "rich"}),
        ("--help", SERVICE | DATABASE | LOG | {"asyncio", "pydantic", "requests"}),
        ("group list", SERVICE | DATABASE | LOG | {"asyncio", "rich"}),
        ("user list", SERVICE | {"procrastinate", "requests"}),
    ],
)
def test_a_command_does_not_import_what_it_does_not_use(conninfo, arguments, unused):
    assert imported(conninfo, *arguments.split()) & unused == set()


def test_the_schema_of_the_job_queue_is_the_one_of_the_installed_package():
    assert migrations()[0].sql == SchemaManager.get_schema()
