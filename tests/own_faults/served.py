"""A service of real processes over a sandbox cloud, whose parts can be hit."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.cli.operating import Operator
from tests.database.conftest import kill_server, wait_until
from tests.processes import children, signal_each

from ringfence.database.embedded.home import socket_folder
from ringfence.database.embedded.server import server_process_id

TENANTS = [f"0f0f0f0f0f0f4f0f8f0f0f0f0f0f0f{number:02d}" for number in range(4)]
TOKEN = "a-token"
PROVISIONING = """
clouds: [{name: east, backend: sandbox}]
users: [{username: alice, token: a-token}]
customers:
  - name: Acme
    projects:
      - name: Web
        tenants:
""" + "".join(
    f"          - {{name: tenant-{number}, uuid: {uuid}, cloud: east, backend_id: {uuid}}}\n"
    for number, uuid in enumerate(TENANTS)
)
ROLES = "roles: [{user: alice, role: PROJECT.ADMIN, project: Web}]\n"


@dataclass
class Served:
    """An operator's service; `address` is where it answers."""

    operator: Operator
    address: str = ""
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.operator.folder / "home"

    def load(self) -> None:
        file = self.operator.write("site.yaml", PROVISIONING + ROLES)
        done = self.operator.run("load", file)
        assert done.returncode == 0, done.stderr

    def serve(self, *arguments: str) -> str:
        process, address = self.operator.serve("serve", *arguments)
        self.processes.append(process)
        self.address = self.address or address
        return address

    def children(self, name: str) -> list[int]:
        """Return the ids of the processes called so that have been started, the last one last."""
        return [
            record["child"]
            for record in self.records()
            if record.get("event") == "process_started" and record["process"].startswith(name)
        ]

    def records(self) -> list[dict]:
        lines = [
            line
            for log in sorted(self.operator.folder.glob("log-*"))
            for line in log.read_text(errors="replace").splitlines()
        ]
        # A process that is killed may leave a part of a line.
        return [json.loads(line) for line in lines if re.fullmatch(r"\{.*\}", line)]

    def failures(self) -> list[dict]:
        """Return what the service has logged of faults that it had not expected."""
        return [record for record in self.records() if record.get("level") == "error"]

    def conninfo(self) -> str:
        return f"host={socket_folder(self.home)} user=ringfence dbname=ringfence connect_timeout=3"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo(), autocommit=True)

    def postmaster(self) -> int:
        return wait_until(lambda: server_process_id(self.home))

    def backends(self) -> list[int]:
        with self.connect() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            )
            return [row[0] for row in found]

    def kill_database(self) -> None:
        kill_server(self.home)

    def kill_service(self, process: subprocess.Popen) -> None:
        """Kill a service with all its children; the database runs on."""
        signal_each([process.pid, *children(process.pid)])
        process.communicate()
