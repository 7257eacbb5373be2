"""A served instance for people in a browser: tenants with groups at a sandbox cloud, real jobs."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
from tests.cli.operating import Operator, operating

from ringfence.database.embedded import running
from ringfence.settings import Settings

Json = dict[str, Any]

PASSWORD = "correct horse"
USERS = ("ann", "bob", "mia", "nobody")
ROLES = {"ann": "PROJECT.ADMIN", "bob": "PROJECT.MANAGER", "mia": "PROJECT.MEMBER"}
# Each suite changes groups in a tenant of its own.
TENANTS = ("shop", "editing", "history", "making", "hostile", "access")
WAIT_SECONDS = 30

HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}
OFFICE = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "198.51.100.0/24"}
EGRESS = {"direction": "egress", "protocol": "", "from_port": -1, "to_port": -1, "cidr": ""}


def tenant_uuid(name: str) -> str:
    """Give the uuid of a tenant."""
    return f"{TENANTS.index(name) + 1:032x}".replace("0" * 8, "c0000000", 1)


def token(user: str) -> str:
    """Give a user's token."""
    return f"{user}-token-0123456789abcdef"


@dataclass
class Site:
    """The served instance, with what its users and its operator can do to it from outside."""

    address: str
    operator: Operator
    log: Path

    def client(self, user: str = "ann") -> httpx.Client:
        """Give an HTTP client that signs in as a user."""
        headers = {"Authorization": f"Token {token(user)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def create(
        self, name: str, rules: Sequence[Json] = (), tenant: str = "shop", description: str = ""
    ) -> Json:
        """Make a group, and wait until the cloud has it."""
        path = f"/api/openstack-tenants/{tenant_uuid(tenant)}/create_security_group/"
        body = {"name": name, "description": description, "rules": list(rules)}
        with self.client("staff") as client:
            made = client.post(path, json=body)
        assert made.status_code == 201, made.text
        return self.settled(made.json()["uuid"])

    def group(self, uuid: str) -> Json:
        """Give a group."""
        with self.client("staff") as client:
            return client.get(f"/api/openstack-security-groups/{uuid}/").json()

    def settled(self, uuid: str) -> Json:
        """Give a group once it is at rest."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (group := self.group(uuid)).get("state") not in {"OK", "ERRED"}:
            assert time.monotonic() < deadline, group
            time.sleep(0.05)
        return group

    def set_rules(self, uuid: str, rules: Sequence[Json], user: str = "bob") -> None:
        """Set rules as somebody else."""
        with self.client(user) as client:
            done = client.post(
                f"/api/openstack-security-groups/{uuid}/set_rules/", json=list(rules)
            )
        assert done.status_code == 200, done.text
        self.settled(uuid)

    def at_cloud(self, statement: LiteralString, *values: object) -> None:
        """Do something at the sandbox cloud, behind the service's back."""
        settings = Settings(home=Path(self.operator.environment["RINGFENCE_HOME"]))
        with running(settings) as conninfo, psycopg.connect(conninfo) as connection:
            connection.execute(statement, values)

    def faults(self) -> list[str]:
        """Give what the service wrote as an error."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if json.loads(line)["level"] in {"error", "critical"}]


@contextmanager
def served() -> Iterator[Site]:
    """Load and serve an instance of its own, in a folder that is gone afterwards."""
    with operating() as operator:
        # No comparison shall come upon what a test has arranged.
        operator.environment["RINGFENCE_PULL_INTERVAL"] = "2600000"
        done = operator.run("load", operator.write("site.json", json.dumps(provisioning())))
        assert done.returncode == 0, done.stderr
        subprocess.run(
            [sys.executable, "-m", "ringfence", "password", "ann"],
            env=operator.environment,
            input=f"{PASSWORD}\n",
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
        )
        _, address = operator.serve("serve", "--workers", "1")
        yield Site(address, operator, operator.folder / "log-0")


def provisioning() -> Json:
    """Give what the instance is loaded with."""
    tenants = [
        {
            "name": name,
            "uuid": tenant_uuid(name),
            "cloud": "east",
            "backend_id": f"{number:032x}",
            "quotas": {"security_group_count": 200, "security_group_rule_count": 2000},
        }
        for number, name in enumerate(TENANTS, 1)
    ]
    users = [{"username": name, "token": token(name)} for name in USERS]
    return {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": [{"username": "staff", "token": token("staff"), "is_staff": True}, *users],
        "customers": [{"name": "Acme", "projects": [{"name": "Web shop", "tenants": tenants}]}],
        "roles": [
            {"user": user, "role": role, "project": "Web shop"} for user, role in ROLES.items()
        ],
    }
