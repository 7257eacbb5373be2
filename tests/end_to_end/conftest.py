"""The whole way: HTTP, PostgreSQL, job, worker, Neutron, and back; real processes throughout."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest
from tests.cli.operating import Operator, operating
from tests.lab.fixtures import lab, neutron_proxy, openstack_project
from tests.lab.openstack import Lab
from tests.lab.proxy import Proxy
from tests.patience import PATIENCE_SECONDS

__all__ = ["lab", "neutron_proxy", "openstack_project"]

PROVISIONING = """
clouds: [{{name: east, backend: openstack, openstack_cloud: east}}]
users: [{{username: alice, token: a-token}}]
customers:
  - name: Acme
    projects:
      - name: Web
        tenants:
          - {{name: web-prod, uuid: {tenant}, cloud: east, backend_id: {project}}}
roles: [{{user: alice, role: PROJECT.ADMIN, project: Web}}]
"""
TENANT = "0f0f0f0f0f0f4f0f8f0f0f0f0f0f0f0f"
CREATE = f"/api/openstack-tenants/{TENANT}/create_security_group/"
GROUPS = "/api/openstack-security-groups/"


@dataclass
class Site:
    """A served instance over the lab, as its operator and as a client of it."""

    operator: Operator
    lab: Lab
    proxy: Proxy
    project: str
    process: subprocess.Popen | None = None
    address: str = ""

    def serve(self) -> None:
        self.process, self.address = self.operator.serve("serve", "--workers", "1")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE_SECONDS)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """Make a request as alice; give the status and what the body says."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.address + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": "Token a-token", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - loopback
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        return status, json.loads(content) if content else None

    def create(self, name: str, rules: list[dict]) -> dict:
        status, group = self.ask("POST", CREATE, {"name": name, "rules": rules})
        assert status == 201, group
        return group

    def until_ok(self, uuid: str) -> dict:
        """Wait for the group to be at rest; it must be OK then."""
        group = self.until(uuid, lambda group: group["state"] in {"OK", "ERRED"})
        assert group["state"] == "OK", group["error_message"]
        return group

    def until(self, uuid: str, reached) -> dict | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status, group = self.ask("GET", f"{GROUPS}{uuid}/")
            found = group if status == 200 else None
            if reached(found):
                return found
            assert time.monotonic() < deadline, (status, group)
            time.sleep(0.05)

    def rules_in_the_cloud(self, group: dict) -> set[tuple]:
        """What `openstack security group rule list` says, the way an operator would ask."""
        command = [str(self.lab.state / "venv" / "bin" / "openstack")]
        command += ["security", "group", "rule", "list", group["backend_id"], "--long"]
        environment = {
            "OS_CLIENT_CONFIG_FILE": str(self.lab.clouds_yaml),
            "OS_CLOUD": "admin",
            "PATH": "/usr/bin:/bin",
        }
        done = subprocess.run(
            [*command, "-f", "json"], env=environment, capture_output=True, check=True
        )
        return {
            (
                rule["Direction"],
                rule["Ethertype"],
                rule["IP Protocol"],
                rule["Port Range"],
                rule["IP Range"],
                rule["Remote Security Group"],
            )
            for rule in json.loads(done.stdout)
        }


@pytest.fixture
def site(lab, neutron_proxy, openstack_project):
    """A site of the test's own: its database is empty, its project in the cloud too."""
    with operating() as operator:
        clouds = lab.write_clouds(
            operator.folder, east={"network_endpoint_override": neutron_proxy.url}
        )
        operator.environment["OS_CLIENT_CONFIG_FILE"] = str(clouds)
        file = operator.write(
            "site.yaml", PROVISIONING.format(tenant=TENANT, project=openstack_project)
        )
        assert operator.run("load", file).returncode == 0
        site = Site(operator, lab, neutron_proxy, openstack_project)
        site.serve()
        yield site
