"""A served instance for browser tests: tenants with groups in a sandbox cloud, and real jobs."""

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
# Each test module changes groups in a tenant of its own.
TENANTS = (
    "shop",
    "editing",
    "history",
    "creating",
    "hostile",
    "access",
    "vanishing",
    "bulk",
    "drafts",
    "exposed",
    "export",
    "instances",
    "map",
    "moving",
    "operating",
    "reviewing",
    "searching",
    "table",
    "unpulled",
    "watching",
)
WAIT_SECONDS = 30

HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}
OFFICE = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "198.51.100.0/24"}
EGRESS = {"direction": "egress", "protocol": "", "from_port": -1, "to_port": -1, "cidr": ""}


def tenant_uuid(name: str) -> str:
    """Return the UUID of a tenant."""
    return f"{TENANTS.index(name) + 1:032x}".replace("0" * 8, "c0000000", 1)


def token(user: str) -> str:
    """Return the token of a user."""
    return f"{user}-token-0123456789abcdef"


@dataclass
class Site:
    """The served instance, with the actions of its users, its operator and its cloud."""

    address: str
    operator: Operator
    log: Path

    def client(self, user: str = "ann") -> httpx.Client:
        """Return an HTTP client that is authenticated as a user."""
        headers = {"Authorization": f"Token {token(user)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def create(
        self, name: str, rules: Sequence[Json] = (), tenant: str = "shop", description: str = ""
    ) -> Json:
        """Create a group, and wait until it is created in the cloud."""
        path = f"/api/openstack-tenants/{tenant_uuid(tenant)}/create_security_group/"
        body = {"name": name, "description": description, "rules": list(rules)}
        with self.client("staff") as client:
            response = client.post(path, json=body)
        assert response.status_code == 201, response.text
        return self.stable(response.json()["uuid"])

    def group(self, uuid: str) -> Json:
        """Return the document of a group."""
        with self.client("staff") as client:
            return client.get(f"/api/openstack-security-groups/{uuid}/").json()

    def group_named(self, name: str) -> Json:
        """Return the group with a name."""
        with self.client("staff") as client:
            [group] = client.get(
                "/api/openstack-security-groups/", params={"name_exact": name}
            ).json()
        return group

    def stable(self, uuid: str) -> Json:
        """Wait until no job of a group is pending, and return the group."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (group := self.group(uuid)).get("state") not in {"OK", "ERRED"}:
            assert time.monotonic() < deadline, group
            time.sleep(0.05)
        return group

    def set_rules(self, uuid: str, rules: Sequence[Json], user: str = "bob") -> None:
        """Set the rules of a group as another user, and wait until they are applied."""
        with self.client(user) as client:
            response = client.post(
                f"/api/openstack-security-groups/{uuid}/set_rules/", json=list(rules)
            )
        assert response.status_code == 200, response.text
        self.stable(uuid)

    def load_groups(
        self, tenant: str, number: int, rules: Sequence[Json] = (HTTPS, OFFICE)
    ) -> None:
        """Load a number of groups from a file; they are not in the cloud."""
        groups = [
            {
                "name": f"group-{place:04}",
                "description": f"number {place}",
                "rules": list(rules),
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
        """Create a group with drift mode `report` whose rule is missing in the cloud."""
        group = self.create(name, [OFFICE])
        self.execute_in_cloud(
            "DELETE FROM sandbox_rules WHERE group_id = %s::uuid", group["backend_id"]
        )
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        with self.client("staff") as client:
            client.post(f"{path}set_drift_mode/", json={"mode": "report"})
            client.post(f"{path}pull/")
        return self.stable(group["uuid"])

    def opened_in_cloud(
        self, name: str, rules: Sequence[Json], tenant: str = "shop", port: int = 3389
    ) -> Json:
        """Create a group with drift mode `report` of which the cloud opens a port more."""
        group = self.create(name, rules, tenant)
        self.execute_in_cloud(
            "INSERT INTO sandbox_rules"
            " (group_id, ethertype, direction, protocol, port_range_min, port_range_max)"
            " VALUES (%s::uuid, 'IPv4', 'ingress', 'tcp', %s, %s)",
            *(group["backend_id"], port, port),
        )
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        with self.client("staff") as client:
            client.post(f"{path}set_drift_mode/", json={"mode": "report"})
            client.post(f"{path}pull/")
        return self.stable(group["uuid"])

    def attach(self, group: Json, name: str, address: str, *floating: str) -> None:
        """Add a group to a port of an instance in the cloud."""
        project = f"{TENANTS.index(group['tenant_name']) + 1:032x}"
        self.execute_in_cloud(
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

    def instance_uuid(self, name: str) -> str:
        """Return the UUID of an instance."""
        path = "/api/openstack-instances/"
        with self.client("staff") as client:
            found = client.get(path, params={"name_exact": name, "field": "uuid"}).json()
        uuid: str = found[0]["uuid"]
        return uuid

    def pull(self, tenant: str) -> None:
        """Pull a tenant from its cloud, and wait until the pull has ended."""
        path = f"/api/openstack-tenants/{tenant_uuid(tenant)}/"
        deadline = time.monotonic() + WAIT_SECONDS
        with self.client("staff") as client:
            client.post(f"{path}pull/")
            while client.get(path).json()["state"] not in {"OK", "ERRED"}:
                assert time.monotonic() < deadline, tenant
                time.sleep(0.05)

    def execute_in_cloud(self, statement: LiteralString, *values: object) -> None:
        """Change the sandbox cloud directly, without the service."""
        settings = Settings(home=Path(self.operator.environment["RINGFENCE_HOME"]))
        with running(settings) as conninfo, psycopg.connect(conninfo) as connection:
            connection.execute(statement, values)


@contextmanager
def served(**settings: str) -> Iterator[Site]:
    """Load and serve an instance in a temporary folder."""
    with operating() as operator:
        operator.environment |= settings
        # No periodic pull interferes with the tests.
        operator.environment["RINGFENCE_PULL_INTERVAL"] = "2600000"
        # Tests of real clouds add entries.
        entries = operator.write("clouds.yaml", "clouds: {}")
        operator.environment["OS_CLIENT_CONFIG_FILE"] = entries
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
    """Return the document that the instance is loaded from."""
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
