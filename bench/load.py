"""Time and CPU of `ringfence load`: `python -m bench.load`.

A JSON Lines file is loaded with `--resumable`, killed halfway, continued, and then loaded
once more, which changes nothing. Up to SMALL groups, an ordinary load of the same content is
measured too.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.dataset import GROUPS_PER_TENANT
from bench.measure import FailedError
from bench.page import write_sections
from bench.processes import cpu
from bench.results import Table, plain
from bench.server import DatabaseServer, default_cache, opened
from bench.services import ROOT, inherited
from ringfence.database.migrate import migrate

TENANTS_PER_CUSTOMER = 10
SMALL = 20_000
DATABASE = "loading"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command: seconds, CPU of both sides, and its largest memory, in megabytes."""

    seconds: float
    application: float
    database: float
    megabytes: float
    said: str


def write_files(folder: Path, groups: int, rules: int) -> tuple[Path, Path]:
    """Write the same content as a JSON file and as JSON Lines, a tenant a line."""
    lines = list(_lines(groups, rules)) if groups <= SMALL else _lines(groups, rules)
    whole, lined = folder / "groups.json", folder / "groups.jsonl"
    with lined.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    if isinstance(lines, list):
        merged: dict[str, list[object]] = {}
        for line in lines:
            for key, entries in line.items():
                merged.setdefault(key, []).extend(entries)
        whole.write_text(json.dumps(merged), encoding="utf-8")
    return whole, lined


def _lines(groups: int, rules: int) -> Iterator[dict[str, list[object]]]:
    yield {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": [{"username": "root", "is_staff": True}],
    }
    for first in range(0, groups, GROUPS_PER_TENANT):
        number = first // (GROUPS_PER_TENANT * TENANTS_PER_CUSTOMER)
        tenant = _tenant(first, min(first + GROUPS_PER_TENANT, groups), rules)
        projects = [{"name": f"project-{number}", "tenants": [tenant]}]
        yield {"customers": [{"name": f"customer-{number}", "projects": projects}]}
    yield {"roles": [{"user": "root", "role": "PROJECT.ADMIN", "project": "project-0"}]}


def _tenant(first: int, end: int, rules: int) -> dict[str, object]:
    groups = [
        {
            "name": f"group-{number}",
            "description": "as it stands",
            "backend_id": f"b{number}",
            "rules": [_rule(number, rule, f"group-{first}") for rule in range(rules)],
        }
        for number in range(first, end)
    ]
    name = f"tenant-{first}"
    return {"name": name, "cloud": "east", "backend_id": name, "security_groups": groups}


def _rule(group: int, number: int, remote: str) -> dict[str, object]:
    port = 1000 + number
    end = {"remote_group": remote} if number == 1 else {"cidr": f"10.{group % 250}.{number}.0/24"}
    return {"protocol": "tcp", "from_port": port, "to_port": port, "description": "", **end}


def load(server: DatabaseServer, file: Path, *options: str, kill_at: int | None = None) -> Run:
    """Load a file; with `kill_at`, kill the program once so many groups are stored."""
    command = [sys.executable, "-m", "ringfence", "load", *options, str(file)]
    variables = inherited() | {
        "RINGFENCE_DATABASE_URL": server.url(DATABASE),
        "RINGFENCE_LOG_LEVEL": "error",
    }
    before = cpu(server.process)
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output)  # noqa: S603 - ours
        if kill_at is not None:
            while process.poll() is None and _groups(server) < kill_at:
                time.sleep(0.2)
            process.send_signal(signal.SIGKILL)
        # Of this process alone; `wait` reports the maximum of all children.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        output.seek(0)
        said = output.read()
    if kill_at is None and process.returncode:
        raise FailedError(f"{' '.join(command[2:])} ended with {process.returncode}")
    application = usage.ru_utime + usage.ru_stime
    megabytes = usage.ru_maxrss / 1024
    return Run(seconds, application, cpu(server.process) - before, megabytes, said)


def _groups(server: DatabaseServer) -> int:
    with psycopg.connect(server.conninfo(DATABASE)) as connection:
        row = connection.execute("SELECT count(*) FROM security_groups").fetchone()
    return row[0] if row else 0


def measure(server: DatabaseServer, groups: int, rules: int) -> Iterator[tuple[str, Run]]:
    """Load as an operator does, with an interruption halfway."""
    with tempfile.TemporaryDirectory() as folder:
        whole, file = write_files(Path(folder), groups, rules)
        if groups <= SMALL:
            with _empty(server):
                yield "all or nothing", load(server, whole)
                yield "the same again", load(server, whole)
        with _empty(server):
            killed = load(server, file, "--resumable", kill_at=groups // 2)
            yield f"resumable, killed at {_groups(server):,} groups", killed
            yield "run again, to the end", load(server, file, "--resumable")
            stored = _groups(server)
            again = load(server, file, "--resumable")
            yield "the same again", again
    if stored != groups or "nothing changed" not in again.said:
        raise FailedError(f"{stored:,} of {groups:,} groups are stored; the last run: {again.said}")


@contextmanager
def _empty(server: DatabaseServer) -> Iterator[None]:
    server.create(DATABASE)
    try:
        asyncio.run(migrate(server.conninfo(DATABASE)))
        yield
    finally:
        server.drop(DATABASE)


def table(groups: int, rules: int, runs: Sequence[tuple[str, Run]]) -> Table:
    """Return the table of the runs."""
    rows = [
        [
            what,
            plain(run.seconds, 1),
            plain(run.application, 1),
            plain(run.database, 1),
            plain(run.megabytes),
        ]
        for what, run in runs
    ]
    columns = (
        "run",
        "seconds",
        "CPU s: `load`",
        "CPU s: PostgreSQL",
        "largest memory of `load`, MB",
    )
    return Table(f"Loading {groups:,} groups of {rules} rules", columns, rows)


def main() -> None:
    """Measure and print; write to a page if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--groups", type=int, nargs="+", default=[2000])
    parser.add_argument("--rules", type=int, default=5)
    parser.add_argument("--page", type=Path, help="a page that takes the tables")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    tables = []
    with opened(arguments.cache) as server:
        for groups in arguments.groups:
            runs = list(measure(server, groups, arguments.rules))
            tables.append(table(groups, arguments.rules, runs))
            tables[-1].show()
    if arguments.page:
        shown = "\n".join(f"### {one.title}\n\n{one.markdown()}" for one in tables)
        write_sections(arguments.page, {"load": shown})


if __name__ == "__main__":
    main()
