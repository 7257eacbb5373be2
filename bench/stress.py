"""Concurrent reads and writes for minutes, with a worker on the sandbox cloud.

`python -m bench.stress` checks that only expected statuses occur, that no document is stale at the
end, that every group reaches a final state, and that memory does not grow.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.rows import scalar_row

from bench.cases import Sample
from bench.client import Responses, drive, request
from bench.dataset import ADMIN, KINDS, OWNER, STAFF, provide
from bench.floor import PATH
from bench.page import write_sections
from bench.processes import memory
from bench.results import Table, milli, plain
from bench.server import DatabaseServer, default_cache, opened
from bench.services import NO_RATES, ROOT, Service, inherited, serving
from ringfence.background import in_background, pause

SAMPLE_SECONDS = 5.0
DRAIN_SECONDS = 900.0
# Expected statuses of each kind of request. 409: the group is in transition.
ALLOWED = {
    "list": {200},
    "retrieve": {200},
    "set_rules": {200, 409},
    "change": {200, 409},
    "pull": {202, 409},
    "create": {201},
    "delete": {204, 409},
}
# Of a hundred requests
SHARES = {
    "list": 60,
    "retrieve": 28,
    "set_rules": 5,
    "change": 3,
    "pull": 1,
    "create": 2,
    "delete": 1,
}

# The sandbox cloud has the groups of the data set.
_FILL_CLOUD: tuple[LiteralString, ...] = (
    """
    INSERT INTO sandbox_groups (id, project_id, name, description, created_at)
    SELECT sg.backend_id::uuid, tenant.backend_id, sg.name, sg.description, sg.created
    FROM security_groups AS sg
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    """,
    """
    INSERT INTO sandbox_rules (
        group_id, ethertype, direction, protocol, port_range_min, port_range_max,
        remote_ip_prefix, remote_group_id, description
    )
    SELECT
        sg.backend_id::uuid, rule.ethertype, rule.direction, nullif(rule.protocol, ''),
        rule.from_port, rule.to_port, rule.cidr, remote.backend_id::uuid, rule.description
    FROM security_group_rules AS rule
    INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
    LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
    """,
    "VACUUM (FREEZE, ANALYZE)",
)

_IN_TRANSITION: LiteralString = """
SELECT id FROM security_groups WHERE state NOT IN ('OK', 'ERRED')
"""
_ERRED: LiteralString = "SELECT id FROM security_groups WHERE state = 'ERRED'"


@dataclass(slots=True)
class Traffic:
    """Random requests, and the statuses of each kind."""

    sample: Sample
    chance: random.Random
    responded: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)
    _kinds: dict[int, str] = field(default_factory=dict)
    _number: int = 0

    def requests(self) -> Iterator[bytes]:
        """Yield requests endlessly."""
        kinds = list(SHARES)
        weights = list(SHARES.values())
        while True:
            kind = self.chance.choices(kinds, weights)[0]
            if kind == "delete" and not self._made:
                kind = "create"
            sent = getattr(self, f"_{kind}")()
            self._kinds[id(sent)] = kind
            yield sent

    def hear(self, sent: bytes, status: int, body: bytes) -> None:
        """Count a response; a created group may be deleted later."""
        kind = self._kinds.pop(id(sent))
        self.responded[kind, status] += 1
        if status not in ALLOWED[kind]:
            self.wrong.append(f"{kind}: {status} {body[:200].decode(errors='replace')}")
        elif status == 201:  # noqa: PLR2004 - created
            self._made.append(json.loads(body)["uuid"])

    def _list(self) -> bytes:
        actor = self.chance.choice((STAFF, ADMIN, OWNER))
        kind = self.chance.choice(KINDS)
        queries = (
            "",
            f"?page={self.chance.randint(1, 10)}",
            "?page_size=100",
            f"?tenant_uuid={self.chance.choice(self.sample.tenants)}",
            "?state=UPDATE_SCHEDULED&state=UPDATING",
            f"?name={kind}-0000{self.chance.randint(100, 999)}",
            "?o=-created&field=name&field=state",
        )
        return request("GET", PATH + self.chance.choice(queries), actor)

    def _group(self) -> str:
        return f"{PATH}{self.chance.choice(self.sample.groups)}/"

    def _retrieve(self) -> bytes:
        return request("GET", self._group(), STAFF)

    def _set_rules(self) -> bytes:
        first = self.chance.randint(1000, 60000)
        return request("POST", f"{self._group()}set_rules/", STAFF, self._rules(first))

    def _change(self) -> bytes:
        body = json.dumps({"description": f"changed {self.chance.random()}"}).encode()
        return request("PATCH", self._group(), STAFF, body)

    def _pull(self) -> bytes:
        return request("POST", f"{self._group()}pull/", STAFF, b"")

    def _create(self) -> bytes:
        self._number += 1
        tenant = self.chance.choice(self.sample.tenants)
        rules = json.loads(self._rules(3000))
        body = {"name": f"made-{self._number}", "description": "", "rules": rules}
        path = f"/api/openstack-tenants/{tenant}/create_security_group/"
        return request("POST", path, STAFF, json.dumps(body).encode())

    def _delete(self) -> bytes:
        uuid = self._made.pop(self.chance.randrange(len(self._made)))
        return request("DELETE", f"{PATH}{uuid}/", STAFF)

    def _rules(self, first: int) -> bytes:
        rules = [
            {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
            for port in range(first, first + self.chance.randint(0, 20))
        ]
        return json.dumps(rules).encode()


@dataclass(slots=True)
class Outcome:
    """The results; memory is the proportional set size of all processes, in megabytes."""

    responses: Responses
    traffic: Traffic
    memory: list[tuple[float, float]]
    drained: float
    erred: int
    doctor: str

    @property
    def conflicts(self) -> int:
        """Return the number of 409 responses."""
        return sum(n for (_, status), n in self.traffic.responded.items() if status == 409)  # noqa: PLR2004

    def failures(self) -> list[str]:
        """Return the failures."""
        found = [*self.traffic.wrong[:10]]
        if self.responses.broken:
            found.append(f"{self.responses.broken} connections broke")
        if self.erred:
            found.append(f"{self.erred} groups are ERRED that were not before")
        lines = [line for line in self.doctor.splitlines() if line.startswith("✗")]
        # The data has groups in ERRED from the start; new ones are counted above.
        found += [line for line in lines if not line.startswith("✗ groups in ERRED")]
        return found

    def table(self, connections: int) -> Table:
        third = len(self.memory) // 3
        rows = [
            ["requests", plain(self.responses.requests)],
            ["requests/s", plain(self.responses.requests / self.responses.seconds)],
            ["p50 ms", milli(self.responses.quantile(0.5))],
            ["p99 ms", milli(self.responses.quantile(0.99))],
            ["409 (the group is being changed)", plain(self.conflicts)],
            ["unexpected responses", plain(len(self.traffic.wrong) + self.responses.broken)],
            ["stale documents, by `ringfence doctor`", self._stale()],
            ["groups newly ERRED", plain(self.erred)],
            ["seconds until every group was in a final state", plain(self.drained)],
            ["memory after a third, MB", plain(self.memory[third][1])],
            ["memory at the end, MB", plain(self.memory[-1][1])],
        ]
        rows += [
            [f"{kind}: {status}", plain(number)]
            for (kind, status), number in sorted(self.traffic.responded.items())
        ]
        minutes = self.responses.seconds / 60
        title = f"{connections} connections for {minutes:.1f} minutes"
        return Table(title, ("what", "figure"), rows)

    def _stale(self) -> str:
        lines = [line for line in self.doctor.splitlines() if " documents: " in line]
        return lines[0].split(": ", 1)[-1].partition(" [")[0] if lines else "unknown"


def stress(server: DatabaseServer, database: str, options: argparse.Namespace) -> Outcome:
    """Load a service and its worker, then check the state that remains."""
    conninfo = server.conninfo(database)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in _FILL_CLOUD:
            connection.execute(statement)
    before = _groups(conninfo, _ERRED)
    traffic = Traffic(Sample.of(conninfo), random.Random(options.seed))  # noqa: S311 - the same again
    # On a busy machine it would refuse some with 503, which `make overload` tests.
    with serving(server.url(database), queue_seconds="60", **NO_RATES) as service:
        responses, sizes = asyncio.run(_drive(service, traffic, options))
        began = time.perf_counter()
        while _groups(conninfo, _IN_TRANSITION) and time.perf_counter() - began < DRAIN_SECONDS:
            time.sleep(1)
        drained = time.perf_counter() - began
        doctor = _doctor(server.url(database))
    # A pull may have resolved some.
    erred = len(_groups(conninfo, _ERRED) - before)
    return Outcome(responses, traffic, sizes, drained, erred, doctor)


async def _drive(
    service: Service, traffic: Traffic, options: argparse.Namespace
) -> tuple[Responses, list[tuple[float, float]]]:
    sizes: list[tuple[float, float]] = []
    async with in_background(partial(_watch, service.process, sizes), "memory"):
        responses = await drive(
            service.port,
            traffic.requests(),
            seconds=options.minutes * 60,
            connections=options.connections,
            hear=traffic.hear,
        )
    sizes.append((responses.seconds, _size(service.process)))
    return responses, sizes


async def _watch(process: int, sizes: list[tuple[float, float]], stop: asyncio.Event) -> None:
    began = time.perf_counter()
    while not stop.is_set():
        sizes.append((time.perf_counter() - began, _size(process)))
        await pause(stop, SAMPLE_SECONDS)


def _size(process: int) -> float:
    return sum(one.proportional for one in memory(process))


def _groups(conninfo: str, statement: LiteralString) -> set[int]:
    with psycopg.connect(conninfo, row_factory=scalar_row) as connection:
        return set(connection.execute(statement))


def _doctor(url: str) -> str:
    """Run `ringfence doctor`, which compares every document with its definition."""
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", "doctor"],
        cwd=ROOT,
        env=inherited() | {"RINGFENCE_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stress", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", type=Path, help="a page that takes the table")
    parser.add_argument("--cache", type=Path, default=default_cache())
    return parser.parse_args()


def main() -> None:
    """Run and print; exit with 1 if anything failed."""
    options = _arguments()
    say: Callable[[str], object] = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731, T201 - a script
    with opened(options.cache) as server:
        name = provide(server, options.groups, say)
        with server.clone(name, f"{name}_stressed") as copy:
            outcome = stress(server, copy, options)
    table = outcome.table(options.connections)
    table.show()
    if options.page:
        write_sections(options.page, {"stress": table.markdown()})
    failures = outcome.failures()
    for failure in failures:
        say(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
