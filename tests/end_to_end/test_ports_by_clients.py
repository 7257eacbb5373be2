"""Waldur's clients drive ports and instances, unmodified, over a real Neutron."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from tests.conformance.clients import python_client
from tests.end_to_end.conftest import TENANT, lab, neutron_proxy, openstack_project
from tests.lab.openstack import Lab
from tests.patience import PATIENCE_SECONDS

__all__ = ["lab", "neutron_proxy", "openstack_project"]

PROGRAM = Path(__file__).parents[1] / "conformance" / "programs" / "ports_and_instances.py"
STATUS = "security groups update was scheduled"
RULES = [
    {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"},
    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"},
]
# Fields of ours, which the models of the client do not have
OURS = {
    "ports": [
        "instance",
        "instance_name",
        "instance_uuid",
        "marketplace_offering_type",
        "other_security_group_ids",
        "vnic_type",
    ],
    "instances": ["marketplace_offering_type", "other_security_group_ids", "tenant_name"],
}


def run(release: str, **given):
    program = [python_client(f"waldur-api-client-{release}") / "python", "-I", PROGRAM]
    done = subprocess.run(
        program, input=json.dumps(given), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def groups_of(lab: Lab, port: str) -> set[str]:
    """Return the groups that a port has in Neutron."""
    return set(lab.neutron("GET", f"/v2.0/ports/{port}")["port"]["security_groups"])


def pulled(site) -> None:
    """Wait until the ports of the tenant were read from the cloud."""
    site.ask("POST", f"/api/openstack-tenants/{TENANT}/pull/")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not site.ask("GET", "/api/openstack-instances/")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("release", "accept"),
    [("7.9.0", ""), ("8.1.3", "application/json; version=2026-10")],
)
def test_a_release_lists_reads_and_changes_ports_and_instances(site, release, accept):
    web, db = [site.create(name, RULES[:1] if name == "web" else RULES) for name in ("web", "db")]
    web, db = [site.until_ok(group["uuid"]) for group in (web, db)]
    network = site.lab.make_network(site.project)
    values = {"device_id": "vm-1", "device_owner": "compute:nova", "name": "vm-1-eth0"}
    port = site.lab.make_port(network, site.project, [db["backend_id"]], **values)
    pulled(site)

    found = run(
        release,
        address=site.address,
        token="a-token",
        tenant=TENANT,
        port="vm-1-eth0",
        instance="vm-1-eth0",
        groups=["web", "db"],
        accept=accept,
    )

    newer = release >= "8"
    done = [202, STATUS] if newer else [200, None]
    known_in_8_1 = {"marketplace_offering_type"} if newer else set()
    for kind in ("ports", "instances"):
        assert found[kind] == [200, ["vm-1-eth0"], 200, 1, True, True]
        assert found[f"{kind} unknown"] == sorted(set(OURS[kind]) - known_in_8_1)
        assert found[f"{kind} first"] == [*done, "OK", ["web"]]
        assert found[f"{kind} both"] == [*done, "OK", ["db", "web"]]
        assert found[f"{kind} none"] == [*done, "OK", []]
        assert found[f"{kind} back"] == [*done, "OK", ["web"]]
    addresses = found["port"][2]
    assert found["port"] == [["web"], 1, addresses, True, True]
    assert addresses[0].startswith("192.0.2.")
    # The rule that was set, and the two that Neutron gives every group
    assert found["instance"][0] == found["instance"][2] == ["web"]
    assert 22 in found["instance"][1]
    assert found["instance"][3] == addresses
    if newer:
        assert found["by group"] == [["vm-1-eth0"], ["vm-1-eth0"]]
    assert groups_of(site.lab, port) == {web["backend_id"]}
