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

from ringfence.database.embedded.server import running
from ringfence.settings import Settings

Json = dict[str, Any]

PASSWORD = "correct horse"
USERS = ("ann", "bob", "mia", "nobody", "staff", "sue")
ROLES = {"ann": "PROJECT.ADMIN", "bob": "PROJECT.MANAGER", "mia": "PROJECT.MEMBER"}
# Each suite changes groups in a tenant of its own.
TENANTS = ("shop", "editing", "history", "making", "hostile", "access", "vanishing")
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

    def group_named(self, name: str) -> Json:
        """Give the group of a name."""
        with self.client("staff") as client:
            [group] = client.get(
                "/api/openstack-security-groups/", params={"name_exact": name}
            ).json()
        return group

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

    def fill(self, tenant: str, number: int) -> None:
        """Load so many groups from a file; they are not in the cloud."""
        groups = [
            {
                "name": f"group-{place:04}",
                "description": f"number {place}",
                "rules": [HTTPS, OFFICE],
            }
            for place in range(number)
        ]
        document = provisioning()
        [entry] = [
            each
            for each in document["customers"][0]["projects"][0]["tenants"]
            if each["name"] == tenant
        ]
        entry["security_groups"] = groups
        entry["quotas"] = {"security_group_count": -1, "security_group_rule_count": -1}
        done = self.operator.run("load", self.operator.write("many.json", json.dumps(document)))
        assert done.returncode == 0, done.stderr

    def drifting(self, name: str) -> Json:
        """Make a group that lacks its rule in the cloud, and is only told of."""
        group = self.create(name, [OFFICE])
        self.at_cloud("DELETE FROM sandbox_rules WHERE group_id = %s::uuid", group["backend_id"])
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        with self.client("staff") as client:
            client.post(f"{path}set_drift_mode/", json={"mode": "report"})
            client.post(f"{path}pull/")
        return self.settled(group["uuid"])

    def carry(self, group: Json, name: str, address: str, *floating: str) -> None:
        """Let an instance in the cloud carry a group."""
        project = f"{TENANTS.index(group['tenant_name']) + 1:032x}"
        self.at_cloud(
            """
            WITH port AS (
                INSERT INTO sandbox_ports (project_id, name, device_id, device_owner, fixed_ips)
                VALUES (%s, %s, gen_random_uuid()::text, 'compute:nova', ARRAY[%s])
                RETURNING id
            ),
            carrying AS (
                INSERT INTO sandbox_port_groups (port_id, group_id)
                SELECT port.id, %s::uuid FROM port
            )
            INSERT INTO sandbox_floating_addresses (address, port_id)
            SELECT given.address, port.id FROM port, unnest(%s::text[]) AS given (address)
            """,
            *(project, name, address, group["backend_id"], list(floating)),
        )

    def compare(self, tenant: str) -> None:
        """Compare a tenant with its cloud, and wait until that is done."""
        path = f"/api/openstack-tenants/{tenant_uuid(tenant)}/"
        deadline = time.monotonic() + WAIT_SECONDS
        with self.client("staff") as client:
            client.post(f"{path}pull/")
            while client.get(path).json()["state"] not in {"OK", "ERRED"}:
                assert time.monotonic() < deadline, tenant
                time.sleep(0.05)

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
def served(**settings: str) -> Iterator[Site]:
    """Load and serve an instance of its own, in a folder that is gone afterwards."""
    with operating() as operator:
        operator.environment |= settings
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
    flags = {"staff": {"is_staff": True}, "sue": {"is_support": True}}
    users = [{"username": name, "token": token(name)} | flags.get(name, {}) for name in USERS]
    return {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": users,
        "customers": [{"name": "Acme", "projects": [{"name": "Web shop", "tenants": tenants}]}],
        "roles": [
            {"user": user, "role": role, "project": "Web shop"} for user, role in ROLES.items()
        ],
    }
