"""Every command in a document works and prints what the document shows.

The `console` blocks of a document run from top to bottom in one shell, in an empty folder with one
data directory. The first command of the README creates it; most guides begin with a migrated one.
The comment above a block can say otherwise:

- `file: NAME`: no commands; the block is the content of that file.
- `run: in the background`: starts, and is ready once it prints the block's last line.
- `not run: REASON`: left out.

`...` in the shown output stands for anything. Examples of what only the reader knows (a port, the
address of a cloud, a password) are replaced by what the test has.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests import folders
from tests.cli.operating import copy_migrated
from tests.discovery.waldur_site import TOKEN, WaldurSite, rule, waldur_site
from tests.docs.markdown import DOCUMENTS, ROOT, Block, blocks, name
from tests.lab.fixtures import lab, openstack_project
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

__all__ = ["lab", "openstack_project"]

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
REPLACE_WALDUR = ROOT / "docs" / "how-to" / "replace-waldur.md"
# They need another system.
OWN_DATABASE = ROOT / "docs" / "how-to" / "postgresql.md"
# Its first command creates the data directory, and prints how.
PROCESSES = ROOT / "docs" / "how-to" / "processes.md"
OF_THEIR_OWN = {README, TUTORIAL, REPLACE_WALDUR, OWN_DATABASE}
BACKGROUND = "run: in the background"
TIME_LIMIT_SECONDS = 2 * PATIENCE_SECONDS

PROLOGUE = """
set -euo pipefail
finish() {
  status=$?
  kill -TERM $(jobs -p) 2>/dev/null || true
  wait
  exit "$status"
}
trap finish EXIT
ready() {
  for _ in $(seq 1200); do
    if grep -qF -- "$2" "$1"; then return; fi
    kill -0 $! || break
    sleep 0.1
  done
  cat "$1"
  return 1
}
jobs_done() {
  python - <<'END OF PROGRAM'
import time
import psycopg
from ringfence.database.embedded.server import running
from ringfence.settings import load_settings
UNFINISHED = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
with running(load_settings()) as conninfo:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while connection.execute(UNFINISHED).fetchone()[0]:
            time.sleep(0.1)
END OF PROGRAM
}
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a block with the output shown below it."""

    text: str
    shown: str


def commands(block: Block) -> list[Command]:
    found = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        ends = (end for end in range(1, len(lines) + 1) if is_whole("".join(lines[:end])))
        end = next(ends, len(lines))
        found.append(Command("".join(lines[:end]).rstrip(), "".join(lines[end:])))
    return found


def is_whole(text: str) -> bool:
    """Return whether a shell would run this instead of waiting for the rest of a line."""
    if text.endswith("\\\n"):
        return False
    try:
        shlex.split(text)
    except ValueError:
        return False
    return True


def runnable(document: Path) -> list[Block]:
    return [
        block
        for block in blocks(document)
        if block.mark.startswith("file: ")
        or (block.language == "console" and not block.mark.startswith("not run: "))
    ]


def script(document: Path, examples: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the shell script of a document, and the output that each of its steps should have."""

    def real(text: str) -> str:
        for example, value in examples.items():
            text = text.replace(example, value)
        return text

    steps, shown = [PROLOGUE], []
    for block in runnable(document):
        if block.mark.startswith("file: "):
            target = shlex.quote(block.mark.removeprefix("file: "))
            steps.append(f"cat > {target} <<'END OF FILE'\n{real(block.text)}END OF FILE\n")
            continue
        for command in commands(block):
            output = real(command.shown)
            text = real(command.text)
            # Responses end without a new line.
            steps.append(f"printf '\\n@@ step {len(shown)}\\n'\n")
            if block.mark == BACKGROUND:
                log = f"background-{len(shown)}.log"
                last = shlex.quote(output.splitlines()[-1])
                steps.append(f"{text} >{log} 2>&1 &\nready {log} {last}\n")
                output = ""
            else:
                steps.append(f"{text}\n")
            shown.append(output)
    return "".join(steps), shown


def examples() -> dict[str, str]:
    """Return what stands for the examples of every document."""
    port = str(free_port())
    return {
        "8000": port,
        "ringfence serve": f"ringfence serve --port {port}",
        "make demo": f"ringfence demo --port {port}",
        "THE_TOKEN_THAT_WAS_PRINTED": "$(ringfence token alice)",
        # The time that a busy machine takes is not known in advance.
        "sleep 2": "jobs_done",
    }


@pytest.fixture
def surroundings():
    """Yield an empty folder and the environment of somebody who just installed the program."""
    folder = folders.create("docs")
    (folder / "bin").mkdir()
    (folder / "work").mkdir()
    if not shutil.which("curl"):
        stand_in = ROOT / "tests" / "docs" / "curl.py"
        launcher = folder / "bin" / "curl"
        launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n')
        launcher.chmod(0o755)
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("RINGFENCE_", "OS_", "PYTEST_"))
    }
    programs = Path(sys.executable).parent
    environment["PATH"] = f"{folder / 'bin'}:{programs}:{environment['PATH']}"
    environment["RINGFENCE_HOME"] = str(folder / "home")
    # `ringfence login` keeps what it stores there.
    environment["XDG_CONFIG_HOME"] = str(folder / "config")
    # Documents show what commands print, not what they log.
    environment["RINGFENCE_LOG_LEVEL"] = "error"
    yield folder / "work", environment
    shutil.rmtree(folder)


def migrate(surroundings) -> None:
    """Create what `ringfence migrate` creates."""
    _, environment = surroundings
    copy_migrated(Path(environment["RINGFENCE_HOME"]))


def run(text: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a script; return its status and output. What it started does not outlive it."""
    shell = subprocess.Popen(
        ["bash", "-c", text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = shell.communicate(timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        # SIGTERM, so that the last process of the data directory stops its PostgreSQL.
        os.killpg(shell.pid, signal.SIGTERM)
        output, _ = shell.communicate()
        return 1, f"{output}\nno end after {TIME_LIMIT_SECONDS} s"
    return shell.returncode, output


def check(document: Path, examples: Mapping[str, str], folder: Path, environment) -> None:
    """Run a document; raise `AssertionError` where a command fails or prints something else."""
    text, shown = script(document, examples)
    status, output = run(text, folder, environment)
    assert status == 0, output
    printed = re.split(r"^@@ step \d+\n", output, flags=re.MULTILINE)[1:]
    assert len(printed) == len(shown)
    checker = OutputChecker()
    for expected, actual in zip(shown, printed, strict=True):
        if expected:
            matches = checker.check_output(expected, actual, ELLIPSIS | NORMALIZE_WHITESPACE)
            assert matches, f"the document shows\n{expected}\nthe command printed\n{actual}"


@pytest.mark.parametrize(
    "document",
    [each for each in DOCUMENTS if each not in OF_THEIR_OWN and any(map(commands, runnable(each)))],
    ids=name,
)
def test_every_command_works_and_prints_what_the_document_shows(document, surroundings):
    if document != PROCESSES:
        migrate(surroundings)
    check(document, examples(), *surroundings)


def test_the_guide_moves_the_data_to_another_server(surroundings, tcp_server):
    migrate(surroundings)
    with psycopg.connect(tcp_server, autocommit=True) as connection:
        # As the guide says
        for role in ("ringfence_owner", "ringfence_service"):
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'")
            connection.execute(statement.format(sql.Identifier(role)))
        connection.execute(
            "CREATE DATABASE ringfence OWNER ringfence_owner ENCODING 'UTF8' TEMPLATE template0"
        )
        port = connection.info.port
    there = {"db.example.com:5432": f"127.0.0.1:{port}"}
    check(OWN_DATABASE, there | examples(), *surroundings)


def test_the_readme_and_then_the_tutorial_lead_to_an_openstack_in_one_data_directory(
    surroundings, lab, openstack_project
):
    folder, environment = surroundings
    client = folder.parent / "bin" / "openstack"
    client.symlink_to(lab.state / "venv" / "bin" / "openstack")
    project = lab.keystone("GET", f"/projects/{openstack_project}")["project"]["name"]
    office = {"name": "office", "project_id": openstack_project}
    lab.neutron("POST", "/v2.0/security-groups", {"security_group": office})
    of_the_lab = {
        "https://keystone.example.com/v3": lab.identity_url,
        "username: ringfence": f"username: {lab.entry['auth']['username']}",
        "not-this-one": lab.entry["auth"]["password"],
        "web-live": project,
        # Other tests have left other projects in the lab.
        "discover east": f"discover east --match {project}",
    }
    assert [each for each in of_the_lab if each not in TUTORIAL.read_text()] == []
    check(README, examples(), folder, environment)
    check(TUTORIAL, examples() | of_the_lab, folder, environment)


def fill(site: WaldurSite) -> None:
    """Give the site what the guide shows."""
    customer = site.add_customer("Acme")
    project = site.add_project(customer, "Web")
    site.add_role(project, site.add_user("alice"), "PROJECT.ADMIN")
    site.add_role(customer, site.add_user("bob"), "CUSTOMER.READER")
    site.add_user("root", is_staff=True)
    tenant = site.add_tenant(project, "web-prod", "90e156078a9441db91eae242bc071c03")
    site.add_group(tenant, "web", rule())
    site.add_group(tenant, "default", rule(direction="egress", from_port=-1, to_port=-1))
    site.add_group(tenant, "being-changed", state="UPDATING")
    site.add_group(tenant, "odd", rule(cidr="10/8"))


def test_the_guide_from_waldur_copies_a_site(surroundings):
    migrate(surroundings)
    with waldur_site() as site:
        fill(site)
        real = {"https://waldur.example.com": site.url, "THE_WALDUR_TOKEN": TOKEN}
        check(REPLACE_WALDUR, examples() | real, *surroundings)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_a_block_of_commands_is_run_or_says_why_not(document):
    for block in blocks(document):
        assert block.language not in {"bash", "sh", "shell"}, f"line {block.line}: use console"
        if block.language == "console":
            assert block.mark in {"", BACKGROUND} or re.match(r"not run: \w", block.mark)
            assert commands(block), f"line {block.line}: no command starts with '$ '"
